"""Whether the version in use does worse than the one before it: counted in one process."""

from datetime import datetime, timedelta

from shared.contracts.errors import ERROR_RULES, ErrorType

TRIAL = timedelta(hours=1)
"""How long after its selection a version is watched."""
TRIAL_CALLS = 30
"""So many calls decide at once."""
MIN_CALLS = 10
"""So many are needed to decide at the end of the hour."""
WORSE_BY = 0.2
MAX_REMEMBERED = 100

_UNREADABLE = frozenset({ErrorType.UNEXPECTED_ANSWER, ErrorType.EXTRACTOR_OUTDATED})


class Trial:
    """Knows how the latest calls of this process ended; of the calls for one step of a video, the last one counts."""

    def __init__(self) -> None:
        self._unreadable: dict[tuple[str, str | None], bool] = {}

    def note(self, youtube_id: str, step: str | None, error_type: ErrorType | None) -> None:
        """Count a call that has ended, unless nothing was answered."""
        if error_type is not None and ERROR_RULES[error_type].is_unreachable:
            return
        self._unreadable.pop((youtube_id, step), None)
        self._unreadable[youtube_id, step] = error_type in _UNREADABLE
        if len(self._unreadable) > MAX_REMEMBERED:
            del self._unreadable[next(iter(self._unreadable))]

    @property
    def unexpected_share(self) -> float | None:
        """The share that ended in an answer that could not be read; None where there were too few to tell."""
        if len(self._unreadable) < MIN_CALLS:
            return None
        return sum(self._unreadable.values()) / len(self._unreadable)

    def is_worse(self, than: float | None, *, selected_at: datetime, now: datetime) -> bool:
        """Whether the version that was selected then does worse than one with the share `than` (None: not known)."""
        is_over, share = now - selected_at >= TRIAL, self.unexpected_share
        if len(self._unreadable) < (MIN_CALLS if is_over else TRIAL_CALLS) or now - selected_at > 2 * TRIAL:
            return False
        return share is not None and than is not None and share > than + WORSE_BY
