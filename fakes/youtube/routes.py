"""Which request is for what, and which answer it gets: pure functions, no I/O."""

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from fakes.youtube.model import Kind
from fakes.youtube.shapes import Json
from fakes.youtube.youtube import Answer, Youtube, as_json, config_script

SERVED_HOSTS = ("youtube.com", "*.youtube.com", "*.googlevideo.com", "*.ytimg.com", "*.googleapis.com")
"""Names in the fake YouTube's certificate; the proxy refuses all others."""

_API_KINDS = {
    "player": Kind.PLAYER,
    "next": Kind.NEXT,
    "browse": Kind.BROWSE,
    "navigation/resolve_url": Kind.RESOLVE,
}
_PAGE_KINDS = {
    "/watch": Kind.WATCH,
    "/api/timedtext": Kind.TIMEDTEXT,
    "/feeds/videos.xml": Kind.FEED,
    "/iframe_api": Kind.SCRIPT,
}
_IFRAME_API = b"var scriptUrl = 'https:\\/\\/www.youtube.com\\/s\\/player\\/00000000\\/www-widgetapi.js';"
"""Names a player whose JavaScript is not there (404): nothing that is served needs it."""
_HTML = "text/html; charset=utf-8"


def is_served(host: str) -> bool:
    """Whether the fake YouTube answers as `host`."""
    return any(fnmatchcase(host.lower(), pattern) for pattern in SERVED_HOSTS)


def classify(host: str, path: str) -> Kind:
    """What a request to `host` and `path` is for."""
    if fnmatchcase(host, "*.googlevideo.com"):
        return Kind.AUDIO if path == "/videoplayback" else Kind.OTHER
    if host == "img.youtube.com" or fnmatchcase(host, "*.ytimg.com"):
        return Kind.THUMBNAIL
    if path.startswith("/youtubei/v1/"):
        return _API_KINDS.get(path.removeprefix("/youtubei/v1/"), Kind.OTHER)
    if path.startswith("/embed/"):
        return Kind.EMBED
    return _PAGE_KINDS.get(path, Kind.OTHER)


def youtube_id_of(kind: Kind, path: str, query: Mapping[str, str], body: Json) -> str | None:
    """The video that a request is about; None: none."""
    if kind in (Kind.WATCH, Kind.TIMEDTEXT):
        return query.get("v")
    if kind is Kind.AUDIO:
        return query.get("id")
    if kind in (Kind.EMBED, Kind.THUMBNAIL):
        return next(iter(path.split("/")[2:3]), None)
    video_id = body.get("videoId")
    return video_id if isinstance(video_id, str) else None


def client_of(body: Json) -> str | None:
    """The InnerTube client that sent an API call."""
    name = body.get("context", {}).get("client", {}).get("clientName")
    return name if isinstance(name, str) else None


def parse_body(raw: bytes) -> Json:
    """The JSON object that a request carries; empty when there is none."""
    try:
        value: Any = json.loads(raw) if raw else {}
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def answer(
    youtube: Youtube,
    kind: Kind,
    youtube_id: str | None,
    query: Mapping[str, str],
    body: Json,
    *,
    is_signed_in: bool = False,
) -> Answer:
    """YouTube's answer to a request of this kind, of a guest or an account; 404 where YouTube has nothing."""
    match kind:
        case Kind.WATCH:
            return Answer(youtube.watch_page(youtube_id or "", is_signed_in=is_signed_in).encode(), _HTML)
        case Kind.EMBED:
            return Answer(f"<!DOCTYPE html><script>{config_script('WEB_EMBEDDED_PLAYER')}</script>".encode(), _HTML)
        case Kind.TIMEDTEXT:
            return youtube.timedtext(query)
        case Kind.AUDIO:
            audio = youtube.audio(query)
            return Answer(audio.content, audio.mime_type.partition(";")[0])
        case Kind.THUMBNAIL:
            return _thumbnail(youtube_id or "")
        case Kind.FEED:
            return youtube.feed(query)
        case Kind.SCRIPT:
            return Answer(_IFRAME_API, "text/javascript")
        case _:
            return _api_answer(youtube, kind, youtube_id or "", body, is_signed_in=is_signed_in)


def _api_answer(youtube: Youtube, kind: Kind, youtube_id: str, body: Json, *, is_signed_in: bool) -> Answer:
    match kind:
        case Kind.PLAYER:
            return as_json(youtube.player(youtube_id, client_of(body) or "", is_signed_in=is_signed_in))
        case Kind.NEXT:
            return as_json(youtube.next(youtube_id))
        case Kind.BROWSE:
            return youtube.browse(body)
        case Kind.RESOLVE:
            return youtube.resolve_url(str(body.get("url", "")))
        case _:
            return Answer(b"Not Found", "text/plain", 404)


def _thumbnail(youtube_id: str) -> Answer:
    """A picture of the id on a colour of its own; every browser draws an SVG, whatever the address ends in."""
    hue = sum(youtube_id.encode()) % 360
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="320" height="180">'
        f'<rect width="320" height="180" fill="hsl({hue} 45% 40%)"/>'
        f'<text x="160" y="98" fill="#fff" font-family="monospace" font-size="24" text-anchor="middle">'
        f"{youtube_id.replace('<', '').replace('&', '')}</text></svg>"
    )
    return Answer(svg.encode(), "image/svg+xml")
