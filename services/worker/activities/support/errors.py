"""Turns errors of adapters into application errors of Temporal, and saves answers without losing them."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic_core import to_jsonable_python
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from services.worker.adapters.audio.cutting import UnreadableAudioError
from services.worker.adapters.audio.store import StoreFullError
from services.worker.adapters.models import TranscriptionError, UpstreamError
from shared.contracts.errors import ErrorType
from shared.contracts.imports import UpstreamFailure
from shared.db import upstream_answers
from shared.db.connection import AsyncpgConnection, transaction
from shared.db.errors import is_transient_database_error
from shared.db.upstream_answers import AnswerKey
from shared.logs import get_logger

R = TypeVar("R")
T = TypeVar("T")
WRITE_RETRY_SECONDS = 1

logger = get_logger(__name__)


def application_error(error: UpstreamError, *, is_outage: bool = False) -> ApplicationError:
    """Convert an adapter's error to one that a workflow reads: see `workflows.imports.activities`.

    `is_outage`: as in `UpstreamFailure`.
    """
    return ApplicationError(
        error.detail,
        UpstreamFailure(not_before=error.not_before, is_outage=is_outage),
        type=error.error_type,
        non_retryable=True,
        category=ApplicationErrorCategory.BENIGN,  # expected: no stack trace in the worker's log
    )


@contextmanager
def raising_application_errors() -> Iterator[None]:
    """Convert errors of upstreams, of the audio and of its store to application errors."""
    try:
        yield
    except UpstreamError as error:
        raise application_error(error) from None
    except UnreadableAudioError as error:
        raise application_error(TranscriptionError(ErrorType.AUDIO_UNAVAILABLE, f"unreadable audio: {error}")) from None
    except FileNotFoundError as error:
        logger.error("audio_missing", hint="do all workers share one VIDFERRY_AUDIO_STORE?", error=error)
        raise application_error(TranscriptionError(ErrorType.SPEECH_FAILED, "not in the audio store")) from None
    except StoreFullError as error:
        logger.error("audio_store_full", error=error)
        raise application_error(TranscriptionError(ErrorType.AUDIO_STORE_FULL, "the audio store is full")) from None


@dataclass(frozen=True, slots=True)
class Answer:
    """An upstream's answer, and whether it was sent now or by an earlier attempt."""

    content: Any
    """JSON, or values that convert to JSON, such as dataclasses."""
    was_stored: bool = False
    """An earlier attempt received it and could not save its result; this attempt sends no request."""


async def find_stored_answer(connection: AsyncpgConnection, key: AnswerKey) -> Answer | None:
    """Return the answer whose result an earlier attempt could not save; None: there is none."""
    content = await upstream_answers.find(connection, key)
    return None if content is None else Answer(content, was_stored=True)


async def save_answer(
    engine: AsyncEngine,
    key: AnswerKey,
    answer: Answer,
    read: Callable[[Any], R],
    save: Callable[[AsyncpgConnection, R], Awaitable[T]],
) -> T:
    """Interpret an answer with `read`, and save the result with `save` in one transaction.

    Retries while the database is unavailable. After any other error, stores the answer, so that the next attempt sends
    no request, and raises the error.
    """

    async def save_and_forget(connection: AsyncpgConnection) -> T:
        saved = await save(connection, found)
        if answer.was_stored:
            await upstream_answers.forget(connection, key)
        return saved

    async def store(connection: AsyncpgConnection) -> None:
        if answer.was_stored:
            await upstream_answers.note_failure(connection, key)
        else:
            await upstream_answers.keep(connection, key, to_jsonable_python(answer.content))

    try:
        found = read(answer.content)
        return await _write(engine, save_and_forget)
    except Exception:
        try:
            await _write(engine, store)
        except Exception:  # the first error is raised: it says why the result could not be saved
            logger.exception("answer_lost", step=key.step, subject=key.subject)
        raise


async def _write(engine: AsyncEngine, write: Callable[[AsyncpgConnection], Awaitable[T]]) -> T:
    """Call `write` in a transaction; retries while the database is unavailable."""
    while True:
        try:
            async with transaction(engine) as connection:
                return await write(connection)
        except Exception as error:
            if not is_transient_database_error(error):
                raise
            logger.warning("database_unavailable", action="write_retried", error=error)
            await asyncio.sleep(WRITE_RETRY_SECONDS)
