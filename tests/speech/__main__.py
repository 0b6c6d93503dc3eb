"""Runs the speech-to-text server as a process until SIGINT or SIGTERM: `python -m tests.speech --directory DIR`.

It recognises numbered sentences (`tests.speech.numbers`). When it is ready, `DIR/speech.json` names `base_url` and
`key`, and `base_url` is printed. A restart in the same directory keeps the key; give `--port` to keep the address too.
"""

import argparse
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.speech.recogniser import recognise
from tests.speech.server import SpeechServer
from tests.support.announced import Place, run


def main() -> int:
    """Parse the command line and serve; 1 when the port is taken."""
    parser = argparse.ArgumentParser(prog="python -m tests.speech", description="A speech-to-text server")
    parser.add_argument("--directory", type=Path, required=True, help="gets speech.json")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    options = parser.parse_args()

    @asynccontextmanager
    async def start(directory: Path) -> AsyncIterator[tuple[Place, str]]:
        async with SpeechServer.start(recognise, key=_key(directory / "key"), port=options.port) as server:
            yield {"base_url": server.base_url, "key": server.key}, server.base_url

    return run("The speech-to-text server", start, options.directory, "speech.json")


def _key(file: Path) -> str:
    """Clients are told it once."""
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe())
    return file.read_text()


if __name__ == "__main__":
    sys.exit(main())
