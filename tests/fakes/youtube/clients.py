"""The real libraries and a plain HTTP client, connected to a fake YouTube for its own tests."""

import ssl
from typing import Any

import httpx
import requests
import yt_dlp
from youtube_transcript_api import YouTubeTranscriptApi

from fakes.youtube import FakeYoutube

_OPTIONS = {
    "compat_opts": ["no-certifi"],  # without it SSL_CERT_FILE is ignored
    "js_runtimes": {},
    "extractor_args": {"youtube": {"skip": ["hls", "dash", "translated_subs"]}, "youtubetab": {"skip": ["webpage"]}},
    "extract_flat": "in_playlist",
    "cachedir": False,
    "quiet": True,
    "no_warnings": True,
}


def ytdlp(fake_youtube: FakeYoutube, **options: Any) -> yt_dlp.YoutubeDL:
    """The real yt-dlp without a JavaScript runtime. SSL_CERT_FILE has to be `fake_youtube.ca_file`."""
    return yt_dlp.YoutubeDL({**_OPTIONS, "proxy": fake_youtube.proxy_url, **options})


def extract(fake_youtube: FakeYoutube, address: str, **options: Any) -> dict[str, Any]:
    """What yt-dlp finds out about a video (id or URL) or a list (URL)."""
    url = address if "/" in address else f"https://www.youtube.com/watch?v={address}"
    with ytdlp(fake_youtube, **options) as downloader:
        found: dict[str, Any] = downloader.extract_info(url, download=False)
    return found


def transcripts(fake_youtube: FakeYoutube) -> YouTubeTranscriptApi:
    """The real youtube-transcript-api."""
    session = requests.Session()
    session.trust_env = False
    session.verify = str(fake_youtube.ca_file)
    session.proxies = {"https": fake_youtube.proxy_url}
    return YouTubeTranscriptApi(http_client=session)


def http(fake_youtube: FakeYoutube) -> httpx.Client:
    """A plain HTTP client."""
    trust = ssl.create_default_context(cafile=str(fake_youtube.ca_file))
    return httpx.Client(proxy=fake_youtube.proxy_url, verify=trust, trust_env=False, timeout=30)
