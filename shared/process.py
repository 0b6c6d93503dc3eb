"""How every Vidferry process begins and ends."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

import uvloop

from shared.settings import SettingRefused

_CHATTY = ("alembic.runtime.plugins", "alembic.runtime.migration", "websockets.server", "httpx")
_INDISCREET = ("httpcore", "botocore", "aiobotocore", "s3fs", "fsspec")
"""Log headers and signatures, with keys and session tokens, for whoever debugs them."""


def configure_logging(level: str) -> None:
    """One line per record on stderr, the same in every process."""
    logging.basicConfig(level=level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True)
    for name in (*_CHATTY, *_INDISCREET):
        logging.getLogger(name).setLevel(logging.WARNING)


def exit_now(code: int) -> NoReturn:
    """End the process with `code` without tearing the interpreter down.

    The Temporal SDK's native threads outlive the interpreter and can abort the process (exit 134) while Python
    finalizes, after all work is done (temporalio/sdk-python#300). Everything is flushed first.
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def stop_requested() -> asyncio.Event:
    """An event that is set when the process is asked to stop (SIGTERM or SIGINT)."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def run(
    main: Callable[[], Coroutine[Any, Any, int]],
    loop_factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop,
) -> NoReturn:
    """Run `main` on a new event loop and exit with what it returns (1 after an unexpected exception)."""
    try:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            code = runner.run(main())
    except KeyboardInterrupt:
        code = 130
    except SettingRefused as refusal:
        logging.getLogger(__name__).error("%s", refusal)
        code = 1
    except Exception:
        logging.getLogger(__name__).exception("the process ends because of an unexpected error")
        code = 1
    exit_now(code)
