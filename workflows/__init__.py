"""Durable workflows: deterministic, importable without the database or yt-dlp."""
