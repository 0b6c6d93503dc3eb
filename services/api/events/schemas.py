"""Schemas of the endpoint for missed events."""

from collections.abc import Sequence

from pydantic import BaseModel, Field

from shared.contracts.messages import Event

_EVENT = {
    "type": "import_progress",
    "video_id": "b7c9a0de-2f51-4a3c-8f57-6f1f0e5d9a42",
    "youtube_id": "Q7mZ2k-x9Lw",
    "stage": "metadata",
    "progress": 25,
    "seq": 4712,
    "at": "2026-11-23T08:01:02Z",
    "list_id": "5f0b6c1e-8a52-4f0e-9d53-0b7d6f3a2c11",
}


class EventPage(BaseModel):
    """Events after `since`, oldest first."""

    items: Sequence[Event] = Field(examples=[[_EVENT]])
    next_since: int = Field(description="The `since` of the next request.", examples=[4712])
    has_more: bool = Field(description="Whether there are more events.", examples=[False])
