"""`python -m tests.chaos`: a calm run, then one for each seed. Exit code 1 if any promise was broken."""

import argparse
import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from services.stack.home import PROJECT_ROOT
from shared.process import run as run_and_exit
from tests.chaos.fault_plan import duration, plan_faults
from tests.chaos.run import Run
from tests.chaos.violations import ViolationKind

OURS = ("VIDFERRY_", "YOUTUBE_", "TEMPORAL_", "TRANSCRIPTION_", "GROQ_", "DATABASE_URL")
"""Settings of this terminal, which must not reach the runs."""
CALM_SEED = 0
"""Every seed has the same kinds of videos: one calm run is compared with all of them."""
SHOWN_VIOLATIONS = 12
STOPPED = 130
"""The exit code of a shell's command that was ended with Ctrl-C."""


async def main() -> int:
    """Parse the command line, run, and show what was found. A signal ends it, and everything that was started."""
    task = asyncio.current_task()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, lambda: task and task.cancel())
    try:
        return await _run(_options())
    except asyncio.CancelledError:
        return STOPPED


async def _run(options: argparse.Namespace) -> int:
    for name in [name for name in os.environ if name.startswith(OURS)]:
        del os.environ[name]
    seeds = range(1, options.seeds + 1) if options.seed is None else [options.seed]
    if options.plan:
        _show_plan(seeds)
        return 0
    directory = options.directory / time.strftime("%Y%m%d-%H%M%S")
    calm = None if options.no_calm else await _executed(Run.calm(CALM_SEED, directory), None)
    places = asyncio.Semaphore(options.parallel)

    async def disturbed(seed: int) -> Run:
        async with places:
            return await _executed(Run.of_seed(seed, directory), calm)

    runs = await asyncio.gather(*map(disturbed, seeds))
    return _summarize([calm, *runs] if calm else runs)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=main.__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="run the seeds from 1 to this number")
    parser.add_argument("--seed", type=int, help="run this seed only")
    parser.add_argument("--parallel", type=int, default=1, help="how many seeds run at the same time")
    parser.add_argument("--no-calm", action="store_true", help="leave out the run without faults")
    parser.add_argument("--plan", action="store_true", help="only show which faults would happen when")
    parser.add_argument(
        "--directory",
        type=Path,
        default=PROJECT_ROOT / ".vidferry" / "chaos",
        help="keeps data, logs and timeline of every run that has found something",
    )
    return parser.parse_args()


def _show_plan(seeds: Iterable[int]) -> None:
    for seed in seeds:
        planned = plan_faults(seed)
        print(f"seed {seed}: {len(planned)} faults in {duration(planned):.0f} s")
        for each in planned:
            print(f"{each.at:7.1f} s  {each.fault}")


async def _executed(run: Run, calm: Run | None) -> Run:
    await run.execute()
    ledger = run.ledger
    found = Counter(violation.kind for violation in run.violations)
    compared = f" (calm: {calm.requests_per_video:.2f})" if calm else ""
    print(
        f"{run.name}: {run.faults} of {len(run.planned)} faults; {ledger.acknowledged} writes acknowledged in "
        f"{ledger.requests} requests, {ledger.unanswered} of them without an answer; "
        + ", ".join(f"{found[kind]} {kind}" for kind in ViolationKind)
        + f"; {run.requests_per_video:.2f} requests per video{compared}; "
        f"{run.tab.connections} connections of the tab; settled {run.settled_seconds:.0f} s after the last fault; "
        f"{run.seconds:.0f} s",
        flush=True,
    )
    for violation in sorted(run.violations)[:SHOWN_VIOLATIONS]:
        print(f"  {violation}", flush=True)
    if run.violations:
        print(f"  All {len(run.violations)}, the timeline and the logs: {run.directory}", flush=True)
    return run


def _summarize(runs: Sequence[Run]) -> int:
    """Print a table; returns the exit code."""
    columns = ("run", "faults", "acknowledged", *ViolationKind, "requests/video", "seconds")
    print("\n" + "  ".join(f"{column:>14}" for column in columns))
    for run in runs:
        found = Counter(violation.kind for violation in run.violations)
        cells = [run.name, run.faults, run.ledger.acknowledged, *(found[kind] for kind in ViolationKind)]
        cells += [f"{run.requests_per_video:.2f}", f"{run.seconds:.0f}"]
        print("  ".join(f"{cell:>14}" for cell in cells))
    return 1 if any(run.violations for run in runs) else 0


if __name__ == "__main__":
    run_and_exit(main, asyncio.new_event_loop)
