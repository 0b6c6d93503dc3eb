"""The one way to connect to Temporal."""

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from shared.settings import Settings


async def connect(settings: Settings, *, lazy: bool = True) -> Client:
    """A client that connects on its first call, so that a process starts while Temporal is unavailable.

    Workers need a connected one (`lazy=False`). Raises what `is_temporal_unavailable` recognises.
    """
    return await Client.connect(
        settings.temporal_address,
        namespace=settings.temporal_namespace,
        data_converter=pydantic_data_converter,
        lazy=lazy,
    )
