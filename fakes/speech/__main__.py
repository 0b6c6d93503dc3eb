"""Runs the fake transcription server as a process until SIGINT or SIGTERM: `python -m fakes.speech --directory DIR`.

It transcribes numbered sentences (`fakes.speech.numbers`). When it is ready, `DIR/speech.json` names `base_url` and
`key`, and `base_url` is printed. A restart in the same directory keeps the key; give `--port` to keep the address too.
"""

import argparse
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fakes.announced import Address, run
from fakes.speech.server import FakeTranscriptionServer
from fakes.speech.transcriber import transcribe


def main() -> int:
    """Parse the command line and serve; 1 when the port is taken."""
    parser = argparse.ArgumentParser(prog="python -m fakes.speech", description="A fake transcription server")
    parser.add_argument("--directory", type=Path, required=True, help="gets speech.json")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    options = parser.parse_args()

    @asynccontextmanager
    async def start(directory: Path) -> AsyncIterator[tuple[Address, str]]:
        async with FakeTranscriptionServer.start(transcribe, key=_key(directory / "key"), port=options.port) as server:
            yield {"base_url": server.base_url, "key": server.key}, server.base_url

    return run("The fake transcription server", start, options.directory, "speech.json")


def _key(file: Path) -> str:
    """Stays the same after a restart, because clients read it once."""
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe())
    return file.read_text()


if __name__ == "__main__":
    sys.exit(main())
