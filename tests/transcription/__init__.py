"""Captions from speech as a whole: the real yt-dlp, ffmpeg, Temporal and PostgreSQL, and servers that answer."""
