"""How a process ends: with the right code, everything flushed, and without finalizing the interpreter."""

import signal
import subprocess
import sys
from subprocess import CompletedProcess

import pytest


def run_script(script: str) -> CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)


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
from shared.settings import SettingRefused
async def main():
    process.configure_logging("INFO")
    raise SettingRefused("VIDFERRY_THIS cannot be used.")
process.run(main)
"""
    )
    assert done.returncode == 1
    assert done.stderr.endswith(" ERROR shared.process: VIDFERRY_THIS cannot be used.\n")
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
from shared.temporal.client import TEMPORAL_AWAY, connect
atexit.register(lambda: print("finalizing"))
async def main():
    try:
        await connect(Settings(temporal_address="127.0.0.1:1"), lazy=False)
    except TEMPORAL_AWAY:
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
    stop = process.stop_requested()
    print("ready", flush=True)
    await stop.wait()
    return 7
process.run(main)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        assert process.wait(timeout=60) == 7
