"""Test support that speaks and listens: videos with speech, and a server that recognises it."""
