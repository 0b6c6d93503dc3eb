"""Whether an error says that Temporal is unavailable, or that what it was asked about is not there.

An unavailable server may have carried out the request: after a timeout that is unknown.
"""

from temporalio.api.errordetails.v1 import NamespaceNotFoundFailure
from temporalio.service import RPCError, RPCStatusCode

_TRANSIENT = {
    RPCStatusCode.ABORTED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.INTERNAL,
    RPCStatusCode.RESOURCE_EXHAUSTED,
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.UNKNOWN,
}
_LAZY_CONNECTION_FAILED = "Failed client connect"
"""How the message of the SDK's RuntimeError begins when the first call of a lazy client cannot connect."""


def is_temporal_unavailable(error: BaseException) -> bool:
    """Whether Temporal does not do what it is asked to, for whatever reason: nothing, a wrong answer, a refusal.

    A caller that a single refusal concerns, such as that of `is_not_found`, looks at that first.
    """
    return isinstance(error, (RPCError, TimeoutError, ConnectionError)) or (
        isinstance(error, RuntimeError) and str(error).startswith(_LAZY_CONNECTION_FAILED)
    )


def is_transient_temporal_error(error: BaseException) -> bool:
    """Whether the same call may succeed later; false when it is wrong, or what it names does not exist."""
    if isinstance(error, RPCError):
        return error.status in _TRANSIENT or _is_namespace_missing(error)
    return is_temporal_unavailable(error)


def is_not_found(error: RPCError) -> bool:
    """Whether there is no such workflow or schedule, or it has ended.

    Where the namespace is missing, which has the same status, nothing is known: Temporal is unavailable.
    """
    return error.status is RPCStatusCode.NOT_FOUND and not _is_namespace_missing(error)


def _is_namespace_missing(error: RPCError) -> bool:
    return any(detail.Is(NamespaceNotFoundFailure.DESCRIPTOR) for detail in error.grpc_status.details)
