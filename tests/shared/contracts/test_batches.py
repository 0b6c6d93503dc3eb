"""The percentage of a batch."""

from datetime import UTC, datetime

import pytest

from shared.contracts.batches import ListingState
from tests.support.batches import A_BATCH

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("figures", "progress"),
    [
        ({}, 0),
        ({"total": 8, "queued": 8}, 0),
        ({"total": 8, "imported": 1, "failed": 2, "cancelled": 1}, 50),
        ({"total": 3, "imported": 2}, 66),
        ({"total": 3, "imported": 3}, 99),  # all have ended, and the batch is about to see it
        ({"total": 3, "imported": 2, "running": 1, "completed_at": NOW}, 100),  # one stands aside
        ({"completed_at": NOW}, 100),
    ],
)
def test_it_counts_what_has_ended_and_is_full_only_with_the_batch(figures: dict[str, object], progress: int) -> None:
    assert A_BATCH.model_copy(update=figures).progress == progress


@pytest.mark.parametrize(
    ("listing", "announced", "progress"),
    [
        (ListingState.UNDER_WAY, 115, 10),
        (ListingState.UNDER_WAY, None, 50),
        (ListingState.UNDER_WAY, 5, 50),  # YouTube counts wrongly at times
        (ListingState.DONE, 115, 50),
        (ListingState.FAILED, 115, 50),
    ],
)
def test_while_the_list_is_read_what_was_announced_is_expected(
    listing: ListingState, announced: int | None, progress: int
) -> None:
    figures = {"total": 20, "imported": 10, "duplicates": 10, "unavailable": 3, "members_only": 2}
    half_read = A_BATCH.model_copy(update={**figures, "listing": listing, "announced": announced})
    assert half_read.progress == progress
