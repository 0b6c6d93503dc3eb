"""When a client comes last, and when it is tried first again."""

from services.worker.adapters.youtube.client_health import (
    FAILED_IN_A_ROW,
    RETRY_SECONDS,
    WINDOW,
    ClientHealth,
    Stage,
)

CLIENTS = ("first", "second")
REVERSED = ["second", "first"]


class Clock:
    """Stands still unless it is moved."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def failing(health: ClientHealth, count: int, *, begin: int = 0) -> None:
    for number in range(begin, begin + count):
        health.failed("first", Stage.PLAYER, f"video{number}")


def test_failures_in_a_row_put_a_client_last() -> None:
    health = ClientHealth(Clock())
    for number in range(WINDOW):
        health.succeeded("first", Stage.PLAYER, f"good{number}")
    failing(health, FAILED_IN_A_ROW - 1)
    assert health.order(CLIENTS) == list(CLIENTS)
    failing(health, FAILED_IN_A_ROW)
    assert health.order(CLIENTS) == REVERSED


def test_most_of_the_latest_videos_do_as_well() -> None:
    health = ClientHealth(Clock())
    for number in range(WINDOW):
        assert health.is_trusted("first")
        note = health.succeeded if number % FAILED_IN_A_ROW == 0 else health.failed
        note("first", Stage.PLAYER, f"video{number}")
    assert not health.is_trusted("first")


def test_one_video_that_is_tried_again_and_again_does_not() -> None:
    health = ClientHealth(Clock())
    for _ in range(WINDOW):
        health.failed("first", Stage.PLAYER, "video")
    assert health.is_trusted("first")


def test_one_video_in_half_an_hour_tries_again() -> None:
    clock = Clock()
    health = ClientHealth(clock)
    failing(health, FAILED_IN_A_ROW)
    assert not health.is_trusted("first")
    clock.now += RETRY_SECONDS
    assert health.is_trusted("first")
    assert health.is_trusted("first"), "no video has asked it yet"
    health.asked("first")
    assert not health.is_trusted("first")
    failing(health, 1, begin=100)
    clock.now += RETRY_SECONDS
    assert health.is_trusted("first")
    health.succeeded("first", Stage.PLAYER, "good")
    assert health.is_trusted("first")
    failing(health, FAILED_IN_A_ROW - 1)
    assert health.is_trusted("first")


def test_a_client_that_is_asked_last_keeps_its_turn() -> None:
    clock = Clock()
    health = ClientHealth(clock)
    failing(health, FAILED_IN_A_ROW)
    clock.now += RETRY_SECONDS / 2
    health.asked("first")
    clock.now += RETRY_SECONDS / 2
    assert health.is_trusted("first")


def test_a_client_that_plays_and_whose_tracks_are_denied_stays_last() -> None:
    health = ClientHealth(Clock())
    for number in range(FAILED_IN_A_ROW):
        health.failed("first", Stage.TRACK, f"video{number}")
        health.succeeded("first", Stage.PLAYER, f"video{number}")
    assert health.order(CLIENTS) == REVERSED
