"""Whether there is a way to YouTube from here, as the worker goes: through its proxy, trusting what it trusts.

YouTube itself is asked nothing: a check must not spend what the pace has for imports.
"""

import ssl

from services.stack.causes import plain_words, without_secrets, without_user, words_for_kind
from shared.settings import Settings

HOST = "www.youtube.com"
TIMEOUT_SECONDS = 5
"""For connecting, and for every wait for data."""


def way_of(settings: Settings) -> str:
    """How the worker goes, in words."""
    proxy = _proxy(settings)
    return "directly" if proxy is None else f"through the proxy {without_user(proxy)}"


def way_trouble(settings: Settings) -> str | None:
    """What is in the way to YouTube, and what to do; None when it is open. Blocks."""
    from services.worker.adapters.connection import Connection  # it imports yt-dlp, which takes its time

    try:
        Connection(_proxy(settings), settings.youtube_ca_file, timeout_seconds=TIMEOUT_SECONDS).knock(HOST)
    except Exception as error:  # whatever it is, the operator wants to read it
        return _explain(error, settings)
    return None


def _explain(error: Exception, settings: Settings) -> str:
    from urllib3.exceptions import NewConnectionError  # known to what is imported above

    from services.worker.adapters.connection import ProxyRefused

    causes = _with_causes(error)
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _untrusted(cause, settings)
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return f"YouTube does not answer {way_of(settings)} within {TIMEOUT_SECONDS} s: look at network and firewall."
    why = _why(causes, settings)
    if settings.youtube_proxy is None and why == "the name is not found":
        return (
            f"The name {HOST} is not found: this machine has no network, or no working DNS. "
            "Where only a proxy leads outside, set YOUTUBE_PROXY."
        )
    if isinstance(error, ProxyRefused):
        return _proxy_trouble("does not let us through to YouTube", why, settings)
    if settings.youtube_proxy is not None and isinstance(error, NewConnectionError):
        return _proxy_trouble("cannot be reached", why, settings)
    return f"YouTube cannot be reached {way_of(settings)} ({why}): look at network and firewall, or at YOUTUBE_PROXY."


def _untrusted(error: ssl.SSLCertVerificationError, settings: Settings) -> str:
    what = f"The certificate that is shown for YouTube is not trusted ({error.verify_message})."
    if settings.youtube_ca_file is None:
        return (
            f"{what} If a proxy (YOUTUBE_PROXY) or a firewall reads along, "
            "set YOUTUBE_CA_FILE to the certificates of its authority."
        )
    return (
        f"{what} YOUTUBE_CA_FILE ({settings.youtube_ca_file}) does not hold the authority that signed it: "
        "correct that, or YOUTUBE_PROXY."
    )


def _proxy_trouble(what: str, why: str, settings: Settings) -> str:
    proxy = without_user(_proxy(settings) or "")
    return f"The proxy {proxy} {what} ({why}): look at it, or correct YOUTUBE_PROXY."


def _why(causes: list[BaseException], settings: Settings) -> str:
    known = next((words for words in map(words_for_kind, causes) if words), None)
    return known or without_secrets(plain_words(causes[0]), _proxy(settings) or "")


def _proxy(settings: Settings) -> str | None:
    return settings.youtube_proxy.get_secret_value() if settings.youtube_proxy else None


def _with_causes(error: BaseException) -> list[BaseException]:
    """`error` and everything that led to it, the first cause last."""
    found = [error]
    for current in found:  # which grows
        led_to_it = (current.__cause__, current.__context__)
        found += [cause for cause in led_to_it if cause is not None and cause not in found]
    return found
