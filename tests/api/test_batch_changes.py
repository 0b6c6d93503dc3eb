"""What can be asked of a batch: to pause, resume, cancel, and to try again what failed."""

from uuid import UUID

import pytest
from temporalio.client import Client

from shared.contracts.texts import Language
from shared.temporal.names import import_batch_id
from tests.api.batches import CHANGES, added, fail_all
from tests.api.support import NOBODY, Api, problem, youtube_id
from tests.support.waiting import eventually


@pytest.mark.parametrize("change", ["pause", "resume", "cancel"])
async def test_what_is_wanted_of_a_batch_reaches_its_workflow(api: Api, client: Client, change: str) -> None:
    batch_id = (await added(api, await api.new_list(), youtube_id(1)))["batch_id"]

    response = await api.http.post(f"/api/batches/{batch_id}/{change}")

    assert (response.status_code, response.json()) == (202, {"batch_id": batch_id, "requested": change})
    history = await client.get_workflow_handle(import_batch_id(batch_id)).fetch_history()
    signals = [event.workflow_execution_signaled_event_attributes.signal_name for event in history.events]
    assert change in signals


@pytest.mark.parametrize("change", ["pause", "resume", "cancel"])
async def test_without_temporal_nothing_can_be_asked_of_a_batch(api_without_temporal: Api, change: str) -> None:
    api = api_without_temporal
    batch_id = (await added(api, await api.new_list(), youtube_id(1)))["batch_id"]

    response = await api.http.post(f"/api/batches/{batch_id}/{change}")

    problem(response, 503, "temporal_away")
    assert int(response.headers["Retry-After"]) > 0


@pytest.mark.parametrize("over", ["state = 'complete', completed_at = now()", "state = 'cancelled'"])
@pytest.mark.parametrize("change", ["pause", "resume", "cancel"])
async def test_nothing_can_be_asked_of_a_batch_that_is_over(api_without_temporal: Api, change: str, over: str) -> None:
    api = api_without_temporal
    batch_id = (await added(api, await api.new_list(), youtube_id(1)))["batch_id"]
    await api.execute(f"UPDATE import_batches SET {over}")

    details = {
        problem(
            await api.http.post(f"/api/batches/{batch_id}/{change}", headers={"Accept-Language": language}),
            409,
            "batch_over",
        )["detail"]
        for language in Language
    }

    assert len(details) == len(Language)


@pytest.mark.parametrize("error_code", ["video_private", "import_cancelled"])
async def test_what_failed_or_was_cancelled_is_tried_again(api_without_temporal: Api, error_code: str) -> None:
    api = api_without_temporal
    batch_id = (await added(api, await api.new_list(), youtube_id(1), youtube_id(2)))["batch_id"]
    await fail_all(api, batch_id, error_code)
    await api.execute("UPDATE import_batches SET state = 'complete', completed_at = now()")

    response = await api.http.post(f"/api/batches/{batch_id}/retry-failed")

    assert (response.status_code, response.json()) == (202, {"batch_id": batch_id, "requested": "retry_failed"})
    batch = await api.get(f"/batches/{batch_id}")
    assert (batch["state"], batch["completed_at"], batch["queued"], batch["failed"]) == ("open", None, 2, 0)


async def test_a_batch_that_is_tried_again_is_started(api: Api, client: Client) -> None:
    batch_id = (await added(api, await api.new_list(), youtube_id(1)))["batch_id"]
    workflow = client.get_workflow_handle(import_batch_id(batch_id))
    first = await eventually(lambda: _run_id(client, batch_id))
    await workflow.terminate("it is over")
    await fail_all(api, batch_id)

    assert (await api.http.post(f"/api/batches/{batch_id}/retry-failed")).status_code == 202

    async def runs_anew() -> bool:
        return await _run_id(client, batch_id) not in {None, first}

    await eventually(runs_anew)


async def _run_id(client: Client, batch_id: str) -> str | None:
    found = client.list_workflows(f"WorkflowId = '{import_batch_id(UUID(batch_id))}' AND ExecutionStatus = 'Running'")
    return next(iter([execution.run_id async for execution in found]), None)


async def test_where_nothing_failed_there_is_nothing_to_try_again(api_without_temporal: Api) -> None:
    api = api_without_temporal
    batch_id = (await added(api, await api.new_list(), youtube_id(1)))["batch_id"]

    problem(await api.http.post(f"/api/batches/{batch_id}/retry-failed"), 409, "nothing_failed")


@pytest.mark.parametrize("change", CHANGES)
async def test_an_unknown_batch_is_not_found(api_without_temporal: Api, change: str) -> None:
    problem(await api_without_temporal.http.get(f"/api/batches/{NOBODY}"), 404, "batch_not_found")
    problem(await api_without_temporal.http.post(f"/api/batches/{NOBODY}/{change}"), 404, "batch_not_found")
    problem(await api_without_temporal.http.post(f"/api/batches/7/{change}"), 422, "validation_failed")
