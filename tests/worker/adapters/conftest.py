"""The adapters, led to a stand-in that is empty at the start of each test."""

import pytest

from services.worker.adapters.captions import CaptionsAdapter
from services.worker.adapters.connection import Connection
from services.worker.adapters.metadata import MetadataAdapter
from tests.standin import Standin

HASTY_SECONDS = 1.0
"""A timeout for tests in which YouTube never answers."""


@pytest.fixture
def metadata(standin: Standin) -> MetadataAdapter:
    """The metadata adapter as the worker builds it."""
    return MetadataAdapter(Connection(standin.proxy_url, standin.ca_file))


@pytest.fixture
def captions_adapter(standin: Standin) -> CaptionsAdapter:
    """The captions adapter as the worker builds it."""
    return CaptionsAdapter(Connection(standin.proxy_url, standin.ca_file))


@pytest.fixture
def hasty_metadata(standin: Standin) -> MetadataAdapter:
    """A metadata adapter that does not wait long."""
    return MetadataAdapter(Connection(standin.proxy_url, standin.ca_file, timeout_seconds=HASTY_SECONDS))


@pytest.fixture
def hasty_captions(standin: Standin) -> CaptionsAdapter:
    """A captions adapter that does not wait long."""
    return CaptionsAdapter(Connection(standin.proxy_url, standin.ca_file, timeout_seconds=HASTY_SECONDS))
