"""Examples for the OpenAPI page where many videos are imported in one go; a test holds them against the schemas."""

from typing import Any

from services.api.examples import LIST, NULL, VIDEO, VIDEO_CREATED, VIDEO_INPUT
from shared.contracts.errors import ErrorType
from shared.contracts.texts import import_error_text

_BATCH_ID = "0d7f1c52-64be-4d0b-a6a1-2d0f6c0e7b35"
_DUPLICATE: dict[str, Any] = {
    "row": 2,
    "url": "https://youtu.be/dBq4wT1rXgE",
    "youtube_id": "dBq4wT1rXgE",
    "video_id": "6f0c2b7a-93d1-4e6a-8a44-f2a1c1b0d9e3",
}
_INVALID: dict[str, Any] = {
    "row": 3,
    "url": "https://example.com/watch",
    "reason": "not_youtube",
    "message": "This is not the address of a YouTube video.",
}
_SOURCE = "https://www.youtube.com/@lamp-room/videos"
URLS_INPUT: dict[str, Any] = {
    "urls": [VIDEO_INPUT["url"], _DUPLICATE["url"], _INVALID["url"]],
}
SOURCE_INPUT: dict[str, Any] = {"source": "https://www.youtube.com/@lamp-room"}
FILE_INPUT: dict[str, Any] = {"file": f"Video ID,Added\n{VIDEO['youtube_id']},2026-11-23\n"}
BATCH_CREATED: dict[str, Any] = {
    "batch_id": _BATCH_ID,
    "created": 1,
    "duplicate_count": 1,
    "duplicates": [_DUPLICATE],
    "invalid_count": 1,
    "invalid": [_INVALID],
    "videos": [VIDEO_CREATED],
}
NOTHING_NEW: dict[str, Any] = {**BATCH_CREATED, "batch_id": NULL, "created": 0, "videos": []}
FILE_IMPORTED: dict[str, Any] = {
    "batch_id": _BATCH_ID,
    "kind": "file",
    "source": "lighthouses.csv",
    "created": 9998,
    "duplicate_count": 1,
    "duplicates": [_DUPLICATE],
    "invalid_count": 1,
    "invalid": [_INVALID],
}
NOTHING_NEW_IN_FILE: dict[str, Any] = {**FILE_IMPORTED, "batch_id": NULL, "created": 0}
SOURCE_IMPORTED: dict[str, Any] = {
    "batch_id": _BATCH_ID,
    "kind": "channel",
    "source": _SOURCE,
    "created": 0,
    "duplicate_count": 0,
    "duplicates": [],
    "invalid_count": 0,
    "invalid": [],
}
PREVIEW: dict[str, Any] = {
    "kind": "file",
    "title": NULL,
    "total": 52,
    "new": 40,
    "duplicates": 11,
    "invalid": 1,
    "unavailable": 0,
    "is_estimate": False,
    "at_least": False,
    "estimated_seconds": 168,
    "estimated_finish_at": "2026-11-23T08:03:48Z",
    "speech_to_text": {"enabled": True, "videos": 4, "audio_seconds": 3056.0, "estimated_usd": 0.0942},
    "warnings": [],
}
PREVIEW_OF_PLAYLIST: dict[str, Any] = {
    **PREVIEW,
    "kind": "playlist",
    "title": "Lights of the coast",
    "total": 412,
    "new": 409,
    "duplicates": 2,
    "invalid": 0,
    "unavailable": 1,
    "is_estimate": True,
    "estimated_seconds": 4046,
    "estimated_finish_at": "2026-11-23T09:08:26Z",
    "speech_to_text": NULL,
}
PREVIEW_OF_CHANNEL: dict[str, Any] = {
    **PREVIEW_OF_PLAYLIST,
    "kind": "channel",
    "title": "The Lamp Room",
    "total": 30,
    "new": 28,
    "unavailable": 0,
    "at_least": True,
    "estimated_seconds": NULL,
    "estimated_finish_at": NULL,
}
BATCH: dict[str, Any] = {
    "batch_id": _BATCH_ID,
    "list_id": LIST["id"],
    "kind": "channel",
    "source": _SOURCE,
    "title": "The Lamp Room",
    "state": "open",
    "progress": 24,
    "total": 409,
    "queued": 288,
    "running": 20,
    "waiting": 1,
    "imported": 98,
    "without_captions": 7,
    "failed": 2,
    "cancelled": 0,
    "duplicates": 2,
    "invalid": 0,
    "unavailable": 0,
    "listing": "done",
    "announced": NULL,
    "error_code": NULL,
    "error_message": NULL,
    "created_at": "2026-11-23T08:01:00Z",
    "completed_at": NULL,
}
BATCH_LISTING_FAILED: dict[str, Any] = {
    **BATCH,
    "title": NULL,
    "state": "complete",
    "progress": 100,
    "total": 0,
    "queued": 0,
    "running": 0,
    "waiting": 0,
    "imported": 0,
    "without_captions": 0,
    "failed": 0,
    "duplicates": 0,
    "listing": "failed",
    "error_code": "list_unavailable",
    "error_message": import_error_text(ErrorType.LIST_UNAVAILABLE),
    "completed_at": "2026-11-23T08:01:03Z",
}
EXPORTED_CSV = (
    "url,title,channel,duration_seconds,published_at,import_stage,captions_source,captions_language,added_at\r\n"
    f"{VIDEO['url']},{VIDEO['title']},{VIDEO['channel']},{VIDEO['duration_seconds']},2025-03-09T17:30:00+00:00,"
    "complete,youtube,en,2026-11-23T08:01:00+00:00\r\n"
)
EXPORTED_JSON: dict[str, Any] = {
    "name": "Lighthouses",
    "videos": [
        {
            "url": VIDEO["url"],
            "title": VIDEO["title"],
            "channel": VIDEO["channel"],
            "duration_seconds": VIDEO["duration_seconds"],
            "published_at": "2025-03-09T17:30:00+00:00",
            "import_stage": "complete",
            "captions_source": "youtube",
            "captions_language": "en",
            "added_at": "2026-11-23T08:01:00+00:00",
        }
    ],
}
