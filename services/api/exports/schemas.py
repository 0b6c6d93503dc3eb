"""Documentation of an exported list, which is streamed without a model (`services.api.exports.formats`)."""

from collections.abc import Sequence

from pydantic import BaseModel, Field

from services.api.exports.formats import ExportedVideo

EXPORTED_CSV = (
    "url,title,channel,duration_seconds,published_at,import_stage,captions_source,captions_language,added_at\r\n"
    "https://www.youtube.com/watch?v=Q7mZ2k-x9Lw,How a Fresnel lens is ground,The Lamp Room,754,"
    "2025-03-09T17:30:00+00:00,complete,youtube,en,2026-11-23T08:01:00+00:00\r\n"
)
_VIDEO = {
    "url": "https://www.youtube.com/watch?v=Q7mZ2k-x9Lw",
    "title": "How a Fresnel lens is ground",
    "channel": "The Lamp Room",
    "duration_seconds": 754,
    "published_at": "2025-03-09T17:30:00+00:00",
    "import_stage": "complete",
    "captions_source": "youtube",
    "captions_language": "en",
    "added_at": "2026-11-23T08:01:00+00:00",
}


class ExportedList(BaseModel):
    """A list as a JSON file."""

    name: str = Field(description="The list's name.", examples=["Lighthouses"])
    videos: Sequence[ExportedVideo] = Field(description="In the order of the list.", examples=[[_VIDEO]])
