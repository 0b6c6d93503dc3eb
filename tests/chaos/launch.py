"""`python -m tests.chaos.launch POSTGRES_PORT TEMPORAL_PORT`: `vidferry demo`, whose services use these ports.

The launcher itself reaches PostgreSQL and Temporal directly: it runs on the machine that they run on.
"""

import asyncio
import sys
from dataclasses import dataclass

import typer
from sqlalchemy.engine import make_url

from services.stack.home import Home
from services.stack.launcher import launch
from services.stack.plan import Plan
from shared.process import run
from tests.chaos.proxy import LOOPBACK


@dataclass(frozen=True)
class ChaosPlan(Plan):
    """The demo with a proxy before each of its servers."""

    def service_environment(self, name: str = "worker") -> dict[str, str]:
        postgres_port, temporal_port = sys.argv[1:]
        environment = super().service_environment(name)
        url = make_url(environment["DATABASE_URL"]).set(port=int(postgres_port))
        return environment | {
            "DATABASE_URL": url.render_as_string(hide_password=False),
            "TEMPORAL_ADDRESS": f"{LOOPBACK}:{temporal_port}",
        }


if __name__ == "__main__":
    run(
        lambda: launch(lambda: ChaosPlan.make(Home.from_environment().demo, demo=True), typer.echo, typer.echo),
        asyncio.new_event_loop,
    )
