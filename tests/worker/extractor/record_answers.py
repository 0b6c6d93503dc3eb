"""`python -m tests.worker.extractor.record_answers` writes the invented answers on which yt-dlp is tested."""

from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import requests
from pydantic import TypeAdapter

from fakes.youtube import Captions, Chapter, FakeList, FakeVideo, Library, VideoState, captions
from fakes.youtube.routes import answer, classify, parse_body, youtube_id_of
from fakes.youtube.youtube import InventedYoutube
from services.worker.extractor import replay
from services.worker.extractor.replay.scenarios import CHANNEL, PLAYLIST, VIDEOS, replay_all
from services.worker.extractor.replay.transport import ANSWERS, RecordedAnswer, ReplayConnection, request_key

CLIENTS = ("VISIONOS", "ANDROID", "IOS")
FORMATS = ("json3", "srv3", "")
STATES = {
    "kids": VideoState.KIDS,
    "private": VideoState.PRIVATE,
    "removed": VideoState.REMOVED,
    "members_only": VideoState.MEMBERS_ONLY,
    "age_restricted": VideoState.AGE_RESTRICTED,
    "live_now": VideoState.LIVE_NOW,
    "bot_check": VideoState.BOT_CHECK,
    "wrong_video": VideoState.WRONG_VIDEO,
}
TRACKS = {
    "manual": (captions("de", "Guten Morgen"), captions("en", "Good morning"), captions("en", "hey", automatic=True)),
    "automatic": (captions("en", "good", "morning", automatic=True),),
    "kids": (captions("en", "hello children", automatic=True),),
}


def library() -> Library:
    """What the scenarios ask for."""
    videos = [
        FakeVideo(
            youtube_id,
            f"A {name} ferry",
            state=STATES.get(name, VideoState.OK),
            captions=TRACKS.get(name, ()),
            chapters=(Chapter(0, "Casting off"), Chapter(60, "Open water")) if name == "manual" else (),
        )
        for name, youtube_id in VIDEOS.items()
    ]
    ids = tuple(f"replayList{number}" for number in range(5))
    lists = [
        FakeList(PLAYLIST, "Ferries", ids, deleted=frozenset(ids[1:2]), page_size=3),
        FakeList(CHANNEL, "Harbour Films", ids, page_size=3),
    ]
    return Library(videos, lists)


class Recorder:
    """Lets the fake YouTube answer, and keeps the answers."""

    def __init__(self) -> None:
        self.answers: dict[str, RecordedAnswer] = {}
        self._youtube = InventedYoutube(library())

    def connect(self) -> ReplayConnection:
        """A connection that leads to the fake YouTube."""
        recorder = self

        class Recording(ReplayConnection):
            def answer(self, request: requests.PreparedRequest) -> RecordedAnswer:
                self.requests += 1
                body = request.body if isinstance(request.body, bytes) else (request.body or "").encode()
                return recorder.ask(request.url or "", body)

        return Recording()

    def ask(self, url: str, body: bytes = b"") -> RecordedAnswer:
        """The fake YouTube's answer, which is kept."""
        parts, asked = urlsplit(url), parse_body(body)
        kind, query = classify(parts.hostname or "", parts.path), dict(parse_qsl(parts.query))
        youtube_id = youtube_id_of(kind, parts.path, query, asked)
        found = answer(self._youtube, kind, youtube_id, query, asked)
        recorded = RecordedAnswer(
            status=found.status, content_type=found.content_type, body=found.body.decode("latin-1")
        )
        self.answers[request_key(url, body)] = recorded
        return recorded


def every_client(recorder: Recorder) -> None:
    """Keep what other clients than today's would be answered, for versions that ask as those."""
    for youtube_id in VIDEOS.values():
        for client in CLIENTS:
            body = f'{{"videoId": "{youtube_id}", "context": {{"client": {{"clientName": "{client}"}}}}}}'
            recorder.ask("https://www.youtube.com/youtubei/v1/player", body.encode())
        recorder.ask("https://www.youtube.com/youtubei/v1/next", f'{{"videoId": "{youtube_id}"}}'.encode())
    for name, tracks in TRACKS.items():
        for track in tracks:
            for fmt in FORMATS:
                recorder.ask(_timedtext(VIDEOS[name], track, fmt))


def _timedtext(youtube_id: str, track: Captions, fmt: str) -> str:
    kind = "&kind=asr" if track.automatic else ""
    return f"https://www.youtube.com/api/timedtext?v={youtube_id}&lang={track.language}{kind}&fmt={fmt}"


def main() -> None:
    """Write the answers."""
    recorder = Recorder()
    replay_all(recorder.connect)
    every_client(recorder)
    path = Path(replay.__file__).with_name(ANSWERS)
    path.write_bytes(TypeAdapter(dict[str, RecordedAnswer]).dump_json(dict(sorted(recorder.answers.items())), indent=1))


if __name__ == "__main__":
    main()
