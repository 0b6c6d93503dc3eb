"""A package index, and a directory for versions of yt-dlp."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from services.worker.extractor import canary_runs, gate
from services.worker.extractor.canary import CanaryReport, Found
from services.worker.extractor.store import Store
from shared.settings import Settings
from tests.worker.extractor.one_worker import OneWorker
from tests.worker.extractor.releases import Index, index_server
from tests.worker.extractor.test_updates import answered, passing


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with index_server() as running:
        yield running


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "extractor")
    store.create()
    return store


@pytest.fixture
def one_worker(
    client: Client,
    engine: AsyncEngine,
    settings: Settings,
    store: Store,
    index: Index,
    asked: list[Path | None],  # comes first: its tests are handed over
) -> OneWorker:
    return OneWorker(client, engine, settings.model_copy(update={"extractor_index": index.url}), store)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Path | None]:
    """The versions with which YouTube was asked; no version needs more than to be there."""
    overlays: list[Path | None] = []

    async def ask(_settings: Settings, overlay: Path | None) -> CanaryReport:
        overlays.append(overlay)
        return answered(Found.FINE)

    monkeypatch.setattr(canary_runs, "ask_youtube", ask)
    monkeypatch.setattr(gate, "problems", passing)
    return overlays
