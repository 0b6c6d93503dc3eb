"""The project's own YouTube: invented videos over the real protocol, for the test suite and for `make demo`.

The real yt-dlp and youtube-transcript-api reach it through a CONNECT proxy and trust its certificate authority:

    async with Standin.start() as standin:
        standin.library.add(StandinVideo("abcdefghijk", title="Mine", captions=(captions("en", "Hello", "world"),)))
        standin.library.lists.add(StandinList("PLmine", youtube_ids=("abcdefghijk",)))
        standin.faults.add(Fault(kind=Kind.PLAYER, status=429, times=1, headers={"Retry-After": "30"}))
        ...  # YOUTUBE_PROXY=standin.proxy_url, YOUTUBE_CA_FILE=standin.ca_file
        assert len(standin.requests) == 3

`python -m tests.standin --directory DIR` runs it as a process (see `tests.standin.__main__`).
"""

from tests.standin.faults import Fault, FaultTable
from tests.standin.library import Library, captions
from tests.standin.lists import StandinList
from tests.standin.model import Audio, Captions, Chapter, Kind, LoggedRequest, Segment, StandinVideo, VideoState
from tests.standin.server import Standin

__all__ = [
    "Audio",
    "Captions",
    "Chapter",
    "Fault",
    "FaultTable",
    "Kind",
    "Library",
    "LoggedRequest",
    "Segment",
    "Standin",
    "StandinList",
    "StandinVideo",
    "VideoState",
    "captions",
]
