"""The activities of a batch: their contracts."""

from abc import ABC, abstractmethod

from shared.contracts.batches import (
    AdvanceBatchInput,
    BatchRef,
    BatchSnapshot,
    FailListing,
    ListedPage,
    SourcePreview,
    SourceRef,
)
from workflows.common.activity_options import local_activity, youtube_activity


class BatchActivities(ABC):
    """A batch in the database."""

    @local_activity("Fill the window")
    @abstractmethod
    async def advance_batch(self, advance: AdvanceBatchInput) -> BatchSnapshot:
        """Apply the requested changes, start as many imports as the window has slots for, and count."""

    @local_activity("The listing failed")
    @abstractmethod
    async def fail_listing(self, failure: FailListing) -> None:
        """End the listing; the videos that were listed are imported."""


class ListingActivities(ABC):
    """Lists playlists and channels. Errors are raised as those of `YoutubeActivities`."""

    @youtube_activity("A page of the listing")
    @abstractmethod
    async def list_next_page(self, batch: BatchRef) -> ListedPage:
        """Queue the videos of the next page of the batch: up to five requests for the first, one for others."""

    @youtube_activity("The first page of the listing")
    @abstractmethod
    async def list_first_page(self, source: SourceRef) -> SourcePreview:
        """Return what is on the first page; nothing is saved."""
