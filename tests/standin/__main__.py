"""Runs the stand-in as a process until SIGINT or SIGTERM: `python -m tests.standin --directory DIR`.

When it is ready, `DIR/standin.json` names `proxy_url`, `ca_file` and `control_url`, and the same line is printed. A
restart in the same directory keeps the certificate authority; give `--port` to keep the proxy's address too.
"""

import argparse
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.standin.demo import demo_library
from tests.standin.server import Standin
from tests.support.announced import Place, run


def main() -> int:
    """Parse the command line and serve the demo's videos; 1 when the port is taken."""
    parser = argparse.ArgumentParser(prog="python -m tests.standin", description="A YouTube with invented videos")
    parser.add_argument("--directory", type=Path, required=True, help="keeps the certificate authority, standin.json")
    parser.add_argument("--port", type=int, default=0, help="the proxy's port (0: any free one)")
    parser.add_argument("--latency-seconds", type=float, default=0, help="wait before each answer, to look real")
    options = parser.parse_args()

    @asynccontextmanager
    async def start(directory: Path) -> AsyncIterator[tuple[Place, str]]:
        async with Standin.start(
            library=demo_library(), directory=directory, port=options.port, latency_seconds=options.latency_seconds
        ) as standin:
            place = {
                "proxy_url": standin.proxy_url,
                "ca_file": str(standin.ca_file),
                "control_url": standin.control_url,
            }
            yield place, json.dumps(place)

    return run("The stand-in", start, options.directory, "standin.json")


if __name__ == "__main__":
    sys.exit(main())
