"""Whether the version in use does worse than the one before it: counted over the calls of one process."""

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
    """Counts the calls of this process that ended in an answer that could not be read."""

    def __init__(self) -> None:
        self._outcomes: list[bool] = []

    def note(self, error_type: ErrorType | None) -> None:
        """Count a call that has ended, unless nothing was answered."""
        if error_type is not None and ERROR_RULES[error_type].is_unreachable:
            return
        self._outcomes = [*self._outcomes[1 - MAX_REMEMBERED :], error_type in _UNREADABLE]

    @property
    def unexpected_share(self) -> float:
        """The share of such calls; 0 where there were too few to tell."""
        if len(self._outcomes) < MIN_CALLS:
            return 0
        return sum(self._outcomes) / len(self._outcomes)

    def is_worse(self, than: float, *, selected_at: datetime, now: datetime) -> bool:
        """Whether the version that was selected then does worse than one with the share `than`."""
        is_over = now - selected_at >= TRIAL
        if len(self._outcomes) < (MIN_CALLS if is_over else TRIAL_CALLS) or now - selected_at > 2 * TRIAL:
            return False
        return self.unexpected_share > than + WORSE_BY
