"""YouTube's exact answers for videos that it does not play, for its web page and for apps."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fakes.youtube.faults import Fault
from fakes.youtube.model import FakeVideo, Kind, VideoState

WEB = "WEB"
VISIONOS = "VISIONOS"
CLIENT_REFUSALS = {
    "page reload": ("UNPLAYABLE", "The page needs to be reloaded."),
    "video unavailable": ("UNPLAYABLE", "Video unavailable"),
    "not available": ("UNPLAYABLE", "This video is not available"),
    "not on this app": ("ERROR", "The following content is not available on this app."),
    "no reason": ("UNPLAYABLE", ""),
}
"""Status and reason with which YouTube refuses a client, whatever the video."""


@dataclass(frozen=True)
class Refusal:
    """One refusal: `web_…` is the wording of the watch page where it differs from that of the apps."""

    status: str
    reason: str
    subreason: str = ""
    web_reason: str = ""
    web_subreason: str = ""
    tells_details: bool = True
    """Whether title, channel and length are still named."""


_GONE = "This video is unavailable"
_WEB_GONE = "Video unavailable"
_MEMBERS = "This video is available to this channel's members on level: Crew (or any higher priced level)."
_JOIN = " Join this channel to get access to members-only content and other exclusive perks."
_ACCOUNT_GONE = (
    "This video is no longer available because the YouTube account associated with this video has been terminated."
)

_REFUSALS = {
    VideoState.PRIVATE: Refusal(
        "LOGIN_REQUIRED",
        "This video is private",
        "If the owner of this video has granted you access, please sign in.",
        web_reason="Private video",
        web_subreason="Sign in if you've been granted access to this video",
        tells_details=False,
    ),
    VideoState.UNAVAILABLE: Refusal("ERROR", _GONE, web_reason=_WEB_GONE, tells_details=False),
    VideoState.REMOVED: Refusal(
        "ERROR",
        _GONE,
        web_reason=_WEB_GONE,
        web_subreason="This video has been removed by the uploader",
        tells_details=False,
    ),
    VideoState.TERMINATED: Refusal(
        "ERROR", _GONE, web_reason=_WEB_GONE, web_subreason=_ACCOUNT_GONE, tells_details=False
    ),
    VideoState.MEMBERS_ONLY: Refusal("UNPLAYABLE", _MEMBERS, web_reason=_MEMBERS + _JOIN),
    VideoState.MUSIC_PREMIUM: Refusal("UNPLAYABLE", "This video is only available to Music Premium members"),
    VideoState.PAYMENT_REQUIRED: Refusal("UNPLAYABLE", "This video requires payment to watch."),
    VideoState.GEO_BLOCKED: Refusal(
        "UNPLAYABLE", "Video unavailable", "The uploader has not made this video available in your country"
    ),
    VideoState.AGE_RESTRICTED: Refusal(
        "LOGIN_REQUIRED",
        "This video may be inappropriate for some users.",
        web_reason="Sign in to confirm your age",
        web_subreason="This video may be inappropriate for some users.",
    ),
    VideoState.RECORDING_UNAVAILABLE: Refusal("UNPLAYABLE", "This live stream recording is not available."),
    VideoState.BOT_CHECK: Refusal(
        "LOGIN_REQUIRED",
        "Sign in to confirm you’re not a bot",
        "This helps protect our community. Learn more",
        tells_details=False,
    ),
    VideoState.RATE_LIMITED: Refusal(
        "UNPLAYABLE", "This content isn't available, try again later.", tells_details=False
    ),
}
_NOT_FOR_KIDS_CLIENT = Refusal("UNPLAYABLE", "This video is not available")
_OFFLINE = "LIVE_STREAM_OFFLINE"


def refusal(video: FakeVideo, client: str) -> Refusal | None:
    """Why `client` may not play `video`; None: it may."""
    if video.state is VideoState.KIDS:
        return _NOT_FOR_KIDS_CLIENT if client == VISIONOS else None
    if video.state is VideoState.UPCOMING:
        return Refusal(_OFFLINE, f"This live event will begin in {_time_left(video.starts_at)}.")
    if video.state is VideoState.PREMIERE:
        return Refusal(_OFFLINE, f"Premieres in {_time_left(video.starts_at)}")
    return _REFUSALS.get(video.state)


def refuse_client(client: str | None, name: str) -> Fault:
    """The fault that refuses every video to `client` (None: to all players) as `CLIENT_REFUSALS` names it."""
    status, reason = CLIENT_REFUSALS[name]
    playability = {"status": status, **({"reason": reason} if reason else {})}
    return Fault(kind=Kind.PLAYER, client=client, body=json.dumps({"playabilityStatus": playability}))


def retire_client(client: str | None) -> Fault:
    """The fault that refuses the version of `client` (None: of all players)."""
    error = {"code": 400, "message": "Precondition check failed.", "status": "FAILED_PRECONDITION"}
    return Fault(kind=Kind.PLAYER, client=client, status=400, body=json.dumps({"error": error}))


def playability_status(video: FakeVideo, client: str) -> dict[str, Any]:
    """The `playabilityStatus` of a player response for `client`."""
    refused = refusal(video, client)
    if refused is None:
        return {"status": "OK", "playableInEmbed": True}
    on_page = client == WEB
    reason = (on_page and refused.web_reason) or refused.reason
    subreason = (on_page and refused.web_subreason) or refused.subreason
    status: dict[str, Any] = {"status": refused.status, "reason": reason, **_extras(video)}
    if subreason:
        renderer = {"reason": {"simpleText": reason}, "subreason": {"runs": [{"text": subreason}]}}
        status["errorScreen"] = {"playerErrorMessageRenderer": renderer}
    return status


def _extras(video: FakeVideo) -> dict[str, Any]:
    if video.state is VideoState.AGE_RESTRICTED:
        return {"desktopLegacyAgeGateReason": 1}
    if video.starts_at is None:
        return {}
    slate = {"liveStreamOfflineSlateRenderer": {"scheduledStartTime": str(int(video.starts_at.timestamp()))}}
    renderer = {"videoId": video.youtube_id, "offlineSlate": slate, "pollDelayMs": "15000"}
    return {"liveStreamability": {"liveStreamabilityRenderer": renderer}}


def _time_left(starts_at: datetime | None) -> str:
    if starts_at is None:
        return "a few moments"
    minutes = max(int((starts_at - datetime.now(UTC)).total_seconds() / 60), 1)
    for unit, length in (("day", 24 * 60), ("hour", 60)):
        if minutes >= length:
            return _counted(minutes // length, unit)
    return _counted(minutes, "minute")


def _counted(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
