"""A small server to be supervised: `python -m tests.stack.program NAME PORT DIRECTORY [--ignore-sigterm] [--slow]`.

It answers 200 to a GET, and writes what happens to it as lines of `DIRECTORY/events`. With `--slow` it answers 503
until `DIRECTORY/<NAME>.go` exists; with `--drain-until-told` it ends after SIGTERM only when that file exists.
"""

import argparse
import http.server
import os
import signal
import threading
import time
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("port", type=int)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--ignore-sigterm", action="store_true")
    parser.add_argument("--slow", action="store_true")
    parser.add_argument("--drain-until-told", action="store_true")
    options = parser.parse_args()
    told = options.directory / f"{options.name}.go"

    def note(what: str) -> None:
        with (options.directory / "events").open("a") as file:
            file.write(f"{options.name} {what}\n")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if told.exists() or not options.slow else 503)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
            """Keep the log to what matters here."""

    def end(number: int, _frame: object) -> None:
        note(signal.Signals(number).name)
        if options.ignore_sigterm:
            return
        while options.drain_until_told and not told.exists():
            time.sleep(0.02)
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    http.server.HTTPServer.allow_reuse_address = True
    server = http.server.ThreadingHTTPServer(("127.0.0.1", options.port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    note(f"started {os.getpid()}")
    print(f"{options.name} listens on {options.port}", flush=True)  # noqa: T201 - its log
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
