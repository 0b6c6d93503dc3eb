"""Which clients YouTube refuses at the moment, so that no request is spent on them."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from shared.logs import get_logger

WINDOW = 20
"""Different videos."""
FAILED_SHARE = 0.8
FAILED_IN_A_ROW = 5
"""Different videos: a client that is refused to everybody from one moment on costs no more than these requests, and
those under way at that moment. A window of good outcomes before them would otherwise hide sixteen failures."""
RETRY_SECONDS = 30 * 60.0

logger = get_logger(__name__)


class Stage(StrEnum):
    """What a client is needed for; it may fail at one and be good for the other."""

    PLAYER = "player"
    TRACK = "track"


@dataclass
class _Outcomes:
    of_videos: OrderedDict[str, bool] = field(default_factory=OrderedDict)
    """The newest outcome of each of the last videos, the latest at the end."""
    retry_at: float | None = None
    """When one video tries the client first again; None: all do."""

    def add(self, youtube_id: str, *, succeeded: bool) -> None:
        self.of_videos.pop(youtube_id, None)
        self.of_videos[youtube_id] = succeeded
        if len(self.of_videos) > WINDOW:
            self.of_videos.popitem(last=False)

    @property
    def is_bad(self) -> bool:
        newest_first = list(reversed(self.of_videos.values()))
        if len(newest_first) >= FAILED_IN_A_ROW and not any(newest_first[:FAILED_IN_A_ROW]):
            return True
        return len(newest_first) == WINDOW and newest_first.count(False) >= FAILED_SHARE * WINDOW


class ClientHealth:
    """Remembers how clients fared with the latest videos; safe to use from any thread.

    A client counts as failed where a later one succeeded for the same video, so that a video that nobody gets says
    nothing; youtube-transcript-api, after which there is none, counts as failed where it does not get the captions.
    After failures in a row, or for most of the latest videos, the client comes last; one video in half an
    hour tries it first again. The memory is that of one process: each worker process learns it within a few requests.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._outcomes: dict[tuple[str, Stage], _Outcomes] = {}

    def order(self, clients: Sequence[str]) -> list[str]:
        """Return `clients` in the order in which to ask them for a video."""
        return sorted(clients, key=lambda client: not self.is_trusted(client))

    def is_trusted(self, client: str) -> bool:
        """Whether to ask `client` for a video first; one that fails, half an hour after a video has done so."""
        with self._lock:
            now = self._clock()
            return all(retry_at <= now for _, retry_at in self._failing(client))

    def asked(self, client: str) -> None:
        """Note that `client` has been asked: if it was time to try it again, it is not for the next half hour."""
        with self._lock:
            now = self._clock()
            for outcomes, retry_at in self._failing(client):
                if retry_at <= now:
                    outcomes.retry_at = now + RETRY_SECONDS

    def succeeded(self, client: str, stage: Stage, youtube_id: str) -> None:
        """Note that `client` got what it was asked for."""
        with self._lock:
            outcomes = self._outcomes.setdefault((client, stage), _Outcomes())
            if outcomes.retry_at is not None:
                outcomes.of_videos.clear()
                outcomes.retry_at = None
            outcomes.add(youtube_id, succeeded=True)

    def failed(self, client: str, stage: Stage, youtube_id: str) -> None:
        """Note that `client` did not get what another client got."""
        with self._lock:
            outcomes = self._outcomes.setdefault((client, stage), _Outcomes())
            outcomes.add(youtube_id, succeeded=False)
            if outcomes.retry_at is None and outcomes.is_bad:
                outcomes.retry_at = self._clock() + RETRY_SECONDS
                logger.warning("youtube_client_fails", client=client, stage=stage)

    def _failing(self, client: str) -> list[tuple[_Outcomes, float]]:
        of_client = [self._outcomes[client, stage] for stage in Stage if (client, stage) in self._outcomes]
        return [(each, each.retry_at) for each in of_client if each.retry_at is not None]
