"""Workers register what the contracts of activities declare."""

import pkgutil
from abc import ABC
from collections.abc import Iterator
from importlib import import_module

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

import workflows
from services.worker.dependencies import dependencies
from services.worker.workers import build_workers
from shared.settings import Settings
from workflows.common.activity_options import ActivityOptions


def declared() -> Iterator[tuple[str, str]]:
    """The queue and the name of every activity that a contract declares."""
    for module in pkgutil.walk_packages(workflows.__path__, "workflows."):
        if module.name.endswith(".activities"):
            for contract in vars(import_module(module.name)).values():
                if isinstance(contract, type) and ABC in contract.__bases__:
                    for name, member in vars(contract).items():
                        if isinstance(options := getattr(member, "activity_options", None), ActivityOptions):
                            yield options.queue, name


async def test_every_activity_is_registered_once_on_the_queue_of_its_contract(
    client: Client, settings: Settings, engine: AsyncEngine
) -> None:
    async with dependencies(client, settings, engine) as needs:
        workers = build_workers(client, settings, needs)
    registered = [
        (worker.task_queue, activity.__name__) for worker in workers for activity in worker.config()["activities"]
    ]
    assert len(registered) > 20
    assert sorted(registered) == sorted(declared())
