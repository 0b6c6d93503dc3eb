"""A small file system of its own for audio, which can be filled."""

import errno
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SIZE_MIB = 24
"""The audio of a minute has about one."""
BALLAST = "ballast"
BLOCK = b"\0" * 2**16


class SmallDisk:
    """A mounted file system."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ballast = path / BALLAST

    @classmethod
    @contextmanager
    def mounted(cls, path: Path) -> Iterator["SmallDisk | None"]:
        """A file system in memory, mounted at `path`; None where this user may not mount one."""
        path.mkdir(parents=True)
        size = f"size={SIZE_MIB}m,mode=700"
        mount, umount = shutil.which("mount"), shutil.which("umount")
        if mount is None or umount is None:
            yield None
            return
        mounting = subprocess.run(
            [mount, "-t", "tmpfs", "-o", size, "audio", str(path)], check=False, capture_output=True
        )
        if mounting.returncode != 0:
            yield None
            return
        try:
            yield cls(path)
        finally:
            subprocess.run([umount, "--lazy", str(path)], check=True)

    def fill(self) -> None:
        """Leave no room."""
        with self._ballast.open("ab", buffering=0) as file:
            try:
                while True:
                    file.write(BLOCK)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise

    def clear(self) -> None:
        """Have room again."""
        self._ballast.unlink(missing_ok=True)

    def left_over(self) -> list[str]:
        """What lies there, beside the ballast."""
        return sorted(str(each.relative_to(self.path)) for each in self.path.rglob("*") if each != self._ballast)
