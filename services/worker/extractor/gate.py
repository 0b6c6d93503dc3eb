"""Whether a version of yt-dlp fits this code: it is compared with the bundled one, offline."""

from pathlib import Path

from services.worker.extractor.children import ChildError, ChildStoppedError, run_child
from services.worker.extractor.contract import differences
from services.worker.extractor.replay.scenarios import Replayed
from services.worker.extractor.selftest_process import SelftestReport
from services.worker.extractor.updates import GateUnavailableError
from services.worker.extractor.versions import SCRIPTS, installed_scripts, is_same_release

MODULE = "services.worker.extractor.selftest_process"
SECONDS = 300.0
"""Three are enough on an idle machine."""


async def problems(directory: Path, version: str) -> list[str]:
    """Test the version that is unpacked in `directory`; returns what is wrong with it.

    Raises GateUnavailableError.
    """
    expected = await _bundled()
    try:
        found = await run_child(MODULE, SelftestReport, overlay=directory, timeout_seconds=SECONDS)
    except ChildStoppedError as error:
        raise GateUnavailableError(str(error)) from None
    except ChildError as error:
        return [f"import: {error}"]
    return compare(expected, found, directory=directory, version=version)


async def _bundled() -> SelftestReport:
    """What the bundled version does, which stays the same as long as this process runs."""
    if not _reports:
        try:
            _reports.append(await run_child(MODULE, SelftestReport, overlay=None, timeout_seconds=SECONDS))
        except ChildError as error:
            raise GateUnavailableError(f"the bundled version cannot be tested: {error}") from None
    return _reports[0]


_reports: list[SelftestReport] = []


def compare(expected: SelftestReport, found: SelftestReport, *, directory: Path, version: str) -> list[str]:
    """Return in what a version differs from the bundled one."""
    broken = []
    if Path(found.location) != directory.resolve() or not is_same_release(found.version, version):
        broken.append(f"import: {found.version} was imported")
    broken += [f"contract: {difference}" for difference in differences(expected.contract, found.contract)]
    installed, accepted = installed_scripts(), found.contract.scripts
    if installed not in (
        None,
        accepted,
    ):  # the worker would do without JavaScript, and so the account
        broken.append(f"scripts: {SCRIPTS} {accepted} is needed, and {installed} is installed")
    for name, replayed in expected.replayed.items():
        broken += _replay_problems(name, replayed, found.replayed.get(name))
    return broken


def _replay_problems(name: str, expected: Replayed, found: Replayed | None) -> list[str]:
    if found is None or found.outcome != expected.outcome:
        return [f"replay: {name} has another result"]
    if found.requests != expected.requests:
        return [f"requests: {name} takes {found.requests} instead of {expected.requests}"]
    return []
