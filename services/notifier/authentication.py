"""Who may connect, as whom, and in which language."""

from collections.abc import Sequence
from urllib.parse import parse_qs
from uuid import UUID

from websockets.http11 import Request

from shared.auth.hosts import is_own_request
from shared.db.models import LOCAL_USER_ID
from shared.i18n.languages import Language, best_language


def path_of(request: Request) -> str:
    """The path without its query."""
    return request.path.partition("?")[0]


def user_of(_request: Request) -> UUID:
    """Whose events the connection gets. Without authentication this is always the local user."""
    return LOCAL_USER_ID


def language_of(request: Request) -> Language:
    """`?lang=` if it is one of the product's languages, else the browser's Accept-Language."""
    asked = parse_qs(request.path.partition("?")[2]).get("lang", [""])[0].lower()
    if asked in Language.__members__.values():
        return Language(asked)
    return best_language(", ".join(request.headers.get_all("Accept-Language")))


def is_allowed(request: Request, host_names: Sequence[str]) -> bool:
    """Whether the request names this installation and comes from one of its own pages.

    The Host header guards against DNS rebinding. The Origin header guards against other web pages that open a
    WebSocket here (browsers always send it, other programs need not); its port is free, the UI may have its own.
    """
    return is_own_request(request.headers.get_all("Host"), request.headers.get_all("Origin"), host_names)
