"""Captions from speech as a whole: the real yt-dlp, ffmpeg, Temporal and Postgres, and servers that answer."""
