"""A video's metadata, by yt-dlp: the watch page, and a player's answer where the page names no caption track."""

from contextlib import suppress
from datetime import UTC, datetime

from services.worker.adapters import bounds
from services.worker.adapters.models import ExtractedChapter, ExtractedVideo
from services.worker.adapters.youtube.clients import Clients
from services.worker.adapters.youtube.connection import Connection
from services.worker.adapters.youtube.errors import youtube_error
from services.worker.adapters.youtube.tracks import best_track, original_tracks, spoken_language
from services.worker.adapters.youtube.ytdlp import Info, utc
from shared.contracts.youtube import CaptionsAnswer

_READ = (
    "title",
    "channel",
    "channel_id",
    "duration",
    "timestamp",
    "upload_date",
    "description",
    "tags",
    "categories",
    "view_count",
    "like_count",
    "live_status",
    "chapters",
    "subtitles",
    "automatic_captions",
)
"""What `read_metadata` reads besides the formats."""


class MetadataAdapter:
    """Fetches metadata. Every method blocks and may be called from several threads at once."""

    def __init__(self, connection: Connection, clients: Clients | None = None) -> None:
        self._clients = clients or Clients(connection)

    def ask(self, youtube_id: str) -> Info:
        """Return YouTube's answer about one video for `read_metadata`: one or two requests, and one per refused client.

        The answer is JSON, reduced to some kilobytes. Raises YoutubeError only. A live or upcoming video is an error
        of that type.
        """
        try:
            return self._ask(youtube_id)
        except Exception as exception:
            raise youtube_error(exception) from None

    def _ask(self, youtube_id: str) -> Info:
        found = self._clients.find(youtube_id)
        info, player, page = found.extraction.info, found.extraction.player, found.extraction.page
        answer_fields: Info = bounds.as_json({name: info[name] for name in _READ if name in info})
        # Of half a megabyte of formats, only the languages, of those without URLs as well.
        answer_fields["formats"] = bounds.as_json(player.languages or (page.languages if page else []))
        answer_fields["spoken_language"] = player.spoken_language or (page.spoken_language if page else None)
        answer_fields["client"] = player.client
        answer_fields["captions"] = bounds.as_json(found.captions)
        return answer_fields


def read_metadata(youtube_id: str, info: Info) -> ExtractedVideo:
    """Read the metadata of one video from the answer of `MetadataAdapter.ask`."""
    tracks = original_tracks(info, info.get("client"))
    spoken = spoken_language(info.get("formats") or [], tracks) or info.get("spoken_language")
    language = bounds.line(spoken, bounds.MAX_NAME_CHARACTERS)
    return ExtractedVideo(
        youtube_id=youtube_id,
        title=bounds.line(info["title"], bounds.MAX_TITLE_CHARACTERS) or "",
        channel=bounds.line(info.get("channel"), bounds.MAX_NAME_CHARACTERS),
        channel_id=bounds.line(info.get("channel_id"), bounds.MAX_NAME_CHARACTERS),
        duration_seconds=bounds.count(info.get("duration"), bounds.MAX_INT4),
        published_at=_published_at(info),
        description=bounds.text(info.get("description"), bounds.MAX_DESCRIPTION_CHARACTERS) or "",
        tags=bounds.texts(info.get("tags")),
        categories=bounds.texts(info.get("categories")),
        view_count=bounds.count(info.get("view_count")),
        like_count=bounds.count(info.get("like_count")),
        language=language,
        live_status=bounds.line(info.get("live_status"), bounds.MAX_NAME_CHARACTERS),
        chapters=_chapters(info),
        caption_track=best_track(tracks, lambda track: (track.language, track.kind), language),
        captions_answers={client: CaptionsAnswer(answer) for client, answer in info.get("captions", {}).items()},
    )


def _published_at(info: Info) -> datetime | None:
    """The time, or midnight of the day where YouTube gives the day only."""
    if info.get("timestamp") is None and info.get("upload_date"):
        with suppress(ValueError, TypeError):
            return datetime.strptime(info["upload_date"], "%Y%m%d").replace(tzinfo=UTC)
    return utc(info.get("timestamp"))


def _chapters(info: Info) -> list[ExtractedChapter]:
    """YouTube's chapters; `services.worker.transcripts.chapters` handles those without a title."""
    named = (info.get("chapters") or [])[: bounds.MAX_CHAPTERS]
    chapters = [
        (bounds.line(chapter.get("title"), bounds.MAX_TITLE_CHARACTERS) or "", start_seconds)
        for chapter in named
        if (start_seconds := bounds.seconds(chapter["start_time"])) is not None
    ]
    ends = [*(start_seconds for _, start_seconds in chapters[1:]), bounds.seconds(info.get("duration"))]
    return [
        ExtractedChapter(title, start_seconds, end_seconds)
        for (title, start_seconds), end_seconds in zip(chapters, ends, strict=False)
    ]
