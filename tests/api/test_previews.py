"""Previews: counts and estimates, without changes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from services.api.batches import preview as previews
from shared.contracts.batches import SourcePreview, SourceRef
from shared.contracts.errors import ErrorType
from shared.contracts.upstreams import PauseReason, Upstream, UpstreamState
from shared.i18n.languages import Language
from shared.i18n.messages import import_error_text, pause_text
from shared.settings import Settings
from shared.temporal.names import TaskQueue
from tests.api.batches import added, post_file
from tests.api.support import Api, problem, serving, youtube_id
from tests.support.upstreams import GOING, SPEECH_GOING, paused, write_down
from workflows.batches.preview import PreviewSource

SOURCE = {"source": "@lamp-room"}
"""The source of previews that need YouTube."""
FIRST_PAGE = SourcePreview(
    title="The Lamp Room",
    announced=100,
    youtube_ids=[youtube_id(number) for number in range(1, 5)],
    unavailable=1,
    has_more=True,
)


@asynccontextmanager
async def _listing(client: Client, answer: SourcePreview | ErrorType) -> AsyncIterator[None]:
    """A worker whose YouTube returns this for every playlist and channel."""

    @activity.defn(name="list_first_page")
    async def list_first_page(source: SourceRef) -> SourcePreview:
        if isinstance(answer, ErrorType):
            raise ApplicationError(answer, type=answer, non_retryable=True)
        return answer

    workflows = Worker(client, task_queue=TaskQueue.IMPORTS, workflows=[PreviewSource])
    youtube = Worker(client, task_queue=TaskQueue.YOUTUBE, activities=[list_first_page])
    async with workflows, youtube:
        yield


async def _preview(api: Api, list_id: str, body: dict[str, Any]) -> dict[str, Any]:
    response = await api.http.post(f"/api/lists/{list_id}/imports/preview", json=body)
    assert response.status_code == 200, response.text
    return dict(response.json())


async def _preview_urls(api: Api, list_id: str, *urls: str) -> dict[str, Any]:
    return await _preview(api, list_id, {"urls": [*urls]})


async def _know(api: Api, first: int, last: int, source: str | None, missing: str | None = None, **known: Any) -> None:
    """Insert imported videos, each with captions from `source`."""
    await api.execute(
        """
        INSERT INTO video_enrichments (youtube_id, title, duration_seconds, description, tags, categories,
                                       youtube_chapters, captions_source, captions_missing, completed_at)
        SELECT 'video' || lpad(number::text, 6, '0'), 'A lens', :seconds, '', '{}', '{}', '[]', :source, :missing,
               CASE WHEN :is_complete THEN now() END
        FROM generate_series(CAST(:first AS int), CAST(:last AS int)) AS number
        """,
        first=first,
        last=last,
        source=source,
        missing=missing,
        seconds=known.get("seconds", 600),
        is_complete=known.get("is_complete", True),
    )


async def test_rows_are_counted_and_nothing_is_written(api_without_temporal: Api) -> None:
    api = api_without_temporal
    list_id = await api.new_list()
    await api.add(list_id, 1)
    urls = [youtube_id(1), youtube_id(2), youtube_id(2), "nothing", youtube_id(3)]

    of_urls = await _preview_urls(api, list_id, *urls)
    of_file = (await post_file(api, f"{list_id}/imports/preview", "\n".join(urls))).json()

    counts = {"total": 5, "new": 2, "duplicates": 2, "invalid": 1, "unavailable": 0, "is_estimate": False}
    assert of_urls.items() >= ({"kind": "urls", "title": None} | counts).items()
    assert of_file.items() >= ({"kind": "file", "title": None} | counts).items()
    assert (await api.get(f"/lists/{list_id}"))["video_count"] == 1
    assert (await api.get("/batches"))["items"] == []


async def test_estimate_follows_the_rate_limit(api_without_temporal: Api, engine: AsyncEngine) -> None:
    api = api_without_temporal
    list_id = await api.new_list()
    await write_down(engine, GOING)
    before = datetime.now(UTC)

    preview = await _preview_urls(api, list_id, *(youtube_id(number) for number in range(10)))

    assert preview["estimated_seconds"] == 40  # 20 calls, one every two seconds
    finish_at = datetime.fromisoformat(preview["estimated_finish_at"])
    assert before <= finish_at - timedelta(seconds=40) <= datetime.now(UTC)
    assert preview["warnings"] == []


async def test_backlog_goes_first_and_known_videos_are_free(api_without_temporal: Api, engine: AsyncEngine) -> None:
    api = api_without_temporal
    list_id, other = await api.new_list(), await api.new_list()
    await write_down(engine, GOING)
    batch = await added(api, other, *(youtube_id(number) for number in range(1, 7)))
    one, two, aside = (video["id"] for video in batch["videos"][:3])
    await api.execute(
        "UPDATE videos SET import_stage = 'metadata', import_progress = 25, batch_slot = 'running' WHERE id = :id",
        id=UUID(one),
    )
    await api.fail(two)
    await api.execute("UPDATE videos SET batch_slot = 'parked' WHERE id = :id", id=UUID(aside))
    await _know(api, 6, 7, "youtube")

    async def seconds(*urls: str) -> int:
        return int((await _preview_urls(api, list_id, *urls))["estimated_seconds"])

    # Ahead: one without captions (1 call) and two with nothing (2 calls each); the last one is known.
    assert await seconds(youtube_id(100)) == (5 + 2) * 2
    assert await seconds(youtube_id(100), youtube_id(4), youtube_id(6), youtube_id(7)) == (5 + 2) * 2
    assert await seconds(youtube_id(6), youtube_id(7)) == 0  # what is known is there at once
    assert await seconds(youtube_id(4)) == 5 * 2  # another list waits for it, and so does this one
    assert await seconds(youtube_id(3)) == (5 + 2) * 2  # nobody's turn: it stands aside
    await api.execute("UPDATE import_batches SET state = 'paused'")
    assert await seconds(youtube_id(100)) == (1 + 2) * 2
    assert await seconds(youtube_id(4)) == (1 + 2) * 2  # the other list does not bring it


async def test_before_the_first_report_the_settings_apply(settings: Settings, engine: AsyncEngine) -> None:
    slow = settings.model_copy(update={"youtube_calls_per_second": 0.5, "youtube_hourly_requests": 900})
    async with serving(slow, engine) as api:
        preview = await _preview_urls(api, await api.new_list(), *(youtube_id(number) for number in range(400)))

    # The first hour's 900 requests are 300 videos; the other hundred take 200 calls.
    assert preview["estimated_seconds"] == 3600 + 400


@pytest.mark.parametrize("reason", [PauseReason.BOT_CHECK, PauseReason.OPERATOR])
async def test_a_pause_is_part_of_the_estimate_and_explained(
    api_without_temporal: Api, engine: AsyncEngine, reason: PauseReason
) -> None:
    api = api_without_temporal
    list_id = await api.new_list()
    is_held = reason is PauseReason.OPERATOR
    state = UpstreamState.PAUSED if is_held else UpstreamState.OPEN
    resume_at = None if is_held else datetime.now(UTC) + timedelta(hours=2)
    await write_down(engine, paused(reason, state, resume_at=resume_at))

    for language in Language:
        response = await api.http.post(
            f"/api/lists/{list_id}/imports/preview",
            json={"urls": [youtube_id(1)]},
            headers={"Accept-Language": language},
        )
        preview = response.json()
        message = pause_text(Upstream.YOUTUBE, reason, language)
        assert preview["warnings"] == [{"upstream": "youtube", "code": reason, "message": message}]
        if is_held:
            assert (preview["estimated_seconds"], preview["estimated_finish_at"]) == (None, None)
        else:
            assert 7200 - 60 < preview["estimated_seconds"] <= 7200 + 4


@pytest.mark.parametrize("has_speech", [True, False])
async def test_a_paused_speech_to_text_is_explained_where_there_is_one(
    settings: Settings, engine: AsyncEngine, has_speech: bool
) -> None:
    await write_down(engine, GOING, paused(PauseReason.OPERATOR, UpstreamState.PAUSED, of=SPEECH_GOING))
    with_key = settings.model_copy(update={"transcription_api_key": settings.database_url})
    async with serving(with_key if has_speech else settings, engine) as api:
        await _know(api, 1, 20, "whisper")
        preview = await _preview_urls(api, await api.new_list(), *(youtube_id(number) for number in range(100, 110)))

    message = pause_text(Upstream.TRANSCRIPTION, PauseReason.OPERATOR)
    warning = {"upstream": "transcription", "code": "operator", "message": message}
    assert preview["warnings"] == ([warning] if has_speech else [])
    assert preview["estimated_seconds"] == (None if has_speech else 40)


async def test_transcription_is_estimated_from_earlier_videos(settings: Settings, engine: AsyncEngine) -> None:
    with_key = settings.model_copy(update={"transcription_api_key": settings.database_url})
    async with serving(with_key, engine) as api:
        list_id = await api.new_list()
        wanted = [youtube_id(number) for number in range(1000, 1100)]
        await _know(api, 1, 12, "youtube")
        await _know(api, 13, 15, "whisper", seconds=900)
        await _know(api, 16, 19, "none", "captions_token_required")
        assert (await _preview_urls(api, list_id, *wanted))["speech_to_text"] is None
        await _know(api, 20, 20, "none", "speech_none", seconds=300)
        of_others = (await _preview_urls(api, list_id, *wanted))["speech_to_text"]
        await _know(api, 21, 40, "whisper", seconds=5 * 3600)  # too long to be recognised
        await _know(api, 41, 60, None, is_complete=False)  # nobody knows yet
        later = (await _preview_urls(api, list_id, *wanted))["speech_to_text"]

    # 4 of 20 needed it, 750 s each, and three of them 10 s more where they were cut; then 4 of 40.
    assert of_others == {"enabled": True, "videos": 20, "audio_seconds": 15_150.0, "estimated_usd": 0.4671}
    assert later == {"enabled": True, "videos": 10, "audio_seconds": 7575.0, "estimated_usd": 0.2336}


async def test_transcription_can_take_longest(settings: Settings, engine: AsyncEngine) -> None:
    with_key = settings.model_copy(update={"transcription_api_key": settings.database_url})
    async with serving(with_key, engine) as api:
        await _know(api, 1, 20, "whisper", seconds=3600)
        preview = await _preview_urls(api, await api.new_list(), *(youtube_id(number) for number in range(100, 105)))

    # Five hours of sound, each in seven pieces, two hours an hour: twice two, then 3900 s at 20 pieces a minute.
    assert preview["speech_to_text"]["audio_seconds"] == 5 * (3600 + 60)
    assert preview["estimated_seconds"] == 2 * 3600 + 23


async def test_without_transcription_it_is_free(api_without_temporal: Api) -> None:
    preview = await _preview_urls(api_without_temporal, await api_without_temporal.new_list(), youtube_id(1))

    nothing = {"enabled": False, "videos": 0, "audio_seconds": 0.0, "estimated_usd": 0.0}
    assert preview["speech_to_text"] == nothing


async def test_preview_of_a_source_reads_its_first_page(api: Api, client: Client, engine: AsyncEngine) -> None:
    list_id = await api.new_list()
    await write_down(engine, GOING)
    await api.add(list_id, 1)
    await api.complete()
    async with _listing(client, FIRST_PAGE):
        preview = await _preview(api, list_id, SOURCE | {"tab": "shorts"})

    assert (preview["kind"], preview["tab"], preview["title"]) == ("channel", "shorts", "The Lamp Room")
    assert (preview["total"], preview["new"], preview["duplicates"], preview["unavailable"]) == (100, 98, 1, 1)
    assert (preview["is_estimate"], preview["at_least"]) == (True, False)
    assert preview["estimated_seconds"] == (2 * 98 + 20) * 2  # five entries a page: 20 pages
    assert (await api.get("/batches"))["items"] == []


@pytest.mark.parametrize("announced", [None, 4])
async def test_preview_of_unknown_size_says_at_least(
    settings: Settings, engine: AsyncEngine, client: Client, announced: int | None
) -> None:
    with_key = settings.model_copy(update={"transcription_api_key": settings.database_url})
    page = FIRST_PAGE.model_copy(update={"announced": announced, "unavailable": 0})
    async with serving(with_key, engine) as api, _listing(client, page):
        list_id = await api.new_list()
        await _know(api, 101, 120, "whisper")
        await api.add(list_id, 1)
        preview = await _preview(api, list_id, SOURCE)

    counts = {"total": 4, "new": 3, "duplicates": 1, "unavailable": 0, "is_estimate": True, "at_least": True}
    unknown = {"estimated_seconds": None, "estimated_finish_at": None, "speech_to_text": None}
    assert preview.items() >= (counts | unknown).items()


@pytest.mark.parametrize("announced", [None, 4, 7])
async def test_preview_of_a_single_page_is_exact(api: Api, client: Client, announced: int | None) -> None:
    page = FIRST_PAGE.model_copy(
        update={
            "announced": announced,
            "has_more": False,
            "youtube_ids": [youtube_id(1), youtube_id(1)],
            "members_only": 1,
            "filtered": 2,
        }
    )
    async with _listing(client, page):
        preview = await _preview(api, await api.new_list(), SOURCE)

    counts = {"total": 6, "new": 1, "duplicates": 1, "unavailable": 1, "members_only": 1, "filtered": 2}
    assert preview.items() >= (counts | {"is_estimate": False, "at_least": False}).items()
    assert preview["estimated_seconds"] is not None


async def test_preview_of_an_unavailable_source_is_rejected(api: Api, client: Client) -> None:
    list_id = await api.new_list()
    async with _listing(client, ErrorType.LIST_UNAVAILABLE):
        for language in Language:
            response = await api.http.post(
                f"/api/lists/{list_id}/imports/preview", json=SOURCE, headers={"Accept-Language": language}
            )
            [error] = problem(response, 422, "validation_failed")["errors"]
            words = import_error_text(ErrorType.LIST_UNAVAILABLE, language)
            assert error == {"field": "source", "code": "list_unavailable", "message": words}


@pytest.mark.parametrize("is_paused", [True, False])
async def test_paused_youtube_has_no_preview(
    api: Api, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch, is_paused: bool
) -> None:
    monkeypatch.setattr(previews, "ANSWER_SECONDS", 0.2)  # no worker runs
    list_id = await api.new_list()
    if is_paused:
        await write_down(engine, paused(PauseReason.RATE_LIMITED))
    details = set()

    for language in Language:
        response = await api.http.post(
            f"/api/lists/{list_id}/imports/preview", json=SOURCE, headers={"Accept-Language": language}
        )
        details.add(problem(response, 503, "preview_unavailable")["detail"])

    assert len(details) == len(Language)
    assert (await api.http.post(f"/api/lists/{list_id}/imports", json=SOURCE)).status_code == 201


async def test_without_temporal_a_source_has_no_preview_and_rows_have(api_without_temporal: Api) -> None:
    api = api_without_temporal
    list_id = await api.new_list()

    problem(await api.http.post(f"/api/lists/{list_id}/imports/preview", json=SOURCE), 503, "temporal_away")
    assert (await _preview_urls(api, list_id, youtube_id(1)))["new"] == 1
