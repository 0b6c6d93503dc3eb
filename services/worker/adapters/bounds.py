"""Bounds untrusted values: nothing larger reaches the database or Temporal.

Each bound is several times what YouTube allows. A value of the wrong type becomes None.
"""

import math
from typing import Any

from shared.text import one_line, sanitize_text

MAX_TITLE_CHARACTERS = 1_000
"""YouTube allows 100, for chapters too."""
MAX_NAME_CHARACTERS = 500
"""Channels, tags, categories: YouTube allows 100 or fewer."""
MAX_DESCRIPTION_CHARACTERS = 50_000
"""YouTube allows 5,000."""
MAX_LINE_CHARACTERS = 20_000
"""Of a transcript: PostgreSQL's `tsvector` takes no more than 1 MB. A whole page of a book has 3,000."""
MAX_NAMES = 1_000
"""Tags, or categories: YouTube allows 500 characters of tags."""
MAX_CHAPTERS = 5_000
MAX_URL_CHARACTERS = 10_000
MAX_INT4, MAX_INT8 = 2**31 - 1, 2**63 - 1
"""What PostgreSQL's `integer` and `bigint` hold."""


def text(value: object, max_characters: int) -> str | None:
    """Return text that PostgreSQL can store, cut to a length."""
    return str(sanitize_text(value[: 2 * max_characters]))[:max_characters] if isinstance(value, str) else None


def line(value: object, max_characters: int) -> str | None:
    """Return text on one line, without control characters."""
    found = text(value, max_characters)
    return None if found is None else one_line(found).strip()


def texts(value: object) -> list[str]:
    """Return the names in a list; others are left out."""
    named = value[:MAX_NAMES] if isinstance(value, (list, tuple)) else []
    return [name for each in named if (name := line(each, MAX_NAME_CHARACTERS))]


def number(value: object) -> float | None:
    """Return a finite number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return value if math.isfinite(value) else None
    except OverflowError:  # an integer beyond every float
        return None


def count(value: object, most: int = MAX_INT8) -> int | None:
    """Return a whole number from 0 to `most`."""
    found = number(value)
    return int(found) if found is not None and 0 <= found <= most else None


def seconds(value: object) -> float | None:
    """Return a time in a video, to the millisecond: not negative, its whole seconds fit an `integer`."""
    found = number(value)
    return round(float(found), 3) if found is not None and 0 <= found <= MAX_INT4 else None


def as_json(value: Any, depth: int = 20) -> Any:
    """Return `value` in JSON's types; others, and values that are nested too deeply, become None."""
    if isinstance(value, (str, int, float)) or value is None:
        return value
    if depth == 0:
        return None
    if isinstance(value, dict):
        return {str(name): as_json(each, depth - 1) for name, each in value.items()}
    return [as_json(each, depth - 1) for each in value] if isinstance(value, (list, tuple)) else None
