"""Addresses of playlists and channels in requests."""

from services.api.problems import invalid_field
from shared.contracts.texts import Language
from shared.youtube_source import InvalidSource, Source, invalid_source_text, parse_source


def source_at(address: str, language: Language) -> Source:
    """The playlist or channel that a request names as its `source`. Raises Problem (422) where there is none."""
    try:
        return parse_source(address)
    except InvalidSource as error:
        raise invalid_field("source", error.reason_code, invalid_source_text(error.reason_code, language)) from error
