"""What `vidferry doctor` tells: a mark and a sentence."""

from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """What a finding means for whoever reads it."""

    WELL = "✓"
    NORMAL = "–"
    """Not at its best, but it goes on by itself, or somebody wanted it so."""
    ILL = "✗"
    """Somebody has to do something."""


@dataclass(frozen=True)
class Finding:
    """What one check has found."""

    mark: Mark
    text: str

    def __str__(self) -> str:
        return f"{self.mark} {self.text}"


def well(text: str) -> Finding:
    """All is as it should be."""
    return Finding(Mark.WELL, text)


def normal(text: str) -> Finding:
    """Nobody has to do anything."""
    return Finding(Mark.NORMAL, text)


def ill(text: str) -> Finding:
    """Somebody has to do what the text says."""
    return Finding(Mark.ILL, text)
