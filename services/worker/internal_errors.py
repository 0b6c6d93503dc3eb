"""Separates transient errors from unexpected ones, for every activity of the worker.

Temporal retries transient errors (PostgreSQL or Temporal unavailable, a deadlock, the worker's end). All others would
fail the same way each time: they reach the workflow as `internal_error`, and the workflow decides, as it does for
YouTube's errors (docs/adr/0012).
"""

from typing import Any

from structlog.contextvars import bound_contextvars
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory, CancelledError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from services.worker.adapters.audio.store import StoreError
from shared.contracts.errors import ErrorType
from shared.db.errors import is_transient_database_error
from shared.logs import get_logger
from shared.temporal.errors import is_transient_temporal_error

MAX_PAYLOAD_BYTES = 1_900_000
"""Temporal's server rejects payloads of more than 2 MiB (`limit.blobSize.error`)."""
MAX_MESSAGE_CHARACTERS = 500

logger = get_logger(__name__)


class PayloadTooLargeError(Exception):
    """The result of an activity is larger than Temporal accepts."""


class InternalErrors(Interceptor):
    """The interceptor of every worker."""

    def intercept_activity(
        self,
        next: ActivityInboundInterceptor,  # noqa: A002 - the SDK's name
    ) -> ActivityInboundInterceptor:
        """Wrap every activity, local ones too."""
        return _Activities(next)


class _Activities(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - the SDK's name
        """Run the activity; an unexpected error is logged once, and raised as `internal_error`."""
        info = activity.info()
        fields = {"workflow_id": info.workflow_id, "activity": info.activity_type, "attempt": info.attempt}
        try:
            with bound_contextvars(**fields):
                result = await super().execute_activity(input)
            _check_payload(result)
        except Exception as error:
            if (
                isinstance(error, (ApplicationError, CancelledError))
                or is_retryable(error)
                or activity.is_worker_shutdown()
            ):
                raise
            raise internal_error(error) from None
        return result


def is_retryable(error: BaseException) -> bool:
    """Whether a retry may succeed: the database, Temporal or the audio store is unavailable, or was busy."""
    if isinstance(error, OSError) and error.filename is not None:  # a local file: errors of connections have none
        return False
    return is_transient_temporal_error(error) or is_transient_database_error(error) or isinstance(error, StoreError)


def internal_error(error: Exception) -> ApplicationError:
    """Convert an unexpected error to one that a workflow reads. Logs the stack trace, which goes no further."""
    info = activity.info()
    logger.error("activity_failed", workflow_id=info.workflow_id, activity=info.activity_type, exc_info=error)
    return ApplicationError(
        f"{type(error).__name__}: {error}"[:MAX_MESSAGE_CHARACTERS],
        type=ErrorType.INTERNAL_ERROR,
        non_retryable=True,
        category=ApplicationErrorCategory.BENIGN,  # the SDK would log the stack trace again
    )


def _check_payload(result: object) -> None:
    """Raise PayloadTooLargeError here: the SDK would report it like a transient error."""
    size = sum(len(payload.data) for payload in activity.payload_converter().to_payloads([result]))
    if size > MAX_PAYLOAD_BYTES:
        raise PayloadTooLargeError(f"{size} bytes")
