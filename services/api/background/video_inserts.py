"""Group commit for added videos: those that arrive while one statement runs share the next one.

The events of a user form a chain, so two transactions that add to it commit one after the other, each waiting for
the disk. Under load that would be most of the API's time. A single request does not wait.

A row that another session keeps locked holds up only the requests that need it: when a statement has to wait too long
for a lock, its lists are set apart. They are tried in turn on a second connection, each alone and in halves, while all
others go on.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from services.api.http.database import Database
from services.api.http.problem_codes import ProblemCode
from services.api.http.problems import Problem
from shared.db.connection import raw_connection
from shared.db.engine import StatementLimits, create_engine
from shared.db.video_inserts import LostRace, NewVideo, add_videos
from shared.db.videos import ChangedVideo
from shared.settings import Settings

MAX_BATCH = 200
MAX_WAITING = 2_000
"""Additions that may wait in one process, some seconds' worth. Further ones are refused: they would time out."""
WAIT_SECONDS = 10.0
"""How long one addition may take in all."""
STATEMENT_SECONDS = 9.0
"""The server ends a statement before the client does, so that a statement that timed out has certainly not written."""
LOCK_SECONDS = 1.0
"""How long a statement waits for one lock: much longer than a session that makes progress holds one."""

_LOCKED = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)


def create_adding_engine(settings: Settings) -> AsyncEngine:
    """Create the connections of one `GroupCommit`: one for all lists, one for those set apart."""
    return create_engine(
        settings,
        pool_size=2,
        limits=StatementLimits(lock=LOCK_SECONDS, statement=STATEMENT_SECONDS, answer=WAIT_SECONDS),
    )


@dataclass(frozen=True, slots=True)
class _Addition:
    """A waiting request."""

    new: NewVideo
    answer: "asyncio.Future[ChangedVideo | None]"

    def refuse(self, error: Exception) -> None:
        """Fail the request, unless it was cancelled."""
        if not self.answer.done():
            self.answer.set_exception(error)


class GroupCommit:
    """Adds videos for all requests of this process. None waits longer than `WAIT_SECONDS`."""

    def __init__(self, database: Database) -> None:
        """`database` is on an engine of `create_adding_engine`."""
        self._database = database
        self._waiting = 0
        self._together: deque[_Addition] = deque()
        self._apart: dict[UUID, deque[list[_Addition]]] = {}
        """The groups of each list that is set apart; the list whose turn is next comes first."""
        self._writer: asyncio.Task[None] | None = None
        self._apart_writer: asyncio.Task[None] | None = None

    async def add(self, new: NewVideo) -> ChangedVideo | None:
        """Put a video on a list and return when it is committed; see `shared.db.video_inserts.add_videos`.

        Raises Problem (503) when PostgreSQL is unavailable, when too many wait, and when the list, or a video on it,
        stays locked.
        """
        if self._waiting >= MAX_WAITING:
            raise Problem(ProblemCode.DATABASE_AWAY)
        addition = _Addition(new, asyncio.get_running_loop().create_future())
        self._waiting += 1
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                self._submit(addition)
                return await addition.answer
        except TimeoutError as error:
            raise Problem(ProblemCode.DATABASE_AWAY) from error
        finally:
            self._waiting -= 1

    def _submit(self, addition: _Addition) -> None:
        if addition.new.list_id in self._apart:
            self._set_apart([addition])
            return
        self._together.append(addition)
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_together(), name="video-adder")

    def _set_apart(self, group: list[_Addition]) -> None:
        """Queue additions to one list to be tried alone."""
        self._apart.setdefault(group[0].new.list_id, deque()).append(group)
        if self._apart_writer is None:
            self._apart_writer = asyncio.create_task(self._write_apart(), name="video-adder-apart")

    async def _write_together(self) -> None:
        while self._together:
            count = min(len(self._together), MAX_BATCH)
            group = _still_wanted(self._together.popleft() for _ in range(count))
            if not await self._write(group):
                for list_group in _by_list(group):
                    self._set_apart(list_group)
        self._writer = None

    async def _write_apart(self) -> None:
        while self._apart:
            list_id, groups = next(iter(self._apart.items()))
            group = _still_wanted(groups.popleft())
            if not await self._write(group):
                middle = len(group) // 2
                groups.extend(filter(None, (group[:middle], group[middle:])))
            del self._apart[list_id]  # only now: what came meanwhile is in `groups`
            if groups:
                self._apart[list_id] = groups
        self._apart_writer = None

    async def _write(self, group: Sequence[_Addition]) -> bool:
        """Write a group and answer; False where nothing was written, because something stayed locked."""
        if not group:
            return True
        try:
            results = await self._add([addition.new for addition in group])
        except Exception as error:
            for addition in group:
                addition.refuse(error)
            return True
        if results is None:
            return False
        for addition, result in zip(group, results, strict=True):
            if addition.answer.done():  # the request was cancelled
                continue
            if isinstance(result, LostRace):
                self._submit(addition)
            else:
                addition.answer.set_result(result)
        return True

    async def _add(self, wanted: Sequence[NewVideo]) -> list[ChangedVideo | LostRace | None] | None:
        async with self._database.connection() as connection:
            try:
                return await add_videos(raw_connection(connection), wanted)
            except _LOCKED:
                return None


def _still_wanted(additions: Iterable[_Addition]) -> list[_Addition]:
    return [addition for addition in additions if not addition.answer.done()]


def _by_list(group: Iterable[_Addition]) -> list[list[_Addition]]:
    lists: defaultdict[UUID, list[_Addition]] = defaultdict(list)
    for addition in group:
        lists[addition.new.list_id].append(addition)
    return [*lists.values()]
