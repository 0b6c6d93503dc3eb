"""`ImportVideo`: one YouTube video, whoever asked for it."""

from temporalio import workflow
from temporalio.common import Priority

with workflow.unsafe.imports_passed_through():
    from shared.contracts.errors import ERROR_RULES, ErrorType, Retry
    from shared.contracts.imports import (
        Attach,
        ImportState,
        ImportStatus,
        ImportVideoInput,
        ImportVideoResult,
        VideoRef,
    )
    from shared.contracts.stages import STAGE_PROGRESS, ImportStage
    from shared.contracts.upstreams import Upstream
    from shared.temporal.names import IMPORT_STAGE, IMPORT_VIDEO, PATCH_GOVERNED, PATCH_SPEECH_TO_TEXT
    from workflows import import_steps
    from workflows.calls import Call, ImportCalls
    from workflows.policies import CAPTION_ATTEMPTS, YoutubeStepOptions, youtube_step
    from workflows.refusals import NobodyWaits, Refused
    from workflows.speech_to_text import SpeechToText


@workflow.defn(name=IMPORT_VIDEO)
class ImportVideo:
    """Brings one YouTube video to every list that waits for it.

    Whoever wants the video commits a row and attaches; each stage moves all waiting rows. The import never ends
    with an unread attach.
    """

    @workflow.init
    def __init__(self, video: ImportVideoInput) -> None:
        """Start at nothing; signals may arrive before `run`."""
        self._video = VideoRef(youtube_id=video.youtube_id)
        self._status = ImportStatus(youtube_id=video.youtube_id, stage=ImportStage.CREATED, progress=0)
        self._calls = ImportCalls(video, self._status)
        self._has_speech_to_text = False

    @workflow.run
    async def run(self, video: ImportVideoInput) -> ImportVideoResult:
        """Import until everybody who attached has been served, or nobody waits any more."""
        self._calls.is_governed = workflow.patched(PATCH_GOVERNED)
        self._has_speech_to_text = workflow.patched(PATCH_SPEECH_TO_TEXT)
        while True:
            served, self._calls.cancel_asked = self._calls.attachments, False
            result = await self._import()
            if result and self._calls.attachments == served:
                return result

    @workflow.signal
    def attach(self, attach: Attach) -> None:
        """One more user waits for this video."""
        self._calls.attach(attach)

    @workflow.signal
    def cancel(self) -> None:
        """Stop asking anybody and look whether anybody still waits; Postgres decides."""
        self._calls.cancel_asked = True

    @workflow.signal
    def retry_now(self) -> None:
        """Do not wait any longer for the next attempt."""
        self._calls.retry_now()

    @workflow.query
    def progress(self) -> ImportStatus:
        """Where the import is, at which attempt, and what it waits for."""
        return self._status

    async def _import(self) -> ImportVideoResult | None:
        """One way through the stages; None where it has to be looked at again."""
        state = await self._begin()
        if not state.wanted:
            self._begin_stage(state.reached)
            return ImportVideoResult(stage=state.reached)
        try:
            await self._bring_what_is_missing(state)
        except Refused as refused:
            return await self._fail(refused.error_type)
        except NobodyWaits:
            return None
        return ImportVideoResult(stage=self._status.stage)

    async def _begin(self) -> ImportState:
        state = await self._calls.bring_entries_up_to_date()
        self._status.title = state.title
        self._reach(state.reached)
        return state

    async def _bring_what_is_missing(self, state: ImportState) -> None:
        if state.reached is ImportStage.CREATED:
            await self._bring_metadata()
        if state.reached in {ImportStage.CREATED, ImportStage.METADATA}:
            await self._bring_captions()
        await self._bring_chapters()
        await self._complete()

    async def _bring_metadata(self) -> None:
        self._begin_stage(ImportStage.METADATA)
        metadata = await self._calls.ask(
            Call(
                lambda priority: import_steps.fetch_metadata(self._video, self._options(priority)),
                Upstream.YOUTUBE,
                has_begun=False,
            )
        )
        self._status.title = metadata.title
        self._reach(ImportStage.METADATA)

    async def _bring_captions(self) -> None:
        self._begin_stage(ImportStage.CAPTIONS)
        try:
            await self._fetch_captions()
        except Refused as refused:
            if not self._goes_on_without_captions(refused.error_type):
                raise
            await self._do_without_youtubes_captions(refused.error_type)
        self._reach(ImportStage.CAPTIONS)

    async def _fetch_captions(self) -> None:
        await self._calls.ask(
            Call(
                lambda priority: import_steps.fetch_captions(self._video, self._options(priority)),
                Upstream.YOUTUBE,
                max_attempts=CAPTION_ATTEMPTS if self._calls.is_governed else None,
            )
        )

    def _options(self, priority: Priority) -> YoutubeStepOptions:
        return youtube_step(priority, is_governed=self._calls.is_governed)

    def _goes_on_without_captions(self, error_type: ErrorType) -> bool:
        retry = ERROR_RULES[error_type].retry
        return retry is Retry.SKIP or (retry is Retry.BACKOFF and self._calls.is_governed)

    async def _do_without_youtubes_captions(self, reason: ErrorType) -> None:
        missing: ErrorType | None = reason
        if self._has_speech_to_text and ERROR_RULES[reason].speech_to_text:
            missing = await SpeechToText(self._video, self._calls, self._status).make_captions(reason)
        if missing is not None:
            await import_steps.skip_captions(self._video, missing)

    async def _bring_chapters(self) -> None:
        self._begin_stage(ImportStage.CHAPTERS)
        await import_steps.save_chapters(self._video)
        self._reach(ImportStage.CHAPTERS)

    async def _complete(self) -> None:
        await import_steps.complete_import(self._video)
        self._reach(ImportStage.COMPLETE)
        self._begin_stage(ImportStage.COMPLETE)

    async def _fail(self, error_type: ErrorType) -> ImportVideoResult:
        await import_steps.fail_import(self._video, error_type)
        self._status.stage = ImportStage.ERROR
        self._begin_stage(ImportStage.ERROR)
        return ImportVideoResult(stage=ImportStage.ERROR, error_code=error_type)

    def _begin_stage(self, stage: ImportStage) -> None:
        """Tell the Web UI and the search which stage is under way."""
        if workflow.info().typed_search_attributes.get(IMPORT_STAGE) != stage.value:
            workflow.upsert_search_attributes([IMPORT_STAGE.value_set(stage.value)])
        self._calls.describe(stage.value)

    def _reach(self, stage: ImportStage) -> None:
        self._status.stage = stage
        self._status.progress = STAGE_PROGRESS[stage]
        self._status.attempt = 1
