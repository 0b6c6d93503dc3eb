"""Problems of whole files, and their limits."""

from enum import StrEnum

from shared.i18n.catalog import text
from shared.i18n.languages import Language

MAX_FILE_BYTES = 32 * 1024 * 1024
MAX_ROWS = 50_000
MAX_READ = 5 * MAX_ROWS
"""Maximum of rows that are read, including those that are skipped: repeated headers, advertisements."""


class FileProblem(StrEnum):
    """Why a file cannot be read at all."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    TOO_MANY_ROWS = "too_many_rows"
    TOO_MANY_ENTRIES = "too_many_entries"
    COMPRESSED = "compressed"
    DOCUMENT = "document"
    NOT_TEXT = "not_text"
    JSON_INVALID = "json_invalid"


class UnreadableFileError(ValueError):
    """The file cannot be read; `reason` says why."""

    def __init__(self, reason: FileProblem) -> None:
        super().__init__(reason.value)
        self.reason = reason


def file_problem_text(problem: FileProblem, language: Language = Language.EN) -> str:
    """The sentence for a file that cannot be read."""
    return text(f"file_problem.{problem}", language, max_megabytes=MAX_FILE_BYTES // 1024**2, max_rows=MAX_ROWS)
