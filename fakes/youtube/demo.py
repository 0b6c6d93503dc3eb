"""The videos of `make demo`: one for each thing that can happen to an import. Every other id is invented.

| id | what it shows |
|---|---|
| `demoCaption` | human-made captions in two languages, automatic ones, chapters |
| `demoAutoCap` | automatic captions only, chapters in the description |
| `demoGerman_` | captions in German only |
| `demoSpeech_`, `demoSpeech2` and every other `demoSpeech…` | no captions; the audio has speech |
| `demoNoCaps_` | no captions; the audio is silent |
| `demoPrivate` | private |
| `demoRemoved` | removed by its uploader |
| `demoMembers` | for members of the channel only |
| `demoAgeGate` | age-restricted |
| `demoForKids` | made for kids: refused to yt-dlp's default client |
| `demoLiveNow` | live now |
| `demoUpNext_` | a live event that begins in an hour |
| `demoBotTest` | YouTube wants to see that you are not a bot |

Playlists and channels are invented as well: any id that begins with `PL`, and any handle.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

from fakes.speech.sound import as_m4a
from fakes.speech.voice import numbered_sentences
from fakes.youtube.library import Library, captions
from fakes.youtube.model import Audio, Chapter, FakeVideo, VideoState, silence

_FERRY_EN = (
    "Every morning at six the first ferry leaves the old harbour.",
    "It carries bread, letters and whoever could not sleep.",
    "The captain knows every wave by name,",
    "and when the fog is thick she steers by the bells.",
    "Nobody has ever been left on the shore.",
)
_FERRY_DE = (
    "Jeden Morgen um sechs verlässt die erste Fähre den alten Hafen.",
    "Sie bringt Brot, Briefe und alle, die nicht schlafen konnten.",
    "Die Kapitänin kennt jede Welle beim Namen,",
    "und bei dichtem Nebel steuert sie nach den Glocken.",
    "Noch nie ist jemand am Ufer zurückgeblieben.",
)
_SPEAKING = {"demoSpeech_": "The ferry that counts", "demoSpeech2": "The ferry that counts again"}
_SPEAKING_PREFIX = "demoSpeech"
_SENTENCES, _SECONDS = 20, 61
_REFUSED = {
    "demoPrivate": VideoState.PRIVATE,
    "demoRemoved": VideoState.REMOVED,
    "demoMembers": VideoState.MEMBERS_ONLY,
    "demoAgeGate": VideoState.AGE_RESTRICTED,
    "demoForKids": VideoState.KIDS,
    "demoLiveNow": VideoState.LIVE_NOW,
    "demoBotTest": VideoState.BOT_CHECK,
}


class DemoLibrary(Library):
    """Adds audio to videos without captions, when they are requested, because that takes time."""

    def get(self, youtube_id: str) -> FakeVideo | None:
        """The video with this id; None: YouTube has none."""
        video = super().get(youtube_id)
        if video is not None and youtube_id.startswith(_SPEAKING_PREFIX):
            return replace(video, duration_seconds=_SECONDS, captions=(), audios=(_speech(),))
        if video is None or video.captions:
            return video
        return replace(video, audios=(_silence(),))


@cache
def _speech() -> Audio:
    return Audio(as_m4a(numbered_sentences(_SENTENCES).wav))


@cache
def _silence() -> Audio:
    return Audio(as_m4a(silence()))


def demo_library() -> Library:
    """The showcase videos, with every other id invented."""
    ferry_en, ferry_de = captions("en", *_FERRY_EN), captions("de", *_FERRY_DE)
    automatic = captions("en", *_FERRY_EN, automatic=True)
    chapters = (Chapter(0, "Casting off"), Chapter(60, "Open water"), Chapter(150, "The far shore"))
    index = "0:00 Casting off\n1:00 Open water\n2:30 The far shore"
    videos = [
        FakeVideo("demoCaption", "The first ferry", captions=(ferry_de, ferry_en, automatic), chapters=chapters),
        FakeVideo("demoAutoCap", "The night ferry", description=index, captions=(automatic,)),
        FakeVideo("demoGerman_", "Die erste Fähre", channel="Hafenfilm", captions=(ferry_de,)),
        *(FakeVideo(youtube_id, title) for youtube_id, title in _SPEAKING.items()),
        FakeVideo("demoNoCaps_", "A ferry without words"),
        FakeVideo(
            "demoUpNext_",
            "The ferry, live",
            state=VideoState.UPCOMING,
            starts_at=datetime.now(UTC) + timedelta(hours=1, minutes=1),
        ),
    ]
    refused = [FakeVideo(youtube_id, f"The {state} ferry", state=state) for youtube_id, state in _REFUSED.items()]
    return DemoLibrary([*videos, *refused], generate=True)
