"""What the API has acknowledged: that, and only that, has to be in the database."""

from collections import Counter
from dataclasses import dataclass, field

Entry = tuple[str, str]
"""A list's id and a YouTube id."""


@dataclass
class Ledger:
    """Acknowledged writes. An attempt without an answer may or may not have been carried out."""

    lists: dict[str, str] = field(default_factory=dict)
    """Names by id, as last acknowledged."""
    deleted_lists: set[str] = field(default_factory=set)
    entries: dict[Entry, str | None] = field(default_factory=dict)
    """The id of each list entry; None where the answer did not tell it."""
    batches: set[str] = field(default_factory=set)
    rounds: Counter[Entry] = field(default_factory=Counter)
    """How often an import of a list entry was begun once more, as acknowledged."""
    round_attempts: Counter[Entry] = field(default_factory=Counter)
    """How often that was asked for."""
    surprises: list[str] = field(default_factory=list)
    """Answers that no client should get, and requests that were never answered."""
    requests: int = 0
    unanswered: int = 0
    """Requests without an answer, or with one that asks to come again (5xx)."""

    @property
    def acknowledged(self) -> int:
        """How many writes there are."""
        writes = len(self.lists) + len(self.deleted_lists) + len(self.entries) + len(self.batches)
        return writes + self.rounds.total()

    @property
    def remaining_lists(self) -> dict[str, str]:
        """The lists that have to be there."""
        return {list_id: name for list_id, name in self.lists.items() if list_id not in self.deleted_lists}

    @property
    def remaining_entries(self) -> dict[Entry, str | None]:
        """The list entries that have to be there."""
        return {entry: video_id for entry, video_id in self.entries.items() if entry[0] not in self.deleted_lists}
