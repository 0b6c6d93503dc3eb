"""The real libraries and a plain HTTP client, led to a stand-in: how its own tests look at it from outside."""

import ssl
from typing import Any

import httpx
import requests
import yt_dlp
from youtube_transcript_api import YouTubeTranscriptApi

from tests.standin import Standin

_OPTIONS = {
    "compat_opts": ["no-certifi"],  # without it SSL_CERT_FILE is ignored
    "js_runtimes": {},
    "extractor_args": {"youtube": {"skip": ["hls", "dash", "translated_subs"]}, "youtubetab": {"skip": ["webpage"]}},
    "extract_flat": "in_playlist",
    "cachedir": False,
    "quiet": True,
    "no_warnings": True,
}


def ytdlp(standin: Standin, **options: Any) -> yt_dlp.YoutubeDL:
    """The real yt-dlp without a JavaScript runtime; the environment's SSL_CERT_FILE has to be `standin.ca_file`."""
    return yt_dlp.YoutubeDL({**_OPTIONS, "proxy": standin.proxy_url, **options})


def extract(standin: Standin, address: str, **options: Any) -> dict[str, Any]:
    """What yt-dlp finds out about a video (id or URL) or a list (URL)."""
    url = address if "/" in address else f"https://www.youtube.com/watch?v={address}"
    with ytdlp(standin, **options) as downloader:
        found: dict[str, Any] = downloader.extract_info(url, download=False)
    return found


def transcripts(standin: Standin) -> YouTubeTranscriptApi:
    """The real youtube-transcript-api."""
    session = requests.Session()
    session.trust_env = False
    session.verify = str(standin.ca_file)
    session.proxies = {"https": standin.proxy_url}
    return YouTubeTranscriptApi(http_client=session)


def http(standin: Standin, *, timeout_seconds: float = 30) -> httpx.Client:
    """A plain HTTP client."""
    trust = ssl.create_default_context(cafile=str(standin.ca_file))
    return httpx.Client(proxy=standin.proxy_url, verify=trust, trust_env=False, timeout=timeout_seconds)
