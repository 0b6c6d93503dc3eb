"""How each upstream stands: its `RateGovernor` writes, everybody else reads."""

import logging
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.upstreams import Upstream, UpstreamStatus
from shared.db.driver import DriverConnection

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class UpstreamRow:
    """A row of `upstreams`."""

    name: str
    at: datetime
    status: UpstreamStatus | None
    """None for what a newer version of us wrote."""


# A retried write that was overtaken by a newer one changes nothing. A time that is still to come was written by a clock
# that has been set right since.
_KEEP = """
    INSERT INTO upstreams (name, status, at) VALUES ($1, $2, $3)
    ON CONFLICT (name) DO UPDATE SET status = excluded.status, at = excluded.at
    WHERE upstreams.at <= excluded.at OR upstreams.at > now() + interval '1 minute'
    """
_FIND = "SELECT CAST(status AS text) FROM upstreams WHERE name = $1"
_ALL = text("SELECT name, at, CAST(status AS text) AS status FROM upstreams ORDER BY name")


async def keep_status(connection: DriverConnection, status: UpstreamStatus) -> None:
    """Replace what is known of the upstream, unless that is newer."""
    await connection.execute(_KEEP, status.upstream, status.model_dump_json(), status.at)


async def find_status(connection: DriverConnection, upstream: Upstream) -> UpstreamStatus | None:
    """How the upstream stands; None until its governor has said so for the first time."""
    found = await connection.fetchval(_FIND, upstream)
    return None if found is None else _read(found)


async def all_upstreams(connection: AsyncConnection) -> list[UpstreamRow]:
    """Every upstream that has a governor, by name."""
    return [UpstreamRow(row.name, row.at, _read(row.status)) for row in await connection.execute(_ALL)]


async def all_statuses(connection: AsyncConnection) -> list[UpstreamStatus]:
    """How every upstream stands that has a governor."""
    return [row.status for row in await all_upstreams(connection) if row.status is not None]


def _read(found: str) -> UpstreamStatus | None:
    """None for what a newer version of us wrote, which runs beside this one during an upgrade."""
    try:
        return UpstreamStatus.model_validate_json(found)
    except ValidationError as error:
        logger.warning("how an upstream stands was written by another version: %d fields", error.error_count())
        return None
