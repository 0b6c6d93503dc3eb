"""Playlists and channels in requests."""

from services.api.http.problems import invalid_field
from shared.contracts.batches import ChannelTab
from shared.i18n.catalog import text
from shared.i18n.languages import Language
from shared.youtube.source_urls import InvalidSourceError, Source, parse_source


def source_at(address: str, tab: ChannelTab | None, language: Language) -> Source:
    """The playlist or channel of a request's `source`, at its `tab`. Raises Problem (422) if it is invalid."""
    try:
        return parse_source(address).at(tab)
    except InvalidSourceError as error:
        raise invalid_field(
            "source", error.reason_code, text(f"invalid_source.{error.reason_code}", language)
        ) from error
