"""People get plain words, in their language, for every code."""

import re
from collections.abc import Callable

import pytest

from shared.contracts.errors import ErrorType
from shared.contracts.texts import (
    IMPORT_ERROR_TEXTS,
    PAUSE_TEXTS,
    SPEECH_HELD,
    Language,
    best_language,
    import_error_text,
    pause_text,
    waiting_text,
)
from shared.contracts.upstreams import PauseReason, Upstream

TECHNICAL = re.compile(r"\d{3}|HTTP|yt-dlp|transcript|API|Error|Exception|Traceback|timeout", re.IGNORECASE)


@pytest.mark.parametrize("code", ErrorType)
@pytest.mark.parametrize("language", Language)
def test_every_code_has_a_plain_sentence_in_every_language(code: ErrorType, language: Language) -> None:
    sentence = import_error_text(code, language)
    assert re.fullmatch(r"[A-ZÄÖÜ].+\.", sentence)
    assert not TECHNICAL.search(sentence)


@pytest.mark.parametrize("upstream", Upstream)
@pytest.mark.parametrize("reason", PauseReason)
@pytest.mark.parametrize("language", Language)
def test_so_has_every_pause_and_who_waits_behind_it(
    upstream: Upstream, reason: PauseReason, language: Language
) -> None:
    waiting = [waiting_text(asks, reason, language) for asks in (upstream, None)]
    for sentence in (pause_text(upstream, reason, language), *waiting):
        assert re.fullmatch(r"[A-ZÄÖÜ].+\.", sentence)
        assert not TECHNICAL.search(sentence)


@pytest.mark.parametrize("text", [pause_text, waiting_text])
def test_the_operators_pause_says_of_what(text: Callable[[Upstream, PauseReason, Language], str]) -> None:
    held = {
        (upstream, language): text(upstream, PauseReason.OPERATOR, language)
        for upstream in Upstream
        for language in Language
    }
    assert held == {
        (Upstream.YOUTUBE, Language.EN): "The operator has paused imports.",
        (Upstream.YOUTUBE, Language.DE): "Der Betreiber hat die Importe angehalten.",
        (Upstream.TRANSCRIPTION, Language.EN): "The operator has paused speech recognition.",
        (Upstream.TRANSCRIPTION, Language.DE): "Der Betreiber hat die Spracherkennung angehalten.",
    }


def test_the_languages_differ() -> None:
    told = [*IMPORT_ERROR_TEXTS.values(), *PAUSE_TEXTS.values(), SPEECH_HELD]
    assert all(texts[Language.EN] != texts[Language.DE] for texts in told)


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
def test_the_first_language_that_we_speak_is_taken(header: str | None, language: Language) -> None:
    assert best_language(header) is language


@pytest.mark.parametrize("language", Language)
def test_who_waits_is_not_told_to_try_again(language: Language) -> None:
    for code in (ErrorType.UPSTREAM_UNAVAILABLE, ErrorType.TRANSCRIPTION_UNAVAILABLE):
        assert import_error_text(code, language, waiting=True) != import_error_text(code, language)
        assert ("YouTube" in import_error_text(code, language, waiting=True)) == (
            code is ErrorType.UPSTREAM_UNAVAILABLE
        )
    assert import_error_text(ErrorType.BOT_CHECK, language, waiting=True) == import_error_text(
        ErrorType.BOT_CHECK, language
    )
