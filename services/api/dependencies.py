"""Dependencies of endpoints: the user, the language and the process-wide `AppContext`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, cast
from uuid import UUID

from fastapi import Depends, Header, Query, Request
from temporalio.client import Client

from services.api.background.threads import BoundedThreads
from services.api.background.video_inserts import GroupCommit, create_adding_engine
from services.api.background.workflow_commands import WorkflowCommands
from services.api.http.database import Database
from shared.background import running
from shared.db.engine import create_engine
from shared.db.models import LOCAL_USER_ID
from shared.i18n.languages import Language, best_language
from shared.settings import Settings
from shared.temporal.client import connect
from shared.temporal.feed import FeedPublisher

POOL_SIZE = 20
"""Connections that stay open. Opening another one for a single request costs more than waiting for one of these."""

MAX_UPLOADS = 16
"""Files that are received concurrently: each takes up to 32 MiB of the disk for temporary files."""
MAX_FILES_AT_ONCE = 2
"""Files that are parsed concurrently: each takes up to 100 MB of memory and a second."""


@dataclass(frozen=True, slots=True)
class AppContext:
    """Resources that all requests share for the lifetime of the process."""

    settings: Settings
    database: Database
    inserts: GroupCommit
    client: Client
    commands: WorkflowCommands
    uploads: asyncio.Semaphore
    """A request holds one while its file is received and read."""
    files: BoundedThreads


@asynccontextmanager
async def open_resources(settings: Settings) -> AsyncIterator[AppContext]:
    """Open the resources of requests. Neither PostgreSQL nor Temporal has to be available yet."""
    engine = create_engine(settings, pool_size=POOL_SIZE)
    adding_engine = create_adding_engine(settings)
    files = BoundedThreads(MAX_FILES_AT_ONCE, "files")
    try:
        client = await connect(settings)
        database = Database(engine)
        publisher = FeedPublisher(client, settings.feed_shards)
        commands = WorkflowCommands(client, publisher, database)
        async with running(publisher, commands):
            inserts, uploads = GroupCommit(Database(adding_engine)), asyncio.Semaphore(MAX_UPLOADS)
            yield AppContext(settings, database, inserts, client, commands, uploads, files)
    finally:
        files.close()
        await engine.dispose()
        await adding_engine.dispose()


async def current_user_id() -> UUID:
    """The user of the request: always the local user, because there is no authentication."""
    return LOCAL_USER_ID


async def language_of_request(
    accept_language: Annotated[
        str | None, Header(description="Language of the sentences for people: en (default) or de.")
    ] = None,
) -> Language:
    """The language of sentences in the response."""
    return best_language(accept_language)


async def current_resources(request: Request) -> AppContext:
    """The resources that the lifespan has opened."""
    return cast("AppContext", request.app.state.resources)


Context = Annotated[AppContext, Depends(current_resources)]
UserId = Annotated[UUID, Depends(current_user_id)]
RequestLanguage = Annotated[Language, Depends(language_of_request)]
Cursor = Annotated[str | None, Query(description="`next_cursor` of the previous page; omit it for the first page.")]
PageLimit = Annotated[int, Query(ge=1, le=200, description="Maximum number of items.")]
