"""Schemas of the list endpoints."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from services.api.http.schemas import NextCursor
from shared.db.lists import ListRecord
from shared.text import is_visible


def _something_to_see(name: str) -> str:
    if not is_visible(name):
        raise PydanticCustomError("string_too_short", "nothing of it can be seen")
    return name


ListName = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
    ),
    AfterValidator(_something_to_see),
    Field(examples=["Lighthouses"]),
]


class ListInput(BaseModel):
    """The name of a list."""

    model_config = ConfigDict(extra="forbid")

    name: ListName


class ListOutput(BaseModel):
    """A list of videos."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str = Field(examples=["Lighthouses"])
    video_count: int = Field(examples=[12])
    created_at: datetime

    @classmethod
    def of(cls, record: ListRecord) -> "ListOutput":
        """The response for a list."""
        return cls.model_validate(record)


class ListPage(BaseModel):
    """A page of lists, newest first."""

    items: Sequence[ListOutput]
    next_cursor: NextCursor
