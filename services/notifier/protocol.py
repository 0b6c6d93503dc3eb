"""Messages between a browser and the notifier: what a client may send, and how messages are encoded.

Client to notifier: `subscribe` (a snapshot of some videos), `resume` (missed events), `ping`.
Notifier to client: `import_progress`, `snapshot`, `batch_progress`, `batch_complete`, `upstream_paused`,
`upstream_resumed`, `pong`, `error`.
"""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, FailFast, Field, TypeAdapter, ValidationError

from shared.contracts.batches import BatchSummary
from shared.contracts.messages import (
    BatchComplete,
    BatchProgress,
    Change,
    ImportProgress,
    UpstreamPaused,
    UpstreamResumed,
)
from shared.contracts.upstreams import UpstreamStatus
from shared.i18n.languages import Language
from shared.i18n.messages import import_error_text, in_language, pause_text

MAX_SUBSCRIBED_VIDEOS = 1000
MAX_SEQ = 2**63 - 1
"""The largest bigint of PostgreSQL."""

PONG = b'{"type":"pong"}'


class _ClientMessage(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


class Subscribe(_ClientMessage):
    """Asks for a `snapshot` of these videos. It does not filter: every connection gets all events of its user."""

    type: Literal["subscribe"]
    video_ids: Annotated[list[UUID], Field(max_length=MAX_SUBSCRIBED_VIDEOS), FailFast()]


class Resume(_ClientMessage):
    """Asks for the events after `since` that this connection has not been and will not be sent live."""

    type: Literal["resume"]
    since: int = Field(ge=0, le=MAX_SEQ)


class Ping(_ClientMessage):
    """Asks for a `pong`, for clients that cannot send the protocol's own ping (browsers)."""

    type: Literal["ping"]


ClientMessage = Annotated[Subscribe | Resume | Ping, Field(discriminator="type")]
_CLIENT_MESSAGE: TypeAdapter[Subscribe | Resume | Ping] = TypeAdapter(ClientMessage)


class MessageProblemCode(StrEnum):
    """Why a message could not be understood."""

    BINARY = "binary_message"
    INVALID_JSON = "invalid_json"
    UNKNOWN_TYPE = "unknown_type"
    INVALID_FIELDS = "invalid_fields"


_PROBLEM_TEXTS = {
    MessageProblemCode.BINARY: "Messages have to be text.",
    MessageProblemCode.INVALID_JSON: "This message is not valid JSON.",
    MessageProblemCode.UNKNOWN_TYPE: "A message is an object whose type is subscribe, resume or ping.",
    MessageProblemCode.INVALID_FIELDS: "This field is missing or has a value that cannot be used: {field}.",
}


class MessageProblem(BaseModel):
    """Answer to a message that could not be understood; the connection stays."""

    type: Literal["error"] = "error"
    code: MessageProblemCode
    message: str


class Snapshot(BaseModel):
    """The status of imports. Events up to `seq` are older than the snapshot, events after it are newer."""

    type: Literal["snapshot"] = "snapshot"
    seq: int
    videos: list[ImportProgress]


def parse(data: str | bytes) -> Subscribe | Resume | Ping | MessageProblem:
    """What a client's frame says, or what is wrong with it."""
    if isinstance(data, bytes):
        return _problem(MessageProblemCode.BINARY)
    try:
        return _CLIENT_MESSAGE.validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        if first["type"] == "json_invalid":
            return _problem(MessageProblemCode.INVALID_JSON)
        match first["loc"]:
            case (_type, field, *_):
                return _problem(MessageProblemCode.INVALID_FIELDS, field=str(field))
            case _:  # not even the type is known
                return _problem(MessageProblemCode.UNKNOWN_TYPE)


def encode_event(message: ImportProgress | Change, language: Language) -> bytes:
    """An event as a client reads it."""
    if isinstance(message, Change):
        return message.model_dump_json(exclude_none=True).encode()
    return in_language(message, language).model_dump_json().encode()


def encode_snapshot(snapshot: Snapshot, language: Language) -> bytes:
    """A snapshot as a client reads it."""
    videos = [in_language(video, language) for video in snapshot.videos]
    return snapshot.model_copy(update={"videos": videos}).model_dump_json().encode()


def pause_of(status: UpstreamStatus | None, language: Language = Language.EN) -> UpstreamPaused | None:
    """The message about a pause; None where there is none. A rate governor gives every pause a reason."""
    if status is None or not status.is_paused or status.reason is None:
        return None
    message = pause_text(status.upstream, status.reason, language)
    return UpstreamPaused(upstream=status.upstream, reason=status.reason, resume_at=status.resume_at, message=message)


def encode_upstream(message: UpstreamPaused | UpstreamResumed) -> bytes:
    """Whether calls to an upstream are paused, as a client reads it."""
    return message.model_dump_json().encode()


def encode_batch(batch: BatchSummary, language: Language) -> bytes:
    """The progress or the end of a batch, as a client reads it."""
    reason = import_error_text(batch.error_code, language) if batch.error_code else None
    values = batch.model_dump() | {"message": reason}
    if batch.completed_at is None:
        return BatchProgress(**values, progress=batch.progress).model_dump_json().encode()
    return BatchComplete(**values).model_dump_json().encode()


def encode_problem(problem: MessageProblem) -> bytes:
    """A problem as a client reads it."""
    return problem.model_dump_json().encode()


def _problem(code: MessageProblemCode, **values: str) -> MessageProblem:
    return MessageProblem(code=code, message=_PROBLEM_TEXTS[code].format(**values))
