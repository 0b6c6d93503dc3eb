"""The playlists and channels of the fake YouTube: given ones and invented ones."""

import random
import re
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_PLAYLIST_ID = re.compile(r"PL[\w-]{16,}")
_CHANNEL_ID = re.compile(r"UC[\w-]{22}")
_UPLOADS_ID = re.compile(r"UU(?P<tab>LF|SH|LV|)(?P<channel>[\w-]{22})")
_TABS = {"": "videos", "LF": "videos", "SH": "shorts", "LV": "streams"}
_HANDLE = re.compile(r"@[\w.·-]{3,30}")
_ID_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_INVENTED_PLAYLIST_ENTRIES, _INVENTED_CHANNEL_ENTRIES = 40, 60
_INVENTED_TITLES = ("Harbour mornings", "The long coast", "Lectures by the sea", "A year of tides", "Slow crossings")

_PLAYLIST_PAGE_SIZE, _CHANNEL_PAGE_SIZE = 100, 30


@dataclass(frozen=True)
class FakeList:
    """A playlist (`PL…`) or channel (`UC…`); it changes by adding another one with its id.

    Every channel's uploads are a playlist (`UU…`) as well, and so are its videos (`UULF…`), Shorts (`UUSH…`) and
    streams (`UULV…`).
    """

    list_id: str
    title: str = "A day at the harbour"
    youtube_ids: tuple[str, ...] = ()
    """A channel's from the newest to the oldest."""
    deleted: frozenset[str] = frozenset()
    """Those of `youtube_ids` that are only shown as "[Deleted video]"."""
    private: frozenset[str] = frozenset()
    """Those of `youtube_ids` that are only shown as "[Private video]"."""
    members_only: frozenset[str] = frozenset()
    """Those that carry the badge of videos for a channel's members; feeds leave them out."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """Of those of `youtube_ids` that are not called "Video …"."""
    seconds: Mapping[str, int] = field(default_factory=dict)
    """The lengths of those that do not take five minutes."""
    ages: Mapping[str, str] = field(default_factory=dict)
    """As YouTube says them: "2 weeks ago"; it says nothing of the others."""
    shorts: tuple[str, ...] = ()
    """A channel's Shorts, from the newest to the oldest."""
    streams: tuple[str, ...] = ()
    """A channel's live streams, from the newest to the oldest."""
    handle: str | None = None
    """Of a channel: what comes after the `@`. It is found as `/c/…` and `/user/…` by the same name."""
    announced: int | None = None
    """The number of entries that YouTube announces; None: the true one. Channels announce none that is reliable."""
    page_size: int | None = None
    """None: as on YouTube, 100 for playlists and 30 for channels."""
    has_videos_tab: bool = True
    """A musician's topic channel has none; nor has a channel without videos."""
    short_after: int | None = None
    """From this entry on, further pages are answered without any entries and without an error: throttled."""
    short_times: int | None = None
    """How many pages are answered like that; None: all of them."""
    feed_status: int = 200
    """Of its feed; 404 and 500 come and go on the real YouTube, whatever is there."""

    @property
    def is_channel(self) -> bool:
        """Whether this is a channel and not a playlist."""
        return self.list_id.startswith("UC")

    def entries_per_page(self, *, is_grid: bool) -> int:
        """The size of a page: of a channel's tab (a grid) or of a playlist."""
        return self.page_size or (_CHANNEL_PAGE_SIZE if is_grid else _PLAYLIST_PAGE_SIZE)

    def tab(self, name: str) -> tuple[str, ...]:
        """The entries of a channel's tab, or of a playlist, which has no others."""
        return {"shorts": self.shorts, "streams": self.streams}.get(name, self.youtube_ids)

    def shown(self, tab: str = "videos", *, with_unavailable: bool) -> tuple[str, ...]:
        """The entries in their order; YouTube hides unavailable ones unless they are asked for."""
        entries = self.tab(tab)
        if with_unavailable:
            return entries
        return tuple(each for each in entries if each not in self.deleted | self.private)


class ListShelf:
    """Lists by id; with `generate` every other well-formed id or handle is one too. Safe to use from any thread."""

    def __init__(self, lists: Iterable[FakeList] = (), *, generate: bool = False) -> None:
        self._lock = threading.Lock()
        self._lists = {each.list_id: each for each in lists}
        self._cut_short: Counter[str] = Counter()
        self.generate = generate

    def add(self, *lists: FakeList) -> None:
        """Serve `lists` from now on, each in the place of an earlier one with its id."""
        with self._lock:
            for each in lists:
                self._lists[each.list_id] = each
                self._cut_short.pop(each.list_id, None)

    def get(self, list_id: str) -> FakeList | None:
        """The playlist or channel with this id; None: YouTube has none."""
        found = self._lists.get(list_id)
        return invent_list(list_id) if found is None and self.generate else found

    def called(self, name: str) -> FakeList | None:
        """The channel with the handle `name`."""
        for each in [*self._lists.values()]:
            if each.handle is not None and each.handle.lower() == name.lower():
                return each
        return invent_list(f"@{name}") if self.generate else None

    def is_cut_short(self, found: FakeList, start: int) -> bool:
        """Whether the page of `found` that begins at entry `start` comes back empty; this counts as one time."""
        if found.short_after is None or start < found.short_after:
            return False
        with self._lock:
            self._cut_short[found.list_id] += 1
            return found.short_times is None or self._cut_short[found.list_id] <= found.short_times

    def clear(self) -> None:
        """Forget every added list."""
        with self._lock:
            self._lists.clear()
            self._cut_short.clear()


def channel_of_uploads(playlist_id: str) -> str | None:
    """The channel whose uploads, or one tab of them, a playlist is; None for every other playlist."""
    match = _UPLOADS_ID.fullmatch(playlist_id)
    return f"UC{match['channel']}" if match else None


def tab_of_uploads(playlist_id: str) -> str:
    """The tab whose entries are a playlist of a channel's uploads; `UU…` has no Shorts or streams here."""
    match = _UPLOADS_ID.fullmatch(playlist_id)
    return _TABS[match["tab"]] if match else "videos"


def invent_list(name: str) -> FakeList | None:
    """A list made from its id or handle alone, always the same one; None when that is not well-formed."""
    if _HANDLE.fullmatch(name):
        dice = random.Random(name.lower())  # noqa: S311 - nothing here is a secret
        return invent_list("UC" + "".join(dice.choices(_ID_CHARACTERS, k=22)))
    dice = random.Random(name)  # noqa: S311 - nothing here is a secret
    if _PLAYLIST_ID.fullmatch(name):
        youtube_ids = _invented_ids(dice, _INVENTED_PLAYLIST_ENTRIES)
        return FakeList(name, dice.choice(_INVENTED_TITLES), youtube_ids, deleted=frozenset(youtube_ids[7:8]))
    if _CHANNEL_ID.fullmatch(name):
        return FakeList(name, dice.choice(_INVENTED_TITLES), _invented_ids(dice, _INVENTED_CHANNEL_ENTRIES))
    return None


def _invented_ids(dice: random.Random, count: int) -> tuple[str, ...]:
    return tuple("".join(dice.choices(_ID_CHARACTERS, k=11)) for _ in range(count))
