"""A blocking download is watched without waiting for anything: not for its bytes, not for a database."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from temporalio.activity import ActivityCancellationDetails
from temporalio.testing import ActivityEnvironment

from services.worker.activities.support import blocking_download as watching
from services.worker.activities.support.blocking_download import DownloadInterruptedError, run_download
from tests.support.waiting import eventually


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """What happens now and then happens often."""
    monkeypatch.setattr(watching, "WATCH_SECONDS", 0.02)


class Slowness:
    """A download and a database that take their time, until a test lets them go on."""

    def __init__(self) -> None:
        self.beats = 0
        self.told: list[float] = []
        self.may_answer = asyncio.Event()
        self.is_here, self.has_ended = threading.Event(), threading.Event()

    def download(self, on_progress: Callable[[float], None]) -> str:
        on_progress(0.5)
        assert self.is_here.wait(20)
        on_progress(1.0)
        self.has_ended.set()
        return "audio"

    async def tell(self, fraction: float) -> None:
        self.told.append(fraction)
        await self.may_answer.wait()

    def beat(self, *_: Any) -> None:
        self.beats += 1


async def test_a_database_that_takes_its_time_delays_no_heartbeats_and_hears_of_the_end() -> None:
    slow, environment = Slowness(), ActivityEnvironment()
    environment.on_heartbeat = slow.beat
    with ThreadPoolExecutor(1) as threads:
        running = asyncio.ensure_future(environment.run(run_download, threads, slow.download, slow.tell))

        async def beats_on() -> bool:
            return slow.told == [0.5] and slow.beats > 5

        async def is_complete() -> bool:
            return slow.has_ended.is_set()

        await eventually(beats_on)
        slow.is_here.set()
        await eventually(is_complete)
        slow.may_answer.set()
        assert await running == "audio"
    assert slow.told[-1] == 1.0, "the end came while something else was told"


def cancel(environment: ActivityEnvironment) -> None:
    environment.cancel(ActivityCancellationDetails(cancel_requested=True))


def shut_down(environment: ActivityEnvironment) -> None:
    environment.worker_shutdown()


@pytest.mark.parametrize(("end", "outcome"), [(cancel, asyncio.CancelledError), (shut_down, DownloadInterruptedError)])
async def test_a_stop_that_waits_for_bytes_keeps_heartbeating(
    end: Callable[[ActivityEnvironment], None], outcome: type[BaseException]
) -> None:
    """Without heartbeats, Temporal would let others go on while the thread is still at work."""
    slow, environment = Slowness(), ActivityEnvironment()
    slow.may_answer.set()
    environment.on_heartbeat = slow.beat
    with ThreadPoolExecutor(1) as threads:
        running = asyncio.ensure_future(environment.run(run_download, threads, slow.download, slow.tell))
        await eventually(lambda: _is_true(slow.told))
        end(environment)
        before, beaten = len(slow.told), slow.beats

        async def beats_on() -> bool:
            return slow.beats >= beaten + 5

        await eventually(beats_on)
        assert len(slow.told) - before <= 10
        assert not running.done()
        slow.is_here.set()
        with pytest.raises(outcome):
            await running


async def _is_true(value: object) -> bool:
    return bool(value)


def test_the_end_of_a_worker_is_no_refusal_and_no_alarm() -> None:
    stopped = DownloadInterruptedError()
    assert not stopped.non_retryable
    assert stopped.type is None
    assert stopped.category == stopped.category.BENIGN
