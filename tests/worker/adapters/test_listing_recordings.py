"""Every recorded playlist and channel, page by page, compared with what was measured when they were recorded."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from fakes import recordings
from fakes.youtube import FakeYoutube
from fakes.youtube.recorded import RecordedYoutube
from services.worker.adapters.models import ListingPage, YoutubeError
from services.worker.adapters.youtube.connection import Connection
from services.worker.adapters.youtube.listing import ListingAdapter
from shared.contracts.errors import ErrorType
from tests.support.recordings import needs_recordings

pytestmark = needs_recordings

EXPECTED: dict[str, Any] = recordings.expected()["tabs"] if recordings.AVAILABLE else {}
MISSING = [source for source, wanted in EXPECTED.items() if "error" in wanted]
LISTED = [source for source in EXPECTED if source not in MISSING]
PAGE_SIZES = {"playlist": 100, "channel": 30}


@pytest.fixture(scope="module")
async def recorded() -> AsyncIterator[FakeYoutube]:
    """A fake YouTube that serves the recordings."""
    async with FakeYoutube.start(youtube=RecordedYoutube()) as fake_youtube:
        yield fake_youtube


@pytest.fixture
def fake_youtube(recorded: FakeYoutube) -> FakeYoutube:
    """The recorded YouTube with an empty log."""
    recorded.clear()
    return recorded


def pages_of(fake_youtube: FakeYoutube, source: str) -> list[ListingPage]:
    connection = Connection(fake_youtube.proxy_url, fake_youtube.ca_file)
    pages = [ListingAdapter(connection).page(source, None)]
    while pages[-1].cursor is not None:
        pages.append(ListingAdapter(connection).page(source, pages[-1].cursor))
    return pages


@pytest.mark.parametrize("source", LISTED)
def test_all_pages_are_the_full_list(fake_youtube: FakeYoutube, source: str) -> None:
    wanted = EXPECTED[source]
    is_playlist = "list=" in source
    pages = pages_of(fake_youtube, source)
    youtube_ids = [youtube_id for page in pages for youtube_id in page.youtube_ids]
    assert (len(youtube_ids), youtube_ids[0], youtube_ids[-1]) == (wanted["entries"], wanted["first"], wanted["last"])
    assert len(set(youtube_ids)) == len(youtube_ids)
    assert pages[0].title == (wanted["title"] if is_playlist else wanted["channel"])
    assert pages[0].announced == (wanted["entries"] if is_playlist else None)
    assert sum(page.unavailable for page in pages) == 0
    assert {len(page.youtube_ids) for page in pages[:-1]} <= {PAGE_SIZES["playlist" if is_playlist else "channel"]}
    # A complete playlist is not asked for recommendations, as yt-dlp alone would do.
    assert len(fake_youtube.requests) == len(pages) - 1 + (3 if is_playlist else 2) <= wanted["requests"]


@pytest.mark.parametrize("source", MISSING)
def test_a_missing_list_is_unavailable(fake_youtube: FakeYoutube, source: str) -> None:
    with pytest.raises(YoutubeError) as caught:
        pages_of(fake_youtube, source)
    assert caught.value.error_type is ErrorType.LIST_UNAVAILABLE
    assert len(fake_youtube.requests) <= 2
