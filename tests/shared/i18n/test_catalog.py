"""Every code has a sentence in every language, and every sentence has a code."""

import re
from string import Formatter
from typing import get_args

import pytest
from pydantic_core import core_schema

from services.api.batches.files.problems import FileProblem
from services.api.http.problem_codes import DegradedReasonCode, ProblemCode
from shared.contracts.errors import ErrorType
from shared.contracts.upstreams import PauseReason
from shared.i18n.catalog import sentences, text
from shared.i18n.languages import Language, best_language
from shared.settings import TranscriptionOff
from shared.youtube.source_urls import InvalidSourceReason
from shared.youtube.video_urls import InvalidUrlReason

CODES: dict[str, set[str]] = {
    "import_error": set(ErrorType),
    "import_retrying": {"youtube", "outdated", "transcription", "internal"},
    "import_paused": {"hourly_requests", "transcription_allowance"},
    "pause": {*PauseReason, "operator_transcription"},
    "transcription_off": set(TranscriptionOff),
    "problem": set(ProblemCode),
    "degraded": set(DegradedReasonCode),
    "file_problem": set(FileProblem),
    "invalid_url": set(InvalidUrlReason),
    "invalid_source": set(InvalidSourceReason),
}
FIELD_CODES: set[str] = {
    *get_args(core_schema.ErrorType),
    "too_many_urls",
    "urls_or_source",
    "before_youtube",
    "in_future",
    "max_below_min",
    "file_expected",
    "one_file_only",
    "cursor_invalid",
    "other",
}


@pytest.mark.parametrize("language", Language)
def test_keys_and_codes_are_the_same(language: Language) -> None:
    keys = {key for key in sentences(language) if not key.startswith("field.")}

    assert keys == {f"{table}.{code}" for table, codes in CODES.items() for code in codes}


def test_the_languages_have_the_same_keys_and_placeholders_and_differ() -> None:
    english, german = sentences(Language.EN), sentences(Language.DE)

    assert english.keys() == german.keys()
    for key, sentence in english.items():
        assert _placeholders(sentence) == _placeholders(german[key]), key
        assert sentence != german[key]


def test_fields_have_the_error_types_of_the_validator() -> None:
    codes = {key.removeprefix("field.") for key in sentences(Language.EN) if key.startswith("field.")}

    assert codes <= FIELD_CODES


@pytest.mark.parametrize("language", Language)
def test_sentences_are_sentences(language: Language) -> None:
    for key, sentence in sentences(language).items():
        assert re.fullmatch(r"[A-ZÄÖÜ].+\.", sentence), key


@pytest.mark.parametrize("language", Language)
def test_what_users_read_is_not_technical(language: Language) -> None:
    technical = re.compile(r"\d{3}|HTTP|yt-dlp|transcript-api|[a-z]Error|Exception|Traceback|timeout")
    for key, sentence in sentences(language).items():
        if key.startswith(("import_", "pause.")):
            assert not technical.search(sentence), key


def test_whole_numbers_are_grouped_as_the_language_does() -> None:
    assert "50,000" in text("file_problem.too_many_rows", max_rows=50_000)
    assert "50.000" in text("file_problem.too_many_rows", Language.DE, max_rows=50_000)


def test_an_unknown_key_or_a_missing_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        text("problem.unknown")
    with pytest.raises(KeyError):
        text("file_problem.too_many_rows")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, Language.EN),
        ("", Language.EN),
        ("de", Language.DE),
        ("de-AT,en;q=0.5", Language.DE),
        ("fr-FR, de;q=0.8, en;q=0.7", Language.DE),
        ("fr", Language.EN),
        ("EN-us,de", Language.EN),
        (";;;,,", Language.EN),
    ],
)
def test_the_first_language_of_the_product_is_taken(header: str | None, language: Language) -> None:
    assert best_language(header) is language


def _placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}
