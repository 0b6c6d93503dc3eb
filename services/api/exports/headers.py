"""Headers of downloads."""

import re
from urllib.parse import quote

MAX_NAME_CHARACTERS = 100
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069<>:"/\\|?*]+')
_NOT_IN_HEADERS = re.compile(r"[^ !#-$&-\[\]-~]+")


def attachment(name: str, ending: str) -> str:
    """The Content-Disposition of a download (RFC 6266): the name for every client, and its true form (RFC 8187)."""
    safe = _NOT_IN_NAMES.sub("_", name)[:MAX_NAME_CHARACTERS].strip(" .") or "list"
    simple = _NOT_IN_HEADERS.sub("_", safe)
    return f"attachment; filename=\"{simple}.{ending}\"; filename*=UTF-8''{quote(safe, safe='')}.{ending}"
