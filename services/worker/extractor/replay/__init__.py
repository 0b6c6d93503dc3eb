"""Invented answers of YouTube that every version of yt-dlp has to read alike, with as many requests.

`answers.json` is made from the project's fake YouTube (see CONTRIBUTING.md); nothing in it was recorded.
"""
