"""The JSON shapes of InnerTube that the real libraries read: player response, watch page data, captions, formats."""

import base64
import hashlib
import time
from typing import Any
from urllib.parse import urlencode

from fakes.youtube.model import Audio, Captions, FakeVideo, VideoState
from fakes.youtube.playability import WEB, playability_status, refusal

Json = dict[str, Any]

LINK_LIFETIME_SECONDS = 21_540
NO_SUCH_ITEMS: Json = {"onResponseReceivedActions": [{"appendContinuationItemsAction": {"continuationItems": []}}]}
"""How a listing ends, and what every unknown continuation is answered with."""
EMPTY_NEXT: Json = {"contents": {"twoColumnWatchNextResults": {}}}

_LANGUAGES = {"en": "English", "de": "German", "fr": "French", "es": "Spanish", "ja": "Japanese"}
_LIVE_STATES = {VideoState.LIVE_NOW, VideoState.UPCOMING}
_WAITING_STATES = {VideoState.UPCOMING, VideoState.PREMIERE}
_OTHER_VIDEO = "otherVideo_"
_MEDIA_CLIENTS = {"VISIONOS", "WEB_EMBEDDED_PLAYER", "TVHTML5", "MWEB"}
"""The others get media through a protocol of YouTube's own, and no URLs."""


def channel_id(channel: str) -> str:
    """The id of the channel with this name."""
    return "UC" + base64.urlsafe_b64encode(hashlib.sha256(channel.encode()).digest()).decode()[:22]


def player_response(video: FakeVideo, client: str) -> Json:
    """What `/youtubei/v1/player` answers `client`; client `WEB` is the response embedded in the watch page."""
    refused = refusal(video, client)
    response: Json = {
        "responseContext": {"visitorData": "fake_youtube"},
        "playabilityStatus": playability_status(video, client),
    }
    if refused is None or refused.tells_details:
        response["videoDetails"] = _video_details(video)
        if client == WEB:
            response["microformat"] = {"playerMicroformatRenderer": _microformat(video)}
    if refused is None:
        response["streamingData"] = _streaming_data(video, client)
        if video.captions and video.state is not VideoState.LIVE_NOW:
            response["captions"] = {"playerCaptionsTracklistRenderer": _captions(video, client)}
    return response


def next_response(video: FakeVideo) -> Json:
    """What `/youtubei/v1/next` answers, also embedded in the watch page: channel and chapters."""
    refused = refusal(video, WEB)
    if refused is not None and not refused.tells_details:
        return EMPTY_NEXT
    contents = [{"videoPrimaryInfoRenderer": _primary(video)}, {"videoSecondaryInfoRenderer": _secondary(video)}]
    results = {"results": {"results": {"contents": contents}}}
    panels = [_chapter_panel(video)] if video.chapters else []
    return {"contents": {"twoColumnWatchNextResults": results}, "engagementPanels": panels}


def caption_url(video: FakeVideo, track: Captions, client: str) -> str:
    """The address of a caption track as it is named to `client`."""
    query = {"v": video.youtube_id, "caps": "asr", "expire": _expires_at(), "signature": "fake_youtube", "key": "yt8"}
    if track.automatic:
        query["kind"] = "asr"
    query["lang"] = track.language
    if client in track.token_clients:
        query["exp"] = "xpe"
    if client == "ANDROID":
        query["fmt"] = "srv3"
    return "https://www.youtube.com/api/timedtext?" + urlencode(query)


def _expires_at() -> str:
    return str(int(time.time()) + LINK_LIFETIME_SECONDS)


def _text(text: str) -> Json:
    return {"runs": [{"text": text}]}


def _thumbnail(video: FakeVideo) -> Json:
    url = f"https://i.ytimg.com/vi/{video.youtube_id}/mqdefault.jpg"
    return {"thumbnails": [{"url": url, "width": 320, "height": 180}]}


def _length(video: FakeVideo) -> str:
    return "0" if video.state in _LIVE_STATES else str(video.duration_seconds)


def _video_details(video: FakeVideo) -> Json:
    details: Json = {
        "videoId": _OTHER_VIDEO if video.state is VideoState.WRONG_VIDEO else video.youtube_id,
        "title": video.title,
        "lengthSeconds": _length(video),
        "keywords": list(video.tags),
        "channelId": channel_id(video.channel),
        "shortDescription": video.description,
        "thumbnail": _thumbnail(video),
        "viewCount": str(video.view_count),
        "author": video.channel,
        "isPrivate": False,
        "isLiveContent": video.state in _LIVE_STATES,
    }
    if video.state is VideoState.LIVE_NOW:
        details["isLive"] = True
    if video.state in _WAITING_STATES:
        details["isUpcoming"] = True
    return details


def _microformat(video: FakeVideo) -> Json:
    handle = "".join(filter(str.isalnum, video.channel))
    microformat: Json = {
        "title": {"simpleText": video.title},
        "description": {"simpleText": video.description},
        "lengthSeconds": _length(video),
        "ownerProfileUrl": f"http://www.youtube.com/@{handle}",
        "externalChannelId": channel_id(video.channel),
        "ownerChannelName": video.channel,
        "isFamilySafe": video.state is not VideoState.AGE_RESTRICTED,
        "isUnlisted": video.unlisted,
        "viewCount": str(video.view_count),
        "category": video.category,
        "publishDate": video.published_at.isoformat(),
        "uploadDate": video.published_at.isoformat(),
        "thumbnail": _thumbnail(video),
    }
    if video.state in _LIVE_STATES | _WAITING_STATES:
        microformat["liveBroadcastDetails"] = _broadcast(video)
    return microformat


def _broadcast(video: FakeVideo) -> Json:
    starts_at = video.starts_at or video.published_at
    return {"isLiveNow": video.state is VideoState.LIVE_NOW, "startTimestamp": starts_at.isoformat()}


def _streaming_data(video: FakeVideo, client: str) -> Json:
    if video.state is VideoState.LIVE_NOW:
        manifest = f"https://manifest.googlevideo.com/api/manifest/hls_variant/id/{video.youtube_id}/index.m3u8"
        return {"expiresInSeconds": str(LINK_LIFETIME_SECONDS), "hlsManifestUrl": manifest}
    formats: Json = {"formats": [], "adaptiveFormats": []}
    for audio in video.audios:
        name = "formats" if audio.mime_type.startswith("video/") else "adaptiveFormats"
        formats[name].append(_audio_format(video, audio, client))
    return {"expiresInSeconds": str(LINK_LIFETIME_SECONDS), **formats}


def _audio_format(video: FakeVideo, audio: Audio, client: str) -> Json:
    query = {"expire": _expires_at(), "id": video.youtube_id, "itag": str(audio.itag), "xtags": audio.xtags}
    protection: Json = {"drmFamilies": ["WIDEVINE"]} if audio.is_protected else {}
    url = "https://rr1---sn-fake.googlevideo.com/videoplayback?" + urlencode(query | {"c": client})
    address: Json = {"url": url} if client in _MEDIA_CLIENTS else {}
    return {
        "itag": audio.itag,
        **address,
        "mimeType": audio.mime_type,
        "bitrate": audio.bits_per_second + 1000,
        "averageBitrate": audio.bits_per_second,
        "contentLength": str(len(audio.content)),
        "quality": "tiny",
        "audioQuality": "AUDIO_QUALITY_MEDIUM",
        "approxDurationMs": str(video.duration_seconds * 1000),
        "audioSampleRate": "44100",
        "audioChannels": 2,
        **protection,
        **_audio_track(video, audio),
    }


def _audio_track(video: FakeVideo, audio: Audio) -> Json:
    """Which of several tracks it is; nothing where there is one only."""
    if audio.dubbed_language:
        name = _LANGUAGES.get(audio.dubbed_language, audio.dubbed_language)
        return {"audioTrack": {"id": f"{audio.dubbed_language}.10", "displayName": name, "audioIsDefault": False}}
    if video.audio_language:
        return {"audioTrack": {"id": f"{video.audio_language}.4", "displayName": "original", "audioIsDefault": True}}
    return {}


def _captions(video: FakeVideo, client: str) -> Json:
    languages = [{"languageCode": code, "languageName": _text(name)} for code, name in _LANGUAGES.items()]
    tracks = [_caption_track(video, track, client) for track in video.captions]
    return {"captionTracks": tracks, "translationLanguages": languages}


def _caption_track(video: FakeVideo, track: Captions, client: str) -> Json:
    name = _LANGUAGES.get(track.language, track.language)
    shape: Json = {
        "baseUrl": caption_url(video, track, client),
        "name": _text(f"{name} (auto-generated)" if track.automatic else name),
        "vssId": f"a.{track.language}" if track.automatic else f".{track.language}",
        "languageCode": track.language,
        "isTranslatable": True,
    }
    return {**shape, "kind": "asr"} if track.automatic else shape


def _primary(video: FakeVideo) -> Json:
    primary: Json = {"title": _text(video.title), "dateText": {"simpleText": f"{video.published_at:%b %d, %Y}"}}
    if video.state is VideoState.MEMBERS_ONLY:
        primary["badges"] = [{"metadataBadgeRenderer": {"style": "BADGE_STYLE_TYPE_MEMBERS_ONLY"}}]
    return primary


def _secondary(video: FakeVideo) -> Json:
    secondary: Json = {"owner": {"videoOwnerRenderer": {"title": _text(video.channel)}}}
    if video.state is VideoState.KIDS:  # yt-dlp looks for "made for kids" anywhere in the page
        secondary["metadataRowContainer"] = {"note": "This video is made for kids"}
    return secondary


def _chapter_panel(video: FakeVideo) -> Json:
    items = [
        {
            "macroMarkersListItemRenderer": {
                "title": {"simpleText": chapter.title},
                "timeDescription": {"simpleText": _clock(chapter.start_seconds)},
            }
        }
        for chapter in video.chapters
    ]
    content = {"macroMarkersListRenderer": {"contents": items}}
    panel = {"panelIdentifier": "engagement-panel-macro-markers-description-chapters", "content": content}
    return {"engagementPanelSectionListRenderer": panel}


def _clock(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    minutes_seconds = f"{rest // 60:02}:{rest % 60:02}"
    return f"{hours}:{minutes_seconds}" if hours else minutes_seconds.removeprefix("0")
