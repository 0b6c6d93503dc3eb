"""The status of each upstream: written by its `RateGovernor`, read by all others."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from shared.contracts.upstreams import Upstream, UpstreamStatus
from shared.db.connection import AsyncpgConnection
from shared.logs import get_logger

logger = get_logger(__name__)


@dataclass(frozen=True)
class UpstreamRow:
    """A row of `upstreams`."""

    name: str
    at: datetime
    status: UpstreamStatus | None
    """None: written by a newer version."""


@dataclass(frozen=True)
class SavedUpstream:
    """What a new `RateGovernor` continues from."""

    state: bytes | None
    """The state of its controller; None: an earlier version has written a status only."""
    status: UpstreamStatus | None


# A retried write that was overtaken by a newer one changes nothing. A time that is still to come was written by a clock
# that has been set right since.
_KEEP = """
    INSERT INTO upstreams (name, status, state, at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (name) DO UPDATE SET status = excluded.status, state = excluded.state, at = excluded.at
    WHERE upstreams.at <= excluded.at OR upstreams.at > now() + interval '1 minute'
    """
_FIND = "SELECT CAST(status AS text) FROM upstreams WHERE name = $1"
_FIND_SAVED = "SELECT CAST(status AS text) AS status, state FROM upstreams WHERE name = $1"
_ALL = "SELECT name, at, CAST(status AS text) AS status FROM upstreams ORDER BY name"


async def keep_status(connection: AsyncpgConnection, status: UpstreamStatus, state: bytes | None = None) -> None:
    """Save the status of the upstream, unless the saved one is newer."""
    await connection.execute(_KEEP, status.upstream, status.model_dump_json(), state, status.at)


async def find_saved(connection: AsyncpgConnection, upstream: Upstream) -> SavedUpstream | None:
    """What the governor has saved; None until there was one."""
    row = await connection.fetchrow(_FIND_SAVED, upstream)
    return None if row is None else SavedUpstream(state=row["state"], status=_read(row["status"]))


async def find_status(connection: AsyncpgConnection, upstream: Upstream) -> UpstreamStatus | None:
    """The status of the upstream; None until its governor has saved one."""
    found = await connection.fetchval(_FIND, upstream)
    return None if found is None else _read(found)


async def all_upstreams(connection: AsyncpgConnection) -> list[UpstreamRow]:
    """Every upstream that has a governor, by name."""
    return [UpstreamRow(row["name"], row["at"], _read(row["status"])) for row in await connection.fetch(_ALL)]


async def all_statuses(connection: AsyncpgConnection) -> list[UpstreamStatus]:
    """The status of every upstream that has a governor."""
    return [row.status for row in await all_upstreams(connection) if row.status is not None]


def _read(found: str) -> UpstreamStatus | None:
    """None where a newer version has written it, which runs beside this one during an upgrade."""
    try:
        return UpstreamStatus.model_validate_json(found)
    except ValidationError as error:
        logger.warning("upstream_status_ignored", reason="written_by_another_version", fields=error.error_count())
        return None
