"""The audio adapter, after the metadata of some video were fetched."""

from typing import Any

from fakes.youtube import FakeYoutube
from services.worker.adapters.youtube.audio import AudioAdapter
from services.worker.adapters.youtube.connection import Connection
from services.worker.adapters.youtube.exits import Exits


def audio_adapter(fake_youtube: FakeYoutube, exits: Exits | None = None, **options: Any) -> AudioAdapter:
    """An adapter whose requests come from a guest that is known already."""
    connection = Connection(exits or fake_youtube.proxy_url, fake_youtube.ca_file, **options)
    connection.guests.record_page("fake_youtube")
    return AudioAdapter(connection)
