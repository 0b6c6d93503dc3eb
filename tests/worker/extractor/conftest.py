"""A package index, and a directory for versions of yt-dlp."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.worker.extractor.store import Store
from tests.worker.extractor.releases import Index, index_server


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
