"""Pairs each request to YouTube with the caption tracks that its answer named."""

import threading
from dataclasses import dataclass

from services.worker.adapters.models import TrackCounts
from shared.contracts.youtube_requests import RequestRecord, SentRequest


@dataclass(slots=True)
class RecordedRequest:
    """A request; what its answer named is known later."""

    request: SentRequest
    tracks: TrackCounts | None = None

    @property
    def record(self) -> RequestRecord:
        """What is known by now."""
        if self.tracks is None:
            return RequestRecord(self.request)
        return RequestRecord(self.request, tracks_named=self.tracks.named, tracks_gated=self.tracks.gated)


class RequestPairing:
    """Knows the last request of a client, apart for each thread that sends some.

    An answer is read before the next client is asked; YouTube and yt-dlp have different names for some clients.
    """

    def __init__(self) -> None:
        self._latest = threading.local()
        """Its `request` is the thread's last request of a client."""

    def add(self, request: SentRequest) -> RecordedRequest:
        """Return a new record of the request."""
        recorded = RecordedRequest(request)
        if request.client is not None:
            self._latest.request = recorded
        return recorded

    def add_tracks(self, tracks: TrackCounts) -> None:
        """Add the caption tracks to this thread's last request of a client."""
        recorded: RecordedRequest | None = getattr(self._latest, "request", None)
        if recorded is not None:
            recorded.tracks = tracks
