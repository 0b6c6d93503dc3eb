"""A small server to be supervised: `python -m tests.stack.program NAME PORT DIRECTORY [OPTION …]`.

It answers 200 to a GET, and writes what happens to it as lines of `DIRECTORY/events`. With `--slow` it answers 503
until it is told to go on (`tell`); with `--drain-until-told` it ends after SIGTERM only once it has been told; with
`--child` it has a child in a session of its own.
"""

import argparse
import http.server
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

TOLD = signal.SIGUSR1
SIGNALS = (signal.SIGTERM, signal.SIGINT, TOLD)


def tell(directory: Path, name: str) -> None:
    """Let the running program of that name go on."""
    started = [line.split()[2] for line in (directory / "events").read_text().splitlines() if f"{name} started" in line]
    os.kill(int(started[-1]), TOLD)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("port", type=int)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--ignore-sigterm", action="store_true")
    parser.add_argument("--slow", action="store_true")
    parser.add_argument("--drain-until-told", action="store_true")
    parser.add_argument("--child", action="store_true")
    options = parser.parse_args()
    if options.child:
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"], start_new_session=True)
    told, is_ending = threading.Event(), False

    def note(what: str) -> None:
        with (options.directory / "events").open("a") as file:
            file.write(f"{options.name} {what}\n")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if told.is_set() or not options.slow else 503)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
            """Keep the log to what matters here."""

    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # they wait for `sigwait`
    server = http.server.ThreadingHTTPServer(("127.0.0.1", options.port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    note(f"started {os.getpid()}")
    print(f"{options.name} listens on {options.port}", flush=True)  # noqa: T201 - its log
    while not is_ending or (options.drain_until_told and not told.is_set()):
        if (number := signal.sigwait(SIGNALS)) == TOLD:
            told.set()
        else:
            note(signal.Signals(number).name)
            is_ending = not options.ignore_sigterm
    os._exit(0)


if __name__ == "__main__":
    main()
