"""`/feeds/videos.xml`: the Atom feed of a playlist or channel."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from fakes.youtube.lists import FakeList, tab_of_uploads
from fakes.youtube.model import FakeVideo

FEED_ENTRIES = 15
_NAMESPACES = (
    'xmlns:yt="http://www.youtube.com/xml/schemas/2015" xmlns:media="http://search.yahoo.com/mrss/" '
    'xmlns="http://www.w3.org/2005/Atom"'
)


def entries(found: FakeList, list_id: str) -> Sequence[str]:
    """The ids in the feed `list_id`: the first ones that everybody may watch."""
    shown = found.shown(tab_of_uploads(list_id), with_unavailable=False)
    return [each for each in shown if each not in found.members_only][:FEED_ENTRIES]


def render(found: FakeList, videos: Sequence[FakeVideo]) -> str:
    """The feed with these videos."""
    head = f"<yt:channelId>{found.list_id}</yt:channelId><title>{escape(found.title)}</title>"
    body = "".join(_entry(video) for video in videos)
    return f'<?xml version="1.0" encoding="UTF-8"?><feed {_NAMESPACES}>{head}{body}</feed>'


def _entry(video: FakeVideo) -> str:
    address = f"https://www.youtube.com/watch?v={video.youtube_id}"
    return (
        f"<entry><id>yt:video:{video.youtube_id}</id><yt:videoId>{video.youtube_id}</yt:videoId>"
        f'<title>{escape(video.title)}</title><link rel="alternate" href="{address}"/>'
        f"<author><name>{escape(video.channel)}</name></author>"
        f"<published>{video.published_at.isoformat()}</published></entry>"
    )
