"""Decodes files of any encoding. An invalid byte spoils no more than its own row."""

import codecs
import re

from services.api.batches.files.problems import MAX_FILE_BYTES, FileProblem, UnreadableFileError

_COMPRESSED = (
    b"PK\x03\x04",  # zip, and with it xlsx and ods
    b"PK\x05\x06",
    b"PK\x07\x08",
    b"\x1f\x8b",  # gzip
    b"\xfd7zXZ\x00",
    b"7z\xbc\xaf\x27\x1c",
    b"BZh91AY&SY",
    b"Rar!\x1a\x07",
    b"\x28\xb5\x2f\xfd",  # zstandard
)
_OTHER_BINARIES = (
    b"\x89PNG\r\n",
    b"\xff\xd8\xff",  # JPEG
    b"GIF8",
    b"RIFF",
    b"\x7fELF",
    b"SQLite format 3\x00",
    b"\xd0\xcf\x11\xe0",  # older office programs
)
_PDF = b"%PDF-"
_WEB_PAGE = re.compile(r"\s*(<!--.{0,500}?-->\s*)?<(!doctype|html|head|body|\?xml)\b", re.IGNORECASE | re.DOTALL)
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 100_000
"""Characters or bytes that are examined to detect the type of a file."""
_ASCII_IN_UTF16 = re.compile(rb"([!-~]\x00){8}")
"""Part of an id or URL in UTF-16: ASCII with zero as every other byte."""
_NOISE = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufffd]")
"""Characters that text contains only by mistake."""


def decode(content: bytes) -> str:
    """The text of a file. Raises UnreadableFileError if it is not text."""
    if len(content) > MAX_FILE_BYTES:
        raise UnreadableFileError(FileProblem.TOO_LARGE)
    if content.startswith(_COMPRESSED):
        raise UnreadableFileError(FileProblem.COMPRESSED)
    if content.startswith(_OTHER_BINARIES):
        raise UnreadableFileError(FileProblem.NOT_TEXT)
    text = _decoded(content)
    if content.startswith(_PDF) or _WEB_PAGE.match(text[:_SAMPLE]):
        raise UnreadableFileError(FileProblem.DOCUMENT)
    sample = text[:_SAMPLE]
    if len(_NOISE.findall(sample)) > 1 + len(sample) // 16:
        raise UnreadableFileError(FileProblem.NOT_TEXT)
    return text.replace("\0", " ")


def _decoded(content: bytes) -> str:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return _whole_characters(content[len(mark) :], encoding).decode(encoding, "replace")
    if encoding := _utf16(content):
        return _whole_characters(content, encoding).decode(encoding, "replace")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        return _decode_lossy(error, content)


def _whole_characters(content: bytes, encoding: str) -> bytes:
    """`content` without a truncated last character."""
    return content[: len(content) - len(content) % len("x".encode(encoding))]


def _utf16(content: bytes) -> str:
    """The byte order of UTF-16 without a byte order mark; empty for any other text."""
    first_zero = content.find(0)
    if first_zero < 0:
        return ""
    found = _ASCII_IN_UTF16.search(content, max(first_zero - 1, 0), first_zero + 10 * _SAMPLE)
    if not found:
        return ""
    return "utf-16-be" if found.start() % 2 else "utf-16-le"


def _decode_lossy(error: UnicodeDecodeError, content: bytes) -> str:
    """UTF-8 with invalid bytes, or a single-byte encoding: URLs and ids are the same in all of them."""
    sample = content[max(error.start - _SAMPLE, 0) : error.start + _SAMPLE]
    beyond_ascii = len(sample) - len(sample.decode("ascii", "ignore"))
    if 2 * sample.decode(errors="replace").count("\ufffd") < beyond_ascii:
        return content.decode(errors="replace")
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError:
        return content.decode("latin-1")
