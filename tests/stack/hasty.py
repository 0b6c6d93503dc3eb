"""`python -m tests.stack.hasty`: `vidferry demo` whose launcher takes a process for hung after a few seconds."""

import asyncio
from dataclasses import replace
from functools import partial

import typer

from services.stack.home import Home
from services.stack.launcher import launch
from services.stack.liveness import LivenessPolicy, Probe
from services.stack.plan import Plan
from services.stack.process import ManagedProcess
from shared.process import run

HASTE = LivenessPolicy(interval_seconds=0.5, answer_seconds=4, missed=4, missed_at_start=240)
POSTGRES_SECONDS = 2.5
"""Without PostgreSQL, the services take up to two seconds to answer: it is replaced long before they look hung, too."""


async def soon(is_alive: Probe) -> bool:
    """Raises TimeoutError, which the launcher takes for no answer."""
    async with asyncio.timeout(POSTGRES_SECONDS):
        return await is_alive()


class HastyPlan(Plan):
    """A plan whose processes are taken for hung soon."""

    def servers(self) -> list[ManagedProcess]:
        """The embedded servers, PostgreSQL with little time to answer."""
        postgres, *others = super().servers()
        assert postgres.alive
        return [replace(postgres, alive=partial(soon, postgres.alive)), *others]


def hasty_plan() -> Plan:
    return replace(HastyPlan.make(Home.from_environment().demo, demo=True), liveness=HASTE)


if __name__ == "__main__":
    run(lambda: launch(hasty_plan, typer.echo, typer.echo), asyncio.new_event_loop)
