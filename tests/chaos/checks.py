"""Compares what is in the database with what was acknowledged, and with what the videos ask for."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from itertools import pairwise

from shared.contracts.stages import CLOSED_STAGES, STAGE_PROGRESS, ImportStage
from tests.chaos.database import Contents, Row
from tests.chaos.ledger import Entry, Ledger
from tests.chaos.mix import Mix, MixVideo
from tests.chaos.tab import Tab
from tests.chaos.violations import Violation, ViolationKind

_RANK = {ImportStage.ERROR: 101, **STAGE_PROGRESS}


@dataclass(frozen=True)
class Examination:
    """One look at the database after a run."""

    contents: Contents
    ledger: Ledger
    mix: Mix
    tab: Tab

    def violations(self) -> list[Violation]:
        """Everything that is not as it should be."""
        found = {
            ViolationKind.LOST: (self._lost_lists, self._lost_entries, self._lost_rounds, self._lost_events),
            ViolationKind.DOUBLED: (self._doubled_entries, self._doubled_events, self._doubled_lines),
            ViolationKind.STUCK: (self._stuck_imports, self._stuck_upstreams),
            ViolationKind.WRONG: (self._wrong_ends, self._wrong_captions),
            ViolationKind.UNWELL: (self._surprises,),
        }
        return [Violation(kind, what) for kind, checks in found.items() for check in checks for what in check()]

    def _lost_lists(self) -> Iterator[str]:
        names = {row["id"]: row["name"] for row in self.contents.lists}
        for list_id, name in self.ledger.remaining_lists.items():
            if list_id not in names:
                yield f"list {list_id} ({name})"
            elif names[list_id] != name:
                yield f"the name {name!r} of list {list_id}: it is {names[list_id]!r}"
        for list_id in self.ledger.deleted_lists & names.keys():
            yield f"the deletion of list {list_id} ({names[list_id]})"
        batches = {row["id"] for row in self.contents.batches}
        yield from (f"batch {batch_id}" for batch_id in self.ledger.batches - batches)

    def _lost_entries(self) -> Iterator[str]:
        ids = {_entry(row): row["id"] for row in self.contents.videos}
        for entry, video_id in self.ledger.remaining_entries.items():
            if entry not in ids:
                yield f"video {entry[1]} on list {entry[0]} ({self.ledger.lists.get(entry[0])})"
            elif video_id not in {None, ids[entry]}:
                yield f"video {entry[1]} as {video_id}: it is {ids[entry]}"

    def _lost_rounds(self) -> Iterator[str]:
        """Imports that were acknowledged to begin once more, and have not ended once more."""
        closings = self._closings()
        for row in self.contents.videos:
            wanted = 1 + self.ledger.rounds[_entry(row)]
            if row["import_stage"] in CLOSED_STAGES and closings[row["id"]] < wanted:
                yield f"{closings[row['id']]} of {wanted} imports of {row['youtube_id']} have an event of their end"

    def _lost_events(self) -> Iterator[str]:
        """Links missing in the chain, and events that the tab has never shown."""
        deleted = {row["seq"] for row in self.contents.deleted_events}
        yield from self._broken_links(deleted)
        expected = {row["seq"] for row in self.contents.events if row["seq"] > (self.tab.first_seq or 0)}
        shown = set(self.tab.seqs)
        if missing := sorted(expected - shown):
            yield f"{len(missing)} events in the tab, the first is {missing[0]} (it is at {max(shown, default=None)})"
        if unknown := sorted(shown - expected - deleted):
            yield f"{len(unknown)} events that the tab has shown are not in the database: {unknown[:10]}"

    def _broken_links(self, deleted: Set[int]) -> Iterator[str]:
        """Every event names the newest one that there was before it: all between the two were deleted."""
        chain = sorted([*self.contents.events, *self.contents.deleted_events], key=lambda row: row["seq"])
        known = {row["seq"] for row in chain}
        newest_left = None
        for row in chain:
            if row["prev_seq"] is not None and row["prev_seq"] not in known:
                yield f"event {row['prev_seq']}, which {row['seq']} follows"
            elif (row["prev_seq"] or 0) < (newest_left or 0):
                yield f"event {row['seq']} follows {row['prev_seq']}, and {newest_left} is there"
            if row["seq"] not in deleted:
                newest_left = row["seq"]

    def _doubled_entries(self) -> Iterator[str]:
        counted = Counter(_entry(row) for row in self.contents.videos)
        yield from (f"video {entry[1]} on list {entry[0]}" for entry, count in counted.items() if count > 1)

    def _doubled_events(self) -> Iterator[str]:
        closings = self._closings()
        for row in self.contents.videos:
            possible = 1 + self.ledger.round_attempts[_entry(row)]
            if closings[row["id"]] > possible:
                yield f"{closings[row['id']]} ends of {possible} imports of {row['youtube_id']}"
        yield from (f"stages {stages} of video {video_id}" for video_id, stages in self._rounds_out_of_order())
        if self.tab.repeated or any(later <= earlier for earlier, later in pairwise(self.tab.seqs)):
            yield f"events in the tab, or they were out of order: {self.tab.repeated[:10]}"

    def _doubled_lines(self) -> Iterator[str]:
        for what, rows in (("lines", self.contents.transcripts), ("chapters", self.contents.chapters)):
            for row in rows:
                if (row["first"], row["last"]) != (0, row["lines"] - 1):
                    yield f"{what} of {row['youtube_id']}: {row['lines']}, at {row['first']} to {row['last']}"

    def _stuck_imports(self) -> Iterator[str]:
        for row in self.contents.videos:
            if row["import_stage"] not in CLOSED_STAGES:
                place = f", {row['batch_slot']} in its batch" if row["batch_id"] else ""
                yield f"video {row['youtube_id']} at {row['import_stage']} {row['import_progress']} %{place}"
        for row in self.contents.batches:
            if row["completed_at"] is None:
                yield f"batch {row['id']} ({row['kind']}, {row['state']}, listing {row['listing']})"

    def _stuck_upstreams(self) -> Iterator[str]:
        yield from (
            f"calls to {row['name']}: {row['state']}" for row in self.contents.upstreams if row["state"] != "closed"
        )

    def _wrong_ends(self) -> Iterator[str]:
        for row, video in self._known():
            if row["import_stage"] in CLOSED_STAGES and row["import_stage"] != video.stage:
                yield f"{video.kind} video {video.youtube_id} ended in {row['import_stage']} ({row['error_code']})"

    def _wrong_captions(self) -> Iterator[str]:
        enrichments = {row["youtube_id"]: row for row in self.contents.enrichments}
        lines = {row["youtube_id"]: row["lines"] for row in self.contents.transcripts}
        complete = {video.youtube_id: video for row, video in self._known() if row["import_stage"] == "complete"}
        for youtube_id, video in complete.items():
            found = enrichments.get(youtube_id)
            source, missing = (found["captions_source"], found["captions_missing"]) if found else (None, None)
            if not video.may_have(source, missing):
                yield f"{video.kind} video {youtube_id} has captions from {source} (missing: {missing})"
            elif video.line_count not in {None, lines.get(youtube_id, 0)}:
                yield f"{video.kind} video {youtube_id} has {lines.get(youtube_id, 0)} of {video.line_count} lines"

    def _surprises(self) -> list[str]:
        return self.ledger.surprises

    def _known(self) -> Iterator[tuple[Row, MixVideo]]:
        videos = self.mix.videos
        yield from ((row, videos[row["youtube_id"]]) for row in self.contents.videos if row["youtube_id"] in videos)

    def _closings(self) -> Counter[str]:
        return Counter(row["video_id"] for row in self.contents.events if row["stage"] in CLOSED_STAGES)

    def _rounds_out_of_order(self) -> Iterator[tuple[str, list[str]]]:
        """Videos of which an import has reached a stage twice, or an earlier one after a later one."""
        stages: defaultdict[str, list[str]] = defaultdict(list)
        for row in self.contents.events:
            if row["stage"] and row["reaches_stage"]:  # else it tells of a wait, or of no import
                stages[row["video_id"]].append(row["stage"])
        yield from ((video_id, reached) for video_id, reached in stages.items() if not _is_in_order(reached))


def _is_in_order(stages: Iterable[str]) -> bool:
    """Whether stages rise within each import: it begins with `created`, or after the end of the one before."""
    rank = -1
    for stage in map(ImportStage, stages):
        if stage is ImportStage.CREATED:
            rank = -1
        if _RANK[stage] <= rank:
            return False
        rank = -1 if stage in CLOSED_STAGES else _RANK[stage]
    return True


def _entry(row: Row) -> Entry:
    return row["list_id"], row["youtube_id"]
