"""Which of several proxies a video takes, and when another one."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from fakes.youtube import FakeVideo, FakeYoutube, Kind
from services.worker.adapters.youtube.audio import AudioAdapter
from services.worker.adapters.youtube.connection import Connection
from services.worker.adapters.youtube.exits import UNREACHABLE_SECONDS, Exits
from services.worker.adapters.youtube.metadata import MetadataAdapter
from services.worker.adapters.youtube.sent_requests import Call, calling
from shared.contracts.errors import ErrorType
from shared.contracts.youtube_requests import CallStage
from tests.support.servers import free_port

PROXIES = ["http://one:1", "http://two:2", "http://three:3"]
IDS = [f"video_{number:05}" for number in range(60)]
PAUSE, MAX_PAUSE = 900.0, 2000.0


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def exits(clock: Clock) -> Exits:
    return Exits(PROXIES, pause_seconds=PAUSE, max_pause_seconds=MAX_PAUSE, clock=clock)


def proxies(exits: Exits) -> dict[str, str | None]:
    return {youtube_id: exits.route(youtube_id).proxy for youtube_id in IDS}


def test_a_video_keeps_its_exit_in_every_worker(exits: Exits) -> None:
    own = proxies(exits)
    assert proxies(Exits(PROXIES[::-1])) == own
    assert set(own.values()) == set(PROXIES)


def test_only_the_videos_of_a_resting_exit_move(exits: Exits, clock: Clock) -> None:
    own = proxies(exits)
    resting = own[IDS[0]]
    assert exits.route(IDS[0]).report(ErrorType.BOT_CHECK)
    others = proxies(exits)
    assert resting not in others.values()
    assert all(others[each] == own[each] for each in IDS if own[each] != resting)
    clock.now += PAUSE
    assert proxies(exits) == own


def test_the_pause_doubles_until_youtube_answers(exits: Exits, clock: Clock) -> None:
    own = exits.route(IDS[0]).proxy

    def pause() -> float:
        exits.route(IDS[0]).report(ErrorType.BOT_CHECK)
        began = clock.now
        while exits.route(IDS[0]).proxy != own:
            clock.now += 100
        return clock.now - began

    assert [pause() for _ in range(3)] == [PAUSE, 2 * PAUSE, MAX_PAUSE]
    exits.route(IDS[0]).report(ErrorType.VIDEO_PRIVATE)
    assert pause() == PAUSE


def test_calls_that_ran_at_the_same_time_count_once(exits: Exits, clock: Clock) -> None:
    own = exits.route(IDS[0]).proxy
    routes = [exits.route(IDS[0]) for _ in range(3)]
    for route in routes:
        clock.now += 1
        route.report(ErrorType.BOT_CHECK)
    clock.now = 1 + PAUSE
    assert exits.route(IDS[0]).proxy == own


def test_the_last_exit_has_nobody_to_take_over(exits: Exits) -> None:
    assert [exits.route(IDS[0]).report(ErrorType.BOT_CHECK) for _ in PROXIES] == [True, True, False]
    assert exits.route(IDS[0]).proxy in PROXIES
    assert not Exits().route(IDS[0]).report(ErrorType.BOT_CHECK)


def test_a_dead_exit_rests_for_a_moment(exits: Exits, clock: Clock) -> None:
    own = exits.route(IDS[0]).proxy
    exits.route(IDS[0]).report(ErrorType.UPSTREAM_UNAVAILABLE)
    assert exits.route(IDS[0]).proxy != own
    clock.now += UNREACHABLE_SECONDS
    assert exits.route(IDS[0]).proxy == own


def test_an_answer_ends_the_rest(exits: Exits) -> None:
    for _ in PROXIES:
        exits.route(IDS[0]).report(ErrorType.BOT_CHECK)
    assert exits.working == []
    probe = exits.route(IDS[0])
    assert probe.report(None)
    assert exits.working == [probe.proxy]


@pytest.mark.parametrize("is_distrusted", [False, True])
def test_a_guest_has_one_address(fake_youtube: FakeYoutube, is_distrusted: bool) -> None:
    fake_youtube.library.add(*(FakeVideo(each) for each in IDS))
    exits = Exits([fake_youtube.proxy_url, f"{fake_youtube.proxy_url}/"], pause_seconds=0)
    connection = Connection(exits, fake_youtube.ca_file)
    known = IDS[0]
    own = exits.route(known)
    same = next(each for each in IDS[1:] if exits.route(each).proxy == own.proxy)
    other = next(each for each in IDS[1:] if exits.route(each).proxy != own.proxy)

    def requests(youtube_id: str) -> list[Kind]:
        before = len(fake_youtube.requests)
        with calling(Call(youtube_id, CallStage.AUDIO)):
            AudioAdapter(connection).find(youtube_id)
        return [request.kind for request in fake_youtube.requests[before:]]

    with calling(Call(known, CallStage.METADATA)):
        MetadataAdapter(connection).ask(known)
    assert requests(other) == [Kind.WATCH, Kind.PLAYER]
    if is_distrusted:
        own.report(ErrorType.BOT_CHECK)
    assert requests(same) == ([Kind.WATCH, Kind.PLAYER] if is_distrusted else [Kind.PLAYER])
    assert requests(other) == [Kind.PLAYER]


def test_all_requests_of_a_call_take_one_exit(fake_youtube: FakeYoutube, caplog: pytest.LogCaptureFixture) -> None:
    dead = f"http://me:hidden@127.0.0.1:{free_port()}"
    exits = Exits([fake_youtube.proxy_url, dead])
    metadata = MetadataAdapter(Connection(exits, fake_youtube.ca_file))
    youtube_id = next(each for each in IDS if exits.route(each).proxy == fake_youtube.proxy_url)
    fake_youtube.library.add(FakeVideo(youtube_id, title="Through the living one"))
    call = Call(youtube_id, CallStage.METADATA)

    def ask() -> object:
        with calling(call):
            found = metadata.ask(youtube_id)
            exits.route(youtube_id).report(ErrorType.BOT_CHECK)
            assert metadata.ask(youtube_id) == found
            return found["title"]

    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(ask).result() == "Through the living one"
    assert exits.route(youtube_id).proxy == dead
    assert "youtube_exit_rests exit=1" in caplog.text
    assert "hidden" not in caplog.text
