"""What the adapters are asked for in a replay, and what comes of it."""

import json
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from pydantic import BaseModel

from services.worker.adapters.models import ListingPage, YoutubeError
from services.worker.adapters.youtube.audio import AudioAdapter
from services.worker.adapters.youtube.captions import CaptionsAdapter
from services.worker.adapters.youtube.listing import ListingAdapter
from services.worker.adapters.youtube.metadata import MetadataAdapter, read_metadata
from services.worker.extractor.replay.transport import ReplayConnection

VIDEOS = {
    "manual": "replayManu_",
    "automatic": "replayAuto_",
    "kids": "replayKids_",
    "no_captions": "replayNone_",
    "private": "replayPriv_",
    "removed": "replayGone_",
    "members_only": "replayMemb_",
    "age_restricted": "replayAge__",
    "live_now": "replayLive_",
    "bot_check": "replayBot__",
    "wrong_video": "replayWrong",
}
"""The invented videos, by what is special about them."""
PLAYLIST, CHANNEL, NO_LIST = "PLreplayReplayReplay1", "UCreplayReplayReplayRepl", "PLreplayReplayNothing"


class Replayed(BaseModel):
    """What the adapters made of YouTube's answers."""

    outcome: str
    """The error's type, or what was read as JSON."""
    requests: int


def replay_all(connect: Callable[[], ReplayConnection] = ReplayConnection) -> dict[str, Replayed]:
    """Replay every scenario, each with a connection of its own."""
    found = {f"metadata {name}": _replay(connect(), lambda c, i=i: _video(c, i)) for name, i in VIDEOS.items()}  # type: ignore[misc]  # mypy infers no default
    for name in ("manual", "automatic", "kids", "no_captions"):
        found[f"captions {name}"] = _replay(connect(), lambda c, i=VIDEOS[name]: _captions(c, i))  # type: ignore[misc]
    found["audio"] = _replay(connect(), lambda connection: _audio(connection, VIDEOS["manual"]))
    lists = {
        "playlist": f"https://www.youtube.com/playlist?list={PLAYLIST}",
        "channel": f"https://www.youtube.com/channel/{CHANNEL}/videos",
        "no list": f"https://www.youtube.com/playlist?list={NO_LIST}",
    }
    for name, source in lists.items():
        found[name] = _replay(connect(), lambda c, source=source: _list(c, source))  # type: ignore[misc]
    return found


def _replay(connection: ReplayConnection, ask: Callable[[ReplayConnection], object]) -> Replayed:
    try:
        outcome = json.dumps(ask(connection), default=str, sort_keys=True)
    except YoutubeError as error:
        outcome = error.error_type
    return Replayed(outcome=outcome, requests=connection.requests)


def _video(connection: ReplayConnection, youtube_id: str) -> object:
    video = asdict(read_metadata(youtube_id, MetadataAdapter(connection).ask(youtube_id)))
    track = video.pop("caption_track")
    # The address may have other parameters in another version: `_captions` shows whether it leads to the captions.
    return video | {"track": track and [track.language, track.kind]}


def _captions(connection: ReplayConnection, youtube_id: str) -> object:
    video = read_metadata(youtube_id, MetadataAdapter(connection).ask(youtube_id))
    return asdict(CaptionsAdapter(connection).fetch(youtube_id, video.caption_track))


def _audio(connection: ReplayConnection, youtube_id: str) -> object:
    adapter = AudioAdapter(connection)
    with tempfile.TemporaryDirectory() as folder:
        return adapter.download(adapter.find(youtube_id), Path(folder), lambda _: None).byte_count


def _list(connection: ReplayConnection, source: str) -> object:
    adapter = ListingAdapter(connection)
    pages: list[ListingPage] = []
    while not pages or pages[-1].cursor is not None:
        pages.append(adapter.page(source, pages[-1].cursor if pages else None))
    return [[page.title, page.announced, page.youtube_ids, page.unavailable] for page in pages]
