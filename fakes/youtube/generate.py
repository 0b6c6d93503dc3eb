"""Invents a plausible video from its id alone, always the same one."""

import itertools
import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from fakes.youtube.model import Captions, Chapter, FakeVideo, Segment

_ID = re.compile(r"[0-9A-Za-z_-]{11}")
_TOPICS = ("tides", "bread", "bridges", "bees", "maps", "lighthouses", "violins", "glaciers", "ferries", "ink")
_FORMS = ("The quiet life of {}", "How {} work", "A short history of {}", "{} explained slowly", "Learning from {}")
_CHANNELS = ("Slow Lectures", "Northern Workshop", "Plain Words", "The Curious Pier", "Atlas at Home")
_CATEGORIES = ("Education", "Science & Technology", "Howto & Style", "Travel & Events")
_OPENINGS = (
    "Nobody knows exactly when",
    "It is often said that",
    "Look closely, and",
    "For a long time",
    "We ask why",
)
_ENDINGS = ("{} came to matter.", "{} change with the season.", "people depend on {}.", "{} are easy to overlook.")
_PARTS = ("Welcome", "Where it begins", "A closer look", "What can go wrong", "Questions", "Summary")
_LINE_SECONDS = 4.0


@lru_cache(maxsize=10_000)
def invent(youtube_id: str) -> FakeVideo | None:
    """The video with this id: most have captions, some chapters; None when the id is not well-formed."""
    if not _ID.fullmatch(youtube_id):
        return None
    dice = random.Random(youtube_id)  # noqa: S311 - nothing here is a secret
    topic = dice.choice(_TOPICS)
    duration_seconds = dice.randrange(120, 1500)
    chapters = _chapters(dice, duration_seconds) if dice.random() < 0.6 else ()
    in_description = dice.random() < 0.5
    return FakeVideo(
        youtube_id,
        title=dice.choice(_FORMS).format(topic).capitalize(),
        channel=dice.choice(_CHANNELS),
        duration_seconds=duration_seconds,
        description=_description(topic, chapters if in_description else ()),
        tags=(topic, "lecture", "quiet"),
        category=dice.choice(_CATEGORIES),
        view_count=dice.randrange(50, 2_000_000),
        published_at=datetime(2020, 1, 1, 9, tzinfo=UTC) + timedelta(minutes=dice.randrange(3_000_000)),
        captions=_captions(dice, topic, duration_seconds),
        chapters=() if in_description else chapters,
    )


def captioned_ids(prefix: str) -> Iterator[str]:
    """Ids of invented videos with captions, always the same ones; `prefix` has three characters."""
    for youtube_id in (f"{prefix}{number:08}" for number in itertools.count()):
        if (video := invent(youtube_id)) and video.captions:
            yield youtube_id


def _captions(dice: random.Random, topic: str, duration_seconds: int) -> tuple[Captions, ...]:
    count = int(duration_seconds / _LINE_SECONDS)
    lines = [f"{dice.choice(_OPENINGS)} {dice.choice(_ENDINGS).format(topic)}" for _ in range(count)]
    segments = tuple(Segment(index * _LINE_SECONDS, _LINE_SECONDS, line) for index, line in enumerate(lines))
    automatic, manual = Captions("en", segments, automatic=True), Captions("en", segments)
    return dice.choice(((automatic,), (automatic,), (manual,), (manual, automatic), ()))


def _chapters(dice: random.Random, duration_seconds: int) -> tuple[Chapter, ...]:
    count = dice.randrange(3, len(_PARTS) + 1)
    return tuple(Chapter(index * duration_seconds // count, _PARTS[index]) for index in range(count))


def _description(topic: str, chapters: tuple[Chapter, ...]) -> str:
    lines = [f"{chapter.start_seconds // 60}:{chapter.start_seconds % 60:02} {chapter.title}" for chapter in chapters]
    return "\n".join([f"An unhurried look at {topic}. This video is invented.", "", *lines]).strip()
