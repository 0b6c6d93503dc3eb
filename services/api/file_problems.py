"""What can be wrong with a whole file, its limits, and the words for it."""

from enum import StrEnum

from shared.contracts.texts import Language

MAX_FILE_BYTES = 32 * 1024 * 1024
MAX_ROWS = 50_000
MAX_READ = 5 * MAX_ROWS
"""Rows that are looked at, those included that say nothing: a header once more, an advertisement."""


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


FILE_PROBLEM_TEXTS: dict[FileProblem, dict[Language, str]] = {
    FileProblem.EMPTY: {
        Language.EN: "There are no entries in this file.",
        Language.DE: "In dieser Datei sind keine Einträge.",
    },
    FileProblem.TOO_LARGE: {
        Language.EN: f"This file is larger than {MAX_FILE_BYTES // 1024**2} MB. Please divide it into several files.",
        Language.DE: f"Diese Datei ist größer als {MAX_FILE_BYTES // 1024**2} MB. "
        "Bitte teilen Sie sie auf mehrere Dateien auf.",
    },
    FileProblem.TOO_MANY_ROWS: {
        Language.EN: f"This file has more than {MAX_ROWS:,} entries. Please divide it into several files.",
        Language.DE: f"Diese Datei hat mehr als {MAX_ROWS // 1000}.000 Einträge. "
        "Bitte teilen Sie sie auf mehrere Dateien auf.",
    },
    FileProblem.TOO_MANY_ENTRIES: {
        Language.EN: f"This JSON file has more than {MAX_ROWS:,} entries. "
        "Please open it in a spreadsheet program, and save it as several CSV files.",
        Language.DE: f"Diese JSON-Datei hat mehr als {MAX_ROWS // 1000}.000 Einträge. "
        "Bitte öffnen Sie sie in einer Tabellenkalkulation, und speichern Sie sie als mehrere CSV-Dateien.",
    },
    FileProblem.COMPRESSED: {
        Language.EN: "This file is packed, or a spreadsheet program's own. Please unpack it first, or save it as CSV.",
        Language.DE: "Diese Datei ist gepackt oder hat das eigene Format einer Tabellenkalkulation. "
        "Bitte entpacken Sie sie erst, oder speichern Sie sie als CSV.",
    },
    FileProblem.DOCUMENT: {
        Language.EN: "This file is a web page or a PDF. In Google Takeout, "
        "please choose JSON for the history; playlists come as CSV.",
        Language.DE: "Diese Datei ist eine Webseite oder ein PDF. Bitte wählen Sie in Google Takeout "
        "für den Verlauf JSON; Playlists kommen als CSV.",
    },
    FileProblem.NOT_TEXT: {
        Language.EN: "This file is not a text file. Please choose a CSV, text or JSON file.",
        Language.DE: "Diese Datei ist keine Textdatei. Bitte wählen Sie eine CSV-, Text- oder JSON-Datei.",
    },
    FileProblem.JSON_INVALID: {
        Language.EN: "This JSON file is damaged or incomplete.",
        Language.DE: "Diese JSON-Datei ist beschädigt oder unvollständig.",
    },
}


class UnreadableFile(ValueError):
    """The file has no rows that could be read; `reason` says why."""

    def __init__(self, reason: FileProblem) -> None:
        super().__init__(reason.value)
        self.reason = reason


def file_problem_text(problem: FileProblem, language: Language = Language.EN) -> str:
    """The plain sentence a person reads about a file that cannot be read."""
    return FILE_PROBLEM_TEXTS[problem][language]
