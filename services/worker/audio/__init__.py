"""Sound for speech-to-text: where it is kept while it is worked on, and how it is cut into chunks."""
