"""The way to YouTube: proxy, trusted certificates and timeouts, the same for both libraries.

Only the product's own settings count. An exported HTTPS_PROXY, SSL_CERT_FILE or REQUESTS_CA_BUNDLE changes nothing,
and nothing here changes the environment: other parts of the worker keep their own idea of whom to trust.
"""

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import certifi
import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3.connection import HTTPSConnection, ProxyConfig
from urllib3.util import parse_url

from services.worker.adapters.errors import body_error, http_error, was_sent

TIMEOUT_SECONDS = 20.0
"""For connecting and for every wait for data."""
HTTP_PORT, HTTPS_PORT = 80, 443
MAX_REDIRECTS = 5
"""Pages that send a reader in a circle are left before they cost many requests."""


def not_counted() -> None:
    """For whoever does not count requests."""


class Connection:
    """How to reach YouTube. `ca_file` (PEM) is trusted in addition to the public authorities.

    `on_request` is called once per request that was sent, whatever came of it, on the thread that sent it.
    Raises ValueError for a `ca_file` that holds no certificates: a process with such a setting had better not start.
    """

    def __init__(
        self,
        proxy: str | None,
        ca_file: Path | None,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        on_request: Callable[[], None] = not_counted,
    ) -> None:
        self.proxy = proxy
        self.ca_file = ca_file
        self.timeout_seconds = timeout_seconds
        self._on_request = on_request
        self._context = ssl.create_default_context(cafile=certifi.where())
        try:
            self.trust_own(self._context)
        except (OSError, ssl.SSLError) as error:
            raise ValueError(f"no certificates could be read from {ca_file}: {error}") from error

    def trust_own(self, context: ssl.SSLContext) -> None:
        """Let `context` trust `ca_file` as well."""
        if self.ca_file is not None:
            context.load_verify_locations(cafile=self.ca_file)

    def supervise(self, session: requests.Session) -> None:
        """Count every request of `session`, each one of a chain of redirects too, and let no chain become long."""
        session.max_redirects = MAX_REDIRECTS
        for prefix, transport in [*session.adapters.items()]:
            session.mount(prefix, _Counted(transport, self._on_request))

    def session(self) -> requests.Session:
        """A new session, for one thread; failures that a status or an empty body shows are raised as YoutubeError."""
        session = requests.Session()
        session.trust_env = False
        if self.proxy is not None:
            session.proxies = {"http": self.proxy, "https": self.proxy}
        for scheme in ("https://", "http://"):
            session.mount(scheme, _Transport(self._context, self.timeout_seconds))
        self.supervise(session)
        session.hooks["response"].append(_refuse_failures)
        return session

    def knock(self, host: str) -> None:
        """Go to `host` as every request does, proxy and handshake included, and leave again: nothing is asked there.

        Raises what stands in the way: ProxyRefused, OSError, or one of urllib3's errors.
        """
        connection = self._unopened(host)
        try:
            connection.connect()
        except OSError as error:
            if self.proxy is not None and type(error) is OSError and error.errno is None:  # http.client's, of a tunnel
                raise ProxyRefused(str(error).partition(": ")[2]) from None
            raise
        finally:
            connection.close()

    def _unopened(self, host: str) -> HTTPSConnection:
        timeout, context = self.timeout_seconds, self._context
        if self.proxy is None:
            return HTTPSConnection(host, HTTPS_PORT, timeout=timeout, ssl_context=context)
        proxy = parse_url(self.proxy)
        config = ProxyConfig(context, use_forwarding_for_https=False, assert_hostname=None, assert_fingerprint=None)
        port = proxy.port or (HTTPS_PORT if proxy.scheme == "https" else HTTP_PORT)
        connection = HTTPSConnection(
            proxy.host or "", port, timeout=timeout, ssl_context=context, proxy=proxy, proxy_config=config
        )
        connection.set_tunnel(host, HTTPS_PORT, HTTPAdapter().proxy_headers(self.proxy), proxy.scheme or "http")
        return connection


class ProxyRefused(Exception):
    """The proxy answers, and does not let us through; the text is its status."""


class _Transport(HTTPAdapter):
    """Trusts the given context and never waits for ever; requests' default is to wait."""

    def __init__(self, context: ssl.SSLContext, timeout_seconds: float) -> None:
        self._context = context
        self._timeout_seconds = timeout_seconds
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """As requests does, with the context."""
        super().init_poolmanager(*args, ssl_context=self._context, **options)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """As requests does, with the context."""
        return super().proxy_manager_for(proxy, ssl_context=self._context, **options)

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """As requests does, with the timeout."""
        options["timeout"] = self._timeout_seconds
        return super().send(request, *args, **options)


class _Counted(BaseAdapter):
    """Counts what another transport sends: the one place through which both libraries' requests go."""

    def __init__(self, transport: BaseAdapter, on_request: Callable[[], None]) -> None:
        self._transport = transport
        self._on_request = on_request
        super().__init__()

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """As the transport does; a request without an answer was sent all the same."""
        try:
            response = self._transport.send(request, *args, **options)
        except Exception as failure:
            if was_sent(failure):
                self._on_request()
            raise
        self._on_request()
        return response

    def close(self) -> None:
        """As the transport does."""
        self._transport.close()


def _refuse_failures(response: requests.Response, *_args: Any, **_options: Any) -> None:
    """The response hook of every session, so that the reading library never has to make sense of a failure."""
    error = http_error(response.url, response.status_code, response.headers)
    if error is None and response.ok and not response.is_redirect:
        error = body_error(response.url, response.content)
    if error is not None:
        raise error
