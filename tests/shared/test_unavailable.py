"""Which errors say that a server is unavailable, and which that a request is wrong."""

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from shared.db.errors import is_database_misconfigured, is_database_unavailable, is_transient_database_error
from shared.settings import Settings
from shared.temporal.client import connect
from shared.temporal.errors import is_not_found, is_temporal_unavailable, is_transient_temporal_error
from tests.support.servers import free_port


def wrapped(error: Exception) -> DBAPIError:
    """As SQLAlchemy hands on an error of asyncpg: within one of its own."""
    try:
        raise Exception("of the dialect") from error
    except Exception as translated:
        return ProgrammingError("SELECT 1", None, translated)


OUTAGES = [
    ConnectionRefusedError(),
    ConnectionResetError(),
    TimeoutError(),
    PoolTimeout(),
    asyncpg.InternalClientError(),
    asyncpg.ConnectionDoesNotExistError(),
    asyncpg.CannotConnectNowError(),
    asyncpg.AdminShutdownError(),
    asyncpg.QueryCanceledError(),
    asyncpg.LockNotAvailableError(),
    asyncpg.IdleInTransactionSessionTimeoutError(),
    asyncpg.TooManyConnectionsError(),
    asyncpg.DiskFullError(),
    asyncpg.ReadOnlySQLTransactionError(),
    asyncpg.InvalidPasswordError(),
    asyncpg.InvalidCatalogNameError(),
]
MISTAKES = [
    ValueError(),
    KeyError(),
    asyncpg.DataError(),
    asyncpg.InterfaceError("another operation is in progress"),
    asyncpg.ForeignKeyViolationError(),
    asyncpg.UndefinedTableError(),
    asyncpg.DeadlockDetectedError(),
]


@pytest.mark.parametrize("error", OUTAGES, ids=repr)
def test_the_database_is_unavailable(error: Exception) -> None:
    for raised in (error, wrapped(error)):
        assert is_database_unavailable(raised)
        assert is_transient_database_error(raised)


@pytest.mark.parametrize("error", MISTAKES, ids=repr)
def test_a_statement_is_wrong(error: Exception) -> None:
    assert not is_database_unavailable(error)
    assert not is_database_unavailable(wrapped(error))


def test_a_deadlock_is_transient_and_a_wrong_value_is_not() -> None:
    assert is_transient_database_error(wrapped(asyncpg.DeadlockDetectedError()))
    assert not is_transient_database_error(wrapped(asyncpg.DataError()))


def test_a_wrong_password_does_not_mend_itself() -> None:
    assert is_database_misconfigured(wrapped(asyncpg.InvalidPasswordError()))
    assert not is_database_misconfigured(wrapped(asyncpg.CannotConnectNowError()))


TRANSIENT_STATUSES = {
    "ABORTED",
    "CANCELLED",
    "DEADLINE_EXCEEDED",
    "INTERNAL",
    "RESOURCE_EXHAUSTED",
    "UNAVAILABLE",
    "UNKNOWN",
}


@pytest.mark.parametrize("status", RPCStatusCode, ids=lambda status: status.name)
def test_a_call_of_temporal_may_succeed_later_unless_it_is_wrong(status: RPCStatusCode) -> None:
    error = RPCError("as the server says", status, b"")
    assert is_temporal_unavailable(error)
    assert is_transient_temporal_error(error) is (status.name in TRANSIENT_STATUSES)


async def test_temporal_is_unavailable_where_nothing_listens() -> None:
    client = await connect(Settings(temporal_address=f"127.0.0.1:{free_port()}"))
    with pytest.raises(RuntimeError) as raised:
        await client.get_workflow_handle("any").describe()
    assert is_temporal_unavailable(raised.value)
    assert not is_temporal_unavailable(RuntimeError("of our own"))


async def test_temporal_is_unavailable_until_its_namespace_exists(settings: Settings) -> None:
    client = await connect(settings.model_copy(update={"temporal_namespace": "not-created"}))
    with pytest.raises(RPCError) as raised:
        await client.get_workflow_handle("any").describe()
    assert raised.value.status is RPCStatusCode.NOT_FOUND
    assert is_temporal_unavailable(raised.value)
    assert is_transient_temporal_error(raised.value)
    assert not is_not_found(raised.value)


async def test_a_call_for_a_missing_workflow_does_not_succeed_later(client: Client) -> None:
    with pytest.raises(RPCError) as raised:
        await client.get_workflow_handle("does-not-exist").describe()
    assert not is_transient_temporal_error(raised.value)
    assert is_not_found(raised.value)
