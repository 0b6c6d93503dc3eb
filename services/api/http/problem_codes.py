"""The codes of all problems and their HTTP statuses. `shared/i18n` has the sentences."""

from enum import StrEnum
from http import HTTPStatus


class ProblemCode(StrEnum):
    """Which problem a request has; stable."""

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
    BODY_TOO_SLOW = "body_too_slow"
    TOO_MANY_UPLOADS = "too_many_uploads"
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


class DegradedReasonCode(StrEnum):
    """What stops imports or transcription while requests are served; stable."""

    TEMPORAL_AWAY = "temporal_away"
    DATABASE_CANNOT_WRITE = "database_cannot_write"
    NO_WORKER = "no_worker"
    WORKFLOWS_FAILING = "workflows_failing"
    CERTIFICATE_UNTRUSTED = "certificate_untrusted"
    EXTRACTOR_OUTDATED = "extractor_outdated"
    TRANSCRIPTION_MISCONFIGURED = "transcription_misconfigured"


STATUSES: dict[ProblemCode, HTTPStatus] = {
    ProblemCode.LIST_NOT_FOUND: HTTPStatus.NOT_FOUND,
    ProblemCode.VIDEO_NOT_FOUND: HTTPStatus.NOT_FOUND,
    ProblemCode.VIDEO_ALREADY_IN_LIST: HTTPStatus.CONFLICT,
    ProblemCode.IMPORT_COMPLETE: HTTPStatus.CONFLICT,
    ProblemCode.IMPORT_UNDER_WAY: HTTPStatus.CONFLICT,
    ProblemCode.BATCH_NOT_FOUND: HTTPStatus.NOT_FOUND,
    ProblemCode.BATCH_OVER: HTTPStatus.CONFLICT,
    ProblemCode.NOTHING_FAILED: HTTPStatus.CONFLICT,
    ProblemCode.PREVIEW_UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    ProblemCode.SUBSCRIPTION_NOT_FOUND: HTTPStatus.NOT_FOUND,
    ProblemCode.ALREADY_SUBSCRIBED: HTTPStatus.CONFLICT,
    ProblemCode.VALIDATION_FAILED: HTTPStatus.UNPROCESSABLE_ENTITY,
    ProblemCode.BODY_UNREADABLE: HTTPStatus.BAD_REQUEST,
    ProblemCode.BODY_TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ProblemCode.BODY_TOO_SLOW: HTTPStatus.REQUEST_TIMEOUT,
    ProblemCode.TOO_MANY_UPLOADS: HTTPStatus.SERVICE_UNAVAILABLE,
    ProblemCode.UNSUPPORTED_MEDIA_TYPE: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    ProblemCode.UNSUPPORTED_ENCODING: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    ProblemCode.HOST_NOT_ALLOWED: HTTPStatus.BAD_REQUEST,
    ProblemCode.CROSS_SITE_REQUEST: HTTPStatus.FORBIDDEN,
    ProblemCode.ROUTE_NOT_FOUND: HTTPStatus.NOT_FOUND,
    ProblemCode.METHOD_NOT_ALLOWED: HTTPStatus.METHOD_NOT_ALLOWED,
    ProblemCode.DATABASE_AWAY: HTTPStatus.SERVICE_UNAVAILABLE,
    ProblemCode.DATABASE_NOT_MIGRATED: HTTPStatus.SERVICE_UNAVAILABLE,
    ProblemCode.TEMPORAL_AWAY: HTTPStatus.SERVICE_UNAVAILABLE,
    ProblemCode.UNEXPECTED: HTTPStatus.INTERNAL_SERVER_ERROR,
}
