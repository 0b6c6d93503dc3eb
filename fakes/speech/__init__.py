"""A fake transcription server, and speech for it to transcribe."""
