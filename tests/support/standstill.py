"""A PostgreSQL that can stand still, and tasks that are cancelled at a chosen moment."""

import asyncio
import itertools
import subprocess
from collections.abc import AsyncIterator, Coroutine, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import asyncpg
import psutil
from pydantic import SecretStr

from shared.settings import Settings
from tests.support.waiting import eventually


@dataclass(frozen=True)
class StoppablePostgres:
    """A migrated PostgreSQL of its own: nobody else is held up while it stands still."""

    url: str
    process: subprocess.Popen[bytes]

    @property
    def settings(self) -> Settings:
        """Settings with its URL."""
        return Settings(database_url=SecretStr(self.url))

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """All of its processes are stopped; what is sent to it meanwhile waits in its sockets."""
        self.stop()
        try:
            yield
        finally:
            self.go_on()

    def stop(self) -> None:
        """Stop all of its processes; safe to repeat."""
        postmaster = psutil.Process(self.process.pid)
        postmaster.suspend()  # first: it starts no other process then
        for child in postmaster.children(recursive=True):
            child.suspend()

    def go_on(self) -> None:
        """Let all of its processes go on; safe to repeat."""
        postmaster = psutil.Process(self.process.pid)
        for each in (*postmaster.children(recursive=True), postmaster):
            each.resume()


@asynccontextmanager
async def observer(url: str) -> AsyncIterator[Any]:
    """A fresh connection that has nothing to do with any pool."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def nothing_is_left_open(url: str) -> None:
    """Wait until no other connection is in a transaction and no lock of one is left."""

    async def is_so() -> bool:
        async with observer(url) as connection:
            held = await connection.fetch(
                "SELECT pid, state, query FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid() "
                "AND (state LIKE 'idle in transaction%' OR pid IN (SELECT pid FROM pg_locks))"
            )
        assert not held, [dict(row) for row in held]
        return True

    await eventually(is_so)


class CancelledAt:
    """Runs a coroutine until it waits for the `number`th time (from 0), and cancels the current task there.

    With `once_answered`, only when what it waits for has come: what it asked for is done then, and it does not know.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, None], number: int, *, once_answered: bool) -> None:
        self._coroutine = coroutine
        self._number = number
        self._once_answered = once_answered
        self.is_reached = False
        """Whether it has waited so often."""

    def __await__(self) -> Generator[Any, Any, None]:
        go_on = partial(self._coroutine.send, None)
        for count in itertools.count():
            try:
                waited_for = go_on()
            except StopIteration:
                return
            if count == self._number:
                self.is_reached = True
                self._cancel(waited_for)
            try:
                yield waited_for
            except BaseException as error:
                go_on = partial(self._coroutine.throw, error)
            else:
                go_on = partial(self._coroutine.send, None)

    def _cancel(self, waited_for: "asyncio.Future[Any] | None") -> None:
        task = asyncio.current_task()
        assert task is not None
        if self._once_answered and waited_for is not None:
            waited_for.add_done_callback(lambda _: task.cancel())
        else:
            task.cancel()
