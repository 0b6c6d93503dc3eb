"""The adapters, led to a fake YouTube that is empty at the start of each test."""

import pytest

from fakes.youtube import FakeYoutube
from services.worker.adapters.youtube.captions import CaptionsAdapter
from services.worker.adapters.youtube.clients import Clients
from services.worker.adapters.youtube.connection import Connection
from services.worker.adapters.youtube.metadata import MetadataAdapter

HASTY_SECONDS = 2.0
"""A timeout for tests in which YouTube never answers: long enough to connect on a busy machine."""


@pytest.fixture
def connection(fake_youtube: FakeYoutube) -> Connection:
    """The way to YouTube."""
    return Connection(fake_youtube.proxy_url, fake_youtube.ca_file)


@pytest.fixture
def clients(connection: Connection) -> Clients:
    """What the adapters of one worker share."""
    return Clients(connection)


@pytest.fixture
def metadata(connection: Connection, clients: Clients) -> MetadataAdapter:
    """The metadata adapter as the worker builds it."""
    return MetadataAdapter(connection, clients)


@pytest.fixture
def captions_adapter(connection: Connection, clients: Clients) -> CaptionsAdapter:
    """The captions adapter as the worker builds it."""
    return CaptionsAdapter(connection, clients)


@pytest.fixture
def hasty_metadata(fake_youtube: FakeYoutube) -> MetadataAdapter:
    """A metadata adapter that does not wait long."""
    return MetadataAdapter(Connection(fake_youtube.proxy_url, fake_youtube.ca_file, timeout_seconds=HASTY_SECONDS))


@pytest.fixture
def hasty_captions(fake_youtube: FakeYoutube) -> CaptionsAdapter:
    """A captions adapter that does not wait long."""
    return CaptionsAdapter(Connection(fake_youtube.proxy_url, fake_youtube.ca_file, timeout_seconds=HASTY_SECONDS))
