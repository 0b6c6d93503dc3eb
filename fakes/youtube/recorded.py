"""A YouTube that answers with real recorded responses (see `fakes.recordings`), for trying the parsers on them."""

import copy
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from xml.etree import ElementTree

from fakes import recordings
from fakes.youtube import timedtext
from fakes.youtube.model import Audio, Segment
from fakes.youtube.shapes import EMPTY_NEXT, NO_SUCH_ITEMS, Json
from fakes.youtube.youtube import Answer, as_json, compose_watch_page

_PLAYERS = ("player.VISIONOS", "player.ANDROID", "player.WEB", "player.WEB.2025", "player.TVHTML5")
"""In the order in which they answer for a client whose own response was not recorded."""
_MASKED = ("player.WEB", "player.WEB.2025")
"""Some of these hold a thumbnail and the microformat only: good for the watch page, not as an answer."""
_CLIENT_FILES = {"WEB": "player.WEB", "TVHTML5": "player.TVHTML5", "ANDROID": "player.ANDROID"}
_NOT_FOUND = {"error": {"code": 404, "message": "Requested entity was not found."}}


class RecordedYoutube:
    """Answers as YouTube did when it was recorded."""

    def watch_page(self, youtube_id: str, *, is_signed_in: bool = False) -> str:
        """See `Youtube`: the recorded page, or one composed of what was recorded."""
        files = _files(youtube_id)
        if "watch" in files:
            return (recordings.RECORDINGS / files["watch"]).read_text(encoding="utf-8")
        player = _served_player(youtube_id, "")
        for name in _MASKED:
            microformat = _read(files, name).get("microformat")
            if microformat:
                return compose_watch_page({**player, "microformat": microformat}, self.next(youtube_id))
        return compose_watch_page(player, self.next(youtube_id))

    def player(self, youtube_id: str, client: str, *, is_signed_in: bool = False) -> Json:
        """See `Youtube`."""
        return _served_player(youtube_id, client)

    def next(self, youtube_id: str) -> Json:
        """See `Youtube`."""
        return _read(_files(youtube_id), "next") or EMPTY_NEXT

    def timedtext(self, query: Mapping[str, str]) -> Answer:
        """See `Youtube`: the captions of these videos were not recorded, so every track has a sample's text."""
        if query.get("fmt") == "vtt":
            rolling = recordings.RECORDINGS / "timedtext" / "auto_en.rolling.vtt"
            return Answer(rolling.read_bytes(), "text/vtt; charset=UTF-8")
        body, content_type = timedtext.render(
            sample_segments(),
            fmt=query.get("fmt"),
            automatic=query.get("kind") == "asr",
            language=query.get("lang", "en"),
        )
        return Answer(body.encode(), content_type)

    def audio(self, query: Mapping[str, str]) -> Audio:
        """See `Youtube`: recorded speech in the format that the address names."""
        return _speech(query.get("mime", ""))

    def browse(self, request: Json) -> Answer:
        """See `Youtube`."""
        index = recordings.index()
        if "continuation" in request:
            path = index["continuation"].get(request["continuation"])
            return as_json(recordings.read_json(path) if path else NO_SUCH_ITEMS)
        for recorded in index["browse"]:
            if recorded["browseId"] == request.get("browseId"):
                return as_json(recordings.read_json(recorded["file"]), recorded["status"])
        return as_json(_NOT_FOUND, status=404)

    def resolve_url(self, url: str) -> Answer:
        """See `Youtube`; addresses that carry the id of a list need no recording."""
        recorded = recordings.index()["resolve_url"].get(url.removesuffix("/videos"))
        if recorded:
            return as_json(recordings.read_json(recorded["file"]), recorded["status"])
        endpoint = _browse_endpoint(url)
        return as_json({"endpoint": {"browseEndpoint": endpoint}}) if endpoint else as_json(_NOT_FOUND, status=404)

    def feed(self, query: Mapping[str, str]) -> Answer:
        """See `Youtube`; none was recorded."""
        return Answer(b"Not Found", "text/html", 404)


def sample_segments() -> list[Segment]:
    """The recorded sample of real automatic captions."""
    path = recordings.index()["timedtext_samples"]["auto_en"]
    root = ElementTree.parse(recordings.RECORDINGS / path).getroot()  # noqa: S314 - a file, not the network
    return [
        Segment(float(text.attrib["start"]), float(text.attrib.get("dur", 0)), text.text) for text in root if text.text
    ]


def _files(youtube_id: str) -> dict[str, str]:
    files: dict[str, str] = recordings.index()["videos"].get(youtube_id, {}).get("files", {})
    return files


def _read(files: Mapping[str, str], name: str) -> Json:
    found: Json = recordings.read_json(files[name]) if name in files else {}
    return found


def _served_player(youtube_id: str, client: str) -> Json:
    """The response recorded for `client`, else another client's; made fit for clients without JavaScript."""
    files = _files(youtube_id)
    for name in (_CLIENT_FILES.get(client, "player.VISIONOS"), *_PLAYERS):
        player = _read(files, name)
        if "playabilityStatus" in player:
            return _fit_to_serve(player)
    unavailable: Json = recordings.read_json(recordings.index()["pages"]["player.video_unavailable"]["file"])
    return unavailable


def _fit_to_serve(recorded: Json) -> Json:
    player = copy.deepcopy(recorded)
    streaming = player.get("streamingData") or {}
    for media_format in streaming.get("formats", []) + streaming.get("adaptiveFormats", []):
        _fit_format(media_format)
    tracks = (player.get("captions") or {}).get("playerCaptionsTracklistRenderer", {}).get("captionTracks", [])
    for track in tracks:
        if "simpleText" in track["name"]:
            track["name"] = {"runs": [{"text": track["name"]["simpleText"]}]}
    return player


def _fit_format(media_format: dict[str, Any]) -> None:
    """Drop the `n` challenge, which needs JavaScript, and announce the size of the sound that is really served."""
    if "url" not in media_format:
        return
    parts = urlsplit(media_format["url"])
    query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != "n"]
    mime_type = media_format["mimeType"]
    if mime_type.startswith("audio/"):
        size = str(len(_speech(mime_type).content))
        media_format["contentLength"] = size
        query = [(name, size if name == "clen" else value) for name, value in query]
    media_format["url"] = parts._replace(query=urlencode(query)).geturl()


def _speech(mime_type: str) -> Audio:
    suffix, itag = ("webm", 251) if "webm" in mime_type else ("m4a", 140)
    content = (recordings.RECORDINGS / "media" / f"speech.{suffix}").read_bytes()
    return Audio(content, mime_type or "audio/mp4", itag)


def _browse_endpoint(url: str) -> Json | None:
    parts = urlsplit(url)
    if playlist := dict(parse_qsl(parts.query)).get("list"):
        return {"browseId": f"VL{playlist}"}
    if channel := re.fullmatch(r"/channel/(UC[\w-]{22})(?:/videos)?", parts.path):
        return {"browseId": channel[1]}
    return None
