"""Facts about the installation itself, which belong to no user and no video."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter

from shared.contracts.upstreams import ExtractorOrigin
from shared.db.connection import AsyncpgConnection

_GENERATION, _EXTRACTOR, _START_CANARY = "workflow_generation", "extractor", "start_canary"
_FIND = "SELECT value FROM installation WHERE name = $1"
_LOCK = "SELECT value FROM installation WHERE name = $1 FOR SHARE"
_SAVE = """
    INSERT INTO installation (name, value) VALUES ($1, $2)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value
    """
# JSON. `since` is kept while the version stays: an upgrade of Vidferry may bundle the one that was installed before.
_SAVE_EXTRACTOR = """
    WITH before AS (
        SELECT CAST(CAST(value AS json) ->> 'since' AS timestamptz) AS since FROM installation
        WHERE name = $1 AND CAST(value AS json) ->> 'version' = $2
    )
    INSERT INTO installation (name, value) VALUES ($1, CAST(json_build_object(
        'version', CAST($2 AS text), 'origin', CAST($3 AS text), 'since', COALESCE((SELECT since FROM before), now())
    ) AS text))
    ON CONFLICT (name) DO UPDATE SET value = excluded.value
    RETURNING NOT EXISTS (SELECT FROM before)
    """
_CLAIM = "DELETE FROM installation WHERE name = $1"
_CLEAR_OTHERS = "DELETE FROM installation WHERE name = $1 AND value <> $2"


@dataclass(frozen=True, slots=True)
class ExtractorInUse:
    """The extractor (yt-dlp) of the workers, as the one that started last has recorded it."""

    version: str
    since: datetime
    """When the first worker used it."""
    origin: ExtractorOrigin | None = None
    """None: not recorded, by an earlier version of Vidferry."""


_IN_USE = TypeAdapter(ExtractorInUse)


async def find_generation(connection: AsyncpgConnection) -> int | None:
    """The `WORKFLOW_GENERATION` that may run; None before the first set-up and while set-up replaces another one."""
    return _number(await connection.fetchval(_FIND, _GENERATION))


async def lock_generation(connection: AsyncpgConnection) -> int | None:
    """As `find_generation`; the answer stays right until the transaction ends."""
    return _number(await connection.fetchval(_LOCK, _GENERATION))


async def clear_other_generation(connection: AsyncpgConnection, generation: int) -> None:
    """Permit no generation but this one, which is not permitted yet either. Workers notice, and stop."""
    await connection.execute(_CLEAR_OTHERS, _GENERATION, str(generation))


async def save_generation(connection: AsyncpgConnection, generation: int) -> None:
    """Permit this generation: no workflow of another one runs any more."""
    await connection.execute(_SAVE, _GENERATION, str(generation))


async def record_extractor(connection: AsyncpgConnection, version: str, origin: ExtractorOrigin) -> bool:
    """Record the extractor that a worker uses; return whether another version ran before, or none.

    What YouTube did not give to an earlier version is requested again, little by little: see
    `shared.db.transcription.upgradable_videos`.
    """
    return bool(await connection.fetchval(_SAVE_EXTRACTOR, _EXTRACTOR, version, origin))


async def find_extractor(connection: AsyncpgConnection) -> ExtractorInUse | None:
    """The extractor of the workers; None before the first one has started."""
    value = await connection.fetchval(_FIND, _EXTRACTOR)
    return None if value is None else _IN_USE.validate_json(value)


async def request_start_canary(connection: AsyncpgConnection) -> None:
    """The installation is started: one of its workers is to find out whether YouTube can be read."""
    await connection.execute(_SAVE, _START_CANARY, "requested")


async def claim_start_canary(connection: AsyncpgConnection) -> bool:
    """Whether the caller is the one that finds it out."""
    return await connection.execute(_CLAIM, _START_CANARY) == "DELETE 1"


def _number(value: str | None) -> int | None:
    return None if value is None else int(value)
