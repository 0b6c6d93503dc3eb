"""Whether a server works, asked the way its clients ask it. None of these raises or waits longer than a few seconds.

The Temporal SDK and SQLAlchemy are imported where they are used: `vidferry status` needs neither.
"""

import asyncio
import http.client
import socket
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from shared.settings import Settings

TIMEOUT_SECONDS = 2


async def postgres_answers(settings: "Settings") -> bool:
    """Whether PostgreSQL answers a query on our database."""
    from shared.db.engine import create_engine, ping

    engine = create_engine(settings, pool_size=1)
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await ping(engine)
    except Exception:
        return False
    else:
        return True
    finally:
        await engine.dispose()


async def temporal_answers(settings: "Settings") -> bool:
    """Whether the Temporal server serves our namespace."""
    from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest

    from shared.temporal.client import connect

    request = DescribeNamespaceRequest(namespace=settings.temporal_namespace)
    try:
        client = await connect(settings)
        await client.workflow_service.describe_namespace(request, timeout=timedelta(seconds=TIMEOUT_SECONDS))
    except Exception:
        return False
    return True


def http_answers(url: str) -> bool:
    """Whether a GET of `url` is answered with 200. Blocks; proxies in the environment are not used."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def port_answers(host: str, port: int) -> bool:
    """Whether something accepts connections there. Blocks."""
    try:
        with socket.create_connection((host, port), TIMEOUT_SECONDS):
            return True
    except OSError:
        return False
