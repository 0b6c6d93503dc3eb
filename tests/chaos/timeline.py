"""What happened when, in one file per run."""

import time
from pathlib import Path


class Timeline:
    """Lines with the time of day, as in the logs of the processes, and the seconds since the run began."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._begun = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._begun

    def note(self, text: str) -> None:
        """Add a line."""
        with self._path.open("a") as file:
            file.write(f"{time.strftime('%H:%M:%S')} {self.seconds:7.1f} s  {text}\n")
