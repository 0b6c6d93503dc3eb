"""Runs the fake YouTube as a process until SIGINT or SIGTERM: `python -m fakes.youtube --directory DIR`.

When it is ready, `DIR/youtube.json` names `proxy_url`, `ca_file` and `control_url`, and the same line is printed. A
restart in the same directory keeps the certificate authority; give `--port` to keep the proxy's address too.
"""

import argparse
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fakes.announced import Address, run
from fakes.youtube.demo import demo_library
from fakes.youtube.server import FakeYoutube


def main() -> int:
    """Parse the command line and serve the demo's videos; 1 when the port is taken."""
    parser = argparse.ArgumentParser(prog="python -m fakes.youtube", description="A YouTube with invented videos")
    parser.add_argument("--directory", type=Path, required=True, help="keeps the certificate authority, youtube.json")
    parser.add_argument("--port", type=int, default=0, help="the proxy's port (0: any free one)")
    parser.add_argument("--latency-seconds", type=float, default=0, help="wait before each answer, to look real")
    options = parser.parse_args()

    @asynccontextmanager
    async def start(directory: Path) -> AsyncIterator[tuple[Address, str]]:
        async with FakeYoutube.start(
            library=demo_library(), directory=directory, port=options.port, latency_seconds=options.latency_seconds
        ) as fake_youtube:
            address = {
                "proxy_url": fake_youtube.proxy_url,
                "ca_file": str(fake_youtube.ca_file),
                "control_url": fake_youtube.control_url,
            }
            yield address, json.dumps(address)

    return run("The fake YouTube", start, options.directory, "youtube.json")


if __name__ == "__main__":
    sys.exit(main())
