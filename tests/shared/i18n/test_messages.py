"""Each error, wait and pause has the sentence that fits it."""

import pytest

from shared.contracts.errors import ErrorType
from shared.contracts.upstreams import PauseReason, Upstream
from shared.i18n.catalog import text
from shared.i18n.languages import Language
from shared.i18n.messages import import_error_text, pause_text, waiting_text


@pytest.mark.parametrize("upstream", [*Upstream, None])
@pytest.mark.parametrize("language", Language)
def test_every_pause_has_sentences_for_one_import_and_for_all(upstream: Upstream | None, language: Language) -> None:
    for reason in PauseReason:
        assert pause_text(upstream or Upstream.YOUTUBE, reason, language)
        assert waiting_text(upstream, reason, language)


def test_the_operators_pause_names_the_upstream() -> None:
    assert pause_text(Upstream.YOUTUBE, PauseReason.OPERATOR) == text("pause.operator")
    assert pause_text(Upstream.TRANSCRIPTION, PauseReason.OPERATOR) == text("pause.operator_transcription")
    for upstream in Upstream:
        assert waiting_text(upstream, PauseReason.OPERATOR) == pause_text(upstream, PauseReason.OPERATOR)


@pytest.mark.parametrize(
    ("code", "key"),
    [
        (ErrorType.UPSTREAM_UNAVAILABLE, "import_retrying.youtube"),
        (ErrorType.LINK_EXPIRED, "import_retrying.youtube"),
        (ErrorType.EXTRACTOR_OUTDATED, "import_retrying.outdated"),
        (ErrorType.TRANSCRIPTION_UNAVAILABLE, "import_retrying.transcription"),
        (ErrorType.TRANSCRIPTION_UNEXPECTED, "import_retrying.transcription"),
        (ErrorType.INTERNAL_ERROR, "import_retrying.internal"),
        (ErrorType.BOT_CHECK, "import_error.bot_check"),
        (ErrorType.LIVE_NOW, "import_error.live_now"),
    ],
)
def test_an_import_that_retries_does_not_ask_for_a_retry(code: ErrorType, key: str) -> None:
    assert import_error_text(code, waiting=True) == waiting_text(None, code) == text(key)
    assert import_error_text(code) == text(f"import_error.{code}")


@pytest.mark.parametrize("reason", [PauseReason.HOURLY_REQUESTS, PauseReason.TRANSCRIPTION_ALLOWANCE])
def test_a_limit_of_this_installation_is_a_pause_of_one_import(reason: PauseReason) -> None:
    assert waiting_text(Upstream.YOUTUBE, reason, Language.DE) == text(f"import_paused.{reason}", Language.DE)
