"""Who may have audio in the store."""

import asyncio

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db import audio_jobs
from shared.db.connection import transaction


async def test_no_more_are_admitted_than_there_is_room_for(engine: AsyncEngine) -> None:
    async def join(number: int, *, is_interactive: bool = False) -> bool:
        async with transaction(engine) as connection:
            return await audio_jobs.join(connection, f"video{number:06}", is_interactive=is_interactive)

    admitted = await asyncio.gather(*(join(number) for number in range(2 * audio_jobs.MAX_ADMITTED)))
    assert sum(admitted) == audio_jobs.MAX_ADMITTED
    assert await join(1_000, is_interactive=True)
