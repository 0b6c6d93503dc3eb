"""The clients of a run: they add the videos of the mix, and change their minds, at random times."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from fakes.youtube import VideoState
from tests.chaos.client import Client, Json, NeverAnsweredError
from tests.chaos.ledger import Ledger
from tests.chaos.mix import Mix, MixVideo, VideoKind
from tests.chaos.timeline import Timeline
from tests.chaos.youtube import YoutubeControl

PLAYLIST_ID = "PLchaos00000000000001"
DELETED_ENTRY = "deleted0001"
"""An entry of the playlist that YouTube shows as deleted."""
PLAIN_LISTS = 30
REIMPORTS = 4
POLL_SECONDS = 2.0
HURRY_SECONDS = 10.0
"""How often somebody asks for a stream that has ended: a request to hurry is not kept if Temporal is away."""
PREMIERE_AT = 0.6
"""When the announced video begins, as a share of the run."""
PREMIERE_MARGIN_SECONDS = 5.0
"""So long before it can be seen: who looks at the announced time must not be sent away again."""
Work = Callable[[], Coroutine[Any, Any, None]]


@dataclass
class Workload:
    """Everything that clients do in one run of `seconds`, and what they still wait for afterwards."""

    seed: int
    mix: Mix
    seconds: float
    client: Client
    ledger: Ledger
    youtube: YoutubeControl
    timeline: Timeline
    main_list: str = ""
    second_list: str = ""
    _begun: float = 0
    _video_ids: dict[str, str] = field(default_factory=dict)
    """Of the list entries that were added one by one to the main list, by YouTube id."""

    async def run(self) -> None:
        """Do everything; returns when every request was answered and every stream has ended."""
        dice = random.Random(f"workload {self.seed}")  # noqa: S311 - no secret
        self._begun = self.timeline.seconds
        await self._prepare_youtube()
        self.main_list, self.second_list = [await self.client.create_list(name) for name in ("main", "second")]
        stories = [
            self._at(0.03, self._batch),
            self._at(0.2, self._file),
            self._at(0.4, self._playlist),
            self._at(0.5, self._deletion),
            self._at(0.6, self._publication),
            self._at(PREMIERE_AT - PREMIERE_MARGIN_SECONDS / self.seconds, self._premiere),
            *self._spread(dice, 0.02, 0.9, [self._single(video) for video in self.mix.singles]),
            *self._spread(dice, 0.1, 0.95, [self._share(video) for video in self.mix.shared]),
            *self._spread(dice, 0.0, 1.0, [self._plain_list(number) for number in range(PLAIN_LISTS)]),
            *self._spread(dice, 0.5, 0.95, [self._reimport()] * REIMPORTS),
        ]
        await asyncio.gather(*stories)

    async def _at(self, share: float, work: Work) -> None:
        """Do something after this share of the run; what is never answered is in the ledger."""
        await self._sleep_until(share)
        with suppress(NeverAnsweredError):
            await work()

    def _spread(
        self, dice: random.Random, first: float, last: float, work: Iterable[Work]
    ) -> list[Coroutine[Any, Any, None]]:
        return [self._at(dice.uniform(first, last), each) for each in work]

    async def _sleep_until(self, share: float) -> None:
        await asyncio.sleep(max(0, self._begun + share * self.seconds - self.timeline.seconds))

    async def _prepare_youtube(self) -> None:
        starts_at = datetime.now(UTC) + timedelta(seconds=PREMIERE_AT * self.seconds)
        states = {VideoKind.LIVE: VideoState.LIVE_NOW, VideoKind.PREMIERE: VideoState.PREMIERE}
        states |= {VideoKind.PRIVATE: VideoState.PRIVATE, VideoKind.REMOVED: VideoState.REMOVED}
        for kind, state in states.items():
            for video in self.mix.of_kind(kind):
                await self.youtube.show(video.youtube_id, state, starts_at if state is VideoState.PREMIERE else None)
        entries = [video.youtube_id for video in self.mix.playlist]
        await self.youtube.show_list(PLAYLIST_ID, [*entries, DELETED_ENTRY], {DELETED_ENTRY})

    def _single(self, video: MixVideo) -> Work:
        async def add() -> None:
            video_id = await self.client.add(self.main_list, video.youtube_id, video.url)
            if video_id is None:
                return
            self._video_ids[video.youtube_id] = video_id
            if video.kind is VideoKind.LIVE:
                await self._end_stream(video, video_id)

        return add

    async def _end_stream(self, video: MixVideo, video_id: str) -> None:
        """End a live stream, and have its import look again until it has noticed."""
        await self._sleep_until(0.55)
        await self.youtube.show(video.youtube_id, VideoState.OK)
        while (await self.client.get(f"/videos/{video_id}"))["import_stage"] == "created":
            await self.client.expedite(video.youtube_id, video_id)
            await asyncio.sleep(HURRY_SECONDS)
            self.client.stop_if_over()

    async def _premiere(self) -> None:
        for video in self.mix.of_kind(VideoKind.PREMIERE):
            await self.youtube.show(video.youtube_id, VideoState.OK)

    def _share(self, video: MixVideo) -> Work:
        async def add() -> None:
            await self.client.add(self.second_list, video.youtube_id, video.url)

        return add

    def _plain_list(self, number: int) -> Work:
        async def create() -> None:
            list_id = await self.client.create_list(f"plain {number}")
            if number % 3 == 0:
                await self.client.rename_list(list_id, f"renamed {number}")

        return create

    async def _batch(self) -> None:
        """A batch of addresses: paused and resumed while it runs; in the end what failed is tried again."""
        batch_id = await self.client.add_batch(self.main_list, _urls(self.mix.batch)) or await self._batch_of("urls")
        await self._sleep_until(0.3)
        if await self.client.change_batch(batch_id, "pause"):
            await self._sleep_until(0.36)
            await self.client.change_batch(batch_id, "resume")
        await self._until(partial(self._is_over, batch_id))
        if await self.client.retry_failed(batch_id, [(self.main_list, each) for each in _urls(self.mix.batch)]):
            removed = [video for video in self.mix.batch if video.kind is VideoKind.REMOVED]
            self.ledger.rounds.update((self.main_list, video.youtube_id) for video in removed)

    async def _file(self) -> None:
        await self.client.import_file(self.main_list, _urls(self.mix.file))

    async def _playlist(self) -> None:
        await self.client.import_source(self.main_list, f"https://www.youtube.com/playlist?list={PLAYLIST_ID}")
        self.ledger.entries.update(((self.main_list, video.youtube_id), None) for video in self.mix.playlist)

    async def _deletion(self) -> None:
        """Add videos to a list and delete it while they are imported."""
        list_id = await self.client.create_list("doomed")
        additions = [
            self.client.add(list_id, video.youtube_id, video.url, may_be_gone=True) for video in self.mix.doomed
        ]
        await asyncio.gather(*additions, self._delete_soon(list_id))

    async def _delete_soon(self, list_id: str) -> None:
        await self._sleep_until(0.52)
        await self.client.delete_list(list_id)

    async def _publication(self) -> None:
        """Make private videos public, and try them again."""
        for video in self.mix.of_kind(VideoKind.PRIVATE):
            await self._until(partial(self._has_failed, video))
            await self.youtube.show(video.youtube_id, VideoState.OK)
            entry = self.main_list, video.youtube_id
            await self.client.begin_anew(entry, self._video_ids[video.youtube_id], "retry")

    def _reimport(self) -> Work:
        async def reimport() -> None:
            """Import one of the complete videos once more."""
            done: Json | None = None

            async def found() -> bool:
                nonlocal done
                done = await self._a_complete_one()
                return done is not None

            await self._until(found)
            if done is not None:
                await self.client.begin_anew((self.main_list, done["youtube_id"]), done["id"], "reimport")

        return reimport

    async def _a_complete_one(self) -> Json | None:
        """A list entry with captions that is complete and was not begun anew yet."""
        page = await self.client.get(f"/lists/{self.main_list}/videos", limit=200)
        videos = self.mix.videos
        return next(
            (
                video
                for video in page["items"]
                if video["import_stage"] == "complete"
                and videos[video["youtube_id"]].kind is VideoKind.CAPTIONS
                and not self.ledger.round_attempts[self.main_list, video["youtube_id"]]
            ),
            None,
        )

    async def _batch_of(self, kind: str) -> str:
        """The id of the batch that an attempt without an answer has made."""
        batches = (await self.client.get("/batches", list_id=self.main_list))["items"]
        return next(str(batch["batch_id"]) for batch in batches if batch["kind"] == kind)

    async def _is_over(self, batch_id: str) -> bool:
        return (await self.client.get(f"/batches/{batch_id}"))["completed_at"] is not None

    async def _has_failed(self, video: MixVideo) -> bool:
        video_id = self._video_ids.get(video.youtube_id)
        return video_id is not None and (await self.client.get(f"/videos/{video_id}"))["import_stage"] == "error"

    async def _until(self, check: Callable[[], Coroutine[Any, Any, bool]]) -> None:
        """Wait for what the API says. Raises NeverAnsweredError at the end of the run."""
        while not await check():
            await asyncio.sleep(POLL_SECONDS)
            self.client.stop_if_over()


def _urls(videos: Sequence[MixVideo]) -> dict[str, str]:
    return {video.youtube_id: video.url for video in videos}
