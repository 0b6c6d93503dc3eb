"""`python -m services.worker.extractor.canary_process REPORT` asks YouTube for the canary subjects.

With `VIDFERRY_CANARY_ALL` it asks for all of them, otherwise for as many videos as the verdict needs.
"""

import os
import sys
from pathlib import Path

from services.worker.adapters.models import YoutubeError
from services.worker.adapters.youtube.captions import CaptionsAdapter
from services.worker.adapters.youtube.connection import Connection
from services.worker.adapters.youtube.exits import Exits
from services.worker.adapters.youtube.listing import ListingAdapter
from services.worker.adapters.youtube.metadata import MetadataAdapter, read_metadata
from services.worker.extractor.canary import (
    LISTS,
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
from shared.contracts.youtube_requests import SentRequest
from shared.settings import Settings

ALL = "VIDFERRY_CANARY_ALL"
_ADDRESSES = {
    SubjectKind.PLAYLIST: "https://www.youtube.com/playlist?list={}",
    SubjectKind.CHANNEL: "https://www.youtube.com/channel/{}/videos",
}


class Asking:
    """Asks for subjects, one after the other, through the adapters that imports use."""

    def __init__(self, settings: Settings) -> None:
        self._requests = 0
        self._subjects = subjects(settings)
        exits = Exits(settings.youtube_proxies)
        self._connection = Connection(exits, settings.youtube_ca_file, on_request=self._count)

    def ask(self, *, everything: bool) -> CanaryReport:
        """Stops as soon as YouTube refuses, and unless `everything` is wanted as soon as the verdict is clear."""
        report = CanaryReport(answers=[])
        for subject in self._subjects:
            if not everything and (subject.kind in LISTS or has_enough(report.answers)):
                break
            report.answers.append(self._ask(subject))
            if report.answers[-1].found is Found.NOT_ASKED:
                break
        return report

    def _ask(self, subject: Subject) -> CanaryAnswer:
        self._requests = 0
        try:
            found, detail = self._list(subject) if subject.kind in LISTS else self._video(subject)
        except YoutubeError as error:
            found, detail = found_for(error.error_type), error.error_type.value
        except Exception as error:  # what a version of yt-dlp does wrong is what is looked for
            found, detail = Found.FAILED, type(error).__name__
        return CanaryAnswer(
            kind=subject.kind, youtube_id=subject.youtube_id, found=found, detail=detail, requests=self._requests
        )

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

    def _list(self, subject: Subject) -> tuple[Found, str]:
        page = ListingAdapter(self._connection).page(_ADDRESSES[subject.kind].format(subject.youtube_id), None)
        if not page.youtube_ids:
            return Found.FAILED, "no videos"
        return Found.FINE, ""

    def _count(self, _: SentRequest) -> None:
        self._requests += 1


def main() -> None:
    """Write the report."""
    report = Asking(Settings()).ask(everything=bool(os.environ.get(ALL)))
    Path(sys.argv[1]).write_text(report.model_dump_json(), encoding="utf-8")


if __name__ == "__main__":
    main()
