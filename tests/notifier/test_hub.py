"""Whatever the feed brings, in whatever order: every subscriber is handed every event once and in order."""

import asyncio
import json
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.hub import Hub
from services.notifier.store import DatabaseAway
from shared.contracts.errors import ErrorType
from shared.contracts.messages import FeedItem, ImportProgress
from shared.contracts.stages import ImportStage
from shared.contracts.texts import Language

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
    is_away: bool = False
    reads: int = 0
    looks: int = 0
    fault: Exception | None = None

    def commit(self) -> FeedItem:
        """Write the next event; its seq leaves gaps, as other users' events do."""
        newest = self.stored[-1].message.seq if self.stored else None
        self.stored.append(item((newest or 0) + 2, newest))
        return self.stored[-1]

    async def latest(self, _user_id: UUID) -> int:
        seqs = self._seqs()
        self.looks += 1
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
        if self.is_away:
            raise DatabaseAway("refused")
        await asyncio.sleep(0)

    def _seqs(self) -> list[int]:
        return [event.message.seq or 0 for event in self.stored]


@dataclass(eq=False)
class Listener:
    """A subscriber that keeps what it gets."""

    language: Language = Language.EN
    texts: list[bytes] = field(default_factory=list)
    joined_at: int | None = None

    def deliver(self, _seq: int | None, text: bytes) -> None:
        self.texts.append(text)

    @property
    def seqs(self) -> list[int | None]:
        return [json.loads(text)["seq"] for text in self.texts]


async def settle() -> None:
    """Let every catching up come to its end."""
    for _ in range(200):
        await asyncio.sleep(0)


async def joined(hub: Hub, language: Language = Language.EN) -> Listener:
    listener = Listener(language)
    listener.joined_at = await hub.join(USER, listener)
    return listener


STEPS = st.one_of(
    st.tuples(st.just("commit"), st.just(0)),
    st.tuples(st.just("commit and offer"), st.just(0)),
    st.tuples(st.just("offer"), st.integers(0, 30)),
    st.tuples(st.just("sweep"), st.just(0)),
    st.tuples(st.just("join"), st.just(0)),
    st.tuples(st.just("leave"), st.integers(0, 5)),
    st.tuples(st.just("let others run"), st.integers(1, 4)),
    st.tuples(st.just("database away"), st.just(0)),
    st.tuples(st.just("database back"), st.just(0)),
)


class Run:
    """One run of the hub against a list of steps."""

    def __init__(self) -> None:
        self.events = Events()
        self.hub = Hub(self.events.latest, self.events.page)
        self.listeners: list[Listener] = []
        self.joins: list[asyncio.Task[None]] = []

    async def play(self, steps: list[tuple[str, int]]) -> None:
        for step, number in steps:
            await self.take(step, number)
        self.events.is_away = False
        await asyncio.gather(*self.joins)
        self.events.commit()  # the last event never reaches the feed
        self.sweep()
        await settle()

    async def take(self, step: str, number: int) -> None:
        match step:
            case "commit":
                self.events.commit()
            case "commit and offer":
                self.hub.offer(self.events.commit())
            case "offer" if self.events.stored:
                self.hub.offer(self.events.stored[number % len(self.events.stored)])
            case "sweep":
                self.sweep()
            case "join":
                self.joins.append(asyncio.create_task(self.join()))
            case "leave" if self.listeners:
                self.hub.leave(USER, self.listeners.pop(number % len(self.listeners)))
            case "let others run":
                for _ in range(number):
                    await asyncio.sleep(0)
            case "database away" | "database back":
                self.events.is_away = step == "database away"

    async def join(self) -> None:
        listener = Listener()
        try:
            listener.joined_at = await self.hub.join(USER, listener)
            self.listeners.append(listener)
        except DatabaseAway:
            self.hub.leave(USER, listener)

    def sweep(self) -> None:
        if self.events.stored:
            self.hub.announce({USER: self.events.stored[-1].message.seq or 0})


@given(st.lists(STEPS, max_size=60))
def test_every_event_once_and_in_order(steps: list[tuple[str, int]]) -> None:
    run = Run()
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(run.play(steps))
    finally:
        loop.close()
    for listener in run.listeners:
        assert listener.joined_at is not None
        after = listener.joined_at
        assert [seq for seq in listener.seqs if (seq or 0) > after] == [
            event.message.seq for event in run.events.stored if (event.message.seq or 0) > after
        ]
        assert len(set(listener.seqs)) == len(listener.seqs)


async def test_events_in_order_need_no_read() -> None:
    events = Events()
    hub = Hub(events.latest, events.page)
    listener = await joined(hub)
    for _ in range(5):
        hub.offer(events.commit())
    assert listener.seqs == [2, 4, 6, 8, 10]
    assert events.reads == 0


async def test_an_event_that_went_with_its_video_holds_nothing_up() -> None:
    events = Events()
    hub = Hub(events.latest, events.page)
    listener = await joined(hub)
    gone = events.commit()
    events.stored.clear()
    hub.announce({USER: gone.message.seq or 0})
    await settle()
    hub.offer(item(4, 2))
    assert listener.seqs == [4]


async def test_sub_progress_is_handed_on_unless_the_user_is_behind() -> None:
    events = Events()
    hub = Hub(events.latest, events.page)
    listener = await joined(hub)
    hub.offer(item(None))
    missed = events.commit()
    hub.announce({USER: missed.message.seq or 0})
    hub.offer(item(None))
    await settle()
    hub.offer(item(None))
    assert listener.seqs == [None, 2, None]


async def test_users_hear_of_their_own_events_only() -> None:
    events = Events()
    hub = Hub(events.latest, events.page)
    listener = await joined(hub)
    hub.offer(item(1, user_id=uuid4()))
    assert listener.seqs == []


async def test_serialises_once_per_language() -> None:
    events = Events()
    hub = Hub(events.latest, events.page)
    english, german, also_german = [await joined(hub, language) for language in (Language.EN, Language.DE, Language.DE)]
    hub.offer(events.commit())
    assert german.texts[0] is also_german.texts[0]
    assert (json.loads(english.texts[0])["message"], json.loads(german.texts[0])["message"]) == (
        "This video is private.",
        "Dieses Video ist privat.",
    )


async def test_forgets_who_left() -> None:
    events = Events()
    hub = Hub(events.latest, events.page)
    first, second = await joined(hub), await joined(hub)
    assert (hub.connection_count, hub.user_ids) == (2, [USER])
    hub.leave(USER, first)
    hub.leave(USER, first)
    hub.offer(events.commit())
    assert (first.seqs, second.seqs) == ([], [2])
    hub.leave(USER, second)
    assert (hub.connection_count, hub.user_ids) == (0, [])


async def test_connections_of_one_moment_share_the_first_look_and_its_failure() -> None:
    events = Events(is_away=True)
    hub = Hub(events.latest, events.page)
    listeners = [Listener() for _ in range(20)]
    outcomes = await asyncio.gather(*(hub.join(USER, listener) for listener in listeners), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {DatabaseAway}
    assert events.looks == 1
    events.is_away = False
    assert await asyncio.gather(*(hub.join(USER, listener) for listener in listeners)) == [0] * 20
    assert events.looks == 2


async def test_a_connection_that_gives_up_does_not_end_the_look_of_the_others() -> None:
    events = Events()
    events.commit()
    hub = Hub(events.latest, events.page)
    first, second = Listener(), Listener()
    given_up, other = [asyncio.create_task(hub.join(USER, listener)) for listener in (first, second)]
    await asyncio.sleep(0)
    given_up.cancel()
    hub.leave(USER, first)
    assert await other == 2


async def test_what_nobody_foresaw_is_logged_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    events = Events()
    hub = Hub(events.latest, events.page)
    listener = await joined(hub)
    missed = events.commit()
    events.fault = ValueError("an event that nobody understands")
    hub.announce({USER: missed.message.seq or 0})
    await settle()
    [record] = caplog.records
    assert record.getMessage() == "missed events cannot be told, the next sweep tries again"
    assert record.exc_info is not None
    events.fault = None
    hub.announce({USER: missed.message.seq or 0})
    await settle()
    assert listener.seqs == [2]
