"""From the transcripts of a video's pieces of audio to its captions. Pure functions."""
