"""`python -m services.worker.extractor.canary_process REPORT` asks YouTube for the canary subjects.

With `VIDFERRY_CANARY_ALL` it asks for all of them, otherwise for as many videos as the verdict needs.
"""

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from services.worker.adapters.models import YoutubeError
from services.worker.adapters.youtube.audio import AudioAdapter
from services.worker.adapters.youtube.captions import CaptionsAdapter
from services.worker.adapters.youtube.connection import Connection
from services.worker.adapters.youtube.exits import Exits
from services.worker.adapters.youtube.listing import ListingAdapter
from services.worker.adapters.youtube.metadata import MetadataAdapter, read_metadata
from services.worker.adapters.youtube.request_records import RecordedRequest, RequestPairing
from services.worker.adapters.youtube.sent_requests import Call, calling
from services.worker.adapters.youtube.version import extractor_version
from services.worker.extractor.canary import (
    LISTS,
    WITH_AUDIO,
    CanaryAnswer,
    CanaryReport,
    Found,
    Subject,
    SubjectKind,
    found_for,
    has_enough,
    subjects,
)
from shared.contracts.youtube import CaptionsKind
from shared.contracts.youtube_requests import CallStage, SentRequest
from shared.settings import Settings

ALL = "VIDFERRY_CANARY_ALL"
_ADDRESSES = {
    SubjectKind.PLAYLIST: "https://www.youtube.com/playlist?list={}",
    SubjectKind.CHANNEL: "https://www.youtube.com/channel/{}/videos",
}


class Asking:
    """Asks for subjects, one after the other, through the adapters that imports use."""

    def __init__(self, settings: Settings) -> None:
        self._sent: list[RecordedRequest] = []
        self._pairing = RequestPairing()
        self._subjects = subjects(settings)
        exits = Exits(settings.youtube_proxies)
        self._connection = Connection(
            exits, settings.youtube_ca_file, on_request=self._count, on_tracks=self._pairing.add_tracks
        )

    def ask(self, *, everything: bool) -> CanaryReport:
        """Stops as soon as YouTube refuses, and unless `everything` is wanted as soon as the verdict is clear."""
        answers: list[CanaryAnswer] = []
        for subject in self._subjects:
            if not everything and (subject.kind in LISTS or has_enough(answers)):
                break
            answers.append(self._ask(subject))
            if self._lacks_audio(answers):
                answers.append(self._ask(Subject(kind=SubjectKind.AUDIO, youtube_id=subject.youtube_id)))
            if answers[-1].found is Found.NOT_ASKED or (not everything and answers[-1].found is Found.FAILED):
                break
        records = [sent.record for sent in self._sent]
        return CanaryReport(answers=answers, records=records, yt_dlp_version=extractor_version())

    def _lacks_audio(self, answers: list[CanaryAnswer]) -> bool:
        """Whether the last answer is the first one about a video whose audio can be asked for."""
        fine = [answer for answer in answers if answer.kind in WITH_AUDIO and answer.found is Found.FINE]
        return fine == answers[-1:]

    def _ask(self, subject: Subject) -> CanaryAnswer:
        sent_before = len(self._sent)
        try:
            with calling(Call(subject.youtube_id, CallStage.CANARY)):
                found, detail = self._ask_for(subject.kind)(subject)
        except YoutubeError as error:
            found, detail = found_for(subject.kind, error.error_type), error.error_type.value
        except Exception as error:  # what a version of yt-dlp does wrong is what is looked for
            found, detail = Found.FAILED, type(error).__name__
        return CanaryAnswer(
            kind=subject.kind,
            youtube_id=subject.youtube_id,
            found=found,
            detail=detail,
            requests=len(self._sent) - sent_before,
        )

    def _ask_for(self, kind: SubjectKind) -> Callable[[Subject], tuple[Found, str]]:
        if kind is SubjectKind.AUDIO:
            return self._audio
        return self._list if kind in LISTS else self._video

    def _video(self, subject: Subject) -> tuple[Found, str]:
        youtube_id = subject.youtube_id
        video = read_metadata(youtube_id, MetadataAdapter(self._connection).ask(youtube_id))
        missing = [
            name
            for name, value in {
                "title": video.title,
                "duration": video.duration_seconds,
                "date": video.published_at,
                "captions": video.caption_track,
            }.items()
            if not value
        ]
        if video.published_at is None or video.caption_track is None or missing:
            return Found.FAILED, f"no {', '.join(missing)}"
        if subject.duration_seconds not in (None, video.duration_seconds):
            return Found.GONE, "another duration"
        if subject.published_on not in (None, video.published_at.date()):
            return Found.GONE, "another date"
        if subject.kind is SubjectKind.MANUAL and video.caption_track.kind is not CaptionsKind.MANUAL:
            return Found.GONE, "no manual captions"
        CaptionsAdapter(self._connection).fetch(youtube_id, video.caption_track)  # raises where there are no lines
        return Found.FINE, ""

    def _audio(self, subject: Subject) -> tuple[Found, str]:
        adapter = AudioAdapter(self._connection)
        media = adapter.find(subject.youtube_id)
        with tempfile.TemporaryDirectory() as folder:
            adapter.sample(media, Path(folder))  # raises where nothing comes
        return Found.FINE, ""

    def _list(self, subject: Subject) -> tuple[Found, str]:
        page = ListingAdapter(self._connection).page(_ADDRESSES[subject.kind].format(subject.youtube_id), None)
        if not page.youtube_ids:
            return Found.FAILED, "no videos"
        return Found.FINE, ""

    def _count(self, request: SentRequest) -> None:
        self._sent.append(self._pairing.add(request))


def main() -> None:
    """Write the report."""
    report = Asking(Settings()).ask(everything=bool(os.environ.get(ALL)))
    Path(sys.argv[1]).write_text(report.model_dump_json(), encoding="utf-8")


if __name__ == "__main__":
    main()
