"""A well-behaved client beside a thousand idle WebSockets and a hundred hostile clients.

It adds twenty videos, waits until they are imported, and asks for a pong and for its lists all the while; first alone,
then beside the others, then alone again. Everything is real and a process of its own (PostgreSQL, Temporal, worker,
notifier, API; the others share one), only YouTube is a fake. All connections come from one address and are one user's.
An event is late by the time from its transaction to its arrival.
"""

import asyncio
import json
import random
import string
import sys
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import httpx
import psutil
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from benchmarks.installation import way_to, youtube
from benchmarks.machine import Machine, answers, machine, milliseconds, percentile, print_machine
from shared.process import raise_open_files_limit
from tests.support.waiting import eventually

IDLE, HOSTILE, VIDEOS = 1_000, 100, 20
EVENTS_PER_VIDEO = 5
PAUSE_SECONDS = 0.1
"""Between two questions of the well-behaved client."""
PATIENCE_SECONDS = 180
SETTLE_SECONDS = 15
AIM_PING_SECONDS, AIM_EVENT_SECONDS = 0.2, 2.0
LIMITS = {"YOUTUBE_CALLS_PER_SECOND": "4", "YOUTUBE_BURST_CALLS": "0", "YOUTUBE_HOURLY_REQUESTS": "100000"}
HANDSHAKE = (
    b"GET /api/ws/progress HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
MASK = b"\0\0\0\0"
"""Of a client's frames: it changes nothing."""


@dataclass
class Figures:
    """What the well-behaved client has seen."""

    pings: list[float] = field(default_factory=list)
    requests: list[float] = field(default_factory=list)
    lags: list[float] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def show(self, name: str) -> None:
        """One line."""
        print(
            f"{name:<8} ping {milliseconds(self.pings)}; GET /api/lists {milliseconds(self.requests)}; "
            f"{len(self.lags)} of {VIDEOS * EVENTS_PER_VIDEO} events, {milliseconds(self.lags)}, "
            f"latest {max(self.lags) * 1000:.0f} ms; {VIDEOS} imports in {self.seconds:.1f} s; "
            f"refusals {dict(self.refusals) or 'none'}"
        )


class WellBehaved:
    """A client that imports videos and takes part."""

    def __init__(self, socket: ClientConnection, http: httpx.AsyncClient, list_id: str) -> None:
        self.figures = Figures()
        self._socket = socket
        self._http = http
        self._list_id = list_id
        self._complete: set[str] = set()
        self._asked: deque[float] = deque()

    async def run(self) -> None:
        """Import videos until every event has arrived, and ask all the while."""
        tasks = [asyncio.create_task(work()) for work in (self._receive, self._ping, self._ask)]
        begun = time.perf_counter()
        videos = {await self._add() for _ in range(VIDEOS)}
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self._complete < videos or len(self.figures.lags) < VIDEOS * EVENTS_PER_VIDEO:
                done, _ = await asyncio.wait(tasks, timeout=0.05)
                for task in done:
                    task.result()
        self.figures.seconds = time.perf_counter() - begun
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _add(self) -> str:
        youtube_id = "".join(random.choices(string.ascii_lowercase, k=11))  # noqa: S311 - an invented video
        added = await self._http.post(f"/lists/{self._list_id}/videos", json={"url": youtube_id})
        return str(added.raise_for_status().json()["id"])

    async def _receive(self) -> None:
        async for data in self._socket:
            message = json.loads(data)
            if message["type"] == "pong":
                self.figures.pings.append(time.perf_counter() - self._asked.popleft())
            elif message["type"] == "import_progress" and message["seq"] and message["list_id"] == self._list_id:
                self.figures.lags.append(time.time() - datetime.fromisoformat(message["at"]).timestamp())
                if message["stage"] == "complete":
                    self._complete.add(message["video_id"])

    async def _ping(self) -> None:
        while True:
            self._asked.append(time.perf_counter())
            await self._socket.send('{"type": "ping"}')
            await asyncio.sleep(PAUSE_SECONDS)

    async def _ask(self) -> None:
        while True:
            begun = time.perf_counter()
            answer = await self._http.get("/lists")
            self.figures.requests.append(time.perf_counter() - begun)
            if not answer.is_success:
                self.figures.refusals[str(answer.status_code)] += 1
            await asyncio.sleep(PAUSE_SECONDS)


async def well_behaved(running: Machine) -> Figures:
    """One round of a well-behaved client."""
    async with (
        httpx.AsyncClient(base_url=running.api_url, timeout=60, trust_env=False) as http,
        connect(running.settings.websocket_url(), proxy=None, max_size=None, ping_interval=None) as socket,
    ):
        list_id = (await http.post("/lists", json={"name": "Harbour"})).json()["id"]
        await socket.recv()  # the snapshot
        client = WellBehaved(socket, http, list_id)
        await client.run()
    return client.figures


def frame(opcode: int, payload: bytes, *, fin: bool = True) -> bytes:
    """A client's frame."""
    length = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2, "big")
    return bytes([(0x80 if fin else 0) | opcode]) + length + MASK + payload


@dataclass(frozen=True)
class Ports:
    """Where the victims listen."""

    notifier: int
    api: int


async def idle(ports: Ports) -> None:
    """A tab in the background."""
    async with connect(f"ws://127.0.0.1:{ports.notifier}/api/ws/progress", proxy=None, max_queue=None) as socket:
        async for _ in socket:
            pass


async def pour(port: int, first: bytes, endless: bytes, pause_seconds: float = 0.0) -> None:
    """Send something, then something else for as long as the server takes it; read nothing."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(first)
        while True:
            writer.write(endless)
            await writer.drain()
            await asyncio.sleep(pause_seconds)
    finally:
        writer.close()


async def wait(port: int, first: bytes) -> None:
    """Send something and no more, until the server closes; answer nothing."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(first)
        while await reader.read(65_536):
            pass
    finally:
        writer.close()


async def half_open(ports: Ports) -> None:
    """A WebSocket that reads and answers nothing, as after a lost network."""
    _, writer = await asyncio.open_connection("127.0.0.1", ports.notifier)
    try:
        writer.write(HANDSHAKE)
        await asyncio.sleep(60)
    finally:
        writer.close()


IDS = json.dumps({"type": "subscribe", "video_ids": [str(uuid4()) for _ in range(1_000)]}).encode()
HUNDRED_THOUSAND = json.dumps({"type": "subscribe", "video_ids": [str(uuid4()) for _ in range(100_000)]}).encode()
FORM = (
    b"POST /api/lists/00000000-0000-0000-0000-000000000000/imports HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n--b\r\n"
)
LARGE_FRAME = b"\x81\xff" + (2**40).to_bytes(8, "big") + MASK
UNENDING = HANDSHAKE + frame(1, b"{", fin=False)
BEHAVIOURS: list[Callable[[Ports], Awaitable[None]]] = [
    lambda to: wait(to.notifier, b""),
    lambda to: wait(to.api, b""),
    lambda to: pour(to.notifier, HANDSHAKE, 100 * frame(1, b'{"type":"ping"}')),
    lambda to: pour(to.notifier, HANDSHAKE, frame(1, IDS)),
    half_open,
    lambda to: pour(to.notifier, HANDSHAKE + LARGE_FRAME, b"x" * 65_536),
    lambda to: pour(to.notifier, UNENDING, 1_000 * frame(0, b"", fin=False)),
    lambda to: pour(
        to.notifier, HANDSHAKE + b"\x81\xff" + len(HUNDRED_THOUSAND).to_bytes(8, "big") + MASK, HUNDRED_THOUSAND
    ),
    lambda to: pour(to.api, b"GET /", b"a" * 65_536),
    lambda to: pour(to.api, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n", 1_000 * b"X: a\r\n"),
    lambda to: pour(to.notifier, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n", 1_000 * b"X: a\r\n"),
    lambda to: pour(to.api, FORM, b"x", pause_seconds=1),
]


async def for_ever(behave: Callable[[Ports], Awaitable[None]], ports: Ports) -> None:
    """Come back as often as one is thrown out."""
    while True:
        with suppress(OSError, WebSocketException, EOFError):
            await behave(ports)
        await asyncio.sleep(0.1)


async def crowd(notifier_port: int, api_port: int) -> None:
    """All idle and hostile clients, until this process is ended."""
    raise_open_files_limit()
    ports = Ports(notifier_port, api_port)
    async with asyncio.TaskGroup() as clients:
        for _ in range(IDLE):
            clients.create_task(for_ever(idle, ports))
            await asyncio.sleep(0.005)
        print("idle", flush=True)
        for number in range(HOSTILE):
            clients.create_task(for_ever(BEHAVIOURS[number % len(BEHAVIOURS)], ports))


async def has_idle(running: Machine) -> bool:
    """Whether the idle connections are open."""
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        answer = await http.get(f"http://127.0.0.1:{running.settings.notifier_port}/healthz")
    return bool(answer.json()["connections"] >= IDLE)


@dataclass(frozen=True)
class CoreTime:
    """Seconds that a process's main thread has spent on a core, and ready to run without one (Linux)."""

    used: float
    waited: float

    @classmethod
    def of(cls, pid: int) -> "CoreTime":
        """Until now."""
        used, waited, _ = Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()
        return cls(int(used) / 1e9, int(waited) / 1e9)


async def main() -> None:
    """Measure and print."""
    print_machine()
    async with youtube() as fake_youtube, machine() as running:
        with ExitStack() as stack:
            names = ("worker", "notifier", "api")
            environment = way_to(fake_youtube) | LIMITS
            processes = {
                name: stack.enter_context(running.process(f"services.{name}", **environment)) for name in names
            }
            await answers(running.settings.notifier_port)
            await answers(running.settings.api_port)

            def show_memory(when: str) -> None:
                sizes = {name: psutil.Process(each.pid).memory_info().rss for name, each in processes.items()}
                print(f"memory {when}: " + ", ".join(f"{name} {size / 2**20:.0f} MiB" for name, size in sizes.items()))

            await well_behaved(running)  # warms up
            show_memory("before")
            (await well_behaved(running)).show("alone:")
            ports = (str(running.settings.notifier_port), str(running.settings.api_port))
            with running.process("benchmarks.hostile_clients", *ports):
                await eventually(lambda: has_idle(running))
                show_memory("with the idle ones")
                await asyncio.sleep(SETTLE_SECONDS)
                before, begun = {name: CoreTime.of(each.pid) for name, each in processes.items()}, time.perf_counter()
                beside = await well_behaved(running)
                beside.show("beside:")
                elapsed = time.perf_counter() - begun
                for name, each in processes.items():
                    now = CoreTime.of(each.pid)
                    used, waited = (
                        (now.used - before[name].used) / elapsed,
                        (now.waited - before[name].waited) / elapsed,
                    )
                    print(f"{name}: on a core {used:.0%} of the time, waiting for one {waited:.0%}")
                show_memory("during")
            await asyncio.sleep(SETTLE_SECONDS)
            (await well_behaved(running)).show("after:")
            show_memory("after")
    is_met = percentile(beside.pings, 99) < AIM_PING_SECONDS and max(beside.lags) < AIM_EVENT_SECONDS
    print(f"ping p99 under {AIM_PING_SECONDS * 1000:.0f} ms and every event within {AIM_EVENT_SECONDS:g} s: {is_met}")


if __name__ == "__main__":
    asyncio.run(crowd(int(sys.argv[1]), int(sys.argv[2])) if len(sys.argv) == 3 else main())
