"""A fake YouTube: invented videos over the real protocol, for tests, benchmarks and `make demo`.

The real yt-dlp and youtube-transcript-api reach it through a CONNECT proxy and trust its certificate authority:

    async with FakeYoutube.start() as fake_youtube:
        fake_youtube.library.add(FakeVideo("abcdefghijk", title="Mine", captions=(captions("en", "Hello", "world"),)))
        fake_youtube.library.lists.add(FakeList("PLmine", youtube_ids=("abcdefghijk",)))
        fake_youtube.faults.add(Fault(kind=Kind.PLAYER, status=429, times=1, headers={"Retry-After": "30"}))
        ...  # YOUTUBE_PROXY=fake_youtube.proxy_url, YOUTUBE_CA_FILE=fake_youtube.ca_file
        assert len(fake_youtube.requests) == 3

`python -m fakes.youtube --directory DIR` runs it as a process (see `fakes.youtube.__main__`).
"""

from fakes.youtube.faults import Fault, FaultTable
from fakes.youtube.library import Library, captions
from fakes.youtube.lists import FakeList
from fakes.youtube.model import ACCOUNT, Audio, Captions, Chapter, FakeVideo, Kind, LoggedRequest, Segment, VideoState
from fakes.youtube.playability import CLIENT_REFUSALS, refuse_client, retire_client
from fakes.youtube.server import FakeYoutube

__all__ = [
    "ACCOUNT",
    "CLIENT_REFUSALS",
    "Audio",
    "Captions",
    "Chapter",
    "FakeList",
    "FakeVideo",
    "FakeYoutube",
    "Fault",
    "FaultTable",
    "Kind",
    "Library",
    "LoggedRequest",
    "Segment",
    "VideoState",
    "captions",
    "refuse_client",
    "retire_client",
]
