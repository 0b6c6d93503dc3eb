"""Whether YouTube can be reached from here as the worker does it: through its proxy, trusting what it trusts.

No request is sent to YouTube: a check must not use up the budget of imports.
"""

import ssl

from services.stack.causes import describe_error, without_secrets, without_user, words_for_kind
from services.stack.findings import Finding, FindingCode, ok, problem
from shared.settings import Settings

HOST = "www.youtube.com"
TIMEOUT_SECONDS = 5
"""For connecting, and for every wait for data."""


def route_to_youtube(proxy: str | None) -> str:
    """How the worker connects through this proxy, or without one, in words."""
    return "directly" if proxy is None else f"through the proxy {without_user(proxy)}"


def connection_finding(settings: Settings, proxy: str | None) -> Finding:
    """Whether YouTube can be reached through this proxy; if not, why, and what to do. Blocks."""
    from services.worker.adapters.youtube.connection import Connection  # it imports yt-dlp, which takes its time

    try:
        Connection(proxy, settings.youtube_ca_file, timeout_seconds=TIMEOUT_SECONDS).knock(HOST)
    except Exception as error:  # the operator has to read it, whatever it is
        return _explain(error, settings, proxy)
    return ok(FindingCode.YOUTUBE_REACHABLE, f"YouTube can be reached, {route_to_youtube(proxy)}.")


def js_runtime_finding(settings: Settings) -> list[Finding]:
    """Whether the JavaScript runtime can be used; nothing where none is set. Runs it, which blocks."""
    from services.worker.adapters.models import AccessError  # as above
    from services.worker.adapters.youtube.access import js_runtime

    runtime = js_runtime(settings.youtube_js_runtime)
    if runtime is None:
        return []
    try:
        return [ok(FindingCode.JS_RUNTIME_USABLE, f"yt-dlp may use the JavaScript runtime {runtime.check()}.")]
    except AccessError as error:
        text = f"{error} Until then, the worker does without JavaScript."
        return [problem(FindingCode.JS_RUNTIME_UNUSABLE, text)]


def account_finding(settings: Settings) -> list[Finding]:
    """Whether the account's cookies can be used; nothing where there are none. YouTube is not asked."""
    from services.worker.adapters.models import AccessError  # as above
    from services.worker.adapters.youtube.access import js_runtime
    from services.worker.adapters.youtube.account import Account

    if settings.youtube_cookies_file is None:
        return []
    runtime = js_runtime(settings.youtube_js_runtime)
    try:
        if runtime is None:
            raise AccessError("YOUTUBE_COOKIES_FILE needs YOUTUBE_JS_RUNTIME as well.")
        runtime.check()
        found = Account(settings.youtube_cookies_file, settings.youtube_account_directory).check()
        text = f"Videos that guests do not get are requested with an account ({found})."
        return [ok(FindingCode.ACCOUNT_USABLE, text)]
    except AccessError as error:
        text = f"{error} Until then, the worker does without the account."
        return [problem(FindingCode.ACCOUNT_UNUSABLE, text)]


def token_server_finding(settings: Settings) -> list[Finding]:
    """Whether the token server answers and fits its plugin; nothing where none is set. Asks it, which blocks."""
    from services.worker.adapters.models import AccessError  # as above
    from services.worker.adapters.youtube.token_server import TokenServer

    if settings.youtube_pot_provider_url is None:
        return []
    try:
        found = TokenServer(settings.youtube_pot_provider_url).check()
        return [ok(FindingCode.TOKEN_SERVER_USABLE, f"yt-dlp may use the token server {found}.")]
    except AccessError as error:
        text = f"{error} Until then, the worker does without tokens."
        return [problem(FindingCode.TOKEN_SERVER_UNUSABLE, text)]


def _explain(error: Exception, settings: Settings, proxy: str | None) -> Finding:
    from urllib3.exceptions import NewConnectionError  # known to what is imported above

    from services.worker.adapters.youtube.connection import ProxyRefusedError

    route = route_to_youtube(proxy)
    causes = _with_causes(error)
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return problem(FindingCode.YOUTUBE_CERTIFICATE_UNTRUSTED, _untrusted(cause, settings))
    if any(isinstance(cause, TimeoutError) for cause in causes):
        text = f"YouTube does not answer {route} within {TIMEOUT_SECONDS} s: check network and firewall."
        return problem(FindingCode.YOUTUBE_TIMEOUT, text)
    why = _why(causes, proxy)
    if proxy is None and why == "the name is not found":
        return problem(
            FindingCode.YOUTUBE_NAME_NOT_FOUND,
            f"The name {HOST} is not found: this machine has no network, or no working DNS. "
            "Where only a proxy leads outside, set YOUTUBE_PROXY.",
        )
    if isinstance(error, ProxyRefusedError):
        text = _proxy_error("refuses the connection to YouTube", why, proxy)
        return problem(FindingCode.YOUTUBE_PROXY_REFUSED, text)
    if proxy is not None and isinstance(error, NewConnectionError):
        return problem(FindingCode.YOUTUBE_PROXY_UNREACHABLE, _proxy_error("cannot be reached", why, proxy))
    text = f"YouTube cannot be reached {route} ({why}): check network, firewall and YOUTUBE_PROXY."
    return problem(FindingCode.YOUTUBE_UNREACHABLE, text)


def _untrusted(error: ssl.SSLCertVerificationError, settings: Settings) -> str:
    what = f"The certificate for YouTube is not trusted ({error.verify_message})."
    if settings.youtube_ca_file is None:
        return (
            f"{what} If a proxy (YOUTUBE_PROXY) or a firewall intercepts TLS, "
            "set YOUTUBE_CA_FILE to the certificates of its authority."
        )
    return (
        f"{what} YOUTUBE_CA_FILE ({settings.youtube_ca_file}) does not hold the authority that signed it: "
        "correct that, or YOUTUBE_PROXY."
    )


def _proxy_error(what: str, why: str, proxy: str | None) -> str:
    return f"The proxy {without_user(proxy or '')} {what} ({why}): check it, or correct YOUTUBE_PROXY."


def _why(causes: list[BaseException], proxy: str | None) -> str:
    known = next((words for words in map(words_for_kind, causes) if words), None)
    return known or without_secrets(describe_error(causes[0]), proxy or "")


def _with_causes(error: BaseException) -> list[BaseException]:
    """`error` and everything that led to it, the first cause last."""
    found = [error]
    for current in found:  # which grows
        led_to_it = (current.__cause__, current.__context__)
        found += [cause for cause in led_to_it if cause is not None and cause not in found]
    return found
