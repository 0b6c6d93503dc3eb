"""Pausing, resuming, cancelling and retrying a batch, without Temporal."""

from typing import Any
from uuid import UUID

import pytest
from temporalio.client import Client

from shared.i18n.languages import Language
from shared.temporal.names import import_batch_id
from tests.api.batches import CHANGES, added, fail_all
from tests.api.support import NOBODY, Api, problem, youtube_id
from tests.support.waiting import eventually


async def _batch(api: Api, videos: int = 2) -> str:
    created = await added(api, await api.new_list(), *(youtube_id(number) for number in range(videos)))
    return str(created["batch_id"])


async def _ask(api: Api, batch_id: str, change: str) -> dict[str, Any]:
    """The batch in the response, which equals its current state."""
    response = await api.http.post(f"/api/batches/{batch_id}/{change}")
    assert response.status_code == 200, response.text
    assert response.json() == await api.get(f"/batches/{batch_id}")
    return dict(response.json())


async def test_a_batch_is_paused_and_resumed_at_once(api_without_temporal: Api) -> None:
    api = api_without_temporal
    batch_id = await _batch(api)

    for change, state in (("pause", "paused"), ("pause", "paused"), ("resume", "open"), ("resume", "open")):
        batch = await _ask(api, batch_id, change)
        assert (batch["state"], batch["queued"], batch["completed_at"]) == (state, 2, None)


async def test_cancelled_batch_completes_without_running_imports(api_without_temporal: Api) -> None:
    api = api_without_temporal
    idle, busy = await _batch(api), await _batch(api)
    await api.execute(
        "UPDATE videos SET batch_slot = 'running' WHERE batch_id = :id AND youtube_id = :begun",
        id=UUID(busy),
        begun=youtube_id(1),
    )

    over, ending = await _ask(api, idle, "cancel"), await _ask(api, busy, "cancel")

    assert (over["state"], over["cancelled"], over["progress"]) == ("cancelled", 2, 100)
    assert over["completed_at"] is not None
    assert (ending["state"], ending["cancelled"], ending["running"]) == ("cancelled", 1, 1)
    assert ending["completed_at"] is None


async def test_cancelled_listing_continues_on_retry(api_without_temporal: Api) -> None:
    api = api_without_temporal
    list_id = await api.new_list()
    response = await api.http.post(f"/api/lists/{list_id}/imports", json={"source": "@lamp-room"})
    batch = await _ask(api, response.json()["batch_id"], "cancel")

    assert (batch["listing"], batch["state"], batch["total"]) == ("cancelled", "cancelled", 0)
    assert batch["completed_at"] is not None
    tried_again = await _ask(api, batch["batch_id"], "retry-failed")
    assert (tried_again["listing"], tried_again["state"], tried_again["completed_at"]) == ("under_way", "open", None)


@pytest.mark.parametrize("is_under_way", [True, False])
@pytest.mark.parametrize("change", ["pause", "resume", "cancel"])
async def test_nothing_can_be_asked_of_a_cancelled_batch(
    api_without_temporal: Api, change: str, is_under_way: bool
) -> None:
    api = api_without_temporal
    batch_id = await _batch(api)
    if is_under_way:
        await api.execute("UPDATE videos SET batch_slot = 'running'")
    cancelled = await _ask(api, batch_id, "cancel")

    details = {
        problem(
            await api.http.post(f"/api/batches/{batch_id}/{change}", headers={"Accept-Language": language}),
            409,
            "batch_over",
        )["detail"]
        for language in Language
    }

    assert len(details) == len(Language)
    assert await api.get(f"/batches/{batch_id}") == cancelled


async def test_nothing_can_be_asked_of_a_complete_batch(api_without_temporal: Api) -> None:
    api = api_without_temporal
    batch_id = await _batch(api)
    await api.execute("UPDATE import_batches SET state = 'complete', completed_at = now()")

    for change in ("pause", "resume", "cancel"):
        problem(await api.http.post(f"/api/batches/{batch_id}/{change}"), 409, "batch_over")


async def test_cancelled_videos_can_be_retried(api_without_temporal: Api) -> None:
    api = api_without_temporal
    batch_id = await _batch(api)
    await _ask(api, batch_id, "cancel")

    batch = await _ask(api, batch_id, "retry-failed")

    assert (batch["state"], batch["queued"], batch["cancelled"], batch["completed_at"]) == ("open", 2, 0, None)
    assert (await _ask(api, batch_id, "pause"))["state"] == "paused"


async def test_failed_videos_are_retried(api_without_temporal: Api) -> None:
    api = api_without_temporal
    batch_id = await _batch(api)
    await fail_all(api, batch_id)
    await api.execute("UPDATE import_batches SET state = 'complete', completed_at = now()")

    batch = await _ask(api, batch_id, "retry-failed")

    assert (batch["state"], batch["completed_at"], batch["queued"], batch["failed"]) == ("open", None, 2, 0)


async def test_cancelled_check_without_videos_is_deleted(api_without_temporal: Api) -> None:
    api = api_without_temporal
    list_id = await api.new_list()
    response = await api.http.post("/api/subscriptions", json={"list_id": list_id, "source": "@lamp-room"})
    imported = await api.http.post(f"/api/lists/{list_id}/imports", json={"source": "@lamp-room"})
    batch_id = imported.json()["batch_id"]
    await api.execute("UPDATE import_batches SET subscription_id = :id", id=UUID(response.json()["id"]))

    for _ in range(2):
        problem(await api.http.post(f"/api/batches/{batch_id}/cancel"), 404, "batch_not_found")


@pytest.mark.parametrize("change", CHANGES)
async def test_workflow_is_notified_of_changes(api: Api, client: Client, change: str) -> None:
    batch_id = await _batch(api)
    workflow = client.get_workflow_handle(import_batch_id(UUID(batch_id)))
    first = await eventually(lambda: _run_id(client, batch_id))
    await workflow.terminate("so that it is seen to begin anew")
    if change == "retry-failed":
        await fail_all(api, batch_id)

    await _ask(api, batch_id, change)

    async def runs_anew() -> bool:
        return await _run_id(client, batch_id) not in {None, first}

    await eventually(runs_anew)


async def _run_id(client: Client, batch_id: str) -> str | None:
    found = client.list_workflows(f"WorkflowId = '{import_batch_id(UUID(batch_id))}' AND ExecutionStatus = 'Running'")
    return next(iter([execution.run_id async for execution in found]), None)


async def test_where_nothing_failed_there_is_nothing_to_try_again(api_without_temporal: Api) -> None:
    api = api_without_temporal

    problem(await api.http.post(f"/api/batches/{await _batch(api)}/retry-failed"), 409, "nothing_failed")


@pytest.mark.parametrize("change", CHANGES)
async def test_an_unknown_batch_is_not_found(api_without_temporal: Api, change: str) -> None:
    problem(await api_without_temporal.http.get(f"/api/batches/{NOBODY}"), 404, "batch_not_found")
    problem(await api_without_temporal.http.post(f"/api/batches/{NOBODY}/{change}"), 404, "batch_not_found")
    problem(await api_without_temporal.http.post(f"/api/batches/7/{change}"), 422, "validation_failed")
