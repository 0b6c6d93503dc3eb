"""The production worker with the account that its settings name."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from yt_dlp.extractor.youtube.jsc._builtin import vendor

from fakes.youtube import FakeVideo, FakeYoutube, VideoState, captions
from services.worker.adapters.models import YoutubeError
from services.worker.adapters.youtube import access, account
from services.worker.dependencies import dependencies
from shared.contracts.errors import ErrorType
from shared.contracts.stages import ImportStage
from shared.settings import Settings
from tests.support.cookies import SECRET, cookies_file, deno
from tests.support.entries import add_video, find_video
from tests.support.waiting import eventually
from tests.support.worker import worker_at_work
from workflows.imports.client import start_import

ID, OTHER = "abcdefghijk", "bbcdefghijk"


def for_members(youtube_id: str) -> FakeVideo:
    return FakeVideo(youtube_id, state=VideoState.MEMBERS_ONLY, captions=(captions("en", "Hello"),))


@pytest.fixture
def lending(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of an installation whose operator lends an account."""
    monkeypatch.setattr(access, "version", lambda _: vendor.VERSION)
    monkeypatch.setattr(account, "SPACING_SECONDS", 86_400)  # nothing here may last longer
    lent = {
        "youtube_js_runtime": str(deno(tmp_path)),
        "youtube_cookies_file": cookies_file(tmp_path),
        "youtube_account_directory": tmp_path / "account",
    }
    return settings.model_copy(update=lent)


@pytest.fixture
async def worker(
    client: Client, lending: Settings, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> AsyncIterator[None]:
    async with worker_at_work(client, lending, engine, fake_youtube):
        yield


@pytest.mark.usefixtures("worker")
async def test_one_video_is_imported_with_it_and_the_next_one_waits(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    fake_youtube.library.add(for_members(ID), for_members(OTHER))
    video = await add_video(engine, ID)
    run = await start_import(client, ID, video.user_id)
    await run.result()
    assert (await find_video(engine, video.id)).import_stage == ImportStage.COMPLETE
    other = await add_video(engine, OTHER)
    await start_import(client, OTHER, other.user_id)

    async def waits_for_its_turn() -> bool:
        found = await find_video(engine, other.id)
        return found.waiting_for == ErrorType.ACCOUNT_BUSY and found.retry_at is not None

    await eventually(waits_for_its_turn)
    history = b"".join([event.SerializeToString() async for event in run.fetch_history_events()])
    assert ID.encode() in history
    assert SECRET.encode() not in history


async def test_what_cannot_be_used_is_logged_and_done_without(
    client: Client,
    lending: Settings,
    engine: AsyncEngine,
    fake_youtube: FakeYoutube,
    caplog: pytest.LogCaptureFixture,
) -> None:
    fake_youtube.library.add(for_members(ID))
    assert lending.youtube_cookies_file is not None
    lending.youtube_cookies_file.chmod(0o644)
    broken = {
        "youtube_proxy": SecretStr(fake_youtube.proxy_url),
        "youtube_ca_file": fake_youtube.ca_file,
        "youtube_pot_provider_url": "http://127.0.0.1:4416",
    }
    async with dependencies(client, lending.model_copy(update=broken), engine) as needs:
        with pytest.raises(YoutubeError) as refused:
            needs.metadata.ask(ID)
    assert refused.value.error_type is ErrorType.MEMBERS_ONLY
    events = {record.message.partition(" ")[0] for record in caplog.records}
    assert {"youtube_account_unusable", "youtube_token_server_unusable"} <= events
    assert str(lending.youtube_cookies_file) not in caplog.text
