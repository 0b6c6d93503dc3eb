"""The JSON shapes of InnerTube for playlists and channels: their pages, and the tokens that lead to the next one."""

import base64
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from tests.standin.lists import ListShelf, StandinList, channel_of_uploads
from tests.standin.shapes import NO_SUCH_ITEMS, Json

PARAMS_WITH_UNAVAILABLE = "wgYCCAA="
"""What a playlist is asked with to show deleted and private entries as well."""
PARAMS_VIDEOS = "EgZ2aWRlb3PyBgQKAjoA"
_PARAMS_HOME = "EghmZWF0dXJlZPIGBAoCMgA%3D"
_LENGTH = "5:00"
VISITOR_DATA = "standin"


@dataclass(frozen=True)
class _Place:
    """Where a page begins; a token is nothing but this."""

    browse_id: str
    start: int
    with_unavailable: bool

    def token(self) -> str:
        return base64.urlsafe_b64encode(json.dumps([*vars(self).values()]).encode()).decode()

    @classmethod
    def of(cls, token: str) -> "_Place | None":
        try:
            browse_id, start, with_unavailable = json.loads(base64.urlsafe_b64decode(token))
        except ValueError:
            return None
        return cls(browse_id, start, with_unavailable)


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
            return _missing("This channel does not exist.") if channel is None else self._channel(channel)
        playlist = self._found(browse_id)
        if playlist is None:
            return _missing("The playlist does not exist.")
        return self._playlist(playlist, _Place(browse_id, 0, with_unavailable))

    def endpoint(self, path: str, playlist_id: str | None) -> Json | None:
        """Where the address of a list leads; None: nowhere. Playlists are looked for later."""
        if playlist_id is not None:
            return {"browseId": f"VL{playlist_id}"}
        first, _, rest = unquote(path).strip("/").partition("/")
        if first.startswith("@"):
            channel = self._shelf.called(first[1:])
        elif first in ("c", "user"):
            channel = self._shelf.called(rest.partition("/")[0])
        else:
            return {"browseId": rest.partition("/")[0], "params": PARAMS_VIDEOS} if first == "channel" else None
        return None if channel is None else {"browseId": channel.list_id, "params": PARAMS_VIDEOS}

    def _found(self, browse_id: str) -> StandinList | None:
        """The list behind an id; the uploads of a channel without videos are no playlist."""
        list_id = browse_id.removeprefix("VL")
        channel_id = channel_of_uploads(list_id)
        if channel_id is None:
            return self._shelf.get(list_id)
        channel = self._shelf.get(channel_id)
        return channel if channel is not None and channel.youtube_ids else None

    def _further(self, place: _Place | None) -> Json:
        found = None if place is None else self._found(place.browse_id)
        if place is None or found is None or self._shelf.is_cut_short(found, place.start):
            return NO_SUCH_ITEMS
        action = {"appendContinuationItemsAction": {"continuationItems": _items(found, place)}}
        return _answer(onResponseReceivedActions=[action])

    def _playlist(self, playlist: StandinList, place: _Place) -> Json:
        renderer = {"contents": _items(playlist, place), "playlistId": place.browse_id.removeprefix("VL")}
        section = {"itemSectionRenderer": {"contents": [{"playlistVideoListRenderer": renderer}]}}
        tab = {"selected": True, "content": {"sectionListRenderer": {"contents": [section]}}}
        count = len(playlist.youtube_ids) if playlist.announced is None else playlist.announced
        title = f"Uploads from {playlist.title}" if playlist.is_channel else playlist.title
        stats = [_runs(f"{count:,}", " videos") if count else _runs("No videos"), {"simpleText": "1,234 views"}]
        primary = {"playlistSidebarPrimaryInfoRenderer": {"title": _runs(title), "stats": stats}}
        hidden = len(playlist.youtube_ids) - len(playlist.shown(with_unavailable=place.with_unavailable))
        notice = {"type": "INFO", "text": {"simpleText": "Unavailable videos are hidden"}}
        return _answer(
            contents=_tabs({"tabRenderer": tab}),
            metadata={"playlistMetadataRenderer": {"title": title}},
            sidebar={"playlistSidebarRenderer": {"items": [primary]}},
            alerts=[{"alertWithButtonRenderer": notice}] if hidden else [],
        )

    def _channel(self, channel: StandinList) -> Json:
        has_videos = channel.has_videos_tab and bool(channel.youtube_ids)
        tabs = [_tab(channel, "Home", "featured", _PARAMS_HOME)]
        if has_videos:
            grid = {"richGridRenderer": {"contents": _items(channel, _Place(channel.list_id, 0, False))}}
            tabs.append(_tab(channel, "Videos", "videos", PARAMS_VIDEOS) | {"content": grid})
        tabs[-1]["selected"] = True
        channel_url = f"https://www.youtube.com/channel/{channel.list_id}"
        metadata: Json = {"title": channel.title, "externalId": channel.list_id, "channelUrl": channel_url}
        if channel.handle is not None:
            metadata["vanityChannelUrl"] = f"http://www.youtube.com/@{channel.handle}"
        return _answer(
            contents=_tabs(*({"tabRenderer": tab} for tab in tabs)), metadata={"channelMetadataRenderer": metadata}
        )


def _answer(**parts: Any) -> Json:
    return {"responseContext": {"visitorData": VISITOR_DATA}, **parts}


def _missing(words: str) -> Json:
    return {"alerts": [{"alertRenderer": {"type": "ERROR", "text": {"simpleText": words}}}]}


def _runs(*texts: str) -> Json:
    return {"runs": [{"text": text} for text in texts]}


def _tabs(*tabs: Json) -> Json:
    return {"twoColumnBrowseResultsRenderer": {"tabs": [*tabs]}}


def _tab(channel: StandinList, title: str, name: str, params: str) -> Json:
    path = f"/@{channel.handle}" if channel.handle is not None else f"/channel/{channel.list_id}"
    address = {"webCommandMetadata": {"url": f"{path}/{name}"}}
    endpoint = {"commandMetadata": address, "browseEndpoint": {"browseId": channel.list_id, "params": params}}
    return {"title": title, "endpoint": endpoint}


def _items(found: StandinList, place: _Place) -> list[Json]:
    """The entries of one page, and what leads to the next one."""
    is_grid = place.browse_id == found.list_id
    youtube_ids = found.shown(with_unavailable=place.with_unavailable)
    end = place.start + found.entries_per_page
    page = enumerate(youtube_ids[place.start : end], place.start + 1)
    items = [_grid_item(each) if is_grid else _playlist_item(found, each, index) for index, each in page]
    if end < len(youtube_ids):
        token = _Place(place.browse_id, end, place.with_unavailable).token()
        command = {"token": token, "request": "CONTINUATION_REQUEST_TYPE_BROWSE"}
        endpoint = {"clickTrackingParams": "c3RhbmRpbg==", "continuationCommand": command}
        items.append({"continuationItemRenderer": {"continuationEndpoint": endpoint}})
    return items


def _playlist_item(playlist: StandinList, youtube_id: str, index: int) -> Json:
    watch = {"videoId": youtube_id, "playlistId": playlist.list_id, "index": index - 1}
    video: Json = {
        "videoId": youtube_id,
        "index": {"simpleText": str(index)},
        "navigationEndpoint": {"watchEndpoint": watch},
    }
    if youtube_id in playlist.deleted | playlist.private:
        title = "[Deleted video]" if youtube_id in playlist.deleted else "[Private video]"
        return {"playlistVideoRenderer": video | {"title": _runs(title), "isPlayable": False}}
    known = {"title": _runs(f"Video {youtube_id}"), "shortBylineText": _runs("Harbour Films"), "isPlayable": True}
    return {"playlistVideoRenderer": video | known | {"lengthText": {"simpleText": _LENGTH}, "lengthSeconds": "300"}}


def _grid_item(youtube_id: str) -> Json:
    badge = {"thumbnailBadgeViewModel": {"text": _LENGTH}}
    overlays = [{"thumbnailBottomOverlayViewModel": {"badges": [badge]}}]
    lockup = {
        "contentId": youtube_id,
        "contentType": "LOCKUP_CONTENT_TYPE_VIDEO",
        "contentImage": {"thumbnailViewModel": {"image": {"sources": []}, "overlays": overlays}},
        "metadata": {"lockupMetadataViewModel": {"title": {"content": f"Video {youtube_id}"}}},
    }
    return {"richItemRenderer": {"content": {"lockupViewModel": lockup}}}
