"""A row with every value, and one with none that may be missing, in every table of the models."""

import re
import zlib
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Boolean, CheckConstraint, Column, DateTime, Float, Integer, LargeBinary, Table, Uuid, insert
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import SQLModel

_FIRST_CHOICE = r"{} IN \('(\w+)'"
_MEANT = {"lists.deleted_at": None, "upstreams.state": zlib.compress(b"{}")}
"""Values that stand for something: rows of a deleted list are removed, a governor's state is compressed JSON."""

Row = dict[str, Any]


async def fill_all_tables(engine: AsyncEngine) -> None:
    """Write the rows, those that others refer to first."""
    written: dict[str, list[Row]] = {}
    async with engine.begin() as connection:
        for table in SQLModel.metadata.sorted_tables:
            rows = [_row(table, written, number) for number in range(2)]
            for row in rows:
                await connection.execute(insert(table).values(row))
            written[table.name] = rows


def _row(table: Table, written: dict[str, list[Row]], number: int) -> Row:
    return {
        column.name: _value(column, written, number)
        for column in table.columns
        if column.computed is None and column.identity is None and (number == 0 or not column.nullable)
    }


def _value(column: Column[Any], written: dict[str, list[Row]], number: int) -> Any:
    name = f"{column.table.name}.{column.name}"
    if name in _MEANT:
        return _MEANT[name]
    for key in column.foreign_keys:
        return written[key.column.table.name][number][key.column.name]
    for constraint in column.table.constraints:
        if isinstance(constraint, CheckConstraint) and (
            choice := re.match(_FIRST_CHOICE.format(column.name), str(constraint.sqltext))
        ):
            return choice[1]
    return _of_type(column.type, number)


def _of_type(kind: object, number: int) -> Any:
    values: dict[type, Any] = {
        Uuid: uuid4(),
        DateTime: datetime.now(UTC),
        Boolean: True,
        Integer: number,
        Float: float(number),
        LargeBinary: bytes([number]),
        ARRAY: [],
        JSONB: {},
    }
    return next((value for each, value in values.items() if isinstance(kind, each)), f"value {number}")
