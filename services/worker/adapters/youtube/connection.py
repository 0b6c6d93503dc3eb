"""Connections to YouTube: proxy, trusted certificates and timeouts, the same for both libraries.

Only the product's own settings apply. An exported HTTPS_PROXY, SSL_CERT_FILE or REQUESTS_CA_BUNDLE has no effect, and
the environment is not changed: other parts of the worker have their own trust settings.
"""

import ssl
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import certifi
import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPResponse
from urllib3.connection import HTTPSConnection, ProxyConfig
from urllib3.util import parse_url

from services.worker.adapters.models import TrackCounts, YoutubeError
from services.worker.adapters.youtube.access import GUEST, Access
from services.worker.adapters.youtube.errors import body_error, http_error, was_sent
from services.worker.adapters.youtube.exits import Exits, Route
from services.worker.adapters.youtube.guests import Guests
from services.worker.adapters.youtube.sent_requests import current_call, endpoint_of, sent_request
from shared.contracts.errors import ErrorType
from shared.contracts.youtube_requests import Endpoint, SentRequest

TIMEOUT_SECONDS = 20.0
"""For connecting and for every wait for data."""
HTTP_PORT, HTTPS_PORT = 80, 443
MAX_BODY_BYTES = 64 * 1024**2
"""Many times what any page or answer takes."""
MAX_FEED_BYTES = 1024**2
"""Some twenty times what fifteen entries with long descriptions take."""
MAX_REDIRECTS = 5
"""Ends a redirect loop before it costs many requests."""
_CHUNK_BYTES = 65_536


def noop(_: SentRequest) -> None:
    """Do nothing: requests are not counted."""


def ignore_tracks(_counts: TrackCounts) -> None:
    """Do nothing: caption tracks are not counted."""


class Connection:
    """How to reach YouTube: through one proxy, or one of several exits, or directly (None).

    `ca_file` (PEM) is trusted in addition to the public authorities.

    `on_request` is called once per request that was sent, successful or not, on the thread that sent it; `on_tracks`
    for every client that was told about a video's captions, on the same thread. Neither may raise.
    Raises ValueError for a `ca_file` without certificates, so that the process does not start.
    """

    def __init__(
        self,
        proxy: str | Exits | None,
        ca_file: Path | None,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        access: Access = GUEST,
        on_request: Callable[[SentRequest], None] = noop,
        on_tracks: Callable[[TrackCounts], None] = ignore_tracks,
    ) -> None:
        self._exits = proxy if isinstance(proxy, Exits) else Exits([proxy] if proxy else [])
        self.ca_file = ca_file
        self.timeout_seconds = timeout_seconds
        self.access = access
        self.on_tracks = on_tracks
        self._on_request = on_request
        self._context = ssl.create_default_context(cafile=certifi.where())
        try:
            self.load_ca_file(self._context)
        except (OSError, ssl.SSLError) as error:
            raise ValueError(f"no certificates could be read from {ca_file}: {error}") from error

    @property
    def proxy(self) -> str | None:
        """The proxy of the call that this thread makes; all requests of a call take the same. None: no proxy."""
        return self._route.proxy

    @property
    def guests(self) -> Guests:
        """The guests that this thread's call may come as: those that YouTube knows at its exit."""
        return self._route.guests

    @property
    def exit_id(self) -> str:
        """Identifies the exit of this thread's call, the same in every process; it does not tell the proxy."""
        return self._route.exit_id

    @property
    def needs_new_guest(self) -> bool:
        """Whether YouTube distrusts the guests that were known before this thread's call."""
        call = current_call()
        return call is not None and call.needs_new_guest

    @property
    def _route(self) -> Route:
        call = current_call()
        if call is None:
            return self._exits.route("")
        if call.route is None:
            call.route = self._exits.route(call.subject)
            if call.needs_new_guest:
                call.route.guests.forget()
        return call.route

    def load_ca_file(self, context: ssl.SSLContext) -> None:
        """Make `context` trust `ca_file` as well."""
        if self.ca_file is not None:
            context.load_verify_locations(cafile=self.ca_file)

    def instrument(self, session: requests.Session) -> None:
        """Count every request of `session` to YouTube, redirects included, and limit redirects."""
        session.max_redirects = MAX_REDIRECTS
        for prefix, transport in [*session.adapters.items()]:
            session.mount(prefix, _Counted(transport, self._on_request))
            if (server := self.access.token_server) is not None and server.url.startswith(prefix):
                session.mount(f"{server.url}/", transport)

    def session(self, *, refuses_failures: bool = True) -> requests.Session:
        """Return a new session for one thread.

        A status or body that shows a failure is raised as YoutubeError, unless the caller interprets failures itself.
        """
        session = requests.Session()
        session.trust_env = False
        if (proxy := self.proxy) is not None:
            session.proxies = {"http": proxy, "https": proxy}
        for scheme in ("https://", "http://"):
            session.mount(scheme, _Transport(self._context, self.timeout_seconds))
        self.instrument(session)
        if refuses_failures:
            session.hooks["response"].append(_refuse_failures)
        return session

    def knock(self, host: str) -> None:
        """Connect to `host` as every request does, proxy and handshake included, without sending a request.

        Raises ProxyRefusedError, OSError, or one of urllib3's errors.
        """
        proxy = self.proxy
        connection = self._unopened(host, proxy)
        try:
            connection.connect()
        except OSError as error:
            if proxy is not None and type(error) is OSError and error.errno is None:  # http.client's, of a tunnel
                raise ProxyRefusedError(str(error).partition(": ")[2]) from None
            raise
        finally:
            connection.close()

    def _unopened(self, host: str, proxy_url: str | None) -> HTTPSConnection:
        timeout, context = self.timeout_seconds, self._context
        if proxy_url is None:
            return HTTPSConnection(host, HTTPS_PORT, timeout=timeout, ssl_context=context)
        proxy = parse_url(proxy_url)
        config = ProxyConfig(context, use_forwarding_for_https=False, assert_hostname=None, assert_fingerprint=None)
        port = proxy.port or (HTTPS_PORT if proxy.scheme == "https" else HTTP_PORT)
        connection = HTTPSConnection(
            proxy.host or "", port, timeout=timeout, ssl_context=context, proxy=proxy, proxy_config=config
        )
        connection.set_tunnel(host, HTTPS_PORT, HTTPAdapter().proxy_headers(proxy_url), proxy.scheme or "http")
        return connection


class ProxyRefusedError(Exception):
    """The proxy refuses the connection; the text is its status."""


class _Transport(HTTPAdapter):
    """Uses the given context and a timeout; requests has no timeout by default."""

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
    """Counts what another transport sends: all requests of both libraries pass through it."""

    def __init__(self, transport: BaseAdapter, on_request: Callable[[SentRequest], None]) -> None:
        self._transport = transport
        self._on_request = on_request
        super().__init__()

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Send, read the answer unless it is media, and count, also a request that gets no answer."""
        started = time.monotonic()
        response = None
        try:
            response = self._transport.send(request, *args, **options)
            endpoint = endpoint_of(request.url or "")
            if response.ok and endpoint is not Endpoint.MEDIA:
                _read(response, MAX_FEED_BYTES if endpoint is Endpoint.FEED else MAX_BODY_BYTES)
        except Exception as failure:
            if was_sent(failure):
                self._on_request(sent_request(request, started, response, failure))
            raise
        self._on_request(sent_request(request, started, response, None))
        return response

    def close(self) -> None:
        """As the transport does."""
        self._transport.close()


def _read(response: requests.Response, max_bytes: int) -> None:
    """Read the whole body, and leave it to be read once more: yt-dlp reads the stream, not the content.

    Raises YoutubeError for a longer one.
    """
    content, stream = bytearray(), response.raw
    for chunk in response.iter_content(_CHUNK_BYTES):
        content += chunk
        if len(content) > max_bytes:
            response.close()
            raise YoutubeError(ErrorType.UNEXPECTED_ANSWER, f"more than {max_bytes} bytes from {response.url}")
    response._content = bytes(content)  # what the property `content` keeps; there is no public name
    response.raw = HTTPResponse(
        BytesIO(response._content),
        status=stream.status,
        preload_content=False,
        original_response=stream._original_response,  # requests takes cookies from it; there is no public name
    )


def _refuse_failures(response: requests.Response, *_args: Any, **_options: Any) -> None:
    """The response hook of every session: the library never interprets a failure."""
    error = http_error(response.url, response.status_code, response.headers)
    if error is None and response.ok and not response.is_redirect:
        error = body_error(response.url, response.content)
    if error is not None:
        raise error
