"""Opaque page cursors."""

import base64
import binascii
import struct
from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.api.http.problems import field_text, invalid_field
from shared.db.lists import FIRST_PAGE, PageStart
from shared.i18n.languages import Language

_ROW = struct.Struct(">q16s")
_POSITION = struct.Struct(">i")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def row_cursor(created_at: datetime, row_id: UUID) -> str:
    """The cursor of the page after this row."""
    return _encode(_ROW.pack((created_at - _EPOCH) // _MICROSECOND, row_id.bytes))


def parse_row_cursor(cursor: str | None, language: Language) -> PageStart:
    """The start of the page. Raises Problem (422) for an invalid cursor."""
    if cursor is None:
        return FIRST_PAGE
    try:
        microseconds, row_id = _ROW.unpack(_decode(cursor))
        return PageStart(_EPOCH + timedelta(microseconds=microseconds), UUID(bytes=row_id))
    except (ValueError, OverflowError, struct.error, binascii.Error):
        raise _invalid(language) from None


def position_cursor(position: int) -> str:
    """The cursor of the page after this position."""
    return _encode(_POSITION.pack(position))


def parse_position_cursor(cursor: str | None, language: Language) -> int:
    """The position before the page, -1 for the first one. Raises Problem (422) for an invalid cursor."""
    if cursor is None:
        return -1
    try:
        position: int = _POSITION.unpack(_decode(cursor))[0]
    except (ValueError, struct.error, binascii.Error):
        raise _invalid(language) from None
    return position


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decode(cursor: str) -> bytes:
    return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)


def _invalid(language: Language) -> Exception:
    return invalid_field("cursor", "cursor_invalid", field_text("cursor_invalid", language))
