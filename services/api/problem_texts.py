"""Everything that can be wrong with a request: its HTTP status and its words, by code."""

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

from shared.contracts.texts import Language


class ProblemCode(StrEnum):
    """What was wrong, in one stable word."""

    LIST_NOT_FOUND = "list_not_found"
    VIDEO_NOT_FOUND = "video_not_found"
    VIDEO_ALREADY_IN_LIST = "video_already_in_list"
    IMPORT_COMPLETE = "import_complete"
    IMPORT_UNDER_WAY = "import_under_way"
    BATCH_NOT_FOUND = "batch_not_found"
    BATCH_OVER = "batch_over"
    NOTHING_FAILED = "nothing_failed"
    PREVIEW_UNAVAILABLE = "preview_unavailable"
    SUBSCRIPTION_NOT_FOUND = "subscription_not_found"
    ALREADY_SUBSCRIBED = "already_subscribed"
    VALIDATION_FAILED = "validation_failed"
    BODY_UNREADABLE = "body_unreadable"
    BODY_TOO_LARGE = "body_too_large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    UNSUPPORTED_ENCODING = "unsupported_encoding"
    HOST_NOT_ALLOWED = "host_not_allowed"
    CROSS_SITE_REQUEST = "cross_site_request"
    ROUTE_NOT_FOUND = "route_not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    DATABASE_AWAY = "database_away"
    DATABASE_NOT_MIGRATED = "database_not_migrated"
    TEMPORAL_AWAY = "temporal_away"
    UNEXPECTED = "unexpected"


class TroubleCode(StrEnum):
    """What keeps imports from going on, or captions from being made, while requests are served: one stable word."""

    TEMPORAL_AWAY = "temporal_away"
    CERTIFICATE_UNTRUSTED = "certificate_untrusted"
    TRANSCRIPTION_MISCONFIGURED = "transcription_misconfigured"


@dataclass(frozen=True)
class ProblemKind:
    """The HTTP status of a problem and the sentence that a person reads."""

    status: HTTPStatus
    detail: dict[Language, str]


def _kind(status: HTTPStatus, en: str, de: str) -> ProblemKind:
    return ProblemKind(status, {Language.EN: en, Language.DE: de})


PROBLEMS: dict[ProblemCode, ProblemKind] = {
    ProblemCode.LIST_NOT_FOUND: _kind(HTTPStatus.NOT_FOUND, "There is no such list.", "Diese Liste gibt es nicht."),
    ProblemCode.VIDEO_NOT_FOUND: _kind(
        HTTPStatus.NOT_FOUND, "There is no such video in your lists.", "Dieses Video gibt es in Ihren Listen nicht."
    ),
    ProblemCode.VIDEO_ALREADY_IN_LIST: _kind(
        HTTPStatus.CONFLICT, "This video is already in the list.", "Dieses Video ist schon in der Liste."
    ),
    ProblemCode.IMPORT_COMPLETE: _kind(
        HTTPStatus.CONFLICT,
        "This video is imported completely: there is nothing to try again.",
        "Dieses Video ist vollständig importiert: Es gibt nichts zu wiederholen.",
    ),
    ProblemCode.BATCH_NOT_FOUND: _kind(
        HTTPStatus.NOT_FOUND, "There is no such import.", "Diesen Import gibt es nicht."
    ),
    ProblemCode.BATCH_OVER: _kind(
        HTTPStatus.CONFLICT,
        "This import is over or was cancelled: there is nothing left to pause, resume or cancel.",
        "Dieser Import ist zu Ende oder abgebrochen: Es gibt nichts mehr anzuhalten, fortzusetzen oder abzubrechen.",
    ),
    ProblemCode.NOTHING_FAILED: _kind(
        HTTPStatus.CONFLICT,
        "No video of this import has failed: there is nothing to try again.",
        "Kein Video dieses Imports ist fehlgeschlagen: Es gibt nichts zu wiederholen.",
    ),
    ProblemCode.PREVIEW_UNAVAILABLE: _kind(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "YouTube cannot be asked right now, so there is no preview. "
        "The import is possible all the same: it begins as soon as YouTube answers.",
        "YouTube lässt sich gerade nicht fragen, darum gibt es keine Vorschau. "
        "Importieren können Sie trotzdem: Es beginnt, sobald YouTube antwortet.",
    ),
    ProblemCode.SUBSCRIPTION_NOT_FOUND: _kind(
        HTTPStatus.NOT_FOUND, "There is no such subscription.", "Dieses Abonnement gibt es nicht."
    ),
    ProblemCode.ALREADY_SUBSCRIBED: _kind(
        HTTPStatus.CONFLICT,
        "The list already follows this playlist or channel.",
        "Die Liste folgt dieser Playlist oder diesem Kanal schon.",
    ),
    ProblemCode.IMPORT_UNDER_WAY: _kind(
        HTTPStatus.CONFLICT,
        "Only a video whose import is complete can be imported once more.",
        "Nur ein vollständig importiertes Video lässt sich noch einmal importieren.",
    ),
    ProblemCode.VALIDATION_FAILED: _kind(
        HTTPStatus.UNPROCESSABLE_ENTITY, "Part of the request is not valid.", "Ein Teil der Anfrage ist nicht gültig."
    ),
    ProblemCode.BODY_UNREADABLE: _kind(
        HTTPStatus.BAD_REQUEST, "The request could not be read.", "Die Anfrage war nicht lesbar."
    ),
    ProblemCode.BODY_TOO_LARGE: _kind(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request is too large.", "Die Anfrage ist zu groß."
    ),
    ProblemCode.UNSUPPORTED_MEDIA_TYPE: _kind(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "Please send the request as application/json, or a file that is to be imported as multipart/form-data.",
        "Bitte senden Sie die Anfrage als application/json, oder eine Datei zum Importieren als multipart/form-data.",
    ),
    ProblemCode.UNSUPPORTED_ENCODING: _kind(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "Please send the request without compressing it.",
        "Bitte senden Sie die Anfrage unkomprimiert.",
    ),
    ProblemCode.HOST_NOT_ALLOWED: _kind(
        HTTPStatus.BAD_REQUEST,
        "This installation does not answer under this host name. The operator can allow it in the settings.",
        "Diese Installation antwortet unter diesem Namen nicht. Der Betreiber kann ihn in den Einstellungen erlauben.",
    ),
    ProblemCode.CROSS_SITE_REQUEST: _kind(
        HTTPStatus.FORBIDDEN,
        "Other websites may not change anything here.",
        "Andere Webseiten dürfen hier nichts ändern.",
    ),
    ProblemCode.ROUTE_NOT_FOUND: _kind(
        HTTPStatus.NOT_FOUND, "There is nothing at this address.", "Unter dieser Adresse gibt es nichts."
    ),
    ProblemCode.METHOD_NOT_ALLOWED: _kind(
        HTTPStatus.METHOD_NOT_ALLOWED, "This address does not offer that.", "Diese Adresse bietet das nicht an."
    ),
    ProblemCode.DATABASE_AWAY: _kind(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The database cannot be reached right now. Please try again in a moment.",
        "Die Datenbank ist gerade nicht erreichbar. Bitte versuchen Sie es gleich noch einmal.",
    ),
    ProblemCode.DATABASE_NOT_MIGRATED: _kind(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The database does not fit this version yet: its migrations have to run first.",
        "Die Datenbank passt noch nicht zu dieser Version: Erst müssen die Migrationen laufen.",
    ),
    ProblemCode.TEMPORAL_AWAY: _kind(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The import service cannot be reached right now. Please try again in a moment.",
        "Die Steuerung der Importe ist gerade nicht erreichbar. Bitte versuchen Sie es gleich noch einmal.",
    ),
    ProblemCode.UNEXPECTED: _kind(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "Something went wrong on our side. It was noted under the incident number given here.",
        "Bei uns ist etwas schiefgegangen. Es ist unter der genannten Vorfallnummer vermerkt.",
    ),
}

TROUBLE_TEXTS: dict[TroubleCode, dict[Language, str]] = {
    TroubleCode.TEMPORAL_AWAY: {
        Language.EN: "The import service cannot be reached right now. Imports go on as soon as it is back.",
        Language.DE: "Die Steuerung der Importe ist gerade nicht erreichbar. Ist sie wieder da, geht es weiter.",
    },
    TroubleCode.CERTIFICATE_UNTRUSTED: {
        Language.EN: "The secure connection to YouTube cannot be checked, and all imports wait. "
        "Please check the settings YOUTUBE_PROXY and YOUTUBE_CA_FILE. "
        "It is tried again by itself, and at once with POST /api/upstreams/youtube/resume.",
        Language.DE: "Die sichere Verbindung zu YouTube lässt sich nicht prüfen, und alle Importe warten. "
        "Bitte prüfen Sie die Einstellungen YOUTUBE_PROXY und YOUTUBE_CA_FILE. "
        "Ein neuer Versuch folgt von selbst, und sofort mit POST /api/upstreams/youtube/resume.",
    },
    TroubleCode.TRANSCRIPTION_MISCONFIGURED: {
        Language.EN: "The speech-to-text server takes no requests of ours: videos that have no captions go without. "
        "Please check the settings TRANSCRIPTION_API_KEY (or GROQ_API_KEY), TRANSCRIPTION_BASE_URL and "
        "TRANSCRIPTION_MODEL, and start the worker again.",
        Language.DE: "Der Server für die Spracherkennung nimmt keine Anfragen von uns an: Videos ohne Untertitel "
        "bleiben ohne. Bitte prüfen Sie die Einstellungen TRANSCRIPTION_API_KEY (oder GROQ_API_KEY), "
        "TRANSCRIPTION_BASE_URL und TRANSCRIPTION_MODEL, und starten Sie den Worker neu.",
    },
}
"""For the operator, so settings are named."""

_NO_ID = {Language.EN: "This is not a valid id.", Language.DE: "Das ist keine gültige Kennung."}
_NO_WHOLE_NUMBER = {Language.EN: "This has to be a whole number.", Language.DE: "Das muss eine ganze Zahl sein."}
_NO_TRUTH = {Language.EN: "This has to be true or false.", Language.DE: "Das muss true oder false sein."}
FIELD_TEXTS: dict[str, dict[Language, str]] = {
    "missing": {Language.EN: "This is required.", Language.DE: "Diese Angabe fehlt."},
    "string_type": {Language.EN: "This has to be a text.", Language.DE: "Das muss ein Text sein."},
    "string_too_short": {Language.EN: "This must not be empty.", Language.DE: "Das darf nicht leer sein."},
    "string_too_long": {
        Language.EN: "This may have at most {max_length} characters.",
        Language.DE: "Das darf höchstens {max_length} Zeichen haben.",
    },
    "string_pattern_mismatch": {
        Language.EN: "This contains characters that are not allowed.",
        Language.DE: "Das enthält Zeichen, die nicht erlaubt sind.",
    },
    "enum": {
        Language.EN: "This is not one of the possible values.",
        Language.DE: "Das ist keiner der möglichen Werte.",
    },
    "uuid_parsing": _NO_ID,
    "uuid_type": _NO_ID,
    "string_unicode": {
        Language.EN: "This contains characters that do not exist.",
        Language.DE: "Das enthält Zeichen, die es nicht gibt.",
    },
    "int_parsing": _NO_WHOLE_NUMBER,
    "int_type": _NO_WHOLE_NUMBER,
    "int_from_float": _NO_WHOLE_NUMBER,
    "finite_number": _NO_WHOLE_NUMBER,
    "bool_parsing": _NO_TRUTH,
    "bool_type": _NO_TRUTH,
    "greater_than_equal": {
        Language.EN: "This has to be {ge} or more.",
        Language.DE: "Das muss mindestens {ge} sein.",
    },
    "less_than_equal": {Language.EN: "This may be {le} at most.", Language.DE: "Das darf höchstens {le} sein."},
    "int_parsing_size": {Language.EN: "This number is too large.", Language.DE: "Diese Zahl ist zu groß."},
    "list_type": {Language.EN: "This has to be a list.", Language.DE: "Das muss eine Liste sein."},
    "too_short": {
        Language.EN: "This has to have {min_length} or more entries.",
        Language.DE: "Das muss mindestens {min_length} Einträge haben.",
    },
    "too_many_urls": {
        Language.EN: "This may have at most {max_urls} entries; a file may have up to {max_rows}.",
        Language.DE: "Das darf höchstens {max_urls} Einträge haben; eine Datei darf bis zu {max_rows} haben.",
    },
    "urls_or_source": {
        Language.EN: "Please send either “urls”, the addresses of videos, or “source”, a playlist or a channel.",
        Language.DE: "Bitte geben Sie entweder „urls“ an, die Adressen von Videos, oder „source“, "
        "eine Playlist oder einen Kanal.",
    },
    "file_expected": {
        Language.EN: "This has to be a file.",
        Language.DE: "Das muss eine Datei sein.",
    },
    "one_file_only": {
        Language.EN: "Please send one file at a time.",
        Language.DE: "Bitte senden Sie jeweils nur eine Datei.",
    },
    "json_invalid": {Language.EN: "This is not valid JSON.", Language.DE: "Das ist kein gültiges JSON."},
    "model_attributes_type": {
        Language.EN: "This has to be a JSON object.",
        Language.DE: "Das muss ein JSON-Objekt sein.",
    },
    "model_type": {Language.EN: "This has to be a JSON object.", Language.DE: "Das muss ein JSON-Objekt sein."},
    "extra_forbidden": {Language.EN: "This field is not known.", Language.DE: "Dieses Feld ist nicht bekannt."},
    "cursor_invalid": {
        Language.EN: "This is not a position that was given out. Please start at the first page.",
        Language.DE: "Diese Stelle gibt es nicht. Bitte beginnen Sie mit der ersten Seite.",
    },
}
"""Words for what is wrong with one field, by the validator's error type."""

ANY_FIELD_TEXT: dict[Language, str] = {
    Language.EN: "This value is not valid.",
    Language.DE: "Dieser Wert ist nicht gültig.",
}
