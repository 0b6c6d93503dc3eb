"""Runs the speech-to-text server as a process until SIGINT or SIGTERM: `python -m tests.speech --directory DIR`.

It recognises numbered sentences (`tests.speech.numbers`). When it is ready, `DIR/speech.json` names `base_url` and
`key`, and `base_url` is printed. A restart in the same directory keeps the key; give `--port` to keep the address too.
"""

import argparse
import asyncio
import json
import os
import secrets
import signal
import sys
from pathlib import Path

from tests.speech.recogniser import recognise
from tests.speech.server import SpeechServer

READY_FILE = "speech.json"


async def serve(directory: Path, port: int) -> None:
    """Serve until a signal asks to stop."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with SpeechServer.start(recognise, key=_key(directory / "key"), port=port) as server:
        _announce({"base_url": server.base_url, "key": server.key}, directory / READY_FILE)
        await stop.wait()


def _key(file: Path) -> str:
    """Clients are told it once."""
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe())
    return file.read_text()


def _announce(place: dict[str, str | None], ready_file: Path) -> None:
    """Write the file in one step, so that whoever sees it may read it."""
    draft = ready_file.with_suffix(".tmp")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(place))
    os.replace(draft, ready_file)
    sys.stdout.write(f"{place['base_url']}\n")
    sys.stdout.flush()


def main() -> int:
    """Parse the command line and serve; 1 when the port is taken."""
    parser = argparse.ArgumentParser(prog="python -m tests.speech", description="A speech-to-text server")
    parser.add_argument("--directory", type=Path, required=True, help="gets speech.json")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    options = parser.parse_args()
    directory: Path = options.directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    ready_file = directory / READY_FILE
    try:
        ready_file.unlink(missing_ok=True)  # of a process that was killed
        asyncio.run(serve(directory, options.port))
    except OSError as error:
        sys.stderr.write(f"The speech-to-text server cannot start: {error}\n")
        return 1
    finally:
        ready_file.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
