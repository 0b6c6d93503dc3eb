"""What clients may say, and how events read."""

import json
from uuid import UUID, uuid4

import pytest

from services.notifier.protocol import (
    MAX_SUBSCRIBED_VIDEOS,
    MessageProblem,
    Ping,
    Resume,
    Snapshot,
    Subscribe,
    encode_batch,
    encode_event,
    encode_problem,
    encode_snapshot,
    encode_upstream,
    parse,
    pause_of,
)
from shared.contracts.batches import ListingState
from shared.contracts.errors import ErrorType
from shared.contracts.messages import ImportProgress
from shared.contracts.stages import ImportStage
from shared.contracts.upstreams import PauseReason, UpstreamState
from shared.i18n.catalog import text
from shared.i18n.languages import Language
from tests.notifier.support import youtube
from tests.support.batches import A_BATCH

VIDEO_ID = UUID("00000000-0000-4000-8000-0000000000aa")
FAILED = ImportProgress(
    video_id=VIDEO_ID,
    youtube_id="aaaaaaaaaaa",
    stage=ImportStage.ERROR,
    progress=25,
    message=text("import_error.video_private"),
    error_code=ErrorType.VIDEO_PRIVATE,
)
LISTED = A_BATCH.model_copy(
    update={
        "total": 10,
        "queued": 3,
        "running": 1,
        "imported": 4,
        "without_captions": 2,
        "failed": 1,
        "cancelled": 1,
        "duplicates": 1,
        "unavailable": 1,
        "listing": ListingState.DONE,
        "announced": 12,
    }
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"type": "ping"}', Ping(type="ping")),
        ('{"type": "resume", "since": 0}', Resume(type="resume", since=0)),
        (f'{{"type": "subscribe", "video_ids": ["{VIDEO_ID}"]}}', Subscribe(type="subscribe", video_ids=[VIDEO_ID])),
        ('{"type": "ping", "sent_at": 5}', Ping(type="ping")),
    ],
)
def test_understands(text: str, message: object) -> None:
    assert parse(text) == message


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b'{"type": "ping"}', "binary_message"),
        ("", "invalid_json"),
        ("ping", "invalid_json"),
        ("[" * 10_000, "invalid_json"),
        ("null", "unknown_type"),
        ("[]", "unknown_type"),
        ('{"kind": "ping"}', "unknown_type"),
        ('{"type": "unsubscribe"}', "unknown_type"),
        ('{"type": ["ping"]}', "unknown_type"),
        ('{"type": "resume"}', "invalid_fields"),
        ('{"type": "resume", "since": -1}', "invalid_fields"),
        ('{"type": "resume", "since": "1"}', "invalid_fields"),
        ('{"type": "resume", "since": 1e99}', "invalid_fields"),
        ('{"type": "resume", "since": 9223372036854775808}', "invalid_fields"),
        ('{"type": "subscribe", "video_ids": ["x"]}', "invalid_fields"),
        ('{"type": "subscribe", "video_ids": "all"}', "invalid_fields"),
    ],
)
def test_says_what_is_wrong(data: str | bytes, code: str) -> None:
    problem = parse(data)
    assert isinstance(problem, MessageProblem)
    assert problem.code == code
    assert problem.message.endswith(".")


def test_names_the_wrong_field() -> None:
    too_many = json.dumps({"type": "subscribe", "video_ids": [str(uuid4())] * (MAX_SUBSCRIBED_VIDEOS + 1)})
    problem = parse(too_many)
    assert isinstance(problem, MessageProblem)
    assert "video_ids" in problem.message
    assert json.loads(encode_problem(problem)) == {
        "type": "error",
        "code": "invalid_fields",
        "message": problem.message,
    }


def test_as_many_videos_as_allowed_fit_a_message() -> None:
    assert isinstance(
        parse(json.dumps({"type": "subscribe", "video_ids": [str(uuid4())] * MAX_SUBSCRIBED_VIDEOS})), Subscribe
    )


@pytest.mark.parametrize("language", Language)
def test_errors_are_sent_in_the_clients_language(language: Language) -> None:
    message = text("import_error.video_private", language)
    event = json.loads(encode_event(FAILED, language))
    assert (event["stage"], event["error_code"], event["message"]) == ("error", "video_private", message)
    snapshot = json.loads(encode_snapshot(Snapshot(seq=1, videos=[FAILED]), language))
    assert [video["message"] for video in snapshot["videos"]] == [message]


@pytest.mark.parametrize("language", Language)
def test_a_batch_says_why_it_was_not_listed_in_the_clients_language(language: Language) -> None:
    message = text("import_error.bot_check", language)
    blocked = LISTED.model_copy(update={"listing": ListingState.FAILED, "error_code": ErrorType.BOT_CHECK})
    for batch in (blocked, blocked.model_copy(update={"completed_at": LISTED.created_at})):
        told = json.loads(encode_batch(batch, language))
        assert (told["listing"], told["error_code"], told["message"]) == ("failed", "bot_check", message)


def test_a_batch_is_under_way_until_it_has_an_end() -> None:
    under_way = json.loads(encode_batch(LISTED, Language.EN))
    over = json.loads(encode_batch(LISTED.model_copy(update={"completed_at": LISTED.created_at}), Language.EN))
    assert [under_way.pop(name) for name in ("type", "progress", "queued", "running")] == ["batch_progress", 60, 3, 1]
    assert over.pop("type") == "batch_complete"
    assert under_way == over
    assert (over["message"], over["without_captions"], "created_at" in over) == (None, 2, False)


@pytest.mark.parametrize("reason", PauseReason)
def test_a_pause_says_why_in_the_clients_language(reason: PauseReason) -> None:
    pauses = [pause_of(youtube(UpstreamState.OPEN, reason), language) for language in Language]
    english, german = [json.loads(encode_upstream(pause)) for pause in pauses if pause]
    assert english["reason"] == german["reason"] == reason
    assert english["message"] != german["message"]


def test_only_a_spent_budget_is_a_pause() -> None:
    spent = youtube(UpstreamState.CLOSED, PauseReason.HOURLY_REQUESTS, calls_per_second=0)
    nearly_spent = youtube(UpstreamState.CLOSED, PauseReason.HOURLY_REQUESTS, calls_per_second=0.1)
    assert pause_of(spent) is not None
    assert pause_of(nearly_spent) is None
