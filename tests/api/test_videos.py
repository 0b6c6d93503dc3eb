"""Videos: add, list, get, retry, delete."""

import asyncio
import json
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.errors import ErrorType
from shared.contracts.stages import ImportStage
from shared.contracts.youtube import CaptionsKind, CaptionsSource
from shared.db.connection import transaction
from shared.db.enrichments import save_captions
from shared.db.imports import advance, fail
from shared.i18n.catalog import text
from shared.i18n.languages import Language
from shared.i18n.messages import import_error_text
from tests.api.support import NOBODY, Api, problem, youtube_id


async def test_an_added_video_is_created_at_once(api_without_temporal: Api) -> None:
    api = api_without_temporal
    list_id = await api.new_list()

    response = await api.post_url(list_id, " https://youtu.be/video000001?si=x&t=42 ")

    assert response.status_code == 201
    video = response.json()
    assert video == {
        "id": video["id"],
        "list_id": list_id,
        "youtube_id": "video000001",
        "url": "https://www.youtube.com/watch?v=video000001",
        "title": None,
        "channel": None,
        "duration_seconds": None,
        "published_at": None,
        "starts_at": None,
        "thumbnail_url": "https://img.youtube.com/vi/video000001/mqdefault.jpg",
        "import_stage": "created",
        "import_progress": 0,
        "captions_source": None,
        "captions_language": None,
        "captions_missing": None,
        "captions_missing_message": None,
        "error_code": None,
        "error_message": None,
        "waiting_for": None,
        "waiting_message": None,
        "retry_at": None,
        "created_at": video["created_at"],
    }
    assert response.headers["Location"] == f"/api/videos/{video['id']}"
    assert (await api.get(f"/videos/{video['id']}")).items() >= video.items()


async def test_a_video_known_from_another_list_has_its_title_at_once(api_without_temporal: Api) -> None:
    api = api_without_temporal
    await api.add(await api.new_list())
    await api.complete()

    video = await api.add(await api.new_list())

    assert (video["title"], video["import_stage"], video["import_progress"]) == ("A lens", "created", 0)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "empty"),
        ("https://vimeo.com/123", "not_youtube"),
        ("https://www.youtube.com/playlist?list=PLabcdefghijkl", "playlist"),
        ("https://www.youtube.com/watch?v=short", "video_id_invalid"),
        ("x" * 3000, "too_long"),
    ],
)
async def test_invalid_url_has_the_reason(api_without_temporal: Api, url: str, reason: str) -> None:
    list_id = await api_without_temporal.new_list()

    english, german = [
        problem(
            await api_without_temporal.post_url(list_id, url, **{"Accept-Language": language}), 422, "validation_failed"
        )["errors"]
        for language in ("en-GB", "de-AT,de;q=0.9,en;q=0.8")
    ]

    assert [(error["field"], error["code"]) for error in english + german] == [("url", reason)] * 2
    assert english[0]["message"] != german[0]["message"]
    assert (await api_without_temporal.get(f"/lists/{list_id}/videos"))["items"] == []


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
ANY_URL = st.text() | st.builds(
    "{}{}{}".format,
    st.sampled_from(["https://youtu.be/", "youtube.com/watch?v=", "//www.youtube.com/shorts/", "http://[", ""]),
    st.text(alphabet=string.ascii_letters + string.digits + "-_", min_size=9, max_size=12),
    st.text(max_size=5),
)


@given(body=ANY_JSON | st.fixed_dictionaries({"url": ANY_URL | ANY_JSON}))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_body_whatever_is_an_unexpected_error(api_without_temporal: Api, body: object) -> None:
    list_id = await api_without_temporal.new_list()

    response = await api_without_temporal.http.post(
        f"/api/lists/{list_id}/videos", content=json.dumps(body), headers={"Content-Type": "application/json"}
    )

    assert response.status_code in {201, 400, 422}, response.text


async def test_an_unknown_list_takes_no_video(api_without_temporal: Api) -> None:
    problem(await api_without_temporal.post_url(NOBODY, youtube_id(1)), 404, "list_not_found")


async def test_duplicate_conflict_has_the_existing_video(api_without_temporal: Api) -> None:
    api = api_without_temporal
    list_id = await api.new_list()
    video = await api.add(list_id, 1)

    details = problem(await api.post_url(list_id, f"youtu.be/{youtube_id(1)}"), 409, "video_already_in_list")

    assert (details["video_id"], details["video"]) == (video["id"], video)
    assert len(await api.import_events()) == 1


async def test_of_many_at_once_exactly_one_adds_the_video(api_without_temporal: Api) -> None:
    api = api_without_temporal
    list_id = await api.new_list()

    for number in range(5):
        responses = await asyncio.gather(*(api.post_url(list_id, youtube_id(number)) for _ in range(12)))
        [added] = [response.json() for response in responses if response.status_code == 201]
        refused = [response for response in responses if response.status_code != 201]
        assert len(refused) == 11
        for response in refused:
            assert problem(response, 409, "video_already_in_list")["video_id"] == added["id"]

    assert len(await api.import_events()) == 5


async def test_additions_and_the_deletion_of_their_list_do_not_disturb_each_other(api_without_temporal: Api) -> None:
    api = api_without_temporal
    for _ in range(5):
        list_id = await api.new_list()
        additions = [api.post_url(list_id, youtube_id(number)) for number in range(8)]
        *added, deleted = await asyncio.gather(*additions, api.http.delete(f"/api/lists/{list_id}"))
        assert deleted.status_code == 204
        assert {response.status_code for response in added} <= {201, 404}


async def test_pages_hold_every_video_once_while_others_are_added(api_without_temporal: Api) -> None:
    api = api_without_temporal
    list_id = await api.new_list()
    before = [(await api.add(list_id, number))["id"] for number in range(7)]

    page = await api.get(f"/lists/{list_id}/videos", limit=3)
    seen = [video["id"] for video in page["items"]]
    number = 100
    while page["next_cursor"]:
        await api.add(list_id, number := number + 1)
        page = await api.get(f"/lists/{list_id}/videos", limit=3, cursor=page["next_cursor"])
        seen += [video["id"] for video in page["items"]]

    assert seen == before[::-1]


async def test_videos_of_the_same_moment_are_paged_too(api_without_temporal: Api) -> None:
    api = api_without_temporal
    list_id = await api.new_list()
    added = {(await api.add(list_id, number))["id"] for number in range(5)}
    await api.execute("UPDATE videos SET created_at = '2026-01-01T12:00:00.000001Z'")

    seen = [video["id"] for video in await api.all_pages(f"/lists/{list_id}/videos", limit=2)]

    assert (len(seen), set(seen)) == (5, added)


async def test_an_empty_list_is_not_an_unknown_list(api_without_temporal: Api) -> None:
    api = api_without_temporal

    assert await api.get(f"/lists/{await api.new_list()}/videos") == {"items": [], "next_cursor": None}
    problem(await api.http.get(f"/api/lists/{NOBODY}/videos"), 404, "list_not_found")


async def test_complete_video_has_all_details(api_without_temporal: Api) -> None:
    api = api_without_temporal
    list_id = await api.new_list()
    video = await api.add(list_id)
    await api.complete()

    expected = {
        "title": "A lens",
        "channel": "The Lamp Room",
        "duration_seconds": 754,
        "published_at": "2025-03-09T17:30:00Z",
        "import_stage": "complete",
        "import_progress": 100,
        "captions_source": "youtube",
        "captions_language": "en",
    }
    details = {"description": "From the first cut.", "tags": ["optics", "glass"], "categories": ["Education"]}
    counts = {"view_count": 48210, "like_count": 1930}
    speech = {"transcribed_seconds": None, "estimated_usd": None}
    told = await api.get(f"/videos/{video['id']}")
    del told["stage_times"]
    assert told == video | expected | details | counts | speech
    assert (await api.get(f"/lists/{list_id}/videos"))["items"] == [video | expected]


async def test_a_video_tells_when_its_import_reached_each_stage(api_without_temporal: Api, engine: AsyncEngine) -> None:
    api = api_without_temporal
    video = await api.add(await api.new_list())

    async def told() -> tuple[dict[str, str], list[tuple[str, str]]]:
        """What the video says, and the same from the events since `created`, the newest of which counts."""
        events = [(event["stage"], event["at"]) for event in await api.import_events()]
        begun = max(index for index, (stage, _) in enumerate(events) if stage == "created")
        return (await api.get(f"/videos/{video['id']}"))["stage_times"], events[begun:]

    async with transaction(engine) as connection:
        await advance(connection, video["youtube_id"], ImportStage.METADATA)
    async with transaction(engine) as connection:
        await fail(connection, video["youtube_id"], ErrorType.VIDEO_PRIVATE)
    times, events = await told()
    assert (times, list(times)) == (dict(events), ["created", "metadata", "error"])

    await api.http.post(f"/api/videos/{video['id']}/retry")
    times, events = await told()
    assert (times, list(times)) == (dict(events), ["created"])


async def test_error_in_the_language_of_the_request(api_without_temporal: Api) -> None:
    api = api_without_temporal
    video = await api.add(await api.new_list())
    await api.fail(video["id"])

    german = await api.http.get(f"/api/videos/{video['id']}", headers={"Accept-Language": "de"})

    assert (await api.get(f"/videos/{video['id']}"))["error_message"] == text("import_error.video_private")
    assert (german.json()["error_code"], german.json()["error_message"]) == (
        "video_private",
        text("import_error.video_private", Language.DE),
    )


async def test_a_video_without_captions_says_why_in_the_language_of_the_request(api_without_temporal: Api) -> None:
    api = api_without_temporal
    list_id = await api.new_list()
    video = await api.add(list_id)
    await api.complete()
    await api.execute("UPDATE video_enrichments SET captions_source = 'none', captions_missing = 'speech_too_long'")

    for language in Language:
        for path in (f"/api/videos/{video['id']}", f"/api/lists/{list_id}/videos"):
            answer = (await api.http.get(path, headers={"Accept-Language": language})).json()
            [told] = answer.get("items", [answer])
            assert (told["captions_source"], told["captions_missing"]) == ("none", "speech_too_long")
            assert told["captions_missing_message"] == import_error_text(ErrorType.SPEECH_TOO_LONG, language)
            assert (told["error_code"], told["error_message"]) == (None, None)


async def test_video_shows_its_transcription_cost(api_without_temporal: Api) -> None:
    """A transcription without speech costs too, and one that YouTube's captions have replaced."""
    api = api_without_temporal
    video = await api.add(await api.new_list())
    await api.complete()
    await api.execute(
        """
        INSERT INTO transcription_calls (youtube_id, model, audio_seconds, estimated_usd)
        VALUES (:mine, 'm', 600, 0.0185), (:mine, 'm', 164.1, 0.00506), (:mine, 'm', 0.2, 0), (:other, 'm', 600, 0.0185)
        """,
        mine=youtube_id(1),
        other=youtube_id(2),
    )

    for source in CaptionsSource:
        await api.execute("UPDATE video_enrichments SET captions_source = :source", source=source)
        told = await api.get(f"/videos/{video['id']}")
        assert (told["captions_source"], told["transcribed_seconds"], told["estimated_usd"]) == (source, 764.3, 0.0236)
    [of_usage] = [item for item in (await api.get("/usage"))["items"] if item["youtube_id"] == video["youtube_id"]]
    assert (of_usage["audio_seconds"], of_usage["estimated_usd"]) == (764.3, 0.0236)


async def test_transcript_in_an_unknown_language_can_be_read(api_without_temporal: Api, engine: AsyncEngine) -> None:
    api = api_without_temporal
    video = await api.add(await api.new_list())
    await api.complete()
    async with transaction(engine) as connection:
        await save_captions(
            connection,
            youtube_id(1),
            language=None,
            kind=CaptionsKind.AUTOMATIC,
            lines=[(0.0, 3.2, "Mmh.")],
            source=CaptionsSource.WHISPER,
        )

    assert await api.get(f"/videos/{video['id']}/transcript") == {
        "captions_source": "whisper",
        "captions_language": None,
        "captions_kind": "automatic",
        "segments": [{"start_seconds": 0.0, "end_seconds": 3.2, "text": "Mmh."}],
        "next_cursor": None,
    }


async def test_a_deleted_video_is_gone_and_can_be_added_again(api_without_temporal: Api) -> None:
    api = api_without_temporal
    list_id = await api.new_list()
    video = await api.add(list_id)

    assert (await api.http.delete(f"/api/videos/{video['id']}")).status_code == 204

    problem(await api.http.get(f"/api/videos/{video['id']}"), 404, "video_not_found")
    problem(await api.http.delete(f"/api/videos/{video['id']}"), 404, "video_not_found")
    assert (await api.add(list_id))["id"] != video["id"]


async def test_a_failed_import_begins_again(api_without_temporal: Api) -> None:
    api = api_without_temporal
    video = await api.add(await api.new_list())
    await api.fail(video["id"])

    response = await api.http.post(f"/api/videos/{video['id']}/retry")

    assert (response.status_code, response.json()) == (202, video)
    first, second = await api.import_events()
    assert (second["video_id"], second["stage"], second["progress"]) == (video["id"], "created", 0)
    assert second["seq"] > first["seq"]


async def test_complete_video_can_be_reimported(api_without_temporal: Api) -> None:
    api = api_without_temporal
    video = await api.add(await api.new_list())
    problem(await api.http.post(f"/api/videos/{video['id']}/reimport"), 409, "import_under_way")
    await api.complete()

    response = await api.http.post(f"/api/videos/{video['id']}/reimport")

    assert response.status_code == 202
    assert (response.json()["import_stage"], response.json()["title"]) == ("created", "A lens")
    assert [event["stage"] for event in await api.import_events()] == ["created", "created"]
    problem(await api.http.post(f"/api/videos/{NOBODY}/reimport"), 404, "video_not_found")


async def test_complete_import_cannot_be_retried(api_without_temporal: Api) -> None:
    api = api_without_temporal
    video = await api.add(await api.new_list())
    await api.complete()

    problem(await api.http.post(f"/api/videos/{video['id']}/retry"), 409, "import_complete")
    assert (await api.get(f"/videos/{video['id']}"))["import_stage"] == "complete"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("DELETE", ""),
        ("GET", "/progress"),
        ("POST", "/retry"),
        ("GET", "/transcript"),
        ("GET", "/chapters"),
    ],
)
async def test_an_unknown_video_is_not_found(api_without_temporal: Api, method: str, path: str) -> None:
    problem(await api_without_temporal.http.request(method, f"/api/videos/{NOBODY}{path}"), 404, "video_not_found")
