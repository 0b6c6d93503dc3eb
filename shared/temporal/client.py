"""The one way to connect to Temporal."""

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError

from shared.settings import Settings

TEMPORAL_AWAY = (RPCError, RuntimeError)
"""What a call raises while Temporal cannot be reached: a lazy client's failed first connection is a RuntimeError."""


async def connect(settings: Settings, *, lazy: bool = True) -> Client:
    """A client that connects on its first call, so that a process starts while Temporal is away.

    Workers need one that is connected (`lazy=False`); that raises one of TEMPORAL_AWAY.
    """
    return await Client.connect(
        settings.temporal_address,
        namespace=settings.temporal_namespace,
        data_converter=pydantic_data_converter,
        lazy=lazy,
    )
