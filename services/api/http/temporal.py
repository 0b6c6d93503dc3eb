"""Answers a request that needs Temporal while Temporal is unavailable."""

from collections.abc import Iterator
from contextlib import contextmanager

from services.api.http.problem_codes import ProblemCode
from services.api.http.problems import Problem
from shared.logs import get_logger
from shared.temporal.errors import is_temporal_unavailable

logger = get_logger(__name__)


@contextmanager
def temporal_required() -> Iterator[None]:
    """Raise Problem (503) when Temporal is unavailable or too slow for the caller's timeout."""
    try:
        yield
    except Exception as error:
        if not is_temporal_unavailable(error):
            raise
        logger.warning("temporal_unavailable", error=error)
        raise Problem(ProblemCode.TEMPORAL_AWAY) from error
