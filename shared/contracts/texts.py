"""Words for people, by code, in every language the product speaks. Nothing technical belongs here."""

from enum import StrEnum

from shared.contracts.errors import ERROR_RULES, ErrorType, Retry
from shared.contracts.upstreams import PauseReason, Upstream


class Language(StrEnum):
    """Languages of the product."""

    EN = "en"
    DE = "de"


IMPORT_ERROR_TEXTS: dict[ErrorType, dict[Language, str]] = {
    ErrorType.VIDEO_UNAVAILABLE: {
        Language.EN: "This video is no longer on YouTube.",
        Language.DE: "Dieses Video gibt es auf YouTube nicht mehr.",
    },
    ErrorType.VIDEO_PRIVATE: {
        Language.EN: "This video is private.",
        Language.DE: "Dieses Video ist privat.",
    },
    ErrorType.MEMBERS_ONLY: {
        Language.EN: "Only members of the channel can watch this video.",
        Language.DE: "Nur Kanalmitglieder können dieses Video ansehen.",
    },
    ErrorType.PAYMENT_REQUIRED: {
        Language.EN: "This video has to be paid for on YouTube.",
        Language.DE: "Dieses Video ist auf YouTube kostenpflichtig.",
    },
    ErrorType.GEO_BLOCKED: {
        Language.EN: "YouTube does not show this video in your country.",
        Language.DE: "YouTube zeigt dieses Video in Ihrem Land nicht.",
    },
    ErrorType.AGE_RESTRICTED: {
        Language.EN: "YouTube asks for proof of age for this video.",
        Language.DE: "YouTube verlangt für dieses Video einen Altersnachweis.",
    },
    ErrorType.RECORDING_UNAVAILABLE: {
        Language.EN: "The recording of this live stream is not available.",
        Language.DE: "Die Aufzeichnung dieses Livestreams ist nicht verfügbar.",
    },
    ErrorType.LIVE_NOW: {
        Language.EN: "This video is live right now. It is imported when the stream has ended.",
        Language.DE: "Dieses Video läuft gerade live. Es wird nach dem Ende des Streams importiert.",
    },
    ErrorType.UPCOMING: {
        Language.EN: "This video has not started yet. It is imported afterwards.",
        Language.DE: "Dieses Video hat noch nicht begonnen. Es wird danach importiert.",
    },
    ErrorType.BOT_CHECK: {
        Language.EN: "YouTube asks for a longer pause. The import goes on by itself.",
        Language.DE: "YouTube bittet um eine längere Pause. Der Import geht von selbst weiter.",
    },
    ErrorType.RATE_LIMITED: {
        Language.EN: "YouTube asks for a pause. The import goes on by itself.",
        Language.DE: "YouTube bittet um eine Pause. Der Import geht von selbst weiter.",
    },
    ErrorType.UPSTREAM_UNAVAILABLE: {
        Language.EN: "YouTube could not be reached. Please try again later.",
        Language.DE: "YouTube war nicht erreichbar. Bitte versuchen Sie es später noch einmal.",
    },
    ErrorType.LINK_EXPIRED: {
        Language.EN: "YouTube did not hand out this video's data. Please try again later.",
        Language.DE: "YouTube gab die Daten dieses Videos nicht heraus. Bitte versuchen Sie es später noch einmal.",
    },
    ErrorType.UNEXPECTED_ANSWER: {
        Language.EN: "YouTube gave an answer that could not be read. Please try again later.",
        Language.DE: "YouTubes Antwort konnte nicht gelesen werden. Bitte versuchen Sie es später noch einmal.",
    },
    ErrorType.CERTIFICATE_UNTRUSTED: {
        Language.EN: "The secure connection to YouTube cannot be checked. The operator has to correct the settings.",
        Language.DE: "Die sichere Verbindung zu YouTube lässt sich nicht prüfen. "
        "Der Betreiber muss die Einstellungen ändern.",
    },
    ErrorType.CAPTIONS_NONE: {
        Language.EN: "This video has no captions.",
        Language.DE: "Dieses Video hat keine Untertitel.",
    },
    ErrorType.CAPTIONS_DISABLED: {
        Language.EN: "Captions are switched off for this video.",
        Language.DE: "Für dieses Video sind die Untertitel abgeschaltet.",
    },
    ErrorType.CAPTIONS_TOKEN_REQUIRED: {
        Language.EN: "YouTube does not hand out this video's captions.",
        Language.DE: "YouTube gibt die Untertitel dieses Videos nicht heraus.",
    },
    ErrorType.CAPTIONS_AGE_RESTRICTED: {
        Language.EN: "YouTube asks for proof of age for this video's captions.",
        Language.DE: "YouTube verlangt für die Untertitel dieses Videos einen Altersnachweis.",
    },
    ErrorType.SPEECH_TOO_LONG: {
        Language.EN: "This video has no captions, and it is too long to make them from its speech.",
        Language.DE: "Dieses Video hat keine Untertitel und ist zu lang, um sie aus der Sprache zu erzeugen.",
    },
    ErrorType.SPEECH_NONE: {
        Language.EN: "This video has no captions, and no speech was recognised in it.",
        Language.DE: "Dieses Video hat keine Untertitel, und es wurde keine Sprache darin erkannt.",
    },
    ErrorType.SPEECH_FAILED: {
        Language.EN: "Captions could not be made from this video's speech. Please try again later.",
        Language.DE: "Aus der Sprache dieses Videos konnten keine Untertitel erzeugt werden. "
        "Bitte versuchen Sie es später noch einmal.",
    },
    ErrorType.AUDIO_UNAVAILABLE: {
        Language.EN: "This video has no captions, and YouTube does not hand out its sound.",
        Language.DE: "Dieses Video hat keine Untertitel, und YouTube gibt seinen Ton nicht heraus.",
    },
    ErrorType.AUDIO_STORE_FULL: {
        Language.EN: "There was no room to make captions from this video's speech. Please try again later.",
        Language.DE: "Es war kein Platz, um Untertitel aus der Sprache dieses Videos zu erzeugen. Bitte "
        "versuchen Sie es später noch einmal.",
    },
    ErrorType.CHUNK_TOO_LARGE: {
        Language.EN: "Speech recognition could not take in this video's sound.",
        Language.DE: "Die Spracherkennung konnte den Ton dieses Videos nicht annehmen.",
    },
    ErrorType.TRANSCRIPTION_LIMITED: {
        Language.EN: "Speech recognition asks for a pause. The import goes on by itself.",
        Language.DE: "Die Spracherkennung bittet um eine Pause. Der Import geht von selbst weiter.",
    },
    ErrorType.TRANSCRIPTION_UNAVAILABLE: {
        Language.EN: "Speech recognition could not be reached. Please try again later.",
        Language.DE: "Die Spracherkennung war nicht erreichbar. Bitte versuchen Sie es später noch einmal.",
    },
    ErrorType.TRANSCRIPTION_UNEXPECTED: {
        Language.EN: "Speech recognition gave an answer that could not be read. Please try again later.",
        Language.DE: "Die Antwort der Spracherkennung konnte nicht gelesen werden. Bitte versuchen Sie es "
        "später noch einmal.",
    },
    ErrorType.TRANSCRIPTION_REFUSED: {
        Language.EN: "Speech recognition did not take this video's sound.",
        Language.DE: "Die Spracherkennung hat den Ton dieses Videos nicht angenommen.",
    },
    ErrorType.TRANSCRIPTION_MISCONFIGURED: {
        Language.EN: "Speech recognition is not set up correctly. The operator has to correct the settings.",
        Language.DE: "Die Spracherkennung ist nicht richtig eingerichtet. Der Betreiber muss die Einstellungen ändern.",
    },
    ErrorType.LIST_UNAVAILABLE: {
        Language.EN: "YouTube does not show this playlist or channel: it does not exist (any more), or is private.",
        Language.DE: "YouTube zeigt diese Playlist oder diesen Kanal nicht: Es gibt sie nicht (mehr), oder sie ist "
        "privat.",
    },
    ErrorType.LIST_SHORT: {
        Language.EN: "YouTube showed only a part of this playlist or channel. Please try again later.",
        Language.DE: "YouTube hat nur einen Teil dieser Playlist oder dieses Kanals gezeigt. "
        "Bitte versuchen Sie es später noch einmal.",
    },
    ErrorType.IMPORT_CANCELLED: {
        Language.EN: "The import was cancelled before it began.",
        Language.DE: "Der Import wurde abgebrochen, bevor er begann.",
    },
}


TRYING_AGAIN: dict[Language, str] = {
    Language.EN: "YouTube cannot be reached right now. The import tries again by itself.",
    Language.DE: "YouTube ist gerade nicht erreichbar. Der Import versucht es von selbst wieder.",
}
SPEECH_TRYING_AGAIN: dict[Language, str] = {
    Language.EN: "Speech recognition cannot be reached right now. The import tries again by itself.",
    Language.DE: "Die Spracherkennung ist gerade nicht erreichbar. Der Import versucht es von selbst wieder.",
}


PAUSE_TEXTS: dict[PauseReason, dict[Language, str]] = {
    PauseReason.RATE_LIMITED: {
        Language.EN: "YouTube asks for a pause. Imports go on by themselves.",
        Language.DE: "YouTube bittet um eine Pause. Importe gehen von selbst weiter.",
    },
    PauseReason.BOT_CHECK: {
        Language.EN: "YouTube asks for a longer pause. Imports go on by themselves.",
        Language.DE: "YouTube bittet um eine längere Pause. Importe gehen von selbst weiter.",
    },
    PauseReason.CERTIFICATE_UNTRUSTED: IMPORT_ERROR_TEXTS[ErrorType.CERTIFICATE_UNTRUSTED],
    PauseReason.TRANSCRIPTION_LIMITED: {
        Language.EN: "Speech recognition asks for a pause. Imports go on by themselves.",
        Language.DE: "Die Spracherkennung bittet um eine Pause. Importe gehen von selbst weiter.",
    },
    PauseReason.TRANSCRIPTION_MISCONFIGURED: IMPORT_ERROR_TEXTS[ErrorType.TRANSCRIPTION_MISCONFIGURED],
    PauseReason.TRANSCRIPTION_ALLOWANCE: {
        Language.EN: "As much speech as is allowed for now has been recognised. Imports go on by themselves.",
        Language.DE: "Fürs Erste wurde so viel Sprache erkannt wie erlaubt. Importe gehen von selbst weiter.",
    },
    PauseReason.HOURLY_REQUESTS: {
        Language.EN: "YouTube has been asked often enough for this hour. Imports go on by themselves.",
        Language.DE: "YouTube wurde in dieser Stunde oft genug gefragt. Importe gehen von selbst weiter.",
    },
    PauseReason.OPERATOR: {
        Language.EN: "The operator has paused imports.",
        Language.DE: "Der Betreiber hat die Importe angehalten.",
    },
}
"""What is told of all imports together."""

_ONE_IMPORT_PAUSED: dict[PauseReason, dict[Language, str]] = {
    PauseReason.HOURLY_REQUESTS: {
        Language.EN: "YouTube has been asked often enough for this hour. The import goes on by itself.",
        Language.DE: "YouTube wurde in dieser Stunde oft genug gefragt. Der Import geht von selbst weiter.",
    },
    PauseReason.TRANSCRIPTION_ALLOWANCE: {
        Language.EN: "As much speech as is allowed for now has been recognised. The import goes on by itself.",
        Language.DE: "Fürs Erste wurde so viel Sprache erkannt wie erlaubt. Der Import geht von selbst weiter.",
    },
    PauseReason.OPERATOR: PAUSE_TEXTS[PauseReason.OPERATOR],
}
"""What is told of one import, where the pause is nobody's error."""


SPEECH_HELD: dict[Language, str] = {
    Language.EN: "The operator has paused speech recognition.",
    Language.DE: "Der Betreiber hat die Spracherkennung angehalten.",
}


_OF_SPEECH = {ErrorType.TRANSCRIPTION_UNAVAILABLE, ErrorType.TRANSCRIPTION_UNEXPECTED}


def pause_text(upstream: Upstream, reason: PauseReason, language: Language = Language.EN) -> str:
    """The plain sentence a person reads while calls to an upstream are paused."""
    if upstream is Upstream.TRANSCRIPTION and reason is PauseReason.OPERATOR:
        return SPEECH_HELD[language]
    return PAUSE_TEXTS[reason][language]


def waiting_text(asks: Upstream | None, reason: ErrorType | PauseReason, language: Language = Language.EN) -> str:
    """The plain sentence a person reads while one import waits, the same whether it or all of them have to.

    `asks`: the upstream it waits for, where there is one (`ImportStatus.asks`).
    """
    if asks and reason is PauseReason.OPERATOR:
        return pause_text(asks, reason, language)
    if isinstance(reason, PauseReason) and reason in _ONE_IMPORT_PAUSED:
        return _ONE_IMPORT_PAUSED[reason][language]
    return import_error_text(ErrorType(reason), language, waiting=True)


def import_error_text(code: ErrorType, language: Language = Language.EN, *, waiting: bool = False) -> str:
    """The plain sentence a person reads for an import's `error_code`; `waiting`: it goes on by itself."""
    if waiting and ERROR_RULES[code].retry is Retry.BACKOFF:
        return (SPEECH_TRYING_AGAIN if code in _OF_SPEECH else TRYING_AGAIN)[language]
    return IMPORT_ERROR_TEXTS[code][language]


def best_language(accept_language: str | None) -> Language:
    """The first language of an Accept-Language header that the product speaks, English otherwise."""
    for part in (accept_language or "").split(","):
        tag = part.split(";")[0].strip().lower().split("-")[0]
        if tag in Language.__members__.values():
            return Language(tag)
    return Language.EN
