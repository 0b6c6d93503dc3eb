"""`vidferry doctor`: what is wrong with this installation, and what to do about it."""

import asyncio
import os
from collections.abc import Callable, Sequence

from pydantic import ValidationError
from pydantic_settings import BaseSettings

from services.stack.checks import Checks, Tell
from services.stack.errors import StackError
from services.stack.findings import Finding, Mark, ill, normal, well
from services.stack.home import Home, is_checkout, is_locked
from services.stack.process import ProcessState
from services.stack.running import Running, Subject, running_in
from services.stack.settings import StackSettings, check_ports, problems_of
from services.stack.state import ProcessEntry
from services.stack.status import is_alive, state_now
from shared.settings import Settings


async def doctor(home: Home, show: Callable[[str], None]) -> int:
    """Check everything and `show` a line for each finding. Returns the exit code: 1 if somebody has to do something."""
    marks: list[Mark] = []

    def tell(findings: Sequence[Finding]) -> None:
        for finding in findings:
            marks.append(finding.mark)
            show(str(finding))

    running = running_in(home)
    await (_examine_stopped(home, tell) if running is None else _examine_running(running, tell))
    return 1 if Mark.ILL in marks else 0


async def _examine_running(running: Running, tell: Tell) -> None:
    tell(await _processes(running))
    if running.is_stopping:  # nothing that does not answer any more is of interest
        return
    try:
        subject = running.subject()
    except ValidationError as error:
        tell(_refused(problems_of(error)))
        return
    if subject is None:
        tell([ill(f"Vidferry (pid {running.pid}) may not be read: ask again as the user who has started it.")])
        return
    tell([well("Settings: every variable of the running Vidferry has a possible value.")])
    await Checks(subject, running).run(tell)


async def _examine_stopped(home: Home, tell: Tell) -> None:
    """Where nothing runs, what this terminal says counts, and what `up` would need."""
    is_used_here = is_checkout() or home.path.exists()  # in a container nobody will ever say `up`
    if is_locked(home):
        tell([normal(f"The launcher is gone; its last processes are ending ({home.path}).")])
    elif is_used_here:
        command = "make up" if is_checkout() else "vidferry up"
        tell([normal(f"Vidferry is not running (home {home.path}): `{command}` starts it.")])
    problems = [*_problems(StackSettings), *_problems(Settings)]
    if problems:
        tell(_refused(list(dict.fromkeys(problems))))
        return
    stack, settings = StackSettings(), Settings()
    tell([well("Settings: every variable of this terminal has a possible value.")])
    if is_used_here and not is_locked(home):
        tell([_ports(stack, settings)])
    subject = Subject(settings, frozenset(stack.outside_servers), youtube=True, environment=os.environ)
    await Checks(subject, None).run(tell)


async def _processes(running: Running) -> list[Finding]:
    entries = running.entries
    if running.is_stopping:
        left = ", ".join(entry.name for entry in entries if is_alive(entry))
        return [normal(f"Vidferry is stopping: what is running is finished first. Not ended yet: {left or 'nothing'}.")]
    states = await asyncio.gather(*(asyncio.to_thread(state_now, entry) for entry in entries))
    found = list(zip(entries, states, strict=True))
    findings = [_process(entry, state) for entry, state in found if state != ProcessState.RUNNING]
    if names := [entry.name for entry, state in found if state == ProcessState.RUNNING]:
        all_of_them = "These processes are" if findings or not running.has_services else "Every process is"
        findings.insert(0, well(f"{all_of_them} running: {', '.join(names)}."))
    if not running.has_services:
        findings.append(normal("Vidferry is starting: its services do not run yet."))
    return findings


def _process(entry: ProcessEntry, state: str) -> Finding:
    if entry.is_first_start:
        return normal(f"{entry.title} is starting: `vidferry logs {entry.name}` shows how far it is.")
    often = f" (restarts: {entry.restarts})" if entry.restarts else ""
    return ill(f"{entry.title} is {state}{often}: `vidferry logs {entry.name}` says why.")


def _ports(stack: StackSettings, settings: Settings) -> Finding:
    try:
        check_ports(stack, settings, demo=False)
    except StackError as error:
        return ill(str(error))
    return well("The ports that Vidferry needs are free.")


def _problems(kind: type[BaseSettings]) -> list[str]:
    try:
        kind()
    except ValidationError as error:
        return problems_of(error)
    return []


def _refused(problems: Sequence[str]) -> list[Finding]:
    return [ill(f"{problem} Correct it; README.md says what it is for.") for problem in problems]
