"""Whether a server works, asked the way its clients ask it. None of these waits longer than a few seconds.

The Temporal SDK and SQLAlchemy are imported where they are used: `vidferry status` needs neither.
"""

import asyncio
import http.client
import socket
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from services.stack.causes import plain_words, without_secrets
from services.stack.errors import StackError

if TYPE_CHECKING:
    from shared.settings import Settings

TIMEOUT_SECONDS = 2
HTTP_SECONDS = 4
"""For an answer over HTTP: our services wait two seconds for their own servers before they give one."""
PASSING_SQLSTATES = {"08", "53", "57"}
"""Classes of PostgreSQL's errors that pass by themselves: connection, resources, starting or stopping."""


async def postgres_trouble(settings: "Settings") -> str | None:
    """Why PostgreSQL does not answer a query on our database just now; None when it does.

    Raises StackError when waiting would not help: a wrong password, a missing database, an impossible URL.
    """
    from sqlalchemy.exc import DBAPIError

    from shared.db.engine import create_engine, ping

    url = settings.database_url.get_secret_value()
    engine = create_engine(settings, pool_size=1)
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await ping(engine)
    except TimeoutError:
        return f"no answer within {TIMEOUT_SECONDS} s"
    except OSError as error:
        return without_secrets(plain_words(error), url)
    except DBAPIError as error:
        reason = without_secrets(str(error.orig).rpartition(">: ")[2], url)
        if str(getattr(error.orig, "sqlstate", None))[:2] in PASSING_SQLSTATES:
            return reason
        raise StackError(f"PostgreSQL cannot be used: {reason}.") from error
    except Exception as error:
        raise StackError(f"PostgreSQL cannot be used: {without_secrets(str(error), url)}.") from error
    finally:
        await engine.dispose()
    return None


async def postgres_answers(settings: "Settings") -> bool:
    """Whether PostgreSQL answers a query on our database."""
    try:
        return await postgres_trouble(settings) is None
    except StackError:
        return False


async def is_migrated(settings: "Settings") -> bool:
    """Whether our database has every migration of this code. Raises what the database raises."""
    from shared.db.engine import create_engine
    from shared.db.migrate import is_current

    engine = create_engine(settings, pool_size=1)
    try:
        return await is_current(engine)
    finally:
        await engine.dispose()


async def temporal_trouble(settings: "Settings") -> str | None:
    """Why the Temporal server does not serve our namespace just now; None when it does.

    Raises StackError when waiting would not help: an impossible address. A missing namespace may still be created.
    """
    from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest

    from shared.temporal.client import TEMPORAL_AWAY, connect

    request = DescribeNamespaceRequest(namespace=settings.temporal_namespace)
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):  # the RPC's own limit does not count before it is connected
            client = await connect(settings)
            await client.workflow_service.describe_namespace(request)
    except TimeoutError:
        return f"no answer within {TIMEOUT_SECONDS} s"
    except TEMPORAL_AWAY as error:
        return plain_words(error)
    except ValueError as error:
        raise StackError(f"Temporal cannot be used: {settings.temporal_address} is no possible address.") from error
    return None


async def temporal_answers(settings: "Settings") -> bool:
    """Whether the Temporal server serves our namespace."""
    try:
        return await temporal_trouble(settings) is None
    except StackError:
        return False


async def has_worker(settings: "Settings") -> bool:
    """Whether each of our task queues has been polled in the last minutes. Raises one of TEMPORAL_AWAY."""
    from temporalio.api.enums.v1 import TaskQueueType
    from temporalio.api.taskqueue.v1 import TaskQueue as Queue
    from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest

    from shared.temporal.client import connect
    from shared.temporal.names import TaskQueue

    client = await connect(settings)
    for name in TaskQueue:
        request = DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=Queue(name=name),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        )
        answer = await client.workflow_service.describe_task_queue(request, timeout=timedelta(seconds=TIMEOUT_SECONDS))
        if not answer.pollers:
            return False
    return True


def http_answers(url: str) -> bool:
    """Whether a GET of `url` is answered with 200. Blocks; proxies in the environment are not used."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=HTTP_SECONDS)
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
