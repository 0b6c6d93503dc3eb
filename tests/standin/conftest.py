"""One stand-in for these tests, empty at the start of each."""

import pytest

from tests.standin import Standin


@pytest.fixture
def standin(running_standin: Standin, monkeypatch: pytest.MonkeyPatch) -> Standin:
    """An empty stand-in that yt-dlp trusts."""
    running_standin.clear()
    monkeypatch.setenv("SSL_CERT_FILE", str(running_standin.ca_file))
    return running_standin
