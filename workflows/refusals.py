"""What an activity's failure says: the word of a server outside, or trouble of our own."""

from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

from shared.contracts.errors import ErrorType
from shared.contracts.imports import UpstreamFailure

_ERROR_TYPES = {error_type.value for error_type in ErrorType}


class Refused(Exception):
    """The last word of whoever was asked, or the end of our patience."""

    def __init__(self, error_type: ErrorType) -> None:
        super().__init__(error_type)
        self.error_type = error_type


class NobodyWaits(Exception):
    """The last list that wanted the video has let it go."""


def is_a_known_word(error: ActivityError) -> bool:
    """Whether somebody was asked and said something that the table of errors knows."""
    return isinstance(error.cause, ApplicationError) and error.cause.type in _ERROR_TYPES


def what_was_said(
    error: ActivityError, *, otherwise: ErrorType = ErrorType.UNEXPECTED_ANSWER
) -> tuple[ErrorType, UpstreamFailure]:
    """What an activity that asks a server reported; `otherwise`: what counts for that which no table knows.

    Re-raises a cancellation.
    """
    if is_cancelled_exception(error):
        raise error
    cause = error.cause
    if not isinstance(cause, ApplicationError) or cause.type is None or not is_a_known_word(error):
        return otherwise, UpstreamFailure()
    return ErrorType(cause.type), UpstreamFailure.model_validate(cause.details[0] if cause.details else {})
