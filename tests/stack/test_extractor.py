"""`vidferry extractor` and `vidferry doctor --youtube`, with a real yt-dlp on an index of the test's own."""

from collections.abc import Iterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from fakes.youtube import FakeYoutube
from services.stack import extractor
from services.stack.errors import StackError
from services.stack.extractor import canary_findings, store_of, use, use_bundled, version_findings
from services.stack.findings import FindingCode, Level
from services.stack.home import Home
from services.stack.running import Running
from services.worker.extractor.versions import bundled_version
from shared.contracts.upstreams import ExtractorState, PauseReason
from shared.contracts.youtube_requests import CallStage
from shared.settings import Settings
from tests.support.servers import free_port
from tests.support.upstreams import doubted, paused, write_down
from tests.worker.extractor.releases import IMPORT_ERROR, NEWER, NEWEST, NIGHTLY, Index, index_server, real_wheel
from tests.worker.extractor.test_canary import canaries
from tests.worker.test_request_log import written

__all__ = ["canaries"]  # a fixture


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """The index that the settings name."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with index_server() as running:
        monkeypatch.setenv("YOUTUBE_EXTRACTOR_INDEX", running.url)
        yield running


@pytest.fixture
def terminal(home: Home, canaries: Settings, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home where nothing runs; the settings of this terminal name the fake YouTube and its canaries."""
    nowhere = free_port()
    proxy = canaries.youtube_proxy
    assert proxy is not None
    given = {
        "DATABASE_URL": f"postgresql://me@127.0.0.1:{nowhere}/mine",
        "TEMPORAL_ADDRESS": f"127.0.0.1:{nowhere}",
        "YOUTUBE_PROXY": proxy.get_secret_value(),
        "YOUTUBE_CA_FILE": str(canaries.youtube_ca_file),
        "YOUTUBE_CANARY_MANUAL": canaries.canary_manual,
        "YOUTUBE_CANARY_AUTOMATIC": canaries.canary_automatic,
        "YOUTUBE_CANARY_KIDS": canaries.canary_kids,
        "YOUTUBE_CANARY_PLAYLIST": canaries.canary_playlist,
        "YOUTUBE_CANARY_CHANNEL": canaries.canary_channel,
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(extractor, "GOVERNOR_SECONDS", 0.1)
    return home


async def test_the_real_yt_dlp_is_updated_to_the_newest_version_that_fits(terminal: Home, index: Index) -> None:
    index.add(NEWEST, real_wheel(NEWEST, IMPORT_ERROR))
    index.add(NEWER, real_wheel(NEWER))
    lines: list[str] = []
    assert await extractor.update(terminal, lines.append, nightly=False) == 0
    assert f"✓ yt-dlp: {NEWER}, tested " in str(lines)
    assert any(NEWEST in line and "import:" in line for line in lines)
    assert index.downloads == [NEWEST, NEWER]


async def test_an_outdated_version_is_replaced_by_whatever_helps(
    terminal: Home, index: Index, settings: Settings, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", settings.database_url.get_secret_value())
    index.add(NIGHTLY)
    await extractor.update(terminal, lambda _: None, nightly=False)
    assert index.downloads == []
    await write_down(engine, doubted(ExtractorState.BROKEN))
    await extractor.update(terminal, lambda _: None, nightly=False)
    assert index.downloads == [NIGHTLY]


async def test_the_operators_choice_lasts_until_the_next_update(terminal: Home, index: Index) -> None:
    store = store_of(terminal, Settings())
    assert await use_bundled(terminal, lambda _: None) == 0
    assert store.selection().pinned
    (finding,) = version_findings(terminal, Settings())
    assert finding.text.startswith(f"yt-dlp: {bundled_version()}, as bundled. It stays until ")
    assert await extractor.update(terminal, lambda _: None, nightly=False) == 0
    assert not store.selection().pinned
    assert await use(terminal, NEWER, lambda _: None) == 1
    assert index.downloads == []


async def test_a_home_that_cannot_be_written_to(terminal: Home) -> None:
    terminal.extractor.write_text("in the way")
    with pytest.raises(StackError):
        await use_bundled(terminal, lambda _: None)
    codes = [finding.code for finding in version_findings(terminal, Settings())]
    assert codes == [FindingCode.EXTRACTOR, FindingCode.EXTRACTOR_NOT_WRITABLE]


async def test_the_doctor_asks_youtube_on_demand(terminal: Home, fake_youtube: FakeYoutube) -> None:
    findings = await canary_findings(terminal, Settings())
    assert [finding.level for finding in findings] == [Level.OK] * 7
    assert [finding.code for finding in findings] == [FindingCode.CANARY] * 6 + [FindingCode.YOUTUBE_READABLE]
    assert f"({len(fake_youtube.requests)} requests)" in findings[-1].text


async def test_what_the_doctor_asks_is_logged_where_vidferry_runs(
    terminal: Home,
    canaries: Settings,
    client: Client,
    settings: Settings,
    engine: AsyncEngine,
    fake_youtube: FakeYoutube,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(extractor, "GOVERNOR_SECONDS", 60)
    running = {"database_url": settings.database_url, "temporal_address": settings.temporal_address}
    await canary_findings(terminal, canaries.model_copy(update=running))
    rows = await written(engine)
    assert len(rows) == len(fake_youtube.requests)
    assert {row.stage for row in rows} == {CallStage.CANARY}


async def test_the_doctor_does_not_ask_while_calls_are_paused(
    terminal: Home, canaries: Settings, settings: Settings, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    await write_down(engine, paused(PauseReason.BOT_CHECK))
    running = canaries.model_copy(update={"database_url": settings.database_url})
    (finding,) = await canary_findings(terminal, running)
    assert finding.code is FindingCode.YOUTUBE_NOT_ASKED
    assert fake_youtube.requests == []


async def test_the_doctor_does_not_ask_while_it_is_not_known_whether_calls_are_paused(
    terminal: Home, fake_youtube: FakeYoutube, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extractor, "running_in", lambda home: Running(home, 1, [], is_stopping=False))
    (finding,) = await canary_findings(terminal, Settings())
    assert finding.code is FindingCode.YOUTUBE_NOT_ASKED
    assert fake_youtube.requests == []
