"""Runs a module of this package as a process of its own, with one version of yt-dlp and without our secrets."""

import asyncio
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

Report = TypeVar("Report", bound=BaseModel)

_ROOT = Path(__file__).resolve().parents[3]
_PASSED_ON = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "SYSTEMROOT", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
_LAST_CHARACTERS = 300


class ChildError(Exception):
    """The process ended without a report; the text is the end of its output."""


class ChildStoppedError(ChildError):
    """The process took too long, or was ended by a signal: that says nothing about its version of yt-dlp."""


async def run_child(
    module: str,
    report: type[Report],
    *,
    overlay: Path | None,
    environment: Mapping[str, str] | None = None,
    timeout_seconds: float,
) -> Report:
    """Run `module` to its end and return its report.

    Args:
        module: Gets the path of the report's file as its argument.
        report: The model of the report.
        overlay: The directory of a version of yt-dlp; None: the bundled one.
        environment: What the process needs of our settings. Of the rest of our environment it gets nothing.
        timeout_seconds: After this time it is killed.

    Raises ChildError.
    """
    paths = [str(path) for path in (overlay, _ROOT, os.environ.get("PYTHONPATH")) if path]
    ours = {name: value for name, value in os.environ.items() if name in _PASSED_ON}
    python = {"PYTHONPATH": os.pathsep.join(paths), "PYTHONSAFEPATH": "1", "YTDLP_NO_PLUGINS": "1"}
    with tempfile.TemporaryDirectory(prefix="vidferry-extractor-") as folder:
        path = Path(folder) / "report.json"
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module, str(path)),
            env=ours | python | dict(environment or {}),
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(timeout_seconds):
                output, _ = await process.communicate()
        except TimeoutError:
            raise ChildStoppedError(f"no report within {timeout_seconds:g} s") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        try:
            return report.model_validate_json(await asyncio.to_thread(path.read_bytes))
        except (OSError, ValidationError):
            if process.returncode is not None and process.returncode < 0:
                raise ChildStoppedError(f"ended by signal {-process.returncode}") from None
            raise ChildError(_last_line(output) or f"exit code {process.returncode}") from None


def _last_line(output: bytes) -> str:
    lines = output.decode(errors="replace").strip().splitlines()
    return lines[-1][-_LAST_CHARACTERS:] if lines else ""
