"""Answers of YouTube and the transcription server that could not be saved, for the next attempt to save them.

An answer is kept only where saving it failed for an unforeseen reason. The next attempt reads it from here and sends no
request.
"""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from shared.db.connection import AsyncpgConnection

KEEP_ANSWERS = timedelta(days=7)
"""Long enough to find and fix the cause, short enough for the answer to be still true."""
MAX_FAILURES = 10
"""Attempts that fail with one answer before the upstream is asked again: an import (five) and one retry.

The answer itself may be what is wrong.
"""

_FIND = """
    SELECT answer FROM upstream_answers
    WHERE subject = $1 AND step = $2 AND failures < $3 AND at > now() - $4::interval
    """
_KEEP = """
    INSERT INTO upstream_answers (subject, step, answer) VALUES ($1, $2, $3)
    ON CONFLICT (subject, step) DO UPDATE SET answer = excluded.answer, failures = 1, at = now()
    """
_NOTE_FAILURE = "UPDATE upstream_answers SET failures = failures + 1 WHERE subject = $1 AND step = $2"
_FORGET = "DELETE FROM upstream_answers WHERE subject = $1 AND step = $2"
_FORGET_OLD = "DELETE FROM upstream_answers WHERE at < now() - $1::interval"


@dataclass(frozen=True, slots=True)
class AnswerKey:
    """Which question an answer belongs to."""

    subject: str
    """The YouTube id, or the batch."""
    step: str
    """The activity, and which of its calls where it makes several for a subject."""


async def find(connection: AsyncpgConnection, key: AnswerKey) -> Any | None:
    """The answer that an earlier attempt could not save, None where there is none."""
    kept = await connection.fetchval(_FIND, key.subject, key.step, MAX_FAILURES, KEEP_ANSWERS)
    return None if kept is None else json.loads(kept)


async def keep(connection: AsyncpgConnection, key: AnswerKey, answer: Any) -> None:
    """Keep an answer (as JSON) that could not be saved, in the place of an earlier one."""
    # As ASCII: text of JSON then holds neither NUL nor halves of surrogate pairs, which PostgreSQL refuses.
    await connection.execute(_KEEP, key.subject, key.step, json.dumps(answer))


async def note_failure(connection: AsyncpgConnection, key: AnswerKey) -> None:
    """Count one more attempt that could not save the kept answer."""
    await connection.execute(_NOTE_FAILURE, key.subject, key.step)


async def forget(connection: AsyncpgConnection, key: AnswerKey) -> None:
    """Delete the answer: it has been saved."""
    await connection.execute(_FORGET, key.subject, key.step)


async def forget_old(connection: AsyncpgConnection) -> None:
    """Delete the answers that no attempt has used."""
    await connection.execute(_FORGET_OLD, KEEP_ANSWERS)
