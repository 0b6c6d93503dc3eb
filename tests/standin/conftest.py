"""One stand-in for these tests, empty at the start of each."""

from collections.abc import AsyncIterator

import pytest

from tests.standin import Standin


@pytest.fixture(scope="session")
async def shared_standin() -> AsyncIterator[Standin]:
    """A stand-in for the whole run."""
    async with Standin.start() as standin:
        yield standin


@pytest.fixture
def standin(shared_standin: Standin, monkeypatch: pytest.MonkeyPatch) -> Standin:
    """An empty stand-in that yt-dlp trusts."""
    shared_standin.clear()
    monkeypatch.setenv("SSL_CERT_FILE", str(shared_standin.ca_file))
    return shared_standin
