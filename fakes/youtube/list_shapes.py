"""The JSON shapes of InnerTube for playlists and channels: their pages, and the tokens that lead to the next one."""

import base64
import json
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

from fakes.youtube.lists import FakeList, ListShelf, channel_of_uploads, tab_of_uploads
from fakes.youtube.shapes import NO_SUCH_ITEMS, Json

PARAMS_WITH_UNAVAILABLE = "wgYCCAA="
"""What a playlist is asked with to show deleted and private entries as well."""
PARAMS_VIDEOS = "EgZ2aWRlb3PyBgQKAjoA"
_TABS = {
    "videos": ("Videos", PARAMS_VIDEOS),
    "shorts": ("Shorts", "EgZzaG9ydHPyBgUKA5oBAA%3D%3D"),
    "streams": ("Live", "EgdzdHJlYW1z8gYECgJ6AA%3D%3D"),
}
"""Titles and parameters of a channel's tabs."""
_PARAMS_HOME = "EghmZWF0dXJlZPIGBAoCMgA%3D"
_SECONDS = 300
_MEMBERS_BADGE = "BADGE_MEMBERS_ONLY"
VISITOR_DATA = "fake_youtube"


@dataclass(frozen=True)
class _Place:
    """Where a page begins; a token is nothing but this."""

    browse_id: str
    start: int
    with_unavailable: bool
    tab: str = "videos"
    """Of a channel; a playlist's id says it."""

    def token(self) -> str:
        return base64.urlsafe_b64encode(json.dumps([*vars(self).values()]).encode()).decode()

    @classmethod
    def of(cls, token: str) -> "_Place | None":
        try:
            browse_id, start, with_unavailable, tab = json.loads(base64.urlsafe_b64decode(token))
        except ValueError:
            return None
        return cls(browse_id, start, with_unavailable, tab)


class ListPages:
    """What `/youtubei/v1/browse` answers about the lists of a shelf."""

    def __init__(self, shelf: ListShelf) -> None:
        self._shelf = shelf

    def answer(self, request: Json) -> Json:
        """The answer to a request for a list or for a further page of one."""
        if "continuation" in request:
            return self._further(_Place.of(str(request["continuation"])))
        browse_id = str(request.get("browseId", ""))
        with_unavailable = request.get("params") == PARAMS_WITH_UNAVAILABLE
        if browse_id.startswith("UC"):
            channel = self._shelf.get(browse_id)
            tab = next((name for name, (_, params) in _TABS.items() if params == request.get("params")), "videos")
            return _missing("This channel does not exist.") if channel is None else self._channel(channel, tab)
        playlist = self.find(browse_id)
        if playlist is None:
            return _missing("The playlist does not exist.")
        return self._playlist(playlist, _Place(browse_id, 0, with_unavailable))

    def endpoint(self, path: str, playlist_id: str | None) -> Json | None:
        """Where the address of a list leads; None: nowhere. Playlists are looked for later."""
        if playlist_id is not None:
            return {"browseId": f"VL{playlist_id}"}
        first, _, rest = unquote(path).strip("/").partition("/")
        _, params = _TABS.get(path.rstrip("/").rpartition("/")[2], _TABS["videos"])
        if first.startswith("@"):
            channel = self._shelf.called(first[1:])
        elif first in ("c", "user"):
            channel = self._shelf.called(rest.partition("/")[0])
        else:
            return {"browseId": rest.partition("/")[0], "params": params} if first == "channel" else None
        return None if channel is None else {"browseId": channel.list_id, "params": params}

    def find(self, browse_id: str) -> FakeList | None:
        """The list behind an id; the uploads of a channel without videos are no playlist."""
        list_id = browse_id.removeprefix("VL")
        channel_id = channel_of_uploads(list_id)
        if channel_id is None:
            return self._shelf.get(list_id)
        channel = self._shelf.get(channel_id)
        return channel if channel is not None and channel.tab(tab_of_uploads(list_id)) else None

    def _further(self, place: _Place | None) -> Json:
        found = None if place is None else self.find(place.browse_id)
        if place is None or found is None or self._shelf.is_cut_short(found, place.start):
            return NO_SUCH_ITEMS
        action = {"appendContinuationItemsAction": {"continuationItems": _items(found, place)}}
        return _answer(onResponseReceivedActions=[action])

    def _playlist(self, playlist: FakeList, place: _Place) -> Json:
        renderer = {"contents": _items(playlist, place), "playlistId": place.browse_id.removeprefix("VL")}
        section = {"itemSectionRenderer": {"contents": [{"playlistVideoListRenderer": renderer}]}}
        tab = {"selected": True, "content": {"sectionListRenderer": {"contents": [section]}}}
        uploads_of = tab_of_uploads(place.browse_id.removeprefix("VL"))
        entries = playlist.tab(uploads_of)
        count = len(entries) if playlist.announced is None else playlist.announced
        title = f"Uploads from {playlist.title}" if playlist.is_channel else playlist.title
        stats = [_runs(f"{count:,}", " videos") if count else _runs("No videos"), {"simpleText": "1,234 views"}]
        primary = {"playlistSidebarPrimaryInfoRenderer": {"title": _runs(title), "stats": stats}}
        hidden = len(entries) - len(playlist.shown(uploads_of, with_unavailable=place.with_unavailable))
        notice = {"type": "INFO", "text": {"simpleText": "Unavailable videos are hidden"}}
        return _answer(
            contents=_tabs({"tabRenderer": tab}),
            metadata={"playlistMetadataRenderer": {"title": title}},
            sidebar={"playlistSidebarRenderer": {"items": [primary]}},
            alerts=[{"alertWithButtonRenderer": notice}] if hidden else [],
        )

    def _channel(self, channel: FakeList, wanted: str) -> Json:
        tabs = {"featured": _tab(channel, "Home", "featured", _PARAMS_HOME)}
        for name, (title, params) in _TABS.items():
            if channel.tab(name) and (channel.has_videos_tab or name != "videos"):
                tabs[name] = _tab(channel, title, name, params)
        selected = tabs.get(wanted, tabs["featured"])
        selected["selected"] = True
        if wanted in tabs:
            place = _Place(channel.list_id, 0, False, wanted)
            selected["content"] = {"richGridRenderer": {"contents": _items(channel, place)}}
        channel_url = f"https://www.youtube.com/channel/{channel.list_id}"
        metadata: Json = {"title": channel.title, "externalId": channel.list_id, "channelUrl": channel_url}
        if channel.handle is not None:
            metadata["vanityChannelUrl"] = f"http://www.youtube.com/@{channel.handle}"
        return _answer(
            contents=_tabs(*({"tabRenderer": tab} for tab in tabs.values())),
            metadata={"channelMetadataRenderer": metadata},
        )


def _answer(**parts: Any) -> Json:
    return {"responseContext": {"visitorData": VISITOR_DATA}, **parts}


def _missing(words: str) -> Json:
    return {"alerts": [{"alertRenderer": {"type": "ERROR", "text": {"simpleText": words}}}]}


def _runs(*texts: str) -> Json:
    return {"runs": [{"text": text} for text in texts]}


def _tabs(*tabs: Json) -> Json:
    return {"twoColumnBrowseResultsRenderer": {"tabs": [*tabs]}}


def _tab(channel: FakeList, title: str, name: str, params: str) -> Json:
    path = f"/@{channel.handle}" if channel.handle is not None else f"/channel/{channel.list_id}"
    address = {"webCommandMetadata": {"url": f"{path}/{name}"}}
    endpoint = {"commandMetadata": address, "browseEndpoint": {"browseId": channel.list_id, "params": params}}
    return {"title": title, "endpoint": endpoint}


def _items(found: FakeList, place: _Place) -> list[Json]:
    """The entries of one page, and what leads to the next one."""
    is_grid = place.browse_id == found.list_id
    tab = place.tab if is_grid else tab_of_uploads(place.browse_id.removeprefix("VL"))
    youtube_ids = found.shown(tab, with_unavailable=place.with_unavailable)
    end = place.start + found.entries_per_page(is_grid=is_grid)
    page = enumerate(youtube_ids[place.start : end], place.start + 1)
    items = [_grid_item(found, each) if is_grid else _playlist_item(found, each, index) for index, each in page]
    if end < len(youtube_ids):
        token = replace(place, start=end).token()
        command = {"token": token, "request": "CONTINUATION_REQUEST_TYPE_BROWSE"}
        endpoint = {"clickTrackingParams": "c3RhbmRpbg==", "continuationCommand": command}
        items.append({"continuationItemRenderer": {"continuationEndpoint": endpoint}})
    return items


def _playlist_item(playlist: FakeList, youtube_id: str, index: int) -> Json:
    watch = {"videoId": youtube_id, "playlistId": playlist.list_id, "index": index - 1}
    video: Json = {
        "videoId": youtube_id,
        "index": {"simpleText": str(index)},
        "navigationEndpoint": {"watchEndpoint": watch},
    }
    if youtube_id in playlist.deleted | playlist.private:
        title = "[Deleted video]" if youtube_id in playlist.deleted else "[Private video]"
        return {"playlistVideoRenderer": video | {"title": _runs(title), "isPlayable": False}}
    known: Json = {
        "title": _runs(_title(playlist, youtube_id)),
        "shortBylineText": _runs("Harbour Films"),
        "isPlayable": True,
    }
    if age := playlist.ages.get(youtube_id):
        known["videoInfo"] = _runs("1.2K views", " • ", age)
    if youtube_id in playlist.members_only:
        known["badges"] = [
            {"metadataBadgeRenderer": {"style": "BADGE_STYLE_TYPE_MEMBERS_ONLY", "label": "Members only"}}
        ]
    seconds = _seconds(playlist, youtube_id)
    length = {"lengthText": {"simpleText": _clock(seconds)}, "lengthSeconds": str(seconds)}
    return {"playlistVideoRenderer": video | known | length}


def _grid_item(channel: FakeList, youtube_id: str) -> Json:
    badge = {"thumbnailBadgeViewModel": {"text": _clock(_seconds(channel, youtube_id))}}
    overlays = [{"thumbnailBottomOverlayViewModel": {"badges": [badge]}}]
    rows: list[Json] = []
    if youtube_id in channel.members_only:
        rows.append({"badges": [{"badgeViewModel": {"badgeText": "Members only", "badgeStyle": _MEMBERS_BADGE}}]})
    if age := channel.ages.get(youtube_id):
        parts = [{"text": {"content": "1.2K views"}}, {"text": {"content": age}, "accessibilityLabel": age}]
        rows.append({"metadataParts": parts})
    metadata: Json = {"title": {"content": _title(channel, youtube_id)}}
    metadata["metadata"] = {"contentMetadataViewModel": {"metadataRows": rows}}
    lockup = {
        "contentId": youtube_id,
        "contentType": "LOCKUP_CONTENT_TYPE_VIDEO",
        "contentImage": {"thumbnailViewModel": {"image": {"sources": []}, "overlays": overlays}},
        "metadata": {"lockupMetadataViewModel": metadata},
    }
    return {"richItemRenderer": {"content": {"lockupViewModel": lockup}}}


def _title(found: FakeList, youtube_id: str) -> str:
    return found.titles.get(youtube_id, f"Video {youtube_id}")


def _seconds(found: FakeList, youtube_id: str) -> int:
    return found.seconds.get(youtube_id, _SECONDS)


def _clock(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02}"
