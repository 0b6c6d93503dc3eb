"""How long events are kept: those of imports as long as their video, all others for a month."""

from shared.db.connection import AsyncpgConnection

_FORGET_OLD_CHANGES = "DELETE FROM import_events WHERE type <> 'import_progress' AND at < now() - interval '30 days'"


async def forget_old_changes(connection: AsyncpgConnection) -> None:
    """Delete events of more than a month ago that do not go with their video."""
    await connection.execute(_FORGET_OLD_CHANGES)
