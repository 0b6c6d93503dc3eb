"""The only files that know yt-dlp and youtube-transcript-api."""
