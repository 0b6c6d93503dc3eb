"""Progress of one import, from its row and the pauses."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.errors import ErrorType
from shared.contracts.imports import ImportWait
from shared.contracts.stages import SPEECH_DOWNLOADED
from shared.contracts.upstreams import PauseReason, Upstream, UpstreamState
from shared.db import imports
from shared.db.connection import transaction
from shared.i18n.languages import Language
from shared.i18n.messages import import_error_text, waiting_text
from tests.api.support import Api
from tests.api.upstreams import paused
from tests.support.upstreams import GOING, SPEECH_GOING, write_down


async def _reported(api: Api, video_id: str, **expected: object) -> dict[str, Any]:
    """The video's progress. Raises AssertionError while it is not as expected."""
    progress = await api.get(f"/videos/{video_id}/progress")
    assert progress.items() >= expected.items(), progress
    return progress


@pytest.fixture
async def video(api: Api) -> dict[str, Any]:
    """A video whose import has not begun."""
    return await api.add(await api.new_list())


async def test_an_import_is_where_its_row_is(api: Api, video: dict[str, Any]) -> None:
    await api.execute("UPDATE videos SET import_stage = 'metadata', import_progress = 33")

    assert await _reported(api, video["id"]) == {
        "video_id": video["id"],
        "youtube_id": video["youtube_id"],
        "stage": "captions",
        "progress": 33,
        "attempt": 1,
        "retry_at": None,
        "waiting_for": None,
        "error_code": None,
        "message": None,
    }


async def test_an_import_that_waits_says_for_what_and_until_when(
    api: Api, engine: AsyncEngine, video: dict[str, Any]
) -> None:
    wait = ImportWait(reason=ErrorType.UPSTREAM_UNAVAILABLE, retry_at=datetime(2040, 1, 2, tzinfo=UTC), attempt=2)
    async with transaction(engine) as connection:
        await imports.set_wait(connection, video["youtube_id"], wait)

    for language in Language:
        response = await api.http.get(f"/api/videos/{video['id']}/progress", headers={"Accept-Language": language})
        progress = response.json()
        assert (progress["stage"], progress["progress"], progress["attempt"]) == ("created", 0, 2)
        assert (progress["waiting_for"], progress["retry_at"]) == ("upstream_unavailable", "2040-01-02T00:00:00Z")
        assert progress["message"] == waiting_text(Upstream.YOUTUBE, ErrorType.UPSTREAM_UNAVAILABLE, language)
        assert progress["error_code"] is None, "the import has not failed"
        listed = (await api.get(f"/lists/{video['list_id']}/videos"))["items"][0]
        assert (listed["waiting_for"], listed["retry_at"]) == ("upstream_unavailable", "2040-01-02T00:00:00Z")
        assert listed["waiting_message"] == waiting_text(Upstream.YOUTUBE, ErrorType.UPSTREAM_UNAVAILABLE)


async def test_an_import_waits_for_the_end_of_a_pause(api: Api, engine: AsyncEngine, video: dict[str, Any]) -> None:
    for reason in (PauseReason.BOT_CHECK, PauseReason.HOURLY_REQUESTS):
        await write_down(engine, paused(reason))
        await _reported(api, video["id"], waiting_for=reason, retry_at="2026-11-23T14:10:00Z", attempt=1)
    await write_down(engine, GOING)
    await _reported(api, video["id"], waiting_for=None, retry_at=None, message=None)


async def test_an_import_whose_audio_is_here_waits_for_the_transcription_server_alone(
    api: Api, engine: AsyncEngine, video: dict[str, Any]
) -> None:
    await api.execute("UPDATE videos SET import_stage = 'metadata', import_progress = :is", **{"is": SPEECH_DOWNLOADED})
    await write_down(engine, paused(PauseReason.BOT_CHECK))
    await _reported(api, video["id"], stage="captions", waiting_for=None, retry_at=None)
    await write_down(engine, paused(PauseReason.OPERATOR, UpstreamState.PAUSED, of=SPEECH_GOING))
    await _reported(api, video["id"], message=waiting_text(Upstream.TRANSCRIPTION, PauseReason.OPERATOR))


async def test_a_closed_import_waits_for_nothing(api: Api, engine: AsyncEngine, video: dict[str, Any]) -> None:
    await api.complete()
    await write_down(engine, paused(PauseReason.BOT_CHECK))

    await _reported(api, video["id"], stage="complete", progress=100, attempt=None, waiting_for=None, message=None)


async def test_a_failed_import_says_why(api_without_temporal: Api) -> None:
    video = await api_without_temporal.add(await api_without_temporal.new_list())
    await api_without_temporal.fail(video["id"], "members_only", progress=60)

    progress = await _reported(api_without_temporal, video["id"], stage="error", progress=60)

    assert progress["error_code"] == "members_only"
    assert progress["message"] == import_error_text(ErrorType.MEMBERS_ONLY)
