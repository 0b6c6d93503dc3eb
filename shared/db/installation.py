"""Facts about the installation itself, which belong to no user and no video."""

from shared.db.connection import AsyncpgConnection

_GENERATION, _EXTRACTOR, _START_CANARY = "workflow_generation", "extractor", "start_canary"
_FIND = "SELECT value FROM installation WHERE name = $1"
_LOCK = "SELECT value FROM installation WHERE name = $1 FOR SHARE"
_SAVE = """
    INSERT INTO installation (name, value) VALUES ($1, $2)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value
    """
# JSON of the version and the time: kept as it is while the version stays.
_SAVE_EXTRACTOR = """
    INSERT INTO installation (name, value)
    VALUES ($1, CAST(json_build_object('version', CAST($2 AS text), 'since', now()) AS text))
    ON CONFLICT (name) DO UPDATE SET value = excluded.value
    WHERE CAST(installation.value AS json) ->> 'version' <> $2
    """
_CLAIM = "DELETE FROM installation WHERE name = $1"
_CLEAR_OTHERS = "DELETE FROM installation WHERE name = $1 AND value <> $2"


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


async def record_extractor(connection: AsyncpgConnection, version: str) -> bool:
    """Record the version of the extractor (yt-dlp) that runs; return whether another one ran before, or none.

    What YouTube did not give to an earlier version is requested again, little by little: see
    `shared.db.transcription.upgradable_videos`.
    """
    return await connection.execute(_SAVE_EXTRACTOR, _EXTRACTOR, version) != "INSERT 0 0"


async def request_start_canary(connection: AsyncpgConnection) -> None:
    """The installation is started: one of its workers is to find out whether YouTube can be read."""
    await connection.execute(_SAVE, _START_CANARY, "requested")


async def claim_start_canary(connection: AsyncpgConnection) -> bool:
    """Whether the caller is the one that finds it out."""
    return await connection.execute(_CLAIM, _START_CANARY) == "DELETE 1"


def _number(value: str | None) -> int | None:
    return None if value is None else int(value)
