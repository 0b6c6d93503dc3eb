"""The languages of the product."""

from enum import StrEnum


class Language(StrEnum):
    """A language that sentences for people exist in."""

    EN = "en"
    DE = "de"


def best_language(accept_language: str | None) -> Language:
    """The first language of an Accept-Language header that the product speaks, English otherwise."""
    for part in (accept_language or "").split(","):
        tag = part.split(";")[0].strip().lower().split("-")[0]
        if tag in Language.__members__.values():
            return Language(tag)
    return Language.EN
