"""Text that PostgreSQL can store, and that people can see."""

import re
import unicodedata

_LINE_ENDERS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
"""Control characters, and what else ends a line."""
_BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Fillers of Hangul and the empty pattern of Braille: letters and symbols to Unicode, and nothing to see."""


def sanitize_text(value: object) -> object:
    """Remove what PostgreSQL cannot store, also inside lists and dicts: NUL, and halves of surrogate pairs."""
    if isinstance(value, str):
        return value.replace("\0", "").encode(errors="ignore").decode()
    if isinstance(value, (list, tuple)):
        return [sanitize_text(element) for element in value]
    return {name: sanitize_text(element) for name, element in value.items()} if isinstance(value, dict) else value


def one_line(text: str) -> str:
    """`text` with blanks instead of control characters."""
    return _LINE_ENDERS.sub(" ", text)


def is_visible(text: str) -> bool:
    """Whether there is anything to see: not only blanks, control and format characters, and marks without a letter."""
    return any(
        unicodedata.category(character)[0] not in "CZ"
        and unicodedata.category(character) not in {"Mn", "Me"}
        and character not in _BLANK_LETTERS
        for character in text
    )
