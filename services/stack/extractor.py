"""The version of yt-dlp that this installation uses, in words; and the commands that change it."""

import asyncio
import contextlib
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from services.stack.errors import StackError
from services.stack.findings import Finding, FindingCode, info, ok, problem
from services.stack.home import Home
from services.stack.running import running_in
from services.worker.extractor.asking import ask_youtube, is_broken, log_requests, reason_not_to_ask
from services.worker.extractor.canary import CanaryAnswer, CanaryReport, Found, Verdict
from services.worker.extractor.store import Manifest, State, Store
from services.worker.extractor.updates import UpdateOutcome, Updater
from services.worker.extractor.versions import bundled_version
from shared.contracts.upstreams import Upstream, UpstreamReport, UpstreamStatus
from shared.settings import Settings, problems_of

GOVERNOR_SECONDS = 5
"""For reporting requests to the governor, which may not run."""

_OUTCOMES = {
    UpdateOutcome.INSTALLED: "A worker that runs changes to it within a minute or two.",
    UpdateOutcome.UP_TO_DATE: "There is no newer version.",
    UpdateOutcome.REFUSED: "There is a newer version; it did not pass the tests.",
    UpdateOutcome.POSTPONED: "The tests could not be finished: YouTube cannot be asked now, or this machine is busy.",
    UpdateOutcome.UNAVAILABLE: "The package index cannot be read: check network, proxy and YOUTUBE_EXTRACTOR_INDEX.",
    UpdateOutcome.BUSY: "Another process is updating just now.",
    UpdateOutcome.UNKNOWN_VERSION: "The package index has no such version.",
}
_DONE = {UpdateOutcome.INSTALLED, UpdateOutcome.UP_TO_DATE}


def settings_of(home: Home) -> Settings:
    """The settings of the installation that runs in `home`, otherwise of this terminal.

    Raises StackError for an impossible one.
    """
    running = running_in(home)
    try:
        target = running.target() if running is not None else None
        return target.settings if target is not None else Settings()
    except ValidationError as error:
        raise StackError(" ".join(problems_of(error))) from None


def store_of(home: Home, settings: Settings) -> Store:
    """Where the installation keeps its versions."""
    return Store(settings.extractor_directory or home.extractor)


def version_findings(home: Home, settings: Settings) -> list[Finding]:
    """Which version is in use, and what keeps it from being updated."""
    store = store_of(home, settings)
    state = store.state()
    found = [ok(FindingCode.EXTRACTOR, f"yt-dlp: {_in_use(store)}. {_updates(store, settings)}")]
    if settings.extractor_updates != "off" and not _is_writable(store.directory):
        text = f"yt-dlp is not updated, because {store.directory} cannot be written to: correct that."
        found.append(problem(FindingCode.EXTRACTOR_NOT_WRITABLE, text))
    if state.canary_at is not None and state.canary == Verdict.FAILED:
        text = f"YouTube could not be read at {_clock(state.canary_at)}: `vidferry doctor --youtube` asks again."
        found.append(problem(FindingCode.YOUTUBE_UNREADABLE, text))
    return found


async def show_status(home: Home, show: Callable[[str], None]) -> int:
    """Show the version in use, the installed and the refused ones. Returns the exit code; raises StackError."""
    settings = settings_of(home)
    _show_versions(home, settings, show)
    return 0


async def update(home: Home, show: Callable[[str], None], *, nightly: bool) -> int:
    """Look for a newer version, test it and use it. Returns the exit code; raises StackError."""
    settings = settings_of(home)
    store = _created(store_of(home, settings))
    with store.locked() as is_locked:
        if is_locked and store.selection().pinned:  # the operator's choice ends with this command
            selected = store.selected()
            store.select(selected.version if selected else None)
    outcome = await _updater(home, store, settings).update(
        nightly=nightly or settings.extractor_updates == "nightly",
        is_broken=is_broken(await _status(home, settings), store.state()),
    )
    return _show_outcome(home, settings, outcome, show)


async def use(home: Home, version: str, show: Callable[[str], None]) -> int:
    """Test a version and use it until `update`. Returns the exit code; raises StackError."""
    settings = settings_of(home)
    outcome = await _updater(home, _created(store_of(home, settings)), settings).use(version)
    return _show_outcome(home, settings, outcome, show)


async def use_bundled(home: Home, show: Callable[[str], None]) -> int:
    """Use the bundled version until `update`. Returns the exit code; raises StackError."""
    settings = settings_of(home)
    store = _created(store_of(home, settings))
    with store.locked() as is_locked:
        if is_locked:
            store.select(None, pinned=True)
    return _show_outcome(home, settings, UpdateOutcome.INSTALLED if is_locked else UpdateOutcome.BUSY, show)


async def canary_findings(home: Home, settings: Settings) -> list[Finding]:
    """Ask YouTube for the canary subjects, with the version in use and at the cost of the budget of imports."""
    try:
        reason = reason_not_to_ask(await _status(home, settings))
    except StackError as error:
        return [info(FindingCode.YOUTUBE_NOT_ASKED, f"YouTube was not asked. {error}")]
    if reason:
        text = f"YouTube was not asked: calls are paused or the budget is used up ({reason})."
        return [info(FindingCode.YOUTUBE_NOT_ASKED, text)]
    store = store_of(home, settings)
    selected = store.selected()
    overlay = store.path_of(selected.version) if selected else None
    report = await ask_youtube(settings, overlay, everything=True)
    await _account_for(report, settings)
    return [*map(_answer, report.answers), _verdict(report)]


def _updater(home: Home, store: Store, settings: Settings) -> Updater:
    from services.worker.extractor import gate  # it imports yt-dlp, which takes its time

    async def ask(overlay: Path | None) -> CanaryReport | None:
        if reason_not_to_ask(await _status(home, settings)):
            return None
        report = await ask_youtube(settings, overlay)
        await _account_for(report, settings)
        return report

    return Updater(store, settings.extractor_index, gate.problems, ask)


def _show_outcome(home: Home, settings: Settings, outcome: UpdateOutcome, show: Callable[[str], None]) -> int:
    show(_OUTCOMES[outcome])
    _show_versions(home, settings, show)
    return 0 if outcome in _DONE else 1


def _show_versions(home: Home, settings: Settings, show: Callable[[str], None]) -> None:
    store = store_of(home, settings)
    for finding in version_findings(home, settings):
        show(str(finding))
    for manifest in store.installed():
        show(f"  installed: {_installed(manifest)}")
    for version, refusal in store.refusals().items():
        show(f"  refused: {version} ({refusal.reason})")


async def _status(home: Home, settings: Settings) -> UpstreamStatus | None:
    """YouTube's status; None: nothing limits its calls, because Vidferry does not run or has made none.

    Raises StackError where it runs and its database does not answer: calls may be paused.
    """
    from services.stack.rate_limits import upstream_statuses

    try:
        return (await upstream_statuses(settings))[Upstream.YOUTUBE]
    except Exception as error:  # any failure: there is no database to ask
        if running_in(home) is None:
            return None
        raise StackError(
            f"Whether calls are paused is not known: the database does not answer ({type(error).__name__})."
        ) from None


async def _account_for(report: CanaryReport, settings: Settings) -> None:
    """Count the requests against the budget and log them, if Vidferry runs."""
    from services.worker.background.governors import governor_clients
    from shared.db.engine import create_engine
    from shared.temporal.client import connect

    with contextlib.suppress(Exception):  # any failure: nobody counts
        async with asyncio.timeout(GOVERNOR_SECONDS):
            client = await connect(settings)
            governor = governor_clients(client, settings)[Upstream.YOUTUBE]
            await governor.report(UpstreamReport(epoch=0, calls=0, requests=report.requests))
            engine = create_engine(settings, pool_size=1)
            try:
                await log_requests(engine, report, client.identity)
            finally:
                await engine.dispose()


def _in_use(store: Store) -> str:
    selected = store.selected()
    if selected is None:
        chosen = store.selection().version
        found = store.find(chosen) if chosen else None
        waiting = f"; {chosen} is not yet tested with this Vidferry" if found and not found.is_tested else ""
        return f"{bundled_version()}, as bundled{waiting}"
    return f"{selected.version}, tested {_clock(selected.tested_at)} (bundled: {bundled_version()})"


def _updates(store: Store, settings: Settings) -> str:
    state = store.state()
    if store.selection().pinned:
        return "It stays until `vidferry extractor update`."
    if settings.extractor_updates == "off":
        return "It is not updated by itself (YOUTUBE_EXTRACTOR_UPDATES)."
    when = f", the next check at {_clock(state.next_check_at)}" if state.next_check_at else ""
    last = f" (last check: {state.outcome.replace('_', ' ')}{_why_refused(store, state)})" if state.outcome else ""
    return f"Updates: {settings.extractor_updates}{when}{last}."


def _why_refused(store: Store, state: State) -> str:
    """Why the last check has taken no version."""
    refusals = store.refusals()
    if state.outcome != UpdateOutcome.REFUSED or not refusals:
        return ""
    version = max(refusals, key=lambda each: refusals[each].at)
    return f", {version}: {refusals[version].reason}"


def _installed(manifest: Manifest) -> str:
    canary = f", YouTube asked: {manifest.canary}" if manifest.canary else ""
    return f"{manifest.version}, tested {_clock(manifest.tested_at)}{canary}"


def _created(store: Store) -> Store:
    try:
        store.create()
    except OSError as error:
        raise StackError(f"{store.directory} cannot be written to ({error.strerror}).") from None
    return store


def _is_writable(directory: Path) -> bool:
    """Without creating it."""
    place = next(path for path in (directory, *directory.parents) if path.exists())
    return place.is_dir() and os.access(place, os.W_OK)


def _answer(answer: CanaryAnswer) -> Finding:
    what = f"Canary {answer.kind} ({answer.youtube_id})"
    match answer.found:
        case Found.FINE:
            return ok(FindingCode.CANARY, f"{what}: fine, {answer.requests} requests.", answer.kind)
        case Found.GONE:
            variable = f"YOUTUBE_CANARY_{answer.kind.upper()}"
            text = f"{what}: not what it was ({answer.detail}). Replace it: {variable}."
            return info(FindingCode.CANARY, text, answer.kind)
        case Found.FAILED:
            return problem(FindingCode.CANARY, f"{what}: could not be read ({answer.detail}).", answer.kind)
        case Found.NOT_ASKED:
            return info(FindingCode.CANARY, f"{what}: YouTube did not answer ({answer.detail}).", answer.kind)


def _verdict(report: CanaryReport) -> Finding:
    match report.verdict:
        case Verdict.PASSED:
            return ok(FindingCode.YOUTUBE_READABLE, f"YouTube can be read ({report.requests} requests).")
        case Verdict.FAILED:
            text = "YouTube cannot be read as before: `vidferry extractor update` looks for a newer yt-dlp."
            return problem(FindingCode.YOUTUBE_UNREADABLE, text)
        case Verdict.UNKNOWN:
            return info(FindingCode.YOUTUBE_NOT_ASKED, "Whether YouTube can be read is not known: try again later.")


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"
