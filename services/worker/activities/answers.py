"""What the workflow is told of what went wrong, and answers that must not get lost."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from services.worker.adapters.models import TranscriptionError, UpstreamError
from services.worker.audio.cutting import UnreadableAudio
from services.worker.audio.store import StoreFull
from shared.contracts.errors import ErrorType
from shared.contracts.imports import UpstreamFailure
from shared.db.driver import DATABASE_AWAY, DriverConnection, transaction

T = TypeVar("T")
WRITE_AGAIN_SECONDS = 1

logger = logging.getLogger(__name__)


def refused(error: UpstreamError) -> ApplicationError:
    """A refusal as the workflow wants it: see `YoutubeSteps`."""
    return ApplicationError(
        error.detail,
        UpstreamFailure(retry_after_seconds=error.retry_after_seconds, not_before=error.not_before),
        type=error.error_type,
        non_retryable=True,
        category=ApplicationErrorCategory.BENIGN,  # expected: no stack trace in the worker's log
    )


@contextmanager
def told_to_the_workflow() -> Iterator[None]:
    """Refusals of servers, and what is wrong with the sound or its store, as the workflow wants them."""
    try:
        yield
    except UpstreamError as error:
        raise refused(error) from None
    except UnreadableAudio as error:
        raise refused(TranscriptionError(ErrorType.AUDIO_UNAVAILABLE, f"unreadable sound: {error}")) from None
    except FileNotFoundError as error:
        logger.error("sound is missing; do all workers share one VIDFERRY_AUDIO_STORE? %s", error)
        raise refused(TranscriptionError(ErrorType.SPEECH_FAILED, "not in the audio store")) from None
    except StoreFull as error:
        logger.error("the audio store is full: %s", error)
        raise refused(TranscriptionError(ErrorType.AUDIO_STORE_FULL, "the audio store is full")) from None


async def keep_answer(engine: AsyncEngine, save: Callable[[DriverConnection], Awaitable[T]]) -> T:
    """Write an answer, again and again while Postgres is away: nobody is to be asked twice for it."""
    while True:
        try:
            async with transaction(engine) as connection:
                return await save(connection)
        except (*DATABASE_AWAY, asyncpg.TransactionRollbackError) as error:  # or another one was in the way
            logger.warning("an answer cannot be kept yet: %r", error)
            await asyncio.sleep(WRITE_AGAIN_SECONDS)
