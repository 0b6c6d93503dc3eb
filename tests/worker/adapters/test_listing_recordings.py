"""Every recorded playlist and channel, page by page, compared with what was measured when they were recorded."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.worker.adapters.connection import Connection
from services.worker.adapters.listing import ListingAdapter
from services.worker.adapters.models import ListingPage, YoutubeError
from shared.contracts.errors import ErrorType
from tests import recordings
from tests.standin import Standin
from tests.standin.recorded import RecordedYoutube

pytestmark = recordings.needs_recordings

EXPECTED: dict[str, Any] = recordings.expected()["tabs"] if recordings.AVAILABLE else {}
MISSING = [source for source, wanted in EXPECTED.items() if "error" in wanted]
LISTED = [source for source in EXPECTED if source not in MISSING]
PAGE_SIZES = {"playlist": 100, "channel": 30}


@pytest.fixture(scope="module")
async def recorded() -> AsyncIterator[Standin]:
    """A stand-in that serves the recordings."""
    async with Standin.start(youtube=RecordedYoutube()) as standin:
        yield standin


@pytest.fixture
def standin(recorded: Standin) -> Standin:
    """The recorded YouTube with an empty log."""
    recorded.clear()
    return recorded


def pages_of(standin: Standin, source: str) -> list[ListingPage]:
    connection = Connection(standin.proxy_url, standin.ca_file)
    pages = [ListingAdapter(connection).page(source, None)]
    while pages[-1].cursor is not None:
        pages.append(ListingAdapter(connection).page(source, pages[-1].cursor))
    return pages


@pytest.mark.parametrize("source", LISTED)
def test_all_pages_are_the_full_list(standin: Standin, source: str) -> None:
    wanted = EXPECTED[source]
    is_playlist = "list=" in source
    pages = pages_of(standin, source)
    youtube_ids = [youtube_id for page in pages for youtube_id in page.youtube_ids]
    assert (len(youtube_ids), youtube_ids[0], youtube_ids[-1]) == (wanted["entries"], wanted["first"], wanted["last"])
    assert len(set(youtube_ids)) == len(youtube_ids)
    assert pages[0].title == (wanted["title"] if is_playlist else wanted["channel"])
    assert pages[0].announced == (wanted["entries"] if is_playlist else None)
    assert sum(page.unavailable for page in pages) == 0
    assert {len(page.youtube_ids) for page in pages[:-1]} <= {PAGE_SIZES["playlist" if is_playlist else "channel"]}
    # A complete playlist is not asked for recommendations, as yt-dlp alone would do.
    assert len(standin.requests) == len(pages) - 1 + (3 if is_playlist else 2) <= wanted["requests"]


@pytest.mark.parametrize("source", MISSING)
def test_a_list_that_is_gone_says_so(standin: Standin, source: str) -> None:
    with pytest.raises(YoutubeError) as caught:
        pages_of(standin, source)
    assert caught.value.error_type is ErrorType.LIST_UNAVAILABLE
    assert len(standin.requests) <= 2
