"""`ImportVideo`: imports one YouTube video for all lists."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from shared.contracts.errors import ERROR_RULES, ErrorType, Retry
    from shared.contracts.imports import (
        Attach,
        FailImportInput,
        ImportState,
        ImportStatus,
        ImportVideoInput,
        ImportVideoResult,
        SkipCaptionsInput,
        VideoRef,
    )
    from shared.contracts.stages import STAGE_PROGRESS, ImportStage
    from shared.temporal.names import IMPORT_STAGE, IMPORT_VIDEO
    from workflows.common.errors import ImportAbandonedError, UpstreamError
    from workflows.common.retry import CAPTION_ATTEMPTS
    from workflows.imports.activities import ImportActivities, YoutubeActivities
    from workflows.imports.transcription import Transcription
    from workflows.imports.upstream_call import UpstreamCall
    from workflows.imports.upstream_calls import UpstreamCalls


@workflow.defn(name=IMPORT_VIDEO)
class ImportVideo:
    """Imports one YouTube video for every list that waits for it.

    A client commits the list entry's row and sends `attach`; each stage updates all waiting rows. The import never ends
    with an `attach` that it has not handled.
    """

    @workflow.init
    def __init__(self, video: ImportVideoInput) -> None:
        """Initialise the state; signals may arrive before `run`."""
        self._video = VideoRef(youtube_id=video.youtube_id)
        self._status = ImportStatus(youtube_id=video.youtube_id, stage=ImportStage.CREATED, progress=0)
        self._calls = UpstreamCalls(video, self._status)

    @workflow.run
    async def run(self, video: ImportVideoInput) -> ImportVideoResult:
        """Import until the entries of all lists that attached are complete, or no list waits any more."""
        while True:
            seen_attachments, self._calls.cancel_requested = self._calls.attachments, False
            result = await self._import()
            if result and self._calls.attachments == seen_attachments:
                return result

    @workflow.signal
    def attach(self, attach: Attach) -> None:
        """One more user waits for this video."""
        self._calls.attach(attach)

    @workflow.signal
    def cancel(self) -> None:
        """Stop all calls and check in PostgreSQL whether a list still waits."""
        self._calls.cancel_requested = True

    @workflow.signal
    def retry_now(self) -> None:
        """Start the next attempt now."""
        self._calls.retry_requests += 1

    @workflow.query
    def progress(self) -> ImportStatus:
        """Return the import's stage, its attempt, and what it waits for."""
        return self._status

    async def _import(self) -> ImportVideoResult | None:
        """Run the stages once; None where they have to be run again."""
        try:
            state = await self._calls.sync_entries()
            self._status.title = state.title
            self._reach(state.reached)
            if not state.wanted:
                self._start_stage(state.reached)
                return ImportVideoResult(stage=state.reached)
            if not await self._run_stages(state):
                return None
        except UpstreamError as error:
            return await self._fail(error.error_type)
        except ImportAbandonedError:
            return None
        return ImportVideoResult(stage=self._status.stage)

    async def _run_stages(self, state: ImportState) -> bool:
        """Return whether the import is complete; it is not where new captions have been requested meanwhile."""
        if state.reached is ImportStage.CREATED:
            await self._import_metadata()
        if state.reached in {ImportStage.CREATED, ImportStage.METADATA}:
            await self._import_captions(is_transcribed=state.is_transcribed)
        self._start_stage(ImportStage.CHAPTERS)
        await self._calls.run_local(ImportActivities.save_chapters, self._video)
        self._reach(ImportStage.CHAPTERS)
        completion = await self._calls.run_local(ImportActivities.complete_import, self._video)
        if completion.is_complete:
            self._reach(ImportStage.COMPLETE)
            self._start_stage(ImportStage.COMPLETE)
        return completion.is_complete

    async def _import_metadata(self) -> None:
        self._start_stage(ImportStage.METADATA)
        metadata = await self._calls.run(UpstreamCall(YoutubeActivities.fetch_metadata, self._video, is_first=True))
        self._status.title = metadata.title
        self._reach(ImportStage.METADATA)

    async def _import_captions(self, *, is_transcribed: bool) -> None:
        """Fetch the captions; `is_transcribed`: an import that was ended has done so, and there are none."""
        self._start_stage(ImportStage.CAPTIONS)
        if is_transcribed:
            await self._transcribe_or_skip(ErrorType.CAPTIONS_NONE)
        else:
            await self._fetch_captions()
        self._reach(ImportStage.CAPTIONS)

    async def _fetch_captions(self) -> None:
        call = UpstreamCall(YoutubeActivities.fetch_captions, self._video, max_attempts=CAPTION_ATTEMPTS)
        try:
            await self._calls.run(call)
        except UpstreamError as error:
            if not self._is_non_fatal_for_captions(error.error_type):
                raise
            await self._transcribe_or_skip(error.error_type)

    def _is_non_fatal_for_captions(self, error_type: ErrorType) -> bool:
        if error_type is ErrorType.INTERNAL_ERROR:
            return False  # YouTube may have captions: the import is retried once the error is corrected
        return ERROR_RULES[error_type].retry in {Retry.SKIP, Retry.BACKOFF}

    async def _transcribe_or_skip(self, reason: ErrorType) -> None:
        missing: ErrorType | None = reason
        if ERROR_RULES[reason].allows_transcription:
            missing = await Transcription(self._video, self._calls, self._status).run(reason)
        if missing is not None:
            skip = SkipCaptionsInput(youtube_id=self._video.youtube_id, reason=missing)
            await self._calls.run_local(ImportActivities.skip_captions, skip, summary=f"No captions: {missing}")

    async def _fail(self, error_type: ErrorType) -> ImportVideoResult:
        failure = FailImportInput(youtube_id=self._video.youtube_id, error_code=error_type)
        await self._calls.run_local(
            ImportActivities.fail_import, failure, summary=f"Failed: {error_type}", gives_up=False
        )
        self._status.stage = ImportStage.ERROR
        self._start_stage(ImportStage.ERROR)
        return ImportVideoResult(stage=ImportStage.ERROR, error_code=error_type)

    def _start_stage(self, stage: ImportStage) -> None:
        """Show the stage in the Temporal Web UI and in its search."""
        if workflow.info().typed_search_attributes.get(IMPORT_STAGE) != stage.value:
            workflow.upsert_search_attributes([IMPORT_STAGE.value_set(stage.value)])
        self._calls.set_details(stage.value)

    def _reach(self, stage: ImportStage) -> None:
        self._status.stage = stage
        self._status.progress = STAGE_PROGRESS[stage]
        self._status.attempt = 1
