"""Whether YouTube can be reached from here, the way the worker goes: through its proxy, trusting what it trusts."""

import socket
import ssl
from urllib.parse import urlsplit

from shared.settings import Settings

URL = "https://www.youtube.com/iframe_api"
"""A kilobyte that every page with a video on it asks for."""
TIMEOUT_SECONDS = 5
"""For connecting, and for every wait for data."""


def way_of(settings: Settings) -> str:
    """How the worker goes, in words."""
    return "directly" if settings.youtube_proxy is None else f"through the proxy {_proxy_address(settings)}"


def way_trouble(settings: Settings) -> str | None:
    """Why YouTube does not answer, and what to do; None when it does. Blocks."""
    from services.worker.adapters.connection import Connection  # it imports yt-dlp, which takes its time

    proxy = settings.youtube_proxy.get_secret_value() if settings.youtube_proxy else None
    connection = Connection(proxy, settings.youtube_ca_file, timeout_seconds=TIMEOUT_SECONDS)
    try:
        with connection.session() as session:
            response = session.get(URL)
    except Exception as error:  # whatever it is, the operator wants to read it
        return _explain(error, settings)
    return None if response.ok else f"YouTube answers with status {response.status_code}: look at {URL} in a browser."


def _explain(error: Exception, settings: Settings) -> str:
    from requests.exceptions import ProxyError, Timeout

    from services.worker.adapters.models import YoutubeError

    if isinstance(error, YoutubeError):
        return f"YouTube answers, but refuses ({error}). Imports wait or try again by themselves."
    causes = _with_causes(error)
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _untrusted(cause, settings)
    if isinstance(error, ProxyError):
        return _proxy_trouble(causes, settings)
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return f"The name {urlsplit(URL).hostname} is not found: this machine has no network, or no working DNS."
    if isinstance(error, Timeout):
        return f"YouTube does not answer {way_of(settings)} within {TIMEOUT_SECONDS} s: look at network and firewall."
    return f"YouTube cannot be reached {way_of(settings)} ({causes[-1]}): look at network and firewall."


def _untrusted(error: ssl.SSLCertVerificationError, settings: Settings) -> str:
    what = f"The certificate that is shown for YouTube is not trusted ({error.verify_message})."
    if settings.youtube_ca_file is None:
        return f"{what} If a proxy or firewall reads along, set YOUTUBE_CA_FILE to the certificates of its authority."
    return f"{what} YOUTUBE_CA_FILE ({settings.youtube_ca_file}) does not hold the authority that signed it."


def _proxy_trouble(causes: list[BaseException], settings: Settings) -> str:
    away = (ConnectionError, TimeoutError, socket.gaierror)
    is_away = any(isinstance(cause, away) for cause in causes)
    what = "cannot be reached" if is_away else "does not let us through to YouTube"
    return f"The proxy {_proxy_address(settings)} {what} ({causes[-1]}): look at it, or correct YOUTUBE_PROXY."


def _proxy_address(settings: Settings) -> str:
    """Without user and password."""
    proxy = settings.youtube_proxy.get_secret_value() if settings.youtube_proxy else ""
    return proxy.rpartition("@")[2].rpartition("//")[2]


def _with_causes(error: BaseException) -> list[BaseException]:
    """`error` and everything that led to it, the first cause last."""
    found = [error]
    for current in found:  # which grows
        led_to_it = (current.__cause__, current.__context__)
        found += [cause for cause in led_to_it if cause is not None and cause not in found]
    return found
