"""`python -m services.stack.describe` writes the generated parts of the documents: the tables of settings and errors.

Such a part stands between `<!-- generated: name -->` and `<!-- end -->`; what is around it is written by hand.
"""

import re
import tempfile
from collections.abc import Callable, Iterable
from typing import Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from services.api.batches.files.problems import FileProblem, file_problem_text
from services.api.http.problem_codes import STATUSES, DegradedReasonCode
from services.stack.demo import DEMO_LIMITS
from services.stack.home import PROJECT_ROOT
from services.stack.settings import StackSettings, variable_of
from shared.contracts.errors import ERROR_RULES, Retry, Throttle
from shared.contracts.upstreams import PauseReason, Upstream
from shared.i18n.catalog import text
from shared.i18n.messages import import_error_text, pause_text
from shared.settings import Settings

DOCUMENTS = [PROJECT_ROOT / "docs/configuration.md", PROJECT_ROOT / "docs/reference/errors.md"]
"""The documents with generated parts."""

NOTHING = "–"
_PART = re.compile(r"(<!-- generated: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_ACCESS = ("YOUTUBE_JS_", "YOUTUBE_COOKIES_", "YOUTUBE_ACCOUNT_", "YOUTUBE_POT_")
_EXTRACTOR = ("YOUTUBE_EXTRACTOR_", "YOUTUBE_CANARY_")
_TRANSCRIPTION = ("TRANSCRIPTION_", "GROQ_", "VIDFERRY_AUDIO_")


def generated(document: str) -> str:
    """The document with its generated parts as the code has them. Raises KeyError for an unknown part."""
    return _PART.sub(lambda part: f"{part[1]}\n{PARTS[part[2]]()}\n{part[3]}", document)


def main() -> None:
    """Write the generated parts of all documents."""
    for path in DOCUMENTS:
        path.write_text(generated(path.read_text()))


def _table(headings: str, rows: Iterable[list[str]]) -> str:
    names = headings.split(", ")
    lines = [names, ["---"] * len(names), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _code(text: object) -> str:
    return f"`{text}`"


def _settings(fields: Iterable[FieldInfo]) -> str:
    rows = ([_code(variable_of(field)), _default(field), _values(field), _meaning(field)] for field in fields)
    return _table("variable, default, values, meaning", rows)


def _default(field: FieldInfo) -> str:
    value = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
    if value is None:
        return NOTHING
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return _code(text.replace(tempfile.gettempdir(), "$TMPDIR"))


def _values(field: FieldInfo) -> str:
    """The numbers and words that a setting takes; nothing where its meaning says it all."""
    if field.annotation is bool:
        return "`true`, `false`"
    if get_origin(field.annotation) is Literal:
        return ", ".join(_code(choice) for choice in get_args(field.annotation))
    bounds = {name: bound for limit in field.metadata for name, bound in _bounds(limit)}
    if "ge" in bounds and "le" in bounds:
        return f"{bounds['ge']} to {bounds['le']}"
    words = {"ge": "at least", "gt": "more than", "le": "at most"}
    return ", ".join(f"{words[name]} {bound}" for name, bound in bounds.items())


def _bounds(limit: object) -> list[tuple[str, object]]:
    """What one constraint of a field says; a constrained type such as `Port` wraps its own."""
    inner = [found for wrapped in getattr(limit, "metadata", []) for found in _bounds(wrapped)]
    return inner + [(name, getattr(limit, name)) for name in ("ge", "gt", "le") if hasattr(limit, name)]


def _meaning(field: FieldInfo) -> str:
    text = " ".join((field.description or "").split())
    demo = DEMO_LIMITS.get(variable_of(field))
    return f"{text} The demo uses `{demo}`." if demo else text


def _launcher_settings() -> str:
    return _settings(StackSettings.model_fields.values())


def _service_settings(*, prefixes: tuple[str, ...] = (), without: tuple[str, ...] = ()) -> str:
    fields = [(variable_of(field), field) for field in Settings.model_fields.values()]
    return _settings(
        field
        for name, field in fields
        if (not prefixes or name.startswith(prefixes)) and not (without and name.startswith(without))
    )


def _import_errors() -> str:
    rows = [
        [
            _code(code),
            rule.retry,
            str(rule.max_attempts) if rule.retry is Retry.BACKOFF else NOTHING,
            NOTHING if rule.throttle is Throttle.NO else rule.throttle,
            "yes" if rule.allows_transcription else NOTHING,
            import_error_text(code),
        ]
        for code, rule in ERROR_RULES.items()
    ]
    return _table("`error_code`, retry, attempts, rate limit, transcribed instead, message", rows)


def _pauses() -> str:
    def sentence(reason: PauseReason) -> str:
        return pause_text(Upstream.YOUTUBE, reason)

    return _table("reason, message", ([_code(reason), sentence(reason)] for reason in PauseReason))


def _problems() -> str:
    rows = ([_code(code), str(status.value), text(f"problem.{code}")] for code, status in STATUSES.items())
    return _table("`code`, status, detail", rows)


def _degraded() -> str:
    return _table("code, message", ([_code(code), text(f"degraded.{code}")] for code in DegradedReasonCode))


def _file_problems() -> str:
    return _table("reason, message", ([_code(reason), file_problem_text(reason)] for reason in FileProblem))


PARTS: dict[str, Callable[[], str]] = {
    "launcher-settings": _launcher_settings,
    "service-settings": lambda: _service_settings(without=("YOUTUBE_", *_TRANSCRIPTION)),
    "youtube-settings": lambda: _service_settings(prefixes=("YOUTUBE_",), without=(*_ACCESS, *_EXTRACTOR)),
    "access-settings": lambda: _service_settings(prefixes=_ACCESS),
    "extractor-settings": lambda: _service_settings(prefixes=_EXTRACTOR),
    "transcription-settings": lambda: _service_settings(prefixes=_TRANSCRIPTION),
    "import-errors": _import_errors,
    "pauses": _pauses,
    "problems": _problems,
    "degraded": _degraded,
    "file-problems": _file_problems,
}
"""The generated parts, by name."""

if __name__ == "__main__":
    main()
