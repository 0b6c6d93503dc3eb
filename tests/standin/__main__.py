"""Runs the stand-in as a process until SIGINT or SIGTERM: `python -m tests.standin --directory DIR`.

When it is ready, `DIR/standin.json` names `proxy_url`, `ca_file` and `control_url`, and the same line is printed. A
restart in the same directory keeps the certificate authority; give `--port` to keep the proxy's address too.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from tests.standin.demo import demo_library
from tests.standin.server import Standin

READY_FILE = "standin.json"


async def serve(directory: Path, port: int, latency_seconds: float) -> None:
    """Serve the demo's videos until a signal asks to stop."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with Standin.start(
        library=demo_library(), directory=directory, port=port, latency_seconds=latency_seconds
    ) as standin:
        _announce(standin, directory / READY_FILE)
        await stop.wait()


def _announce(standin: Standin, ready_file: Path) -> None:
    """Write the file in one step, so that whoever sees it may read it."""
    line = json.dumps(
        {"proxy_url": standin.proxy_url, "ca_file": str(standin.ca_file), "control_url": standin.control_url}
    )
    draft = ready_file.with_suffix(".tmp")
    draft.write_text(line)
    os.replace(draft, ready_file)
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    """Parse the command line and serve; 1 when the port is taken."""
    parser = argparse.ArgumentParser(prog="python -m tests.standin", description="A YouTube with invented videos")
    parser.add_argument("--directory", type=Path, required=True, help="keeps the certificate authority, standin.json")
    parser.add_argument("--port", type=int, default=0, help="the proxy's port (0: any free one)")
    parser.add_argument("--latency-seconds", type=float, default=0, help="wait before each answer, to look real")
    options = parser.parse_args()
    directory: Path = options.directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    ready_file = directory / READY_FILE
    try:
        ready_file.unlink(missing_ok=True)  # of a process that was killed
        asyncio.run(serve(directory, options.port, options.latency_seconds))
    except OSError as error:
        sys.stderr.write(f"The stand-in cannot start: {error}\n")
        return 1
    finally:
        ready_file.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
