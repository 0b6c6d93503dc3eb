"""What a migration does to large tables while others write to them.

An index that is built or dropped concurrently keeps nobody waiting, but cannot be part of a transaction. So a migration
that uses these functions consists of nothing else: after a failure it runs once more from its beginning.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from alembic import op
from sqlalchemy import text

_NO_LIMIT = text("SET lock_timeout = 0")


def create_index(name: str, table: str, columns: Sequence[str], **options: Any) -> None:
    """Build an index. One that an interrupted attempt has left behind is invalid, and replaced."""
    with _outside_transaction():
        op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)
        op.create_index(name, table, columns, postgresql_concurrently=True, **options)


def drop_index(name: str, table: str) -> None:
    """Drop an index."""
    with _outside_transaction():
        op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)


@contextmanager
def _outside_transaction() -> Iterator[None]:
    """Without a limit for locks: these statements wait for older transactions, and nobody waits for them.

    The next migration has its limit again (`shared.db.migrate`).
    """
    with op.get_context().autocommit_block():
        op.get_bind().execute(_NO_LIMIT)
        yield
