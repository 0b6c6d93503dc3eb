"""What was accepted is imported, whatever was away at that moment."""

from tests.e2e.clients import Api, new_ids
from tests.e2e.stack import Stack


async def test_a_video_added_while_temporal_is_down_is_imported_once_it_is_back(stack: Stack, api: Api) -> None:
    list_id = await api.create_list()
    temporal = stack.kill("temporal")
    for youtube_id in new_ids(3):
        added = await api.add(list_id, youtube_id)
        assert (added["import_stage"], added["import_progress"]) == ("created", 0)
    await stack.until_back(temporal)
    await api.until_complete(list_id)


async def test_an_api_that_dies_before_it_could_start_the_import_loses_nothing(stack: Stack, api: Api) -> None:
    list_id = await api.create_list()
    stack.pause("temporal")  # takes requests and never answers: nothing can be started
    for youtube_id in new_ids(3):
        await api.add(list_id, youtube_id)
    killed = [stack.kill("api"), stack.kill("temporal")]
    for process in killed:
        await stack.until_back(process)
    await api.until_complete(list_id)
