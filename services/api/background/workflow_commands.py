"""Starts, expedites and cancels imports, starts batches and deletions, and syncs schedules, outside of requests.

A request never waits for Temporal. A command that fails or finds no room is dropped: PostgreSQL is the truth.
ReconcileImports starts what does not run and syncs schedules; the schedule of a deleted subscription deletes itself. An
import whose signal was lost continues after its backoff and checks whether a list still waits for it.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

from temporalio.client import Client
from temporalio.service import RPCError

from services.api.http.database import Database
from shared.background import BackgroundTask
from shared.contracts.messages import ImportFeedItem
from shared.db.connection import raw_connection
from shared.db.events import newest_event
from shared.db.imports import wanted
from shared.temporal.errors import is_not_found
from shared.temporal.feed import FeedPublisher
from shared.temporal.names import import_video_id
from shared.temporal.schedules import sync_schedule
from workflows.batches.client import start_batch
from workflows.imports.client import cancel_import, start_import
from workflows.imports.workflow import ImportVideo
from workflows.lists.client import start_list_deletion

MAX_WAITING_COMMANDS = 10_000
COMMAND_SECONDS = 10

Command = Callable[[], Awaitable[None]]


class WorkflowCommands(BackgroundTask):
    """Sends commands to workflows in the background, one at a time; leaving the context sends those that wait.

    One at a time is enough: the rate limit is slower, and on a small machine requests come first.
    """

    def __init__(self, client: Client, publisher: FeedPublisher, database: Database) -> None:
        super().__init__("workflow_commands")
        self._client = client
        self._publisher = publisher
        self._database = database
        self._commands: deque[Command] = deque()

    def start(self, event: ImportFeedItem) -> None:
        """Publish the event of a committed list entry and start its import."""
        self._publisher.publish([event])
        self._submit(partial(self._start, event.message.youtube_id, event.user_id))

    def tell(self, user_id: UUID) -> None:
        """Let clients hear at once of a committed change whose event a trigger has written."""
        self._submit(partial(self._tell, user_id))

    def expedite(self, youtube_id: str, user_id: UUID) -> None:
        """Have a waiting import retry at once; start one where none runs."""
        self._submit(partial(self._expedite, youtube_id, user_id))

    def cancel(self, youtube_id: str) -> None:
        """Cancel an import unless a list still waits for it."""
        self._submit(partial(self._cancel, youtube_id))

    def start_batch(self, batch_id: UUID, user_id: UUID) -> None:
        """Start a committed batch, or wake it after a change."""
        self._submit(partial(self._start_batch, batch_id, user_id))

    def delete_list(self, list_id: UUID) -> None:
        """Start the removal of a deleted list's rows."""
        self._submit(partial(self._delete_list, list_id))

    def sync_schedule(self, subscription_id: UUID) -> None:
        """Make a subscription's schedule agree with its row."""
        self._submit(partial(self._sync_schedule, subscription_id))

    def _submit(self, command: Command) -> None:
        if len(self._commands) >= MAX_WAITING_COMMANDS:
            self.log_failure("queue_full")
            return
        self._commands.append(command)
        self.wake()

    async def run_once(self) -> None:
        """Send one command. Failed ones are not retried, see above."""
        command = self._commands.popleft()
        if self._commands:
            self.wake()
        await asyncio.wait_for(command(), COMMAND_SECONDS)

    async def _tell(self, user_id: UUID) -> None:
        async with self._database.connection() as connection:
            event = await newest_event(connection, user_id)
        if event:
            self._publisher.publish([event])

    async def _start(self, youtube_id: str, user_id: UUID) -> None:
        await start_import(self._client, youtube_id, user_id)

    async def _start_batch(self, batch_id: UUID, user_id: UUID) -> None:
        await start_batch(self._client, batch_id, user_id)

    async def _delete_list(self, list_id: UUID) -> None:
        await start_list_deletion(self._client, list_id)

    async def _sync_schedule(self, subscription_id: UUID) -> None:
        async with self._database.transaction() as connection:
            await sync_schedule(connection, self._client, subscription_id)

    async def _expedite(self, youtube_id: str, user_id: UUID) -> None:
        workflow = self._client.get_workflow_handle(import_video_id(youtube_id))
        try:
            await workflow.signal(ImportVideo.retry_now)
        except RPCError as error:
            if not is_not_found(error):
                raise
            await self._start(youtube_id, user_id)

    async def _cancel(self, youtube_id: str) -> None:
        async with self._database.connection() as connection:
            if await wanted(raw_connection(connection), [youtube_id]):
                return
        await cancel_import(self._client, youtube_id)
