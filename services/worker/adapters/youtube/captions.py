"""A video's captions: the track that is known, else those that other clients are named, one after the other."""

import time
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, urlsplit

from youtube_transcript_api import Transcript as ListedTranscript
from youtube_transcript_api import YouTubeTranscriptApi

from services.worker.adapters.models import Transcript, TranscriptLine, YoutubeError
from services.worker.adapters.youtube.client_health import Stage
from services.worker.adapters.youtube.clients import AGREEING, PLAYERS, ClientRefusedError, Clients, all_refused
from services.worker.adapters.youtube.connection import Connection
from services.worker.adapters.youtube.errors import youtube_error
from services.worker.adapters.youtube.player import count_tracks
from services.worker.adapters.youtube.timedtext import parse_json3, tidy
from services.worker.adapters.youtube.tracks import best_track, original_tracks, spoken_language
from services.worker.adapters.youtube.ytdlp import Extraction
from shared.contracts.errors import ERROR_RULES, ErrorType, Retry
from shared.contracts.youtube import CaptionsAnswer, CaptionsKind, CaptionTrack
from shared.logs import get_logger

logger = get_logger(__name__)

_LAST_CLIENT = "youtube-transcript-api"
_ALL_CLIENTS = (*PLAYERS, _LAST_CLIENT)
_ANSWERS = {
    ErrorType.LINK_EXPIRED: CaptionsAnswer.GATED,
    ErrorType.CAPTIONS_TOKEN_REQUIRED: CaptionsAnswer.GATED,
    ErrorType.CAPTIONS_NONE: CaptionsAnswer.NONE,
    ErrorType.CAPTIONS_DISABLED: CaptionsAnswer.NONE,
    ErrorType.EXTRACTOR_OUTDATED: CaptionsAnswer.REFUSED,
    ErrorType.VIDEO_UNAVAILABLE: CaptionsAnswer.REFUSED,
}
"""What the error of a track, or of the last client, says about captions: another client may get them.

All other errors end the search. YouTube denies a track to a client with an empty body or a status.
"""
_OF_CAPTIONS = {
    ErrorType.AGE_RESTRICTED: ErrorType.CAPTIONS_AGE_RESTRICTED,
    ErrorType.LIVE_NOW: ErrorType.CAPTIONS_DISABLED,
}
"""The metadata are there: only captions are missing."""


class CaptionsAdapter:
    """Fetches captions. Every method blocks and may be called from several threads at once."""

    def __init__(self, connection: Connection, clients: Clients | None = None) -> None:
        self._connection = connection
        self._clients = clients or Clients(connection)

    def fetch(
        self, youtube_id: str, track: CaptionTrack | None, answers: Mapping[str, CaptionsAnswer] | None = None
    ) -> Transcript:
        """Return the captions of one video: one request if `track` is available, none if `answers` say there are none.

        `answers` are what clients were told with the metadata; the others are asked where those do not decide, with two
        requests each. Raises YoutubeError only; its type is one of `captions_…` where captions are unavailable.
        """
        return _guarded(lambda: _Search(self._connection, self._clients, youtube_id, answers or {}).run(track))


class _Search:
    """The search for the captions of one video."""

    def __init__(
        self, connection: Connection, clients: Clients, youtube_id: str, answers: Mapping[str, CaptionsAnswer]
    ) -> None:
        self._connection = connection
        self._clients = clients
        self._youtube_id = youtube_id
        self._answers = dict(answers)
        self._refused: list[ClientRefusedError] = []
        self._outdated: YoutubeError | None = None
        self._denied: set[str] = set()
        """Clients whose tracks were named, and could not be fetched."""
        self._none = ErrorType.CAPTIONS_DISABLED
        """Why there are none: no track is named, or those that are have no text."""
        self._language: str | None = None

    def run(self, track: CaptionTrack | None) -> Transcript:
        """Return the captions, or raise why there are none."""
        found = self._from_track(track) if track is not None else None
        if found is None and not self._answers:
            found = self._from_page_and_players()
        if found is not None:
            return found
        self._raise_if_none()
        for client in (*self._clients.health.order(PLAYERS), *self._connection.access.token_clients):
            if self._answers.get(client, CaptionsAnswer.NAMED) is CaptionsAnswer.NAMED:
                found = self._from_client(client)
                if found is not None:
                    return found
                self._raise_if_none()
        return self._from_last_client()

    def _from_track(self, track: CaptionTrack) -> Transcript | None:
        """The given track; None where another client may get it."""
        self._language = self._language or track.language
        try:
            transcript = _guarded(lambda: self._download(track))
        except YoutubeError as error:
            if error.error_type not in _ANSWERS:
                raise
            logger.info("caption_track_unavailable", client=track.client, detail=error.detail)
            if error.error_type is ErrorType.CAPTIONS_NONE:
                self._none = error.error_type
            if track.client is not None and not _has_expired(track):
                self._answers[track.client] = _ANSWERS[error.error_type]
                self._denied.add(track.client)
            return None
        self._record_source(track.client)
        return transcript

    def _download(self, track: CaptionTrack) -> Transcript:
        with self._connection.session() as session:
            response = session.get(track.url)
            response.raise_for_status()
        return _transcript(track.language, track.kind, parse_json3(response.content.decode(), track.kind))

    def _from_page_and_players(self) -> Transcript | None:
        """The captions of a video of which nothing is known: as for its metadata, the page is requested first."""
        try:
            found = self._clients.find(self._youtube_id)
        except YoutubeError as error:
            if error.error_type is not ErrorType.EXTRACTOR_OUTDATED:
                raise
            self._outdated = error
            self._answers = dict.fromkeys(PLAYERS, CaptionsAnswer.REFUSED)
            return None
        self._answers = dict(found.captions)
        return self._from_extraction(found.extraction)

    def _from_client(self, client: str) -> Transcript | None:
        try:
            extraction = self._clients.ask(self._youtube_id, client)
        except ClientRefusedError as refusal:
            self._refused.append(refusal)
            self._answers[client] = CaptionsAnswer.REFUSED
            return None
        except YoutubeError as error:
            found = self._from_extraction(self._clients.ask_with_account(self._youtube_id, error))
            if found is None:
                raise
            return found
        self._answers[client] = extraction.player.captions
        return self._from_extraction(extraction)

    def _from_extraction(self, extraction: Extraction) -> Transcript | None:
        player = extraction.player
        tracks = original_tracks(extraction.info, player.client)
        language = spoken_language(player.languages, tracks) or self._language
        best = best_track(tracks, lambda track: (track.language, track.kind), language)
        return None if best is None else self._from_track(best)

    def _from_last_client(self) -> Transcript:
        """What youtube-transcript-api finds: three requests, as an old version of the Android app.

        None of them while it gets nobody's captions.
        """
        health = self._clients.health
        if not health.is_trusted(_LAST_CLIENT):
            raise self._denied_by_all
        health.asked(_LAST_CLIENT)
        try:
            return _guarded(self._from_transcript_api)
        except YoutubeError as error:
            answer = _ANSWERS.get(error.error_type)
            if answer is None and not _is_about_video(error.error_type):
                raise
            if answer is not CaptionsAnswer.NONE:
                health.failed(_LAST_CLIENT, Stage.TRACK, self._youtube_id)
            self._answers[_LAST_CLIENT] = answer or CaptionsAnswer.REFUSED
            self._raise_if_none()
            raise self._denied_by_all from None

    def _from_transcript_api(self) -> Transcript:
        with self._connection.session() as session:
            listed = list(YouTubeTranscriptApi(http_client=session).list(self._youtube_id))
            self._connection.on_tracks(count_tracks(_LAST_CLIENT, [each._url for each in listed]))
            spoken = (transcript.language_code for transcript in listed if transcript.is_generated)
            best = best_track(listed, _describe, next(spoken, self._language))
            if best is None:
                raise YoutubeError(ErrorType.CAPTIONS_NONE, "youtube-transcript-api lists no track")
            snippets = best.fetch()
        language, kind = _describe(best)
        lines = (TranscriptLine(each.start, each.start + each.duration, each.text) for each in snippets)
        transcript = _transcript(language, kind, tidy(lines, kind))
        self._record_source(_LAST_CLIENT)
        return transcript

    def _raise_if_none(self) -> None:
        """Raise where clients agree that there are no captions; one alone may be mistaken."""
        if list(self._answers.values()).count(CaptionsAnswer.NONE) >= AGREEING:
            raise YoutubeError(self._none, self._summary)

    def _record_source(self, client: str | None) -> None:
        """Record that captions came from `client`, and not from those before it.

        That the page's tracks need a token is seen on the page, so that it needs no record.
        """
        health = self._clients.health
        if client is not None:
            health.succeeded(client, Stage.TRACK, self._youtube_id)
        gated = {each for each in PLAYERS if self._answers.get(each) is CaptionsAnswer.GATED}
        for failed in gated | self._denied:
            health.failed(failed, Stage.TRACK, self._youtube_id)
        for refusal in self._refused:
            health.failed(refusal.answer.client, Stage.PLAYER, self._youtube_id)

    @property
    def _denied_by_all(self) -> YoutubeError:
        if all(self._answers.get(each, CaptionsAnswer.REFUSED) is CaptionsAnswer.REFUSED for each in _ALL_CLIENTS):
            return self._outdated or all_refused(self._refused)
        return YoutubeError(ErrorType.CAPTIONS_TOKEN_REQUIRED, self._summary)

    @property
    def _summary(self) -> str:
        return ", ".join(f"{client}: {answer}" for client, answer in self._answers.items())


def _has_expired(track: CaptionTrack) -> bool:
    """Whether the URL's time is over, so that its client may have another."""
    expires = parse_qs(urlsplit(track.url).query).get("expire", [""])[0]
    return expires.isdecimal() and int(expires) < time.time()


def _is_about_video(error_type: ErrorType) -> bool:
    """Whether it decides a video's fate: the metadata are there, and the last client is the least reliable of all."""
    return ERROR_RULES[error_type].retry in {Retry.NEVER, Retry.WHEN_AVAILABLE}


def _describe(listed: ListedTranscript) -> tuple[str, CaptionsKind]:
    return listed.language_code, CaptionsKind.AUTOMATIC if listed.is_generated else CaptionsKind.MANUAL


def _transcript(language: str, kind: CaptionsKind, lines: list[TranscriptLine]) -> Transcript:
    if not lines:
        raise YoutubeError(ErrorType.CAPTIONS_NONE, f"the {kind} track in {language} has no text")
    return Transcript(language, kind, lines)


def _guarded(fetch: Callable[[], Transcript]) -> Transcript:
    """Call `fetch`; raises every exception as a YoutubeError without its cause, which may quote signed URLs."""
    try:
        return fetch()
    except Exception as exception:
        logger.debug("captions_failed", exc_info=True)
        error = youtube_error(exception)
        error_type = _OF_CAPTIONS.get(error.error_type)
        raise (YoutubeError(error_type, error.detail) if error_type else error) from None
