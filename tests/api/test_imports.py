"""The effect of requests on workflows, with a real Temporal."""

from uuid import UUID

from temporalio.client import Client, WorkflowExecutionDescription, WorkflowExecutionStatus, WorkflowHandle
from temporalio.contrib.workflow_streams import WorkflowStreamClient
from temporalio.service import RPCError
from temporalio.worker import Worker

from shared.contracts.messages import FeedItem
from shared.temporal.feed import ensure_feed
from shared.temporal.names import (
    PROGRESS_TOPIC,
    USER_ID,
    TaskQueue,
    delete_list_id,
    import_video_id,
    progress_feed_id,
)
from tests.api.support import Api, youtube_id
from tests.support.waiting import eventually
from workflows.progress_feed import ProgressFeed


def _import_of(client: Client, number: int) -> WorkflowHandle[object, object]:
    return client.get_workflow_handle(import_video_id(youtube_id(number)))


async def _running(client: Client, number: int) -> WorkflowExecutionDescription:
    """The import of a video. Raises AssertionError while there is none."""
    try:
        execution = await _import_of(client, number).describe()
    except RPCError as error:
        raise AssertionError("no import yet") from error
    assert execution.status is WorkflowExecutionStatus.RUNNING
    return execution


async def _signals(client: Client, number: int) -> list[str]:
    """The names of the signals that an import has received."""
    await _running(client, number)
    return [
        event.workflow_execution_signaled_event_attributes.signal_name
        async for event in _import_of(client, number).fetch_history_events()
        if event.HasField("workflow_execution_signaled_event_attributes")
    ]


async def _got(client: Client, number: int, *signals: str) -> bool:
    assert await _signals(client, number) == [*signals]
    return True


async def test_an_added_video_is_imported(api: Api, client: Client, local_user_id: UUID) -> None:
    await api.add(await api.new_list())

    execution = await eventually(lambda: _running(client, 1))

    assert list(execution.typed_search_attributes[USER_ID]) == [str(local_user_id)]


async def test_a_second_list_joins_the_running_import(api: Api, client: Client) -> None:
    await api.add(await api.new_list())
    await eventually(lambda: _got(client, 1, "attach"))

    await api.add(await api.new_list())

    await eventually(lambda: _got(client, 1, "attach", "attach"))


async def test_added_video_is_published_to_the_feed(api: Api, client: Client) -> None:
    async with Worker(client, task_queue=TaskQueue.IMPORTS, workflows=[ProgressFeed]):
        await ensure_feed(client, 0)
        video = await api.add(await api.new_list())
        stream = WorkflowStreamClient.create(client, progress_feed_id(0))
        items = aiter(stream.subscribe([PROGRESS_TOPIC], from_offset=0, result_type=FeedItem))
        told = [(await anext(items)).data for _ in range(2)]

    events = (await api.get("/events"))["items"]
    assert [item.message.model_dump(mode="json") for item in told] == events
    assert [item.prev_seq for item in told] == [None, events[0]["seq"]]
    assert (events[1]["video_id"], events[1]["stage"], events[1]["progress"]) == (video["id"], "created", 0)


async def test_retry_expedites_a_waiting_import(api: Api, client: Client) -> None:
    video = await api.add(await api.new_list())
    await eventually(lambda: _got(client, 1, "attach"))

    response = await api.http.post(f"/api/videos/{video['id']}/retry")

    assert response.status_code == 202
    await eventually(lambda: _got(client, 1, "attach", "retry_now"))


async def test_a_retry_starts_an_import_that_got_lost(api: Api, client: Client) -> None:
    video = await api.add(await api.new_list())
    await eventually(lambda: _running(client, 1))
    await _import_of(client, 1).terminate("lost")

    response = await api.http.post(f"/api/videos/{video['id']}/retry")

    assert response.status_code == 202
    await eventually(lambda: _got(client, 1, "attach"))


async def test_retry_restarts_a_failed_import(api: Api, client: Client) -> None:
    video = await api.add(await api.new_list())
    await eventually(lambda: _running(client, 1))
    await _import_of(client, 1).terminate("failed")
    await api.fail(video["id"])

    assert (await api.http.post(f"/api/videos/{video['id']}/retry")).status_code == 202

    await eventually(lambda: _got(client, 1, "attach"))


async def test_deleting_the_last_video_that_waits_cancels_the_import(api: Api, client: Client) -> None:
    first = await api.add(await api.new_list())
    second = await api.add(await api.new_list())
    await eventually(lambda: _got(client, 1, "attach", "attach"))

    await api.http.delete(f"/api/videos/{first['id']}")
    await api.add(await api.new_list(), 2)
    await eventually(lambda: _running(client, 2))  # by then the deletion has been dealt with
    assert await _signals(client, 1) == ["attach", "attach"]

    await api.http.delete(f"/api/videos/{second['id']}")
    await eventually(lambda: _got(client, 1, "attach", "attach", "cancel"))


async def test_deleting_a_list_has_its_rows_removed(api: Api, client: Client) -> None:
    list_id = await api.new_list()

    await api.http.delete(f"/api/lists/{list_id}")

    async def is_started() -> bool:
        try:
            await client.get_workflow_handle(delete_list_id(list_id)).describe()
        except RPCError as error:
            raise AssertionError("it was not started") from error
        return True

    await eventually(is_started)


async def test_deleting_a_video_without_a_running_import(api: Api, client: Client) -> None:
    video = await api.add(await api.new_list())
    await eventually(lambda: _running(client, 1))
    await _import_of(client, 1).terminate("over")

    assert (await api.http.delete(f"/api/videos/{video['id']}")).status_code == 204
    await api.add(await api.new_list(), 2)

    await eventually(lambda: _running(client, 2))


async def test_without_temporal_everything_but_the_import_works(api_without_temporal: Api, client: Client) -> None:
    api = api_without_temporal
    list_id = await api.new_list()
    videos = [await api.add(list_id, number) for number in range(3)]

    assert (await api.http.post(f"/api/videos/{videos[0]['id']}/retry")).status_code == 202
    assert (await api.http.delete(f"/api/videos/{videos[1]['id']}")).status_code == 204
    progress = await api.get(f"/videos/{videos[0]['id']}/progress")
    assert progress["stage"] == "created"
    assert len(await api.all_pages(f"/lists/{list_id}/videos", limit=10)) == 2
