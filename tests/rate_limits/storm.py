"""YouTube in trouble: about every fifth request fails."""

from fakes.youtube import Fault, Kind

PACE = {
    "YOUTUBE_CALLS_PER_SECOND": "200",
    "YOUTUBE_PAUSE_SECONDS": "1",
    "YOUTUBE_RATE_STEP_SECONDS": "0.5",
}
TROUBLE = (
    Fault(kind=Kind.TIMEDTEXT, status=403, probability=0.05),
    Fault(status=429, probability=0.03),
    Fault(status=503, probability=0.09),
    Fault(cut_after_bytes=0, probability=0.08),
)
"""What a client would wait for in vain hangs up instead, to save time.

Chance depends on the ids alone: the same videos need the same requests in every run.
"""
