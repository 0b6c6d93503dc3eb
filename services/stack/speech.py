"""Whether the transcription server can be reached. No request is sent: it would use up the budget of imports."""

import socket
import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # typeshed forgets it

import certifi

from services.stack.causes import describe_error
from services.stack.findings import Finding, FindingCode, info, ok, problem

TIMEOUT_SECONDS = 5
"""For connecting, and for every wait for data."""
PORTS = {"http": 80, "https": 443}


def server_finding(base_url: str, environment: Mapping[str, str]) -> Finding:
    """Whether the server of TRANSCRIPTION_BASE_URL can be reached by a worker with this environment. Blocks."""
    url = urlsplit(base_url)
    host, port = url.hostname or "", url.port or PORTS[url.scheme]
    address = url.netloc if url.port else f"{url.netloc}:{port}"
    server = f"The transcription server at {address}"
    if _takes_proxy(url.scheme, address, environment):
        text = f"{server} is behind a proxy ({url.scheme.upper()}_PROXY or ALL_PROXY) and was not checked."
        return info(FindingCode.TRANSCRIPTION_SERVER_BEHIND_PROXY, text)
    try:
        _knock(host, port, _trust(environment) if url.scheme == "https" else None)
    except ssl.SSLCertVerificationError as error:
        untrusted = f"its certificate is not trusted ({error.verify_message})"
        text = f"{server} cannot be reached: {untrusted}; check TRANSCRIPTION_BASE_URL, or set SSL_CERT_FILE."
        return problem(FindingCode.TRANSCRIPTION_SERVER_CERTIFICATE_UNTRUSTED, text)
    except (OSError, UnicodeError) as error:  # a host name that is too long
        text = f"{server} cannot be reached: {describe_error(error)}; check TRANSCRIPTION_BASE_URL."
        return problem(FindingCode.TRANSCRIPTION_SERVER_UNREACHABLE, text)
    return ok(FindingCode.TRANSCRIPTION_SERVER_REACHABLE, f"{server} can be reached.")


def _knock(host: str, port: int, context: ssl.SSLContext | None) -> None:
    with socket.create_connection((host, port), TIMEOUT_SECONDS) as connection:
        if context is not None:
            context.wrap_socket(connection, server_hostname=host).close()


def _trust(environment: Mapping[str, str]) -> ssl.SSLContext:
    """As httpx has it: the environment's authorities take the place of the public ones."""
    file, directory = environment.get("SSL_CERT_FILE"), environment.get("SSL_CERT_DIR")
    if file or not directory:
        return ssl.create_default_context(cafile=file or certifi.where())
    return ssl.create_default_context(capath=directory)


def _takes_proxy(scheme: str, address: str, environment: Mapping[str, str]) -> bool:
    """Whether a worker asks a proxy to go there; only the worker's HTTP client would know how."""
    lower = {name.lower(): value for name, value in environment.items() if value}
    proxies = {name.removesuffix("_proxy"): value for name, value in lower.items() if name.endswith("_proxy")}
    return not proxies.keys().isdisjoint({scheme, "all"}) and not proxy_bypass_environment(address, proxies)
