"""`vidferry doctor`: what is wrong with this installation, and what to do about it."""

import asyncio
import os
import shutil
from collections.abc import Callable, Sequence

from pydantic import ValidationError
from pydantic_settings import BaseSettings

from services.stack.checks import Checks, Report
from services.stack.errors import StackError
from services.stack.extractor import canary_findings, version_findings
from services.stack.findings import Finding, FindingCode, Level, info, ok, problem
from services.stack.home import Home, is_checkout, is_locked, typed
from services.stack.process import ProcessState
from services.stack.running import CheckTarget, Running, running_in
from services.stack.settings import StackSettings, check_ports
from services.stack.state import ProcessEntry
from services.stack.status import is_alive, state_now
from shared.settings import Settings, problems_of

MEBIBYTE = 1024 * 1024
LOW_DISK_BYTES = 512 * MEBIBYTE
"""PostgreSQL's log alone takes 16 MiB at a time, the audio of one long video may take some hundred."""


async def doctor(home: Home, show: Callable[[Finding], None], *, youtube: bool = False) -> int:
    """Check everything and `show` each finding. Returns the exit code: 1 if there is a problem.

    `youtube`: also ask YouTube for some videos and lists, which costs requests.
    """
    levels: list[Level] = []

    def report(findings: Sequence[Finding]) -> None:
        for finding in findings:
            levels.append(finding.level)
            show(finding)

    running = running_in(home)
    settings = await (_examine_stopped(home, report) if running is None else _examine_running(running, report))
    if settings is not None:
        report(version_findings(home, settings))
        if youtube:
            report(await canary_findings(home, settings))
    return 1 if Level.PROBLEM in levels else 0


async def _examine_running(running: Running, report: Report) -> Settings | None:
    """Returns its settings, as far as they can be read."""
    report(await _processes(running))
    if running.is_stopping:  # processes that do not answer any more are no problem
        return None
    try:
        target = running.target()
    except ValidationError as error:
        report(_refused(problems_of(error)))
        return None
    if target is None:
        text = f"Vidferry (pid {running.pid}) cannot be read: run the command as the user who started it."
        report([problem(FindingCode.PROCESSES_UNREADABLE, text)])
        return None
    valid = ok(FindingCode.SETTINGS_VALID, "Settings: every variable of the running Vidferry is valid.")
    report([valid, *_disk(running.home)])
    await Checks(target, running).run(report)
    return target.settings


async def _examine_stopped(home: Home, report: Report) -> Settings | None:
    """Check the settings of this terminal, and what `up` would need. Returns the settings if they are valid."""
    is_used_here = is_checkout() or home.path.exists()  # in a container, `up` is of no use
    if is_locked(home):
        text = f"The launcher has died; its last processes are ending ({home.path})."
        report([info(FindingCode.LAUNCHER_DIED, text)])
    elif is_used_here:
        text = f"Vidferry is not running (home {home.path}): {typed('up')} starts it."
        report([info(FindingCode.NOT_RUNNING, text)])
    problems = [*_problems(StackSettings), *_problems(Settings)]
    if problems:
        report(_refused(list(dict.fromkeys(problems))))
        return None
    stack, settings = StackSettings(), Settings()
    directory = settings.youtube_account_directory or home.account
    settings = settings.model_copy(update={"youtube_account_directory": directory})
    report([ok(FindingCode.SETTINGS_VALID, "Settings: every variable of this terminal is valid.")])
    if is_used_here and not is_locked(home):
        report([_ports(stack, settings), *_disk(home)])
    target = CheckTarget(settings, frozenset(stack.outside_servers), youtube=True, environment=os.environ)
    await Checks(target, None).run(report)
    return settings


async def _processes(running: Running) -> list[Finding]:
    entries = running.entries
    if running.is_stopping:
        left = ", ".join(entry.name for entry in entries if is_alive(entry))
        text = f"Vidferry is stopping gracefully. Still running: {left or 'nothing'}."
        return [info(FindingCode.STOPPING, text)]
    states = await asyncio.gather(*(state_now(entry, running) for entry in entries))
    found = list(zip(entries, states, strict=True))
    findings = [_process(entry, state) for entry, state in found if state != ProcessState.RUNNING]
    if names := [entry.name for entry, state in found if state == ProcessState.RUNNING]:
        all_of_them = "These processes are" if findings or not running.has_services else "Every process is"
        findings.insert(0, ok(FindingCode.PROCESSES_RUNNING, f"{all_of_them} running: {', '.join(names)}."))
    if not running.has_services:
        findings.append(info(FindingCode.STARTING, "Vidferry is starting: its services are not running yet."))
    return findings


def _process(entry: ProcessEntry, state: str) -> Finding:
    if entry.is_starting:
        text = f"{entry.title} is starting: `vidferry logs {entry.name}` shows its progress."
        return info(FindingCode.PROCESS_STARTING, text, entry.name)
    often = f" (restarts: {entry.restarts})" if entry.restarts else ""
    text = f"{entry.title} is {state}{often}: `vidferry logs {entry.name}` says why."
    return problem(FindingCode.PROCESS_DOWN, text, entry.name)


def _ports(stack: StackSettings, settings: Settings) -> Finding:
    try:
        check_ports(stack, settings, demo=False)
    except StackError as error:
        return problem(FindingCode.PORT_UNUSABLE, str(error))
    return ok(FindingCode.PORTS_FREE, "The ports that Vidferry needs are free.")


def _disk(home: Home) -> list[Finding]:
    """A disk without room for data, logs and audio; nothing where there is room."""
    place = next(path for path in (home.path, *home.path.parents) if path.exists())
    free = shutil.disk_usage(place).free
    if free >= LOW_DISK_BYTES:
        return []
    text = f"The disk of {home.path} is nearly full ({free // MEBIBYTE} MiB free): free some space."
    return [problem(FindingCode.DISK_LOW, text)]


def _problems(kind: type[BaseSettings]) -> list[str]:
    try:
        kind()
    except ValidationError as error:
        return problems_of(error)
    return []


def _refused(problems: Sequence[str]) -> list[Finding]:
    return [
        problem(FindingCode.SETTING_INVALID, f"{text} Correct it; see docs/configuration.md.", text.partition(":")[0])
        for text in problems
    ]
