"""The invented videos and lists that a fake YouTube serves."""

from collections.abc import Collection, Iterable

from fakes.youtube.generate import invent
from fakes.youtube.lists import FakeList, ListShelf
from fakes.youtube.model import Captions, FakeVideo, Segment

LINE_SECONDS = 2.5


def captions(
    language: str, *lines: str, automatic: bool = False, token_clients: Collection[str] = ("WEB",)
) -> Captions:
    """A caption track that shows `lines` one after the other, 2.5 seconds each."""
    segments = (Segment(index * LINE_SECONDS, LINE_SECONDS, line) for index, line in enumerate(lines))
    return Captions(language, tuple(segments), automatic, frozenset(token_clients))


class Library:
    """Videos and lists by id; with `generate` every other well-formed id is one too, invented from the id alone."""

    def __init__(
        self, videos: Iterable[FakeVideo] = (), lists: Iterable[FakeList] = (), *, generate: bool = False
    ) -> None:
        self._videos = {video.youtube_id: video for video in videos}
        self.lists = ListShelf(lists, generate=generate)
        """Playlists and channels; their videos need not be in the library to be listed."""
        self.generate = generate

    def add(self, *videos: FakeVideo) -> None:
        """Serve `videos` from now on, each in the place of an earlier one with its id."""
        self._videos.update({video.youtube_id: video for video in videos})

    def get(self, youtube_id: str) -> FakeVideo | None:
        """The video with this id; None: YouTube has none."""
        found = self._videos.get(youtube_id)
        return invent(youtube_id) if found is None and self.generate else found

    def clear(self) -> None:
        """Forget every added video and list."""
        self._videos.clear()
        self.lists.clear()
