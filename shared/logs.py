"""Log records are events with fields: `usage_report_failed upstream=youtube error="TimeoutError()"`.

They are records of standard logging: those of libraries look the same, and one level holds for all.
"""

from typing import Any

import structlog
from structlog.stdlib import BoundLogger
from structlog.typing import EventDict, WrappedLogger

_fields = structlog.processors.LogfmtRenderer()


def get_logger(name: str) -> BoundLogger:
    """The logger of a module: `logger.warning("event_in_snake_case", field=value)`."""
    logger: BoundLogger = structlog.get_logger(name)
    return logger


def _to_standard_logging(logger: WrappedLogger, name: str, event: EventDict) -> tuple[tuple[str], dict[str, Any]]:
    """The arguments of a standard logger. The traceback is left to it; other errors are written as `repr` has them."""
    options = {"exc_info": event.pop("exc_info")} if "exc_info" in event else {}
    message = str(event.pop("event"))
    fields = {key: repr(value) if isinstance(value, BaseException) else value for key, value in event.items()}
    return (f"{message} {_fields(logger, name, fields)}".rstrip(),), options


structlog.configure(
    processors=[structlog.stdlib.filter_by_level, structlog.contextvars.merge_contextvars, _to_standard_logging],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=BoundLogger,
    cache_logger_on_first_use=True,
)
