"""Translates an activity's failure: an upstream's error, or an internal one."""

from temporalio.exceptions import ActivityError, ApplicationError, FailureError, is_cancelled_exception

from shared.contracts.errors import ErrorType
from shared.contracts.imports import UpstreamFailure

_ERROR_TYPES = {error_type.value for error_type in ErrorType}


class UpstreamError(Exception):
    """An upstream's permanent error, or a transient one whose attempts are used up."""

    def __init__(self, error_type: ErrorType) -> None:
        super().__init__(error_type)
        self.error_type = error_type


class ImportAbandonedError(Exception):
    """No list waits for the video any more."""


def is_upstream_failure(error: FailureError) -> bool:
    """Whether the failure is an `ErrorType`."""
    cause = _cause(error)
    return isinstance(cause, ApplicationError) and cause.type in _ERROR_TYPES


def upstream_failure(
    error: FailureError, *, default: ErrorType = ErrorType.INTERNAL_ERROR
) -> tuple[ErrorType, UpstreamFailure]:
    """Return what an activity raised; `default` stands for what is no `ErrorType`.

    Re-raises a cancellation.
    """
    if is_cancelled_exception(error):
        raise error
    cause = _cause(error)
    if not isinstance(cause, ApplicationError) or cause.type is None or not is_upstream_failure(error):
        return default, UpstreamFailure()
    return ErrorType(cause.type), UpstreamFailure.model_validate(cause.details[0] if cause.details else {})


def _cause(error: FailureError) -> BaseException | None:
    """Return what the activity raised. The SDK wraps it in an ActivityError, but not that of a local activity."""
    return error.cause if isinstance(error, ActivityError) else error
