"""Whether a server works, probed as its clients use it. None of these waits longer than a few seconds.

The Temporal SDK and SQLAlchemy are imported where they are used: `vidferry status` needs neither.
"""

import asyncio
import http
import re
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from services.stack.causes import describe_error, without_secrets
from services.stack.errors import StackError

if TYPE_CHECKING:
    from temporalio.client import Client

    from shared.settings import Settings
    from shared.temporal.failing import FailingWorkflows

TIMEOUT_SECONDS = 2
ANSWER_SECONDS = 4
"""For an answer of a process that is running: our services wait two seconds for their own servers before they give one,
and the machine may be busy."""
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] (\d{3})\b")
NO_CONNECTION = "08"
"""The class of PostgreSQL's errors that the client raises, not the server."""


async def postgres_error(settings: "Settings") -> str | None:
    """Why PostgreSQL does not answer a query on our database just now; None when it does.

    Raises StackError when waiting would not help: a wrong password, a missing database, an invalid URL.
    """
    from shared.db.engine import create_engine, ping
    from shared.db.errors import driver_error, is_database_misconfigured, is_database_unavailable

    url = settings.database_url.get_secret_value()
    engine = create_engine(settings, pool_size=1)
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await ping(engine)
    except TimeoutError:
        return f"no answer within {TIMEOUT_SECONDS} s"
    except Exception as error:
        reason = without_secrets(describe_error(driver_error(error)), url)
        if is_database_misconfigured(error) or not is_database_unavailable(error):
            raise StackError(f"PostgreSQL cannot be used: {reason}.") from error
        return reason
    finally:
        await engine.dispose()
    return None


async def postgres_answers(settings: "Settings") -> bool:
    """Whether PostgreSQL answers a query on our database."""
    try:
        return await postgres_error(settings) is None
    except StackError:
        return False


async def postgres_is_alive(settings: "Settings") -> bool:
    """Whether PostgreSQL answers, whatever it says: that it is starting, or has no connection left, for example."""
    from sqlalchemy.exc import DBAPIError

    from shared.db.engine import create_engine, ping

    engine = create_engine(settings, pool_size=1)
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await ping(engine)
    except OSError:  # TimeoutError is one
        return False
    except DBAPIError as error:
        return str(getattr(error.orig, "sqlstate", None) or NO_CONNECTION)[:2] != NO_CONNECTION
    finally:
        await engine.dispose()
    return True


async def is_migrated(settings: "Settings") -> bool:
    """Whether this code works with the schema of our database. Raises what the database raises."""
    from shared.db.engine import create_engine
    from shared.db.schema import is_compatible

    engine = create_engine(settings, pool_size=1)
    try:
        return await is_compatible(engine)
    finally:
        await engine.dispose()


async def is_writable(settings: "Settings") -> bool:
    """Whether PostgreSQL can write to its disk. Raises what the database raises."""
    from shared.db.engine import create_engine
    from shared.db.writable import can_write

    engine = create_engine(settings, pool_size=1)
    try:
        return await can_write(engine)
    finally:
        await engine.dispose()


async def temporal_error(settings: "Settings") -> str | None:
    """Why the Temporal server does not serve our namespace just now; None when it does.

    Raises StackError when waiting would not help: an invalid address. A missing namespace may still be created.
    """
    from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest

    from shared.temporal.client import connect
    from shared.temporal.errors import is_temporal_unavailable

    request = DescribeNamespaceRequest(namespace=settings.temporal_namespace)
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):  # the RPC's own limit does not count before it is connected
            client = await connect(settings)
            await client.workflow_service.describe_namespace(request)
    except TimeoutError:
        return f"no answer within {TIMEOUT_SECONDS} s"
    except ValueError as error:
        raise StackError(f"Temporal cannot be used: {settings.temporal_address} is not a valid address.") from error
    except Exception as error:
        if not is_temporal_unavailable(error):
            raise
        return describe_error(error)
    return None


class TemporalProbe:
    """Probes the Temporal server as long as a launcher runs, over one connection that is replaced when it fails."""

    def __init__(self, settings: "Settings") -> None:
        self._settings = settings
        self._client: Client | None = None

    async def answers(self) -> bool:
        """Whether it serves our namespace."""
        return await self._ask(for_namespace=True) is None

    async def is_alive(self) -> bool:
        """Whether it answers, whatever it says: that it is too busy, for example."""
        from temporalio.service import RPCError, RPCStatusCode

        error = await self._ask(for_namespace=False)
        silent = {RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED}
        return error is None or (isinstance(error, RPCError) and error.status not in silent)

    async def _ask(self, *, for_namespace: bool) -> Exception | None:
        """The error of a request for our namespace, or of one that needs no database."""
        from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, GetSystemInfoRequest

        from shared.temporal.client import connect

        client, self._client = self._client, None
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                client = client or await connect(self._settings)
                if for_namespace:
                    request = DescribeNamespaceRequest(namespace=self._settings.temporal_namespace)
                    await client.workflow_service.describe_namespace(request)
                else:
                    await client.workflow_service.get_system_info(GetSystemInfoRequest())
        except Exception as error:  # any failure is no answer
            return error
        self._client = client
        return None


async def failing_workflows(settings: "Settings") -> "FailingWorkflows":
    """Which workflows stand because their tasks fail. Raises what the Temporal client raises."""
    from shared.temporal.client import connect
    from shared.temporal.failing import find_failing

    return await find_failing(await connect(settings))


async def has_worker(settings: "Settings") -> bool:
    """Whether a worker has asked for work just now. Raises what the Temporal client raises."""
    from shared.temporal.client import connect
    from shared.temporal.pollers import are_polled

    return await are_polled(await connect(settings))


async def http_answers(url: str) -> bool:
    """Whether a GET of `url` is answered with 200."""
    found = _STATUS_LINE.match(await _first_line(url) or b"")
    return found is not None and int(found[1]) == http.HTTPStatus.OK


async def is_http_alive(url: str) -> bool:
    """Whether a GET of `url` is answered at all: a process whose servers are unavailable answers 503, and is alive.

    So is one that closes the connection: it has as many as it may have (`shared.http.limits`).
    """
    return await _first_line(url) is not None


async def _first_line(url: str) -> bytes | None:
    """The first line of the answer: empty if the connection is closed instead; None if there is none.

    Proxies in the environment are not used.
    """
    parts = urlsplit(url)
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            try:
                writer.write(f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n".encode())
                return await reader.readline()
            except ConnectionError:
                return b""
            finally:
                writer.close()
    except (OSError, ValueError):  # TimeoutError is an OSError, a line that does not end a ValueError
        return None


def port_answers(host: str, port: int) -> bool:
    """Whether something accepts connections there. Blocks."""
    try:
        with socket.create_connection((host, port), TIMEOUT_SECONDS):
            return True
    except OSError:
        return False
