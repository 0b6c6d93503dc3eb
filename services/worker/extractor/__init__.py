"""Newer versions of yt-dlp than the bundled one: found, tested, installed, and put aside when they are worse.

A version is used only after it has passed the same tests as the bundled one (`gate`), and by new processes only: a
worker that runs is drained and started again. `activation`, `store` and `versions` never import yt-dlp.
"""
