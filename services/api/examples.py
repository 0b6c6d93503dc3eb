"""Examples for the OpenAPI page; a test holds them against the schemas."""

from typing import Any

from services.api.problem_texts import TROUBLE_TEXTS, ProblemCode, TroubleCode
from shared.contracts.texts import Language

NULL = "<null>"
"""Stands for null: FastAPI drops None from its description, and `services.api.openapi` puts it back."""

_LIST_ID = "5f0b6c1e-8a52-4f0e-9d53-0b7d6f3a2c11"
_VIDEO_ID = "b7c9a0de-2f51-4a3c-8f57-6f1f0e5d9a42"
_YOUTUBE_ID = "Q7mZ2k-x9Lw"
CURSOR = "AAY1vL3GgAC3yaDeL1FKPI9Xbx8OXZpC"

LIST_INPUT: dict[str, Any] = {"name": "Lighthouses"}
LIST: dict[str, Any] = {
    "id": _LIST_ID,
    "name": "Lighthouses",
    "video_count": 12,
    "created_at": "2026-11-23T08:00:00Z",
}
VIDEO_INPUT: dict[str, Any] = {"url": f"https://www.youtube.com/watch?v={_YOUTUBE_ID}&t=42s"}
VIDEO_CREATED: dict[str, Any] = {
    "id": _VIDEO_ID,
    "list_id": _LIST_ID,
    "youtube_id": _YOUTUBE_ID,
    "url": f"https://www.youtube.com/watch?v={_YOUTUBE_ID}",
    "title": NULL,
    "channel": NULL,
    "duration_seconds": NULL,
    "published_at": NULL,
    "thumbnail_url": f"https://img.youtube.com/vi/{_YOUTUBE_ID}/mqdefault.jpg",
    "import_stage": "created",
    "import_progress": 0,
    "captions_source": NULL,
    "captions_language": NULL,
    "captions_missing": NULL,
    "captions_missing_message": NULL,
    "error_code": NULL,
    "error_message": NULL,
    "created_at": "2026-11-23T08:01:00Z",
}
VIDEO: dict[str, Any] = {
    **VIDEO_CREATED,
    "title": "How a Fresnel lens is ground",
    "channel": "The Lamp Room",
    "duration_seconds": 754,
    "published_at": "2025-03-09T17:30:00Z",
    "import_stage": "complete",
    "import_progress": 100,
    "captions_source": "youtube",
    "captions_language": "en",
}
VIDEO_DETAILS: dict[str, Any] = {
    **VIDEO,
    "description": "From the first cut to the finished lens.",
    "tags": ["lighthouse", "optics"],
    "categories": ["Education"],
    "view_count": 48210,
    "like_count": 1930,
    "transcribed_seconds": NULL,
    "estimated_usd": NULL,
    "stage_times": {
        "created": "2026-11-23T08:01:00Z",
        "metadata": "2026-11-23T08:01:02Z",
        "captions": "2026-11-23T08:01:05Z",
        "chapters": "2026-11-23T08:01:06Z",
        "complete": "2026-11-23T08:01:06Z",
    },
}
PROGRESS: dict[str, Any] = {
    "video_id": _VIDEO_ID,
    "youtube_id": _YOUTUBE_ID,
    "stage": "metadata",
    "progress": 25,
    "attempt": 2,
    "retry_at": "2026-11-23T08:01:30Z",
    "waiting_for": "upstream_unavailable",
    "error_code": NULL,
    "message": "YouTube cannot be reached right now. The import tries again by itself.",
    "source": "workflow",
}
PROGRESS_PAUSED: dict[str, Any] = {
    **PROGRESS,
    "attempt": 1,
    "retry_at": "2026-11-23T14:10:00Z",
    "waiting_for": "bot_check",
    "message": "YouTube asks for a longer pause. The import goes on by itself.",
}
TRANSCRIPT: dict[str, Any] = {
    "captions_source": "youtube",
    "captions_language": "en",
    "captions_kind": "manual",
    "segments": [{"start_seconds": 0.0, "end_seconds": 3.2, "text": "This lens weighs four tons."}],
    "next_cursor": NULL,
}
CHAPTERS: dict[str, Any] = {
    "chapters": [
        {"title": "The glass", "start_seconds": 0.0, "end_seconds": 95.0},
        {"title": "Grinding", "start_seconds": 95.0, "end_seconds": NULL},
    ]
}
EVENTS: dict[str, Any] = {
    "items": [
        {
            "type": "import_progress",
            "video_id": _VIDEO_ID,
            "youtube_id": _YOUTUBE_ID,
            "stage": "metadata",
            "progress": 25,
            "message": NULL,
            "seq": 4712,
            "at": "2026-11-23T08:01:02Z",
            "list_id": _LIST_ID,
            "batch_id": NULL,
            "error_code": NULL,
            "attempt": NULL,
            "retry_at": NULL,
        }
    ],
    "next_since": 4712,
    "has_more": False,
}
READY: dict[str, Any] = {"status": "ready", "database": "ok", "temporal": "ok", "problems": []}
DEGRADED: dict[str, Any] = {
    **READY,
    "status": "degraded",
    "problems": [
        {
            "code": "certificate_untrusted",
            "message": TROUBLE_TEXTS[TroubleCode.CERTIFICATE_UNTRUSTED][Language.EN],
        }
    ],
}
UPSTREAM: dict[str, Any] = {
    "name": "youtube",
    "state": "open",
    "paused": True,
    "reason": "bot_check",
    "message": "YouTube asks for a longer pause. Imports go on by themselves.",
    "since": "2026-11-23T13:55:00Z",
    "resume_at": "2026-11-23T14:10:00Z",
    "calls_per_second": 0.0,
    "max_calls_per_second": 0.5,
    "burst": False,
    "hourly_requests": 900,
    "requests_left": 412,
    "budgets": [{"unit": "requests", "per_seconds": 3600, "limit": 900, "left": 412}],
    "at": "2026-11-23T13:55:00Z",
}
TRANSCRIPTION: dict[str, Any] = {
    "name": "transcription",
    "state": "closed",
    "paused": True,
    "reason": "transcription_allowance",
    "message": "As much speech as is allowed for now has been recognised. Imports go on by themselves.",
    "since": "2026-11-23T08:01:00Z",
    "resume_at": "2026-11-23T14:10:00Z",
    "calls_per_second": 0.0,
    "max_calls_per_second": 0.33,
    "burst": False,
    "hourly_requests": NULL,
    "requests_left": NULL,
    "budgets": [
        {"unit": "requests", "per_seconds": 86400, "limit": 2000, "left": 1976},
        {"unit": "audio_seconds", "per_seconds": 3600, "limit": 7200, "left": 0},
        {"unit": "audio_seconds", "per_seconds": 86400, "limit": 28800, "left": 14400},
    ],
    "at": "2026-11-23T13:55:00Z",
}
UPSTREAM_CHANGE: dict[str, Any] = {"name": "youtube", "requested": "pause"}
USAGE: dict[str, Any] = {"requests": 4, "audio_seconds": 2192.6, "estimated_usd": 0.0676}
VIDEO_USAGE: dict[str, Any] = {
    "youtube_id": _YOUTUBE_ID,
    "title": "How a Fresnel lens is ground",
    "requests": 2,
    "audio_seconds": 764.0,
    "estimated_usd": 0.0236,
    "last_at": "2026-11-23T08:01:40Z",
}
USAGE_PAGE: dict[str, Any] = {
    "model": "whisper-large-v3",
    "usd_per_hour": 0.111,
    "last_hour": {"requests": 2, "audio_seconds": 764.0, "estimated_usd": 0.0236},
    "last_24_hours": USAGE,
    "this_month": USAGE,
    "total": {"requests": 61, "audio_seconds": 34710.2, "estimated_usd": 1.0702},
    "limits": {
        "hourly_audio_seconds": {"limit": 7200, "left": 6436.0},
        "daily_audio_seconds": {"limit": 28800, "left": 26607.4},
        "daily_requests": NULL,
    },
    "items": [VIDEO_USAGE],
    "next_cursor": CURSOR,
}
CONFIG: dict[str, Any] = {
    "websocket_url": "ws://127.0.0.1:8001/api/ws/progress",
    "temporal_ui_url": "http://127.0.0.1:8233",
    "temporal_namespace": "default",
    "features": {"import_progress": True},
    "speech_to_text": {
        "enabled": True,
        "reason": NULL,
        "message": NULL,
        "model": "whisper-large-v3",
        "max_minutes": 240,
    },
    "languages": ["en", "de"],
    "version": "0.1.0",
}
SUBSCRIPTION_INPUT: dict[str, Any] = {
    "list_id": _LIST_ID,
    "source": "https://www.youtube.com/@lamp-room",
    "interval_seconds": 21600,
    "import_existing": False,
}
SUBSCRIPTION_CHANGE: dict[str, Any] = {"interval_seconds": 86400}
SUBSCRIPTION_CREATED: dict[str, Any] = {
    "id": "3c9f7d18-51e2-4b6a-9a0e-8d2b4f6c1e57",
    "list_id": _LIST_ID,
    "kind": "channel",
    "source": "https://www.youtube.com/@lamp-room/videos",
    "title": NULL,
    "interval_seconds": 21600,
    "paused": False,
    "import_existing": False,
    "created_at": "2026-11-23T08:00:00Z",
    "next_check_at": NULL,
    "last_result": NULL,
    "checking": False,
}
SUBSCRIPTION_LISTED: dict[str, Any] = {
    **SUBSCRIPTION_CREATED,
    "title": "The Lamp Room",
    "last_result": {"checked_at": "2026-11-23T14:00:05Z", "new": 2, "error_code": NULL, "error_message": NULL},
}
SUBSCRIPTION: dict[str, Any] = {**SUBSCRIPTION_LISTED, "next_check_at": "2026-11-23T20:03:41Z"}
PROBLEM_MEMBERS: dict[ProblemCode, dict[str, Any]] = {
    ProblemCode.VALIDATION_FAILED: {
        "errors": [{"field": "url", "message": "This is not the address of a YouTube video.", "code": "not_youtube"}]
    },
    ProblemCode.VIDEO_ALREADY_IN_LIST: {"video_id": _VIDEO_ID, "video": VIDEO},
    ProblemCode.ALREADY_SUBSCRIBED: {
        "subscription_id": SUBSCRIPTION_LISTED["id"],
        "subscription": SUBSCRIPTION_LISTED,
    },
    ProblemCode.UNEXPECTED: {"incident_id": "4f1c0a9be27d"},
}
"""The members that only some problems have."""
