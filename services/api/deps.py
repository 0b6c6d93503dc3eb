"""What endpoints are given: the user, the language, and what the process shares."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, cast
from uuid import UUID

from fastapi import Depends, Header, Query, Request
from temporalio.client import Client

from services.api.adder import VideoAdder
from services.api.database import Database
from services.api.file_reader import FileReader
from services.api.starter import ImportStarter
from shared.contracts.texts import Language, best_language
from shared.db.engine import create_engine
from shared.db.models import LOCAL_USER_ID
from shared.settings import Settings
from shared.temporal.client import connect
from shared.temporal.feed import FeedPublisher

POOL_SIZE = 20
"""Connections that are kept: those beyond it are opened and closed for one request, which costs more than waiting."""


@dataclass(frozen=True, slots=True)
class Resources:
    """What all requests share for as long as the process lives."""

    settings: Settings
    database: Database
    adder: VideoAdder
    client: Client
    starter: ImportStarter
    files: FileReader


@asynccontextmanager
async def open_resources(settings: Settings) -> AsyncIterator[Resources]:
    """Everything requests need. Neither Postgres nor Temporal has to be there yet."""
    engine = create_engine(settings, pool_size=POOL_SIZE)
    files = FileReader()
    try:
        client = await connect(settings)
        database = Database(engine)
        async with (
            FeedPublisher(client, settings.feed_shards) as publisher,
            ImportStarter(client, publisher, database) as starter,
        ):
            yield Resources(settings, database, VideoAdder(database), client, starter, files)
    finally:
        files.close()
        await engine.dispose()


async def current_user_id() -> UUID:
    """Whose request it is. Everybody is the local user until authentication comes, and it comes here."""
    return LOCAL_USER_ID


async def language_of_request(
    accept_language: Annotated[
        str | None, Header(description="Language of the sentences for people: en (default) or de.")
    ] = None,
) -> Language:
    """The language in which the client wants to read."""
    return best_language(accept_language)


async def current_resources(request: Request) -> Resources:
    """What the lifespan opened."""
    return cast("Resources", request.app.state.resources)


Shared = Annotated[Resources, Depends(current_resources)]
UserId = Annotated[UUID, Depends(current_user_id)]
RequestLanguage = Annotated[Language, Depends(language_of_request)]
Cursor = Annotated[str | None, Query(description="`next_cursor` of the page before; none for the first page.")]
PageLimit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
