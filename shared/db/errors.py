"""Whether an error says that PostgreSQL is unavailable, rather than that a statement is wrong.

An unavailable server may have carried out the statement: after a timeout that is unknown.
"""

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

_DATABASE_MISCONFIGURED = (
    asyncpg.InvalidAuthorizationSpecificationError,  # includes a wrong password
    asyncpg.InvalidCatalogNameError,  # the database does not exist
)
_DATABASE_UNAVAILABLE = (
    OSError,  # no connection, or a lost one; TimeoutError is a subclass
    PoolTimeout,  # every connection of the pool is in use
    asyncpg.InternalClientError,  # asyncpg's error for a socket that vanished during a statement
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # starting, stopping, or a statement took too long (statement_timeout)
    asyncpg.InsufficientResourcesError,  # the disk is full, or no connection is left
    asyncpg.PostgresSystemError,  # the disk fails
    asyncpg.LockNotAvailableError,  # another session held a row for too long (lock_timeout)
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TransactionTimeoutError,
    asyncpg.ReadOnlySQLTransactionError,  # the server has become a standby
    asyncpg.ObjectNotInPrerequisiteStateError,  # the server accepts no connections
    asyncpg.InvalidCachedStatementError,  # a migration has changed a table of a prepared one
    *_DATABASE_MISCONFIGURED,
)


def is_database_unavailable(error: BaseException) -> bool:
    """Whether PostgreSQL is unavailable; false when a statement or one of its values is wrong."""
    return isinstance(driver_error(error), _DATABASE_UNAVAILABLE)


def is_database_misconfigured(error: BaseException) -> bool:
    """Whether PostgreSQL is unavailable to this configuration: waiting is unlikely to help."""
    return isinstance(driver_error(error), _DATABASE_MISCONFIGURED)


def is_transient_database_error(error: BaseException) -> bool:
    """Whether the same transaction may succeed later: PostgreSQL is unavailable, or another transaction interfered."""
    return is_database_unavailable(error) or isinstance(driver_error(error), asyncpg.TransactionRollbackError)


def driver_error(error: BaseException) -> BaseException:
    """What asyncpg raised, where SQLAlchemy has wrapped it."""
    return error.orig.__cause__ or error.orig if isinstance(error, DBAPIError) and error.orig else error
