"""The hundred imports of a run: which videos, and how each import has to end."""

import itertools
import random
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from fakes.youtube.generate import invent
from shared.contracts.errors import ERROR_RULES, ErrorType
from shared.contracts.stages import ImportStage
from shared.contracts.youtube import CaptionsSource

BATCH, FILE, PLAYLIST, SINGLES, SHARED, DOOMED = 30, 20, 16, 24, 6, 4
"""Entries of the batch of URLs, of the CSV file and of the playlist, those added one by one, those added to a second
list as well, and those of a list that is deleted: a hundred."""


class VideoKind(StrEnum):
    """What happens to the import of a video."""

    CAPTIONS = "captions"
    SPEECH = "speech"
    """YouTube has no captions: they are made from speech."""
    SILENT = "silent"
    """YouTube has no captions, and nothing is said."""
    LIVE = "live"
    """Live at first; ends during the run."""
    PREMIERE = "premiere"
    """Announced; begins during the run."""
    PRIVATE = "private"
    """Private at first; made public during the run, and tried again."""
    REMOVED = "removed"


@dataclass(frozen=True)
class MixVideo:
    """One video of the mix."""

    youtube_id: str
    kind: VideoKind

    @property
    def stage(self) -> ImportStage:
        """How its import has to end."""
        return ImportStage.ERROR if self.kind is VideoKind.REMOVED else ImportStage.COMPLETE

    @property
    def url(self) -> str:
        """Its address."""
        return f"https://www.youtube.com/watch?v={self.youtube_id}"

    @property
    def line_count(self) -> int | None:
        """How many lines its transcript has; None for speech, which the recogniser divides."""
        if self.kind is VideoKind.SPEECH:
            return None
        invented = invent(self.youtube_id)
        tracks = invented.captions if invented and self.stage is ImportStage.COMPLETE else ()
        return len(tracks[0].segments) if tracks else 0

    def may_have(self, source: str | None, missing: str | None) -> bool:
        """Whether captions from this source, or none for this reason, are a result that nobody can complain about."""
        if self.kind is VideoKind.SPEECH:
            is_transient = missing is not None and ERROR_RULES[ErrorType(missing)].is_transient
            return source == CaptionsSource.WHISPER or (source == CaptionsSource.NONE and is_transient)
        if self.kind is VideoKind.SILENT:
            return source == CaptionsSource.NONE
        return source == CaptionsSource.YOUTUBE


@dataclass(frozen=True)
class Mix:
    """The videos of a run, by the way they are added."""

    singles: Sequence[MixVideo]
    batch: Sequence[MixVideo]
    file: Sequence[MixVideo]
    playlist: Sequence[MixVideo]
    shared: Sequence[MixVideo]
    """Of the others; added to a second list."""
    doomed: Sequence[MixVideo]
    """Of a list that is deleted while they are imported."""

    @classmethod
    def of(cls, seed: int) -> "Mix":
        """The mix of a seed: the same kinds in every seed, in another order."""
        dice = random.Random(f"mix {seed}")  # noqa: S311 - no secret
        make = _Maker(seed)
        rare = [VideoKind.LIVE, VideoKind.PREMIERE, VideoKind.PRIVATE]
        singles = make.some(dice, SINGLES, [*rare, *[VideoKind.SPEECH] * 3, *[VideoKind.SILENT] * 3])
        batch = make.some(dice, BATCH, [VideoKind.REMOVED, *[VideoKind.SPEECH] * 3, *[VideoKind.SILENT] * 3])
        file = make.some(dice, FILE, [*[VideoKind.SPEECH] * 2, *[VideoKind.SILENT] * 2])
        playlist = make.some(dice, PLAYLIST, [VideoKind.SPEECH, VideoKind.SILENT])
        common = [each for each in (*singles, *batch, *file) if each.kind in {VideoKind.CAPTIONS, VideoKind.SPEECH}]
        shared = dice.sample(common, SHARED)
        return cls(singles, batch, file, playlist, shared, make.some(dice, DOOMED, [VideoKind.SPEECH]))

    @property
    def videos(self) -> dict[str, MixVideo]:
        """All of them, by YouTube id."""
        everything = itertools.chain(self.singles, self.batch, self.file, self.playlist, self.doomed)
        return {each.youtube_id: each for each in everything}

    def of_kind(self, kind: VideoKind) -> list[MixVideo]:
        """All videos of a kind."""
        return [each for each in self.videos.values() if each.kind is kind]


class _Maker:
    """Gives every video an id for which the fake YouTube invents what the kind needs."""

    def __init__(self, seed: int) -> None:
        invented = (f"c{seed % 10_000:04}{number:06}" for number in itertools.count())
        self._captioned, self._silent = _divided(invented)
        self._speaking = (f"demoSpeech{letter}" for letter in string.ascii_letters)

    def some(self, dice: random.Random, count: int, kinds: Sequence[VideoKind]) -> list[MixVideo]:
        """So many videos, those of `kinds` among them, in any order."""
        all_kinds = [*kinds, *[VideoKind.CAPTIONS] * (count - len(kinds))]
        dice.shuffle(all_kinds)
        return [MixVideo(self._next_id(kind), kind) for kind in all_kinds]

    def _next_id(self, kind: VideoKind) -> str:
        match kind:
            case VideoKind.SPEECH:
                return next(self._speaking)
            case VideoKind.SILENT:
                return next(self._silent)
            case _:
                return next(self._captioned)


def _divided(youtube_ids: Iterator[str]) -> tuple[Iterator[str], Iterator[str]]:
    """Ids of invented videos with captions, and without."""
    first, second = itertools.tee(youtube_ids)
    return filter(_has_captions, first), itertools.filterfalse(_has_captions, second)


def _has_captions(youtube_id: str) -> bool:
    invented = invent(youtube_id)
    return bool(invented and invented.captions)
