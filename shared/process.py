"""How every Vidferry process begins and ends."""

import asyncio
import logging
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from types import FrameType
from typing import Any, NoReturn

import uvloop

from shared.logs import get_logger
from shared.settings import InvalidSettingError

logger = get_logger(__name__)

_CHATTY = ("alembic.runtime.plugins", "alembic.runtime.migration", "websockets.server", "httpx")
_INDISCREET = ("httpcore", "botocore", "aiobotocore", "s3fs", "fsspec")
"""Log headers and signatures, with keys and session tokens, for whoever debugs them."""

NOT_DRAINED = os.EX_TEMPFAIL
"""Exit code of a process that ended although work was under way; another process does that work again."""
STDERR = 2
MAX_OPEN_FILES = 10_240
"""The most that macOS grants."""
DRAIN_MARGIN_SECONDS = 3.0
"""For closing what is open once the work has drained. Less than the launcher's own margin, so that the log says why."""


def configure_logging(level: str) -> None:
    """One line per record on stderr, the same in every process."""
    logging.basicConfig(level=level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True)
    for name in (*_CHATTY, *_INDISCREET):
        logging.getLogger(name).setLevel(logging.WARNING)


def raise_open_files_limit() -> None:
    """Allow this process and its children as many open files as the system does: every connection is one.

    The usual soft limit is 1,024, for programs that use select(2). None here does.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def exit_now(code: int) -> NoReturn:
    """End the process with `code` without tearing the interpreter down.

    The Temporal SDK's native threads outlive the interpreter and can abort the process (exit 134) while Python
    finalizes, after all work is done (temporalio/sdk-python#300). Everything is flushed first.
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def on_stop_signal(stop: Callable[[], object], *, drain_seconds: float) -> None:
    """Call `stop` on the running loop when the process is asked to stop (SIGTERM or SIGINT), and see that it ends.

    A process that has not ended by itself `drain_seconds` (and a margin) later ends anyway: see `end_within`. The
    handlers are Python's own, not the loop's: they also run while a callback keeps the loop busy.
    """
    loop = asyncio.get_running_loop()

    def handle(number: int, frame: FrameType | None) -> None:
        end_within(drain_seconds)
        loop.call_soon_threadsafe(stop)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handle)


def stop_requested(*, drain_seconds: float) -> asyncio.Event:
    """An event that is set when the process is asked to stop; see `on_stop_signal`."""
    stop = asyncio.Event()
    on_stop_signal(stop.set, drain_seconds=drain_seconds)
    return stop


def end_within(drain_seconds: float) -> None:
    """End the process with `NOT_DRAINED` unless it has ended by itself within `drain_seconds` and a margin.

    Only the first call counts. What keeps a process may be the event loop, a thread, or a lock: so this waits in a
    thread of its own, and takes no lock to say what it does.
    """
    if not _ends_at:
        _ends_at.append(time.monotonic() + drain_seconds + DRAIN_MARGIN_SECONDS)
        threading.Thread(target=_end_after, args=(drain_seconds,), name="drain-limit", daemon=True).start()


def seconds_left() -> float:
    """How long this process may still take to end; without limit before it has to."""
    return _ends_at[0] - time.monotonic() if _ends_at else float("inf")


_ends_at: list[float] = []
"""When the process ends anyway, in monotonic time; empty until it has to end."""


def _end_after(drain_seconds: float) -> None:
    time.sleep(max(seconds_left(), 0))
    line = f"ERROR {__name__}: still not drained after {drain_seconds:g} s: the process ends with work unfinished\n"
    os.write(STDERR, line.encode())
    os._exit(NOT_DRAINED)


def run(
    main: Callable[[], Coroutine[Any, Any, int]],
    loop_factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop,
) -> NoReturn:
    """Run `main` on a new event loop and exit with what it returns (1 after an unexpected exception)."""
    raise_open_files_limit()
    try:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            code = runner.run(main())
    except KeyboardInterrupt:
        code = 130
    except InvalidSettingError as refusal:
        if not logging.root.handlers:  # the level is a setting, too
            configure_logging("INFO")
        logger.error("setting_invalid", error=str(refusal))
        code = 1
    except Exception:
        logger.exception("process_failed")
        code = 1
    exit_now(code)
