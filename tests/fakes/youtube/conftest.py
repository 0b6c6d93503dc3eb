"""One fake YouTube for these tests, empty at the start of each."""

import pytest

from fakes.youtube import FakeYoutube


@pytest.fixture
def fake_youtube(running_fake_youtube: FakeYoutube, monkeypatch: pytest.MonkeyPatch) -> FakeYoutube:
    """An empty fake YouTube that yt-dlp trusts."""
    running_fake_youtube.clear()
    monkeypatch.setenv("SSL_CERT_FILE", str(running_fake_youtube.ca_file))
    return running_fake_youtube
