"""What answers as YouTube: the interface of the server, and the invented YouTube behind it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from fakes.youtube import feeds, timedtext
from fakes.youtube.library import Library
from fakes.youtube.list_shapes import ListPages
from fakes.youtube.model import Audio, FakeVideo, VideoState
from fakes.youtube.playability import WEB
from fakes.youtube.shapes import Json, next_response, player_response

FOR_THE_ACCOUNT = {VideoState.PRIVATE, VideoState.MEMBERS_ONLY, VideoState.AGE_RESTRICTED}
"""What guests do not get and the account does."""
API_KEY = "AIzaFake_not-a-secret"


@dataclass(frozen=True)
class Answer:
    """One HTTP answer."""

    body: bytes
    content_type: str
    status: int = 200


def as_json(value: Any, status: int = 200) -> Answer:
    """`value` as a JSON answer."""
    return Answer(json.dumps(value).encode(), "application/json; charset=UTF-8", status)


class Youtube(Protocol):
    """Everything that the server asks of a YouTube. Every method answers for any id, known or not."""

    def watch_page(self, youtube_id: str, *, is_signed_in: bool = False) -> str:
        """The HTML of `/watch`."""

    def player(self, youtube_id: str, client: str, *, is_signed_in: bool = False) -> Json:
        """`/youtubei/v1/player` for an InnerTube client."""

    def next(self, youtube_id: str) -> Json:
        """`/youtubei/v1/next`; always answered with 200, yt-dlp gives up on a 404."""

    def timedtext(self, query: Mapping[str, str]) -> Answer:
        """`/api/timedtext`: one caption track."""

    def audio(self, query: Mapping[str, str]) -> Audio:
        """The file behind a `videoplayback` address; an empty one where there is none."""

    def browse(self, request: Json) -> Answer:
        """`/youtubei/v1/browse`: a playlist, a channel's tab or a further page of one."""

    def resolve_url(self, url: str) -> Answer:
        """`/youtubei/v1/navigation/resolve_url`."""

    def feed(self, query: Mapping[str, str]) -> Answer:
        """`/feeds/videos.xml`: the newest videos of a channel or the first ones of a playlist."""


def config_script(client: str, *, is_signed_in: bool = False) -> str:
    """The `ytcfg.set` call that every page carries: the InnerTube client that the page is."""
    context = {"client": {"hl": "en", "gl": "US", "clientName": client, "clientVersion": "2.20260708.00.00"}}
    config = {
        "INNERTUBE_API_KEY": API_KEY,
        "INNERTUBE_CONTEXT": context,
        "VISITOR_DATA": "fake_signed_in" if is_signed_in else "fake_youtube",
        "LOGGED_IN": is_signed_in,
    }
    return f"ytcfg.set({json.dumps(config)});"


def compose_watch_page(player: Json, initial_data: Json, *, is_signed_in: bool = False) -> str:
    """A watch page around an embedded player response and the data of `/next`."""
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>YouTube</title>'
        f"<script>{config_script(WEB, is_signed_in=is_signed_in)}</script></head><body>"
        f"<script>var ytInitialPlayerResponse = {_inline(player)};</script>"
        f"<script>var ytInitialData = {_inline(initial_data)};</script></body></html>"
    )


def _inline(value: Json) -> str:
    # As on YouTube: nothing inside a script element may close it or read as markup.
    text = json.dumps(value)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


class InventedYoutube:
    """Answers from a library of invented videos."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._list_pages = ListPages(library.lists)

    def watch_page(self, youtube_id: str, *, is_signed_in: bool = False) -> str:
        """See `Youtube`."""
        video = self._video(youtube_id, is_signed_in=is_signed_in)
        return compose_watch_page(player_response(video, WEB), next_response(video), is_signed_in=is_signed_in)

    def player(self, youtube_id: str, client: str, *, is_signed_in: bool = False) -> Json:
        """See `Youtube`."""
        return player_response(self._video(youtube_id, is_signed_in=is_signed_in), client)

    def next(self, youtube_id: str) -> Json:
        """See `Youtube`."""
        return next_response(self._video(youtube_id))

    def timedtext(self, query: Mapping[str, str]) -> Answer:
        """See `Youtube`; an unknown track and a missing proof-of-origin token get an empty body, as on YouTube."""
        language, automatic = query.get("lang", ""), query.get("kind") == "asr"
        tracks = [
            track
            for track in self._video(query.get("v", "")).captions
            if (track.language, track.automatic) == (language, automatic)
        ]
        if not tracks or (query.get("exp") == "xpe" and "pot" not in query):
            return Answer(b"", "text/html; charset=UTF-8")
        segments = tracks[0].segments
        if target := query.get("tlang"):
            segments = tuple(replace(segment, text=f"[{target}] {segment.text}") for segment in segments)
        body, content_type = timedtext.render(
            segments, fmt=query.get("fmt"), automatic=automatic, language=target or language
        )
        return Answer(body.encode(), content_type)

    def audio(self, query: Mapping[str, str]) -> Audio:
        """See `Youtube`."""
        wanted = query.get("itag"), query.get("xtags")
        audios = self._video(query.get("id", "")).audios
        return next((each for each in audios if (str(each.itag), each.xtags) == wanted), Audio(b""))

    def browse(self, request: Json) -> Answer:
        """See `Youtube`."""
        return as_json(self._list_pages.answer(request))

    def resolve_url(self, url: str) -> Answer:
        """See `Youtube`."""
        parts = urlsplit(url)
        endpoint = self._list_pages.endpoint(parts.path, parse_qs(parts.query).get("list", [None])[0])
        if endpoint is None:
            return as_json({"error": {"code": 404, "message": "Requested entity was not found."}}, status=404)
        return as_json({"endpoint": {"browseEndpoint": endpoint}})

    def feed(self, query: Mapping[str, str]) -> Answer:
        """See `Youtube`."""
        list_id = query.get("playlist_id") or query.get("channel_id", "")
        found = self._list_pages.find(list_id)
        if found is None or found.feed_status != HTTPStatus.OK:
            return Answer(b"Not Found", "text/html", HTTPStatus.NOT_FOUND if found is None else found.feed_status)
        videos = [self._video(each) for each in feeds.entries(found, list_id)]
        return Answer(feeds.render(found, videos).encode(), "text/xml; charset=UTF-8")

    def _video(self, youtube_id: str, *, is_signed_in: bool = False) -> FakeVideo:
        unknown = FakeVideo(youtube_id[:11].ljust(11, "_"), state=VideoState.UNAVAILABLE)
        video = self._library.get(youtube_id) or unknown
        return replace(video, state=VideoState.OK) if is_signed_in and video.state in FOR_THE_ACCOUNT else video
