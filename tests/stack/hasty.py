"""`python -m tests.stack.hasty`: `vidferry demo` whose launcher takes a process for hung after a few seconds."""

import asyncio
from dataclasses import replace

import typer

from services.stack.home import Home
from services.stack.launcher import launch
from services.stack.liveness import LivenessPolicy
from services.stack.plan import Plan
from shared.process import run

HASTE = LivenessPolicy(interval_seconds=0.5, answer_seconds=3, missed=3, missed_at_start=240)


def hasty_plan() -> Plan:
    return replace(Plan.make(Home.from_environment().demo, demo=True), liveness=HASTE)


if __name__ == "__main__":
    run(lambda: launch(hasty_plan, typer.echo, typer.echo), asyncio.new_event_loop)
