"""A video's captions: the track that yt-dlp named, else what youtube-transcript-api finds."""

import logging
from collections.abc import Callable

from youtube_transcript_api import Transcript as ListedTranscript
from youtube_transcript_api import YouTubeTranscriptApi

from services.worker.adapters.connection import Connection
from services.worker.adapters.errors import youtube_error
from services.worker.adapters.models import Transcript, TranscriptLine, YoutubeError
from services.worker.adapters.preference import best_track
from services.worker.adapters.timedtext import parse_json3, tidy
from shared.contracts.errors import ErrorType
from shared.contracts.youtube import CaptionsKind, CaptionTrack

logger = logging.getLogger(__name__)

_WORTH_ASKING_AGAIN = frozenset({ErrorType.LINK_EXPIRED, ErrorType.CAPTIONS_TOKEN_REQUIRED, ErrorType.CAPTIONS_NONE})
"""The track could not be had at its URL: another client is named other URLs."""


class CaptionsAdapter:
    """Fetches captions. Every method blocks and may be called from several threads at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def fetch(self, youtube_id: str, track: CaptionTrack | None) -> Transcript:
        """The captions of one video: one request where `track` can be had, three more where it cannot.

        Raises YoutubeError and nothing else; its type is one of `captions_…` where there are none to be had.
        """
        if track is not None:
            found = self._from_track(track)
            if found is not None:
                return found
        return _guarded(lambda: self._from_transcript_api(youtube_id, track))

    def _from_track(self, track: CaptionTrack) -> Transcript | None:
        """The named track; None when it is empty or its URL is not valid (any more)."""
        try:
            return _guarded(lambda: self._download(track))
        except YoutubeError as error:
            if error.error_type not in _WORTH_ASKING_AGAIN:
                raise
            logger.info("caption track not available: %s", error.detail)
            return None

    def _download(self, track: CaptionTrack) -> Transcript:
        with self._connection.session() as session:
            response = session.get(track.url)
            response.raise_for_status()
        return _transcript(track.language, track.kind, parse_json3(response.content.decode(), track.kind))

    def _from_transcript_api(self, youtube_id: str, track: CaptionTrack | None) -> Transcript:
        with self._connection.session() as session:
            listed = list(YouTubeTranscriptApi(http_client=session).list(youtube_id))
            spoken = (transcript.language_code for transcript in listed if transcript.is_generated)
            best = best_track(listed, _describe, next(spoken, track.language if track else None))
            if best is None:
                raise YoutubeError(ErrorType.CAPTIONS_NONE, "youtube-transcript-api lists no track")
            snippets = best.fetch()
        language, kind = _describe(best)
        lines = (TranscriptLine(each.start, each.start + each.duration, each.text) for each in snippets)
        return _transcript(language, kind, tidy(lines, kind))


def _describe(listed: ListedTranscript) -> tuple[str, CaptionsKind]:
    return listed.language_code, CaptionsKind.AUTOMATIC if listed.is_generated else CaptionsKind.MANUAL


def _transcript(language: str, kind: CaptionsKind, lines: list[TranscriptLine]) -> Transcript:
    if not lines:
        raise YoutubeError(ErrorType.CAPTIONS_NONE, f"the {kind} track in {language} has no text")
    return Transcript(language, kind, lines)


def _guarded(fetch: Callable[[], Transcript]) -> Transcript:
    """`fetch()`, with every exception as a YoutubeError; the cause stays behind, it may quote signed URLs."""
    try:
        return fetch()
    except Exception as exception:
        logger.debug("captions failed", exc_info=True)
        raise youtube_error(exception) from None
