"""One process of the installation under test: it can die at any moment and be started again."""

import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

END_SECONDS = 30


class Restartable:
    """A command with its environment; its output is appended to `log`."""

    def __init__(self, argv: list[str], log: Path, environment: Mapping[str, str]) -> None:
        self.log = log
        self._argv = argv
        self._environment = environment
        self._process: psutil.Popen | None = None

    def start(self) -> None:
        """Run it; it is not ready yet."""
        with self.log.open("ab") as output:
            self._process = psutil.Popen(
                self._argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=self._environment
            )

    def kill(self) -> None:
        """End it and what it started without warning (SIGKILL); nothing happens to what does not run."""
        if self._process is None:
            return
        family = [self._process, *_children(self._process)]
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        _, alive = psutil.wait_procs(family, timeout=END_SECONDS)
        assert not alive, alive
        self._process = None


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []
