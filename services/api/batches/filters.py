"""Filters of playlists and channels in requests."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from shared.contracts.batches import VideoFilter

FIRST_DAY = date(2005, 4, 23)
"""The day of YouTube's first video: an earlier one is a slip, such as a year of two digits."""
_TIME_ZONES = timedelta(days=1)
"""East of Greenwich it is tomorrow already."""


class FilterInput(VideoFilter):
    """Which entries of a playlist or channel are imported. An entry of which YouTube does not say so much is."""

    # Checked here only: what is stored already, and what travels to a worker, stays readable.

    @field_validator("published_after")
    @classmethod
    def _is_a_day_of_youtube(cls, day: date | None) -> date | None:
        if day is not None and day < FIRST_DAY:
            raise PydanticCustomError("before_youtube", "not before YouTube's first video")
        if day is not None and day > datetime.now(UTC).date() + _TIME_ZONES:
            raise PydanticCustomError("in_future", "not in the future")
        return day

    @field_validator("max_seconds")
    @classmethod
    def _is_not_below_min_seconds(cls, longest: int | None, others: ValidationInfo) -> int | None:
        shortest = others.data.get("min_seconds")
        if longest is not None and shortest is not None and longest < shortest:
            raise PydanticCustomError("max_below_min", "not below min_seconds")
        return longest


WantedFilter = Annotated[
    FilterInput | None, Field(description="Which entries of the playlist or channel are imported; null: all.")
]
