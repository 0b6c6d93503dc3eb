"""Whatever the feed brings, in any order: every listener gets every event once and in order."""

import asyncio
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.hub import Hub
from services.notifier.store import DatabaseUnavailableError
from shared.contracts.errors import ErrorType
from shared.contracts.messages import FeedItem, ImportProgress
from shared.contracts.stages import ImportStage
from shared.i18n.languages import Language
from shared.i18n.messages import import_error_text
from tests.notifier.support import RecordingListener

USER = UUID("00000000-0000-4000-8000-000000000001")
PAGE = 3


def item(seq: int | None, prev_seq: int | None = None, user_id: UUID = USER) -> FeedItem:
    message = ImportProgress(
        video_id=uuid4(),
        youtube_id="aaaaaaaaaaa",
        stage=ImportStage.ERROR,
        progress=25,
        seq=seq,
        error_code=ErrorType.VIDEO_PRIVATE,
    )
    return FeedItem(user_id=user_id, prev_seq=prev_seq, message=message)


@dataclass
class Events:
    """A user's events in Postgres, with the shape of `Store`'s reads."""

    stored: list[FeedItem] = field(default_factory=list)
    is_unavailable: bool = False
    reads: int = 0
    latest_reads: int = 0
    fault: Exception | None = None

    def commit(self) -> FeedItem:
        """Write the next event; its seq leaves gaps, as other users' events do."""
        newest = self.stored[-1].message.seq if self.stored else None
        self.stored.append(item((newest or 0) + 2, newest))
        return self.stored[-1]

    async def latest(self, _user_id: UUID) -> int:
        seqs = self._seqs()
        self.latest_reads += 1
        await self._round_trip()
        return seqs[-1] if seqs else 0

    async def page(self, _user_id: UUID, after: int) -> list[FeedItem]:
        found = [event for event in self.stored if (event.message.seq or 0) > after][:PAGE]
        await self._round_trip()
        self.reads += 1
        return found

    async def _round_trip(self) -> None:
        await asyncio.sleep(0)
        if self.fault:
            raise self.fault
        if self.is_unavailable:
            raise DatabaseUnavailableError("refused")
        await asyncio.sleep(0)

    def _seqs(self) -> list[int]:
        return [event.message.seq or 0 for event in self.stored]


@dataclass(eq=False)
class Listener(RecordingListener):
    """A listener that keeps after which seq it gets everything."""

    cursor: int | None = None


async def settle() -> None:
    """Let every catching up come to its end."""
    for _ in range(200):
        await asyncio.sleep(0)


async def subscribed(hub: Hub, language: Language = Language.EN) -> Listener:
    listener = Listener(language)
    listener.cursor = await hub.subscribe(USER, listener)
    return listener


STEPS = st.one_of(
    st.tuples(st.just("commit"), st.just(0)),
    st.tuples(st.just("commit and publish"), st.just(0)),
    st.tuples(st.just("publish"), st.integers(0, 30)),
    st.tuples(st.just("poll"), st.just(0)),
    st.tuples(st.just("subscribe"), st.just(0)),
    st.tuples(st.just("unsubscribe"), st.integers(0, 5)),
    st.tuples(st.just("let others run"), st.integers(1, 4)),
    st.tuples(st.just("database unavailable"), st.just(0)),
    st.tuples(st.just("database back"), st.just(0)),
)


class Run:
    """One run of the hub against a list of steps."""

    def __init__(self) -> None:
        self.events = Events()
        self.hub = Hub(self.events.latest, self.events.page)
        self.listeners: list[Listener] = []
        self.subscriptions: list[asyncio.Task[None]] = []

    async def play(self, steps: list[tuple[str, int]]) -> None:
        for step, number in steps:
            await self.take(step, number)
        self.events.is_unavailable = False
        await asyncio.gather(*self.subscriptions)
        self.events.commit()  # the last event never reaches the feed
        self.poll()
        await settle()

    async def take(self, step: str, number: int) -> None:
        match step:
            case "commit":
                self.events.commit()
            case "commit and publish":
                self.hub.publish(self.events.commit())
            case "publish" if self.events.stored:
                self.hub.publish(self.events.stored[number % len(self.events.stored)])
            case "poll":
                self.poll()
            case "subscribe":
                self.subscriptions.append(asyncio.create_task(self.subscribe()))
            case "unsubscribe" if self.listeners:
                self.hub.unsubscribe(USER, self.listeners.pop(number % len(self.listeners)))
            case "let others run":
                for _ in range(number):
                    await asyncio.sleep(0)
            case "database unavailable" | "database back":
                self.events.is_unavailable = step == "database unavailable"

    async def subscribe(self) -> None:
        listener = Listener()
        try:
            listener.cursor = await self.hub.subscribe(USER, listener)
            self.listeners.append(listener)
        except DatabaseUnavailableError:
            self.hub.unsubscribe(USER, listener)

    def poll(self) -> None:
        if self.events.stored:
            self.hub.set_latest_seqs({USER: self.events.stored[-1].message.seq or 0})


@given(st.lists(STEPS, max_size=60))
def test_every_event_once_and_in_order(steps: list[tuple[str, int]]) -> None:
    run = Run()
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(run.play(steps))
    finally:
        loop.close()
    for listener in run.listeners:
        assert listener.cursor is not None
        after = listener.cursor
        assert [seq for seq in listener.seqs if (seq or 0) > after] == [
            event.message.seq for event in run.events.stored if (event.message.seq or 0) > after
        ]
        assert len(set(listener.seqs)) == len(listener.seqs)


async def test_events_in_order_need_no_read() -> None:
    events = Events()
    hub = Hub(events.latest, events.page)
    listener = await subscribed(hub)
    for _ in range(5):
        hub.publish(events.commit())
    assert listener.seqs == [2, 4, 6, 8, 10]
    assert events.reads == 0


async def test_an_event_that_was_deleted_with_its_video_holds_nothing_up() -> None:
    events = Events()
    hub = Hub(events.latest, events.page)
    listener = await subscribed(hub)
    gone = events.commit()
    events.stored.clear()
    hub.set_latest_seqs({USER: gone.message.seq or 0})
    await settle()
    hub.publish(item(4, 2))
    assert listener.seqs == [4]


async def test_sub_progress_is_delivered_unless_the_user_is_behind() -> None:
    events = Events()
    hub = Hub(events.latest, events.page)
    listener = await subscribed(hub)
    hub.publish(item(None))
    missed = events.commit()
    hub.set_latest_seqs({USER: missed.message.seq or 0})
    hub.publish(item(None))
    await settle()
    hub.publish(item(None))
    assert listener.seqs == [None, 2, None]


async def test_users_get_their_own_events_only() -> None:
    events = Events()
    hub = Hub(events.latest, events.page)
    listener = await subscribed(hub)
    hub.publish(item(1, user_id=uuid4()))
    assert listener.seqs == []


async def test_serialises_once_per_language() -> None:
    events = Events()
    hub = Hub(events.latest, events.page)
    english, german, also_german = [
        await subscribed(hub, language) for language in (Language.EN, Language.DE, Language.DE)
    ]
    hub.publish(events.commit())
    assert german.texts[0] is also_german.texts[0]
    for listener in (english, german):
        assert listener.messages[0]["message"] == import_error_text(ErrorType.VIDEO_PRIVATE, listener.language)


async def test_a_listener_that_unsubscribes_is_forgotten() -> None:
    events = Events()
    hub = Hub(events.latest, events.page)
    first, second = await subscribed(hub), await subscribed(hub)
    assert (hub.connection_count, hub.user_ids) == (2, [USER])
    hub.unsubscribe(USER, first)
    hub.unsubscribe(USER, first)
    hub.publish(events.commit())
    assert (first.seqs, second.seqs) == ([], [2])
    hub.unsubscribe(USER, second)
    assert (hub.connection_count, hub.user_ids) == (0, [])


async def test_connections_of_one_moment_share_the_first_read_and_its_failure() -> None:
    events = Events(is_unavailable=True)
    hub = Hub(events.latest, events.page)
    listeners = [Listener() for _ in range(20)]
    outcomes = await asyncio.gather(*(hub.subscribe(USER, listener) for listener in listeners), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {DatabaseUnavailableError}
    assert events.latest_reads == 1
    events.is_unavailable = False
    assert await asyncio.gather(*(hub.subscribe(USER, listener) for listener in listeners)) == [0] * 20
    assert events.latest_reads == 2


async def test_a_connection_that_gives_up_does_not_end_the_read_of_the_others() -> None:
    events = Events()
    events.commit()
    hub = Hub(events.latest, events.page)
    first, second = Listener(), Listener()
    given_up, other = [asyncio.create_task(hub.subscribe(USER, listener)) for listener in (first, second)]
    await asyncio.sleep(0)
    given_up.cancel()
    hub.unsubscribe(USER, first)
    assert await other == 2


async def test_an_unexpected_error_is_logged_and_the_read_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    events = Events()
    hub = Hub(events.latest, events.page)
    listener = await subscribed(hub)
    missed = events.commit()
    events.fault = ValueError("an event that nobody understands")
    hub.set_latest_seqs({USER: missed.message.seq or 0})
    await settle()
    [record] = caplog.records
    assert record.getMessage() == "missed_events_not_delivered"
    assert record.exc_info is not None
    events.fault = None
    hub.set_latest_seqs({USER: missed.message.seq or 0})
    await settle()
    assert listener.seqs == [2]
