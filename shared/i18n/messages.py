"""Which sentence of the catalogue describes an import's error, its wait or a pause of an upstream."""

from shared.contracts.errors import ERROR_RULES, ErrorType, Retry
from shared.contracts.messages import ImportProgress
from shared.contracts.stages import ImportStage
from shared.contracts.upstreams import PauseReason, Upstream
from shared.i18n.catalog import text
from shared.i18n.languages import Language

_OWN_LIMITS = {PauseReason.HOURLY_REQUESTS, PauseReason.TRANSCRIPTION_ALLOWANCE}
"""Limits of this installation: no `ErrorType` describes them."""
_OF_TRANSCRIPTION = {ErrorType.TRANSCRIPTION_UNAVAILABLE, ErrorType.TRANSCRIPTION_UNEXPECTED}


def pause_text(upstream: Upstream, reason: PauseReason, language: Language = Language.EN) -> str:
    """The sentence for a pause of all calls to an upstream."""
    is_transcription_held = upstream is Upstream.TRANSCRIPTION and reason is PauseReason.OPERATOR
    return text("pause.operator_transcription" if is_transcription_held else f"pause.{reason}", language)


def waiting_text(waiting_on: Upstream | None, reason: ErrorType | PauseReason, language: Language = Language.EN) -> str:
    """The sentence for one import that waits, whether it waits alone or with all others.

    `waiting_on`: the upstream of its next call, None where it waits for something else.
    """
    if reason is PauseReason.OPERATOR:
        return pause_text(waiting_on or Upstream.YOUTUBE, reason, language)
    if reason in _OWN_LIMITS:
        return text(f"import_paused.{reason}", language)
    return import_error_text(ErrorType(reason), language, waiting=True)


def in_language(message: ImportProgress, language: Language) -> ImportProgress:
    """The message with its sentences in a language: events are stored without, or in English."""
    sentences = {}
    if message.error_code:
        waiting = message.stage is not ImportStage.ERROR
        sentences["message"] = import_error_text(message.error_code, language, waiting=waiting)
    if message.captions_missing:
        sentences["captions_missing_message"] = import_error_text(message.captions_missing, language)
    return message.model_copy(update=sentences)


def import_error_text(code: ErrorType, language: Language = Language.EN, *, waiting: bool = False) -> str:
    """The sentence for an import's `error_code`; `waiting`: the import retries."""
    if not waiting or ERROR_RULES[code].retry is not Retry.BACKOFF:
        return text(f"import_error.{code}", language)
    if code is ErrorType.INTERNAL_ERROR:
        return text("import_retrying.internal", language)
    if code is ErrorType.EXTRACTOR_OUTDATED:
        return text("import_retrying.outdated", language)
    return text(f"import_retrying.{'transcription' if code in _OF_TRANSCRIPTION else 'youtube'}", language)
