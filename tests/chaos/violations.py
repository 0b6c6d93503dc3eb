"""What a run may find."""

from dataclasses import dataclass
from enum import StrEnum


class ViolationKind(StrEnum):
    """Which promise was broken."""

    LOST = "lost"
    """Something acknowledged is not there, or an event did not arrive."""
    DOUBLED = "doubled"
    """Something is there twice."""
    STUCK = "stuck"
    """Something does not go on, or was left behind."""
    WRONG = "wrong"
    """An import has ended otherwise than its video asks for."""
    UNWELL = "unwell"
    """The installation itself is not as it should be."""


@dataclass(frozen=True, order=True)
class Violation:
    """One broken promise."""

    kind: ViolationKind
    what: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.what}"
