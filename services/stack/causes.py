"""Describes errors in a few plain words that hold no password."""

import re
import socket
import ssl
from urllib.parse import unquote

HIDDEN = "…"
_KINDS: tuple[tuple[type[BaseException], str], ...] = (
    (ConnectionRefusedError, "connection refused"),
    (ConnectionError, "the connection was closed"),
    (TimeoutError, "no answer in time"),
    (socket.gaierror, "the name is not found"),
    (ssl.SSLError, "no secure connection"),
)
_TEXTS: tuple[tuple[str, str], ...] = (
    (r"refused|errno (111|61)\b", "connection refused"),
    (r"dns error|name or service not known|nodename nor servname", "the name is not found"),
    (r"timed out|timeout expired|deadline", "no answer in time"),
    (r"unreachable|no route", "no route to it"),
    (r"failed client connect|transport error", "no connection"),
)
"""For errors that are of no telling type: the first that is found counts. Case does not matter."""
_USER_INFO = re.compile(r"//\S*@")
_SEPARATORS = re.compile(r"[:/?#@]")


def describe_error(error: BaseException) -> str:
    """Why something failed; the error's own first line where we have no words for it, so redact what comes back."""
    own = str(error).partition("\n")[0].rpartition(">: ")[2]
    return words_for_kind(error) or _words_for_text(own) or own or type(error).__name__


def words_for_kind(error: BaseException) -> str | None:
    """Our words for this type of error; None where the type says too little."""
    return next((words for kind, words in _KINDS if isinstance(error, kind)), None)


def without_secrets(text: str, *urls: str) -> str:
    """`text` without the user info of any URL in it, and without any part of the passwords of `urls`.

    A library that splits an odd URL in the wrong place quotes a piece of the password, for example as a port.
    """
    secrets = {secret for url in urls for secret in _secrets_of(url)}
    for secret in sorted(secrets, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", HIDDEN, text)
    return _USER_INFO.sub(f"//{HIDDEN}@", text)


def without_user(address: str) -> str:
    """The host of an address, with its port: what follows the last @."""
    return address.rpartition("@")[2].rpartition("//")[2]


def _words_for_text(text: str) -> str | None:
    return next((words for pattern, words in _TEXTS if re.search(pattern, text, re.IGNORECASE)), None)


def _secrets_of(url: str) -> set[str]:
    user_info = url.rpartition("@")[0].partition("//")[2] or url.rpartition("@")[0]
    password = user_info.partition(":")[2]
    pieces = {user_info, password, *_SEPARATORS.split(password)}
    return {form for piece in pieces for form in (piece, unquote(piece))} - {""}
