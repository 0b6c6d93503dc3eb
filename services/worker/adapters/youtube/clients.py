"""The clients of YouTube's API that Vidferry asks as, one after the other, until one gets the video.

| client | requests | when |
|---|---|---|
| `web`, the watch page | 1 | always: date, category, likes and chapters are in no other answer |
| `visionos` | 1 | the page names no caption track, or needs a token for them |
| `android`, then `ios` | 1 each | the client before it is refused, or its tracks need a token or are empty |
| `mweb` | 3 | captions only, where a token server is permitted (`access`) |
| youtube-transcript-api | 3 | captions only, after all of the above (`captions`) |

Another client is asked where YouTube's reason may be about the client: "The page needs to be reloaded", "Video
unavailable", "This video is not available", no reason at all, one that it never gave before, or HTTP 400. It is never
asked because of a bot check, a captcha, "try again later", a status 429 or 403 or a failed connection, which are about
the address or the guest, nor because of the country, a payment, an age limit, or a video that is live or upcoming.
Private and members-only videos and those with an age limit are asked for once more where the operator lends an account.

Versions of the clients are those of yt-dlp's own table.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from yt_dlp.cookies import YoutubeDLCookieJar

from services.worker.adapters.models import AccessError, YoutubeError
from services.worker.adapters.youtube.access import JS_CLIENTS
from services.worker.adapters.youtube.client_health import ClientHealth, Stage
from services.worker.adapters.youtube.connection import Connection
from services.worker.adapters.youtube.errors import (
    ABOUT_THE_CLIENT,
    CLIENT_RETIRED,
    LOCKED,
    is_refused,
    playability_error,
)
from services.worker.adapters.youtube.player import PlayerAnswer
from services.worker.adapters.youtube.sent_requests import WEB
from services.worker.adapters.youtube.ytdlp import Extraction, early_metadata, extract, playback_error
from shared.contracts.errors import ErrorType
from shared.contracts.youtube import CaptionsAnswer
from shared.logs import get_logger

logger = get_logger(__name__)

PLAYERS = ("visionos", "android", "ios")
"""Clients that need neither JavaScript nor a proof-of-origin token for captions, the one with the best lists first:
Android's leaves out some manual tracks."""
AUDIO_CLIENT = "visionos"
"""The one among them whose media can be downloaded."""
AGREEING = 2
"""Clients that have to agree that there is no video, or that it has no captions."""

_FROM_THE_PLAYER = frozenset({"subtitles", "automatic_captions", "formats"})


class ClientRefusedError(Exception):
    """YouTube refuses the client, for a reason that may be about it alone."""

    def __init__(self, extraction: Extraction, error: YoutubeError) -> None:
        self.extraction = extraction
        self.answer = extraction.player
        self.error = error
        super().__init__(f"{self.answer.client} {error.detail}")


@dataclass(frozen=True, slots=True)
class Found:
    """A video that a client gets."""

    extraction: Extraction
    captions: dict[str, CaptionsAnswer]
    """What each client that was asked was told about captions."""


class Clients:
    """Asks YouTube about videos. Every method blocks and may be called from several threads at once."""

    def __init__(self, connection: Connection, health: ClientHealth | None = None) -> None:
        self.health = health or ClientHealth()
        self._connection = connection

    def find(self, youtube_id: str) -> Found:
        """Request the watch page, and ask players until one gets the video.

        That takes one request where the page names caption tracks, two as a rule. Raises YoutubeError:
        VIDEO_UNAVAILABLE where two clients agree or the page says so in words, EXTRACTOR_OUTDATED where every player
        is refused, and as `ask_with_account` does.
        """
        try:
            return self._find_as_guest(youtube_id)
        except YoutubeError as error:
            extraction = self.ask_with_account(youtube_id, error)
        answers = [extraction.player, *([extraction.page] if extraction.page else [])]
        return Found(extraction, {each.client: each.captions for each in answers})

    def _find_as_guest(self, youtube_id: str) -> Found:
        refused: list[ClientRefusedError] = []
        page: Extraction | None = None
        for client in self.health.order(PLAYERS):
            visitor_data = None if page is None else self._connection.guests.visitor_data(client)
            try:
                extraction = self._request(youtube_id, client, visitor_data, is_page_enough=page is None)
            except ClientRefusedError as refusal:
                page = page or refusal.extraction
                refused.append(refusal)
                _raise_if_gone(page.page, [each.answer for each in refused])
                continue
            page = page or extraction
            self._record_outcomes(youtube_id, extraction.player, refused)
            answers = [each.answer for each in refused] + [extraction.player] + ([page.page] if page.page else [])
            return Found(_with_page(extraction, page), {each.client: each.captions for each in answers})
        raise all_refused(refused)

    def ask(self, youtube_id: str, client: str) -> Extraction:
        """Ask one player: one request, two where no guest is known.

        Raises YoutubeError, and ClientRefusedError where another client may get the video.
        """
        extraction = self._request(youtube_id, client, self._connection.guests.visitor_data(client))
        self.health.succeeded(client, Stage.PLAYER, youtube_id)
        return extraction

    def ask_with_account(self, youtube_id: str, refused: YoutubeError, *, for_media: bool = False) -> Extraction:
        """Ask with the operator's account for a video that a guest was refused: page and player, once per client.

        Nothing of the answer becomes known to the clients that guests use. Raises `refused` where there is no such
        account or it does not get the video either, ACCOUNT_BUSY where it is another video's turn.
        """
        account = self._connection.access.account
        if account is None or refused.error_type not in LOCKED:
            raise refused
        try:
            with account.signed_in(youtube_id) as cookies:
                found = self._extract_with(cookies, youtube_id, for_media=for_media)
        except AccessError as error:
            logger.warning("youtube_account_unusable", error=error)
            raise refused from None
        if found is None:
            raise refused
        logger.info("youtube_account_used", client=found.player.client)
        return found

    def _extract_with(self, cookies: YoutubeDLCookieJar, youtube_id: str, *, for_media: bool) -> Extraction | None:
        """None: no client gets the video. Raises YoutubeError for other reasons, and for those in words on the page."""
        for client in JS_CLIENTS:
            extraction = extract(
                self._connection, youtube_id, client, visitor_data=None, is_page_enough=not for_media, cookies=cookies
            )
            try:
                _raise_unless_played(extraction)
            except ClientRefusedError as refusal:
                logger.info("client_refused", client=client, detail=refusal.error.detail)
            except YoutubeError as error:
                if error.error_type not in LOCKED:
                    raise
            else:
                return extraction
        return None

    def _request(
        self, youtube_id: str, client: str, visitor_data: str | None, *, is_page_enough: bool = False
    ) -> Extraction:
        asked = client
        try:
            extraction = extract(
                self._connection,
                youtube_id,
                client,
                visitor_data=visitor_data,
                is_page_enough=is_page_enough and self.health.is_trusted(WEB),
            )
            asked = extraction.player.client
        finally:
            self.health.asked(asked)
        if extraction.visitor_data:
            self._connection.guests.record_page(extraction.visitor_data)
        _raise_unless_played(extraction)
        return extraction

    def _record_outcomes(self, youtube_id: str, player: PlayerAnswer, refused: Iterable[ClientRefusedError]) -> None:
        if player.client != WEB:
            self.health.succeeded(player.client, Stage.PLAYER, youtube_id)
        for refusal in refused:
            logger.info("client_refused", client=refusal.answer.client, detail=refusal.error.detail)
            self.health.failed(refusal.answer.client, Stage.PLAYER, youtube_id)


def all_refused(refused: Sequence[ClientRefusedError]) -> YoutubeError:
    """Return the error of a video that no client gets."""
    unknown = next((each.error for each in refused if each.error.error_type is ErrorType.UNEXPECTED_ANSWER), None)
    if unknown is not None:
        return unknown
    detail = "; ".join(f"{each.answer.client}: {each.error.detail}" for each in refused)
    is_retired = all(each.answer.status == CLIENT_RETIRED for each in refused)
    return YoutubeError(ErrorType.EXTRACTOR_OUTDATED, detail, are_clients_retired=is_retired)


def _raise_unless_played(extraction: Extraction) -> None:
    error = playback_error(extraction)
    if error is None:
        return
    page = extraction.page
    if not is_refused(extraction.player.status, error.error_type):
        raise error
    if page is not None:
        page_error_type = playability_error(page.status, page.reason)
        if page_error_type is not None and page_error_type not in ABOUT_THE_CLIENT:
            raise YoutubeError(page_error_type, page.reason, early_metadata=early_metadata(extraction.info))
    raise ClientRefusedError(extraction, error)


def _raise_if_gone(page: PlayerAnswer | None, answers: Iterable[PlayerAnswer]) -> None:
    """Raise VIDEO_UNAVAILABLE where clients agree; the page counts as one, and confirms what others say vaguely.

    Where the page knows the video, there is one.
    """
    if page is not None and (page.plays or page.has_details):
        return
    is_missing_page = page is not None and page.may_be_gone
    agreeing = [answer for answer in answers if answer.says_gone or (answer.may_be_gone and is_missing_page)]
    if len(agreeing) + is_missing_page >= AGREEING:
        raise YoutubeError(ErrorType.VIDEO_UNAVAILABLE, agreeing[-1].reason)


def _with_page(extraction: Extraction, page: Extraction) -> Extraction:
    """What the page knows goes before what a player knows, but for tracks and formats."""
    if extraction is page:
        return extraction
    of_page = {name: value for name, value in page.info.items() if value and name not in _FROM_THE_PLAYER}
    return replace(extraction, info=extraction.info | of_page, page=page.page)
