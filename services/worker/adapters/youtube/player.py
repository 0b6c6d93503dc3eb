"""Reads what one client was told about a video: whether it plays, and which caption tracks it names. Pure functions."""

from dataclasses import dataclass
from typing import Any

from yt_dlp.utils import parse_qs
from yt_dlp.utils.traversal import traverse_obj

from services.worker.adapters.models import TrackCounts
from services.worker.adapters.youtube.errors import PLAYS, UNAVAILABLE, is_about_client, is_gone
from shared.contracts.youtube import CaptionsAnswer

_GATES = frozenset({"xpe", "xpv"})
"""Experiments in a track's URL: YouTube answers it with an empty body unless a proof-of-origin token goes with it."""
_ORIGINAL, _DEFAULT, _DESCRIPTIVE = 10, 5, -10
"""yt-dlp's `language_preference` of audio tracks; others have -1."""
_TRACKS = ("captions", "playerCaptionsTracklistRenderer", "captionTracks")
_CAPTCHA = "captcha challenge"


@dataclass(frozen=True, slots=True)
class PlayerAnswer:
    """What one client was told. The page's answer is that of the client `web`."""

    client: str
    status: str
    """YouTube's, such as OK or UNPLAYABLE."""
    reason: str
    """YouTube's words, empty where it gives none."""
    has_details: bool
    """Whether title and length are named."""
    has_formats: bool
    """Whether formats are named, with or without URLs: with them go the languages of dubbed audio."""
    languages: list[dict[str, Any]]
    """Of the audio tracks, as yt-dlp describes them; empty where there is one track only."""
    spoken_language: str | None
    """Of the automatic captions, also where they need a token."""
    tracks: TrackCounts

    @property
    def plays(self) -> bool:
        """Whether this client may play the video."""
        return self.status == PLAYS

    @property
    def captions(self) -> CaptionsAnswer:
        """What this client was told about captions; a gated track hides all others, as in yt-dlp."""
        if not self.plays:
            return CaptionsAnswer.REFUSED
        if self.tracks.gated:
            return CaptionsAnswer.GATED
        return CaptionsAnswer.NAMED if self.tracks.named else CaptionsAnswer.NONE

    @property
    def is_enough(self) -> bool:
        """Whether nothing is missing that another client may know."""
        return self.captions is CaptionsAnswer.NAMED and self.has_details and self.has_formats

    @property
    def may_be_gone(self) -> bool:
        """Whether there may be no such video; the same words are a refusal of the client as well."""
        return self.status == UNAVAILABLE and not self.has_details and is_about_client(self.reason)

    @property
    def says_gone(self) -> bool:
        """Whether there is no such video, in the words that apps have for it."""
        return self.may_be_gone and is_gone(self.reason)


def read_answer(client: str, response: dict[str, Any]) -> PlayerAnswer:
    """Read a player's response."""
    formats = traverse_obj(response, ("streamingData", ("formats", "adaptiveFormats"), ..., {dict}))
    languages = [_language(track) for each in formats if (track := each.get("audioTrack"))]
    return PlayerAnswer(
        client=client,
        status=traverse_obj(response, ("playabilityStatus", "status", {str})) or "",
        reason=_reason(response.get("playabilityStatus")),
        has_details=bool(
            traverse_obj(response, ("videoDetails", "title", {str}))
            and traverse_obj(response, ("videoDetails", "lengthSeconds", {str}))
        ),
        has_formats=bool(formats),
        languages=[each for index, each in enumerate(languages) if each not in languages[:index]],
        spoken_language=traverse_obj(
            response, (*_TRACKS, lambda _, track: track["kind"] == "asr", "languageCode", {str}, any)
        ),
        tracks=count_tracks(client, traverse_obj(response, (*_TRACKS, ..., "baseUrl", {str}))),
    )


def count_tracks(client: str, urls: list[str]) -> TrackCounts:
    """Count caption tracks, and those among them that need a token."""
    return TrackCounts(client, len(urls), sum(map(_is_gated, urls)))


def _is_gated(url: str) -> bool:
    experiments = ",".join(parse_qs(url).get("exp", []))
    return not _GATES.isdisjoint(experiments.split(","))


def _language(track: Any) -> dict[str, Any]:
    """The language of an audio track, as yt-dlp reads it."""
    code = (traverse_obj(track, ("id", {str})) or "").partition(".")[0] or None
    name = (traverse_obj(track, ("displayName", {str})) or "").lower()
    if "descriptive" in name:
        return {"language": f"{code}-desc" if code else "desc", "language_preference": _DESCRIPTIVE}
    if "original" in name:
        return {"language": code, "language_preference": _ORIGINAL}
    is_default = traverse_obj(track, "audioIsDefault")
    return {"language": code, "language_preference": _DEFAULT if is_default else -1}


def _reason(playability: Any) -> str:
    """Reason and second sentence, in the order in which yt-dlp looks for them."""
    screen = traverse_obj(playability, ("errorScreen", {dict})) or {}
    message = traverse_obj(screen, ("playerErrorMessageRenderer", {dict})) or {}
    notice = traverse_obj(screen, ("playerInterstitialRenderer", "content", "interstitialViewModel", {dict})) or {}
    reason = (
        _text(message.get("reason"))
        or traverse_obj(playability, ("reason", {str}))
        or traverse_obj(notice, ("title", "content", {str}))
        or ""
    )
    more = _text(message.get("subreason")) or traverse_obj(notice, ("description", "content", {str})) or ""
    captcha = _CAPTCHA if "playerCaptchaViewModel" in screen else ""
    sentences = dict.fromkeys(text.strip() for text in (reason, more, captcha) if text.strip())
    return ". ".join(sentence.removesuffix(".") for sentence in sentences)


def _text(value: Any) -> str:
    """The text of one of YouTube's text objects."""
    simple: str | None = traverse_obj(value, ("simpleText", {str}))
    return simple or "".join(traverse_obj(value, ("runs", ..., "text", {str})))
