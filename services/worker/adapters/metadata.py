"""A video's metadata, by yt-dlp, in two requests."""

from datetime import UTC, datetime
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

from services.worker.adapters.connection import Connection
from services.worker.adapters.errors import is_refused_to_one_client
from services.worker.adapters.models import ExtractedChapter, ExtractedVideo
from services.worker.adapters.preference import best_track
from services.worker.adapters.ytdlp import PLAYER_ALONE, Info, ask, refuse_unusable, utc
from shared.contracts.youtube import CaptionsKind, CaptionTrack

_OF_THE_PLAYER = frozenset({"subtitles", "automatic_captions", "formats"})


class MetadataAdapter:
    """Extracts metadata. Every method blocks and may be called from several threads at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def extract(self, youtube_id: str) -> ExtractedVideo:
        """Everything that is kept of one video: two requests, three for a video made for kids.

        Raises YoutubeError and nothing else. A video that is live or still to come is an error of that type.
        """
        # GET /watch and POST /player as yt-dlp's first client that needs no JavaScript.
        info, reason = ask(self._connection, youtube_id, client="default", without=["configs", "js"])
        if reason is not None and is_refused_to_one_client(reason):
            # A client that gets videos made for kids.
            answer, reason = ask(self._connection, youtube_id, client="android", without=PLAYER_ALONE)
            info = answer | {name: value for name, value in info.items() if value and name not in _OF_THE_PLAYER}
        refuse_unusable(info, reason)
        return _video(youtube_id, info)


def _video(youtube_id: str, info: Info) -> ExtractedVideo:
    tracks = _original_tracks(info)
    language = _spoken_language(info, tracks)
    return ExtractedVideo(
        youtube_id=youtube_id,
        title=info["title"],
        channel=info.get("channel"),
        channel_id=info.get("channel_id"),
        duration_seconds=info.get("duration"),
        published_at=_published_at(info),
        description=info.get("description") or "",
        tags=list(info.get("tags") or []),
        categories=list(info.get("categories") or []),
        view_count=info.get("view_count"),
        like_count=info.get("like_count"),
        language=language,
        live_status=info.get("live_status"),
        chapters=_chapters(info),
        caption_track=best_track(tracks, lambda track: (track.language, track.kind), language),
    )


def _published_at(info: Info) -> datetime | None:
    """The moment, or midnight of the day where YouTube tells the day only."""
    if info.get("timestamp") is None and info.get("upload_date"):
        return datetime.strptime(info["upload_date"], "%Y%m%d").replace(tzinfo=UTC)
    return utc(info.get("timestamp"))


def _chapters(info: Info) -> list[ExtractedChapter]:
    """YouTube's chapters; those without a title are left to `services.worker.chapters`."""
    chapters = info.get("chapters") or []
    end = {"start_time": info.get("duration")}
    return [
        ExtractedChapter(chapter.get("title") or "", float(chapter["start_time"]), following["start_time"])
        for chapter, following in pairwise([*chapters, end])
    ]


def _original_tracks(info: Info) -> list[CaptionTrack]:
    """Every caption track that is not a machine translation, in YouTube's order."""
    manual = [(CaptionsKind.MANUAL, *item) for item in (info.get("subtitles") or {}).items()]
    automatic = [(CaptionsKind.AUTOMATIC, *item) for item in (info.get("automatic_captions") or {}).items()]
    tracks = (_track(kind, key, formats) for kind, key, formats in manual + automatic)
    return [track for track in tracks if track is not None]


def _track(kind: CaptionsKind, key: str, formats: list[Info]) -> CaptionTrack | None:
    """The track in the `json3` format; None for a translation, and for the chat of a live stream."""
    url = next((each["url"] for each in formats if each["ext"] == "json3"), None)
    if url is None:
        return None
    query = parse_qs(urlsplit(url).query)
    if "tlang" in query:
        return None
    # yt-dlp's key may hold the name of the track as well; the URL holds the language alone.
    language = query["lang"][0] if "lang" in query else key.removesuffix("-orig")
    return CaptionTrack(language=language, kind=kind, url=url)


def _spoken_language(info: Info, tracks: list[CaptionTrack]) -> str | None:
    """The language of the original sound; without several sound tracks, the one that YouTube's captions heard."""
    sounds = [each for each in info.get("formats") or [] if each.get("language")]
    if sounds:
        original = max(sounds, key=lambda each: each.get("language_preference") or -1)
        return str(original["language"])
    return next((track.language for track in tracks if track.kind is CaptionsKind.AUTOMATIC), None)
