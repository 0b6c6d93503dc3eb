"""Which entries of a list a filter leaves out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from shared.contracts.batches import VideoFilter

_ROUNDING = timedelta(days=1)
"""An age such as "2 weeks" is that of the day."""


@dataclass(frozen=True, slots=True)
class ListedVideo:
    """What a list says about an entry. None: nothing."""

    youtube_id: str
    title: str | None = None
    duration_seconds: float | None = None
    published_by: datetime | None = None
    """The latest time at which it may have been published."""


def left_out(wanted: VideoFilter, videos: Iterable[ListedVideo]) -> set[str]:
    """The ids of the videos that do not match. What a list does not say matches."""
    return {video.youtube_id for video in videos if is_too_old(wanted, video) or not _matches(wanted, video)}


def is_too_old(wanted: VideoFilter, video: ListedVideo) -> bool:
    """Whether the video was certainly published too early."""
    if wanted.published_after is None or video.published_by is None:
        return False
    return video.published_by + _ROUNDING < datetime.combine(wanted.published_after, time(), UTC)


def _matches(wanted: VideoFilter, video: ListedVideo) -> bool:
    if video.title is not None and wanted.title_contains.casefold() not in video.title.casefold():
        return False
    seconds = video.duration_seconds
    if seconds is None:
        return True
    is_long_enough = wanted.min_seconds is None or seconds >= wanted.min_seconds
    return is_long_enough and (wanted.max_seconds is None or seconds <= wanted.max_seconds)
