"""Vidferry beside what else brings metadata and captions: yt-dlp's command, and a script of two libraries. 6 minutes.

All get the same 60 videos, once in good times and once while YouTube answers everything with 429 at first. YouTube is
the fake YouTube, which takes 0.1 s for an answer. Of Vidferry all processes count, PostgreSQL and Temporal
included, from
the request that adds the videos to the last complete one; of the others everything from start to exit. The fake YouTube
counts for nobody.
"""

import asyncio
import itertools
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.installation import ANSWER_SECONDS, way_to, youtube
from benchmarks.machine import Machine, machine, print_machine
from benchmarks.videos import watch_url
from fakes.youtube import FakeYoutube, Fault
from fakes.youtube.generate import captioned_ids
from shared.contracts.stages import CLOSED_STAGES
from shared.contracts.youtube import CaptionsSource
from shared.settings import Settings

WARM_UP, VIDEOS = 10, 60
SPELL_SECONDS = 20
"""How long YouTube refuses everything, from the first moment on."""
IDLE_SECONDS = 30
PATIENCE_SECONDS = 600
AT_ONCE = Settings().youtube_max_concurrent
UNLIMITED = {"YOUTUBE_CALLS_PER_SECOND": "1000", "YOUTUBE_HOURLY_REQUESTS": "1000000"}
YT_DLP = (
    *("--ignore-config", "--no-cache-dir", "--compat-options", "no-certifi", "--no-js-runtimes", "--ignore-errors"),
    *("--skip-download", "--write-info-json", "--write-subs", "--write-auto-subs", "--sub-langs", "en"),
)

Work = Callable[[Sequence[str]], Awaitable[int]]
"""Brings these videos; returns how many have both metadata and captions in the end."""


@dataclass(frozen=True)
class Samples:
    """The videos for each part of the comparison: all sides get the same."""

    warm_up: Sequence[str]
    calm: Sequence[str]
    spell: Sequence[str]

    @classmethod
    def invented(cls) -> "Samples":
        """Videos with captions, the same in every run."""
        ids = captioned_ids("alt")
        return cls(*(list(itertools.islice(ids, count)) for count in (WARM_UP, VIDEOS, VIDEOS)))


async def measure(name: str, fake_youtube: FakeYoutube, samples: Samples, work: Work) -> None:
    """One side after a warm-up, printed."""
    await work(samples.warm_up)
    print(f"{name:24}calm {await figures(fake_youtube, samples.calm, work)}", flush=True)
    begun = time.time()
    fake_youtube.faults.add(Fault(status=429))
    end = asyncio.get_running_loop().call_later(SPELL_SECONDS, fake_youtube.faults.clear)
    measured = await figures(fake_youtube, samples.spell, work)
    end.cancel()
    fake_youtube.faults.clear()
    refused = sum(begun <= request.at < begun + SPELL_SECONDS for request in fake_youtube.requests)
    print(f"{'':24}429s {measured} {refused:8}", flush=True)


async def figures(fake_youtube: FakeYoutube, youtube_ids: Sequence[str], work: Work) -> str:
    """What the work cost and what came of it."""
    requests, processor, begun = len(fake_youtube.requests), cpu_seconds(), time.perf_counter()
    complete = await work(youtube_ids)
    wall_seconds, used_seconds = time.perf_counter() - begun, cpu_seconds() - processor
    per_video = (len(fake_youtube.requests) - requests) / len(youtube_ids)
    return f"{wall_seconds:7.1f} {used_seconds:6.1f} {per_video:15.2f} {complete:9}"


def cpu_seconds() -> float:
    """User and system time of all that this process has started, directly or not, whether it has ended or not.

    What has ended is counted by the process that waited for it (by Linux; macOS knows that of this process only).
    """
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime + sum(map(_cpu_seconds, psutil.Process().children(recursive=True)))


def _cpu_seconds(process: psutil.Process) -> float:
    with suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return float(times.user + times.system + times.children_user + times.children_system)
    return 0.0


async def run_module(fake_youtube: FakeYoutube, *argv: str) -> None:
    """Run a Python module to its end; it takes `fake_youtube` for YouTube, and what it says is of no interest."""
    way = {"https_proxy": fake_youtube.proxy_url}
    trust = dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"), str(fake_youtube.ca_file))
    silent = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *argv, env=os.environ | way | trust, stdout=silent, stderr=silent
    )
    await process.wait()


async def measure_command(fake_youtube: FakeYoutube, samples: Samples) -> None:
    """yt-dlp as people call it, one process for all videos."""
    with tempfile.TemporaryDirectory() as directory:

        async def work(youtube_ids: Sequence[str]) -> int:
            await run_module(fake_youtube, "yt_dlp", *YT_DLP, "-o", f"{directory}/%(id)s", *map(watch_url, youtube_ids))
            return count_saved(directory, youtube_ids, ".info.json", ".en.vtt")

        await measure("yt-dlp, one at a time", fake_youtube, samples, work)


async def measure_script(fake_youtube: FakeYoutube, samples: Samples, threads: int) -> None:
    """The script, with so many videos at a time."""
    with tempfile.TemporaryDirectory() as directory:

        async def work(youtube_ids: Sequence[str]) -> int:
            await run_module(fake_youtube, "benchmarks.bare_script", directory, str(threads), *youtube_ids)
            return count_saved(directory, youtube_ids, ".json")

        await measure(f"script, {threads} at a time", fake_youtube, samples, work)


def count_saved(directory: str, youtube_ids: Sequence[str], *suffixes: str) -> int:
    """How many videos have a file with each of the suffixes."""
    return sum(all(Path(directory, each + suffix).exists() for suffix in suffixes) for each in youtube_ids)


async def measure_vidferry(fake_youtube: FakeYoutube, samples: Samples, running: Machine) -> None:
    """The whole product without a limit of its own, and what it takes when it has nothing to do."""
    async with (
        running.product(**way_to(fake_youtube), **UNLIMITED),
        httpx.AsyncClient(base_url=running.api_url) as http,
    ):

        async def work(youtube_ids: Sequence[str]) -> int:
            async with connect(running.settings.websocket_url(), proxy=None) as socket:
                return await imported(http, socket, youtube_ids)

        await measure(f"Vidferry, {AT_ONCE} at a time", fake_youtube, samples, work)
        processor = cpu_seconds()
        await asyncio.sleep(IDLE_SECONDS)
        print(f"Vidferry with nothing to do: {(cpu_seconds() - processor) / IDLE_SECONDS:.1%} of one core")


async def imported(http: httpx.AsyncClient, socket: ClientConnection, youtube_ids: Sequence[str]) -> int:
    """How many of the videos, added at once to a new list, have captions when the import of each is over."""
    list_id = (await http.post("/lists", json={"name": "benchmark"})).raise_for_status().json()["id"]
    urls = [watch_url(youtube_id) for youtube_id in youtube_ids]
    (await http.post(f"/lists/{list_id}/videos/batch", json={"urls": urls})).raise_for_status()
    is_open = set(youtube_ids)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while is_open:
            message = json.loads(await socket.recv())
            if message.get("stage") in CLOSED_STAGES:
                is_open.discard(message["youtube_id"])
    page = (await http.get(f"/lists/{list_id}/videos", params={"limit": 200})).raise_for_status().json()
    return sum(video["captions_source"] == CaptionsSource.YOUTUBE for video in page["items"])


async def main() -> None:
    """Measure and print; every side has the machine to itself."""
    print_machine()
    print(
        f"{VIDEOS} videos with captions; YouTube takes {ANSWER_SECONDS} s for an answer, without a JavaScript runtime"
    )
    print(f"429s: YouTube refuses everything for {SPELL_SECONDS} s from the first moment on")
    print(f"{'':28} {'wall s':>7} {'CPU s':>6} {'requests/video':>15} {'complete':>9} {'refused':>8}")
    samples = Samples.invented()
    async with youtube() as fake_youtube:
        await measure_command(fake_youtube, samples)
        for threads in (1, AT_ONCE):
            await measure_script(fake_youtube, samples, threads)
        async with machine() as running:
            await measure_vidferry(fake_youtube, samples, running)


if __name__ == "__main__":
    asyncio.run(main())
