"""Log records: one line each, with fields, for our code and for libraries."""

import logging

import pytest
from structlog.contextvars import bound_contextvars

from shared.logs import get_logger


def test_a_record_is_an_event_with_its_fields(caplog: pytest.LogCaptureFixture) -> None:
    logger = get_logger("vidferry.test")
    with bound_contextvars(workflow_id="import-video:1"):
        logger.warning("usage_report_failed", upstream="youtube", error=ValueError("a b\nc"), percent="100%d")
    [record] = caplog.records
    assert (record.name, record.levelname) == ("vidferry.test", "WARNING")
    assert record.getMessage() == (
        "usage_report_failed upstream=youtube error=\"ValueError('a b\\\\nc')\" percent=100%d "
        "workflow_id=import-video:1"
    )


def test_a_traceback_is_left_to_standard_logging(caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise LookupError("unexpected")
    except LookupError as error:
        get_logger("vidferry.test").error("process_failed", exc_info=error)
    [record] = caplog.records
    assert record.getMessage() == "process_failed"
    assert record.exc_info is not None


def test_a_level_holds_as_for_libraries(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        get_logger("vidferry.test").info("listening")
    assert caplog.records == []
