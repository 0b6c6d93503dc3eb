"""How a process ends: with the right code, everything flushed, and without finalizing the interpreter."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from subprocess import CompletedProcess
from textwrap import indent

import pytest

from shared.process import NOT_DRAINED


def run_script(script: str) -> CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)


@contextmanager
def running(script: str) -> Iterator[subprocess.Popen[str]]:
    """A process that has said "ready"."""
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("code", [0, 3])
def test_the_result_is_the_exit_code_and_output_is_flushed(code: int) -> None:
    done = run_script(
        f"""
from shared import process
async def main():
    print("said", end="")
    return {code}
process.run(main)
"""
    )
    assert (done.returncode, done.stdout) == (code, "said")


def test_an_unexpected_error_is_logged_and_is_a_failure() -> None:
    done = run_script(
        """
from shared import process
async def main():
    process.configure_logging("INFO")
    raise LookupError("unexpected")
process.run(main)
"""
    )
    assert done.returncode == 1
    assert "LookupError: unexpected" in done.stderr


def test_a_setting_that_is_refused_is_one_line() -> None:
    done = run_script(
        """
from shared import process
from shared.settings import InvalidSettingError
async def main():
    raise InvalidSettingError("VIDFERRY_THIS cannot be used.")
process.run(main)
"""
    )
    assert done.returncode == 1
    assert done.stderr.endswith(' ERROR shared.process: setting_invalid error="VIDFERRY_THIS cannot be used."\n')
    assert done.stderr.count("\n") == 1


def test_nobody_logs_secrets_for_debugging() -> None:
    """The libraries below S3 do with DEBUG; here is what they would say if they were let."""
    script = """
import logging, os, sys
import s3fs
from shared import process
for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
    os.environ[name] = "hidden"
os.environ["AWS_MAX_ATTEMPTS"] = "1"
process.configure_logging("DEBUG")
if sys.argv[1:]:
    for name in ("httpcore", "botocore", "aiobotocore", "s3fs", "fsspec"):
        logging.getLogger(name).setLevel(logging.NOTSET)
s3 = s3fs.S3FileSystem(endpoint_url="http://127.0.0.1:1", client_kwargs={"region_name": "x"})
s3.retries = 1
try:
    s3.ls("bucket/folder")
except Exception as error:
    logging.debug("%s", type(error).__name__)
"""
    silent, chatty = (
        subprocess.run([sys.executable, "-c", script, *let], capture_output=True, text=True, timeout=60, check=True)
        for let in ([], ["let them"])
    )
    assert "EndpointConnectionError" in silent.stderr
    assert "hidden" not in silent.stderr
    assert "hidden" in chatty.stderr


def test_a_process_with_the_temporal_sdk_never_aborts_while_it_ends() -> None:
    """What aborts is the interpreter's finalization (exit 134, at random); so it must not begin."""
    done = run_script(
        """
import atexit
from shared import process
from shared.settings import Settings
from shared.temporal.client import connect
from shared.temporal.errors import is_temporal_unavailable
atexit.register(lambda: print("finalizing"))
async def main():
    try:
        await connect(Settings(temporal_address="127.0.0.1:1"), lazy=False)
    except RuntimeError as error:
        assert is_temporal_unavailable(error)
        print("the SDK's threads run")
    return 0
process.run(main)
"""
    )
    assert (done.returncode, done.stdout) == (0, "the SDK's threads run\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_signal_is_an_event(number: signal.Signals) -> None:
    script = """
from shared import process
async def main():
    stop = process.stop_requested(drain_seconds=60)
    print("ready", flush=True)
    await stop.wait()
    return 7
process.run(main)
"""
    with running(script) as process:
        process.send_signal(number)
        assert process.wait(timeout=60) == 7


BUSY_LOOP = """
while True:
    time.sleep(0.01)
"""
BLOCKED_THREAD = """
await stop.wait()
await asyncio.to_thread(threading.Event().wait)
"""
WAITING = """
await asyncio.Event().wait()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("stuck", [BUSY_LOOP, BLOCKED_THREAD, WAITING])
def test_a_process_that_cannot_drain_ends_anyway_and_says_so(number: signal.Signals, stuck: str) -> None:
    script = f"""
import asyncio, threading, time
from shared import process
process.DRAIN_MARGIN_SECONDS = 0
async def main():
    stop = process.stop_requested(drain_seconds=0.1)
    print("ready", flush=True)
{indent(stuck, "    ")}
process.run(main)
"""
    with running(script) as process:
        process.send_signal(number)
        assert process.wait(timeout=60) == NOT_DRAINED
        assert process.stderr is not None
        assert "still not drained after 0.1 s" in process.stderr.read()


def test_work_in_the_background_does_not_keep_a_process_until_it_is_cut_off() -> None:
    script = """
import asyncio
from shared import background, process
process.DRAIN_MARGIN_SECONDS, background.CLOSE_SECONDS = 60, 59.9
class Stuck(background.BackgroundTask):
    async def run_once(self):
        await asyncio.Event().wait()
async def main():
    stop = process.stop_requested(drain_seconds=0.1)
    tasks = [Stuck("first", drain_seconds=3600), Stuck("second", drain_seconds=3600)]
    async with background.running(*tasks):
        for task in tasks:
            task.wake()
        print("ready", flush=True)
        await stop.wait()
    return 7
process.run(main)
"""
    with running(script) as process:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 7


def test_a_stop_signal_counts_although_it_was_ignored_before() -> None:
    script = """
import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
from shared import process
async def main():
    stop = process.stop_requested(drain_seconds=60)
    print("ready", flush=True)
    await stop.wait()
    return 7
process.run(main)
"""
    with running(script) as process:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 7
