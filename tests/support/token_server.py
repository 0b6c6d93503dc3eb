"""A fake token server, and a plugin of yt-dlp that asks it as the real one does."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import invalidate_caches
from pathlib import Path
from threading import Thread
from typing import Any

from yt_dlp.extractor.youtube.pot._registry import _pot_memory_cache, _pot_providers
from yt_dlp.globals import plugin_dirs

TOKEN = "dG9rZW4="
PLUGIN_VERSION = "2.0.2"

_PACKAGE = "yt_dlp_plugins"
_PLUGIN = f'''
import json

from yt_dlp.extractor.youtube.pot.provider import (
    ExternalRequestFeature, PoTokenContext, PoTokenProvider, PoTokenResponse, register_provider,
)
from yt_dlp.extractor.youtube.pot.utils import WEBPO_CLIENTS, get_webpo_content_binding
from yt_dlp.networking.common import Request


@register_provider
class BgUtilHTTPPTP(PoTokenProvider):
    PROVIDER_VERSION = "{PLUGIN_VERSION}"
    _SUPPORTED_CLIENTS = WEBPO_CLIENTS
    _SUPPORTED_CONTEXTS = (PoTokenContext.GVS, PoTokenContext.PLAYER, PoTokenContext.SUBS)
    _SUPPORTED_EXTERNAL_REQUEST_FEATURES = (ExternalRequestFeature.PROXY_SCHEME_HTTP,)

    def is_available(self):
        return True

    def _real_request_pot(self, request):
        asked = {{"content_binding": get_webpo_content_binding(request)[0], "proxy": request.request_proxy}}
        url = self._configuration_arg("base_url", default=["http://nowhere.invalid"])[0] + "/get_pot"
        headers = {{"Content-Type": "application/json"}}
        answer = self._request_webpage(
            Request(url, data=json.dumps(asked).encode(), headers=headers, proxies={{"all": None}}), note=False
        )
        return PoTokenResponse(json.load(answer)["poToken"])
'''


class FakeTokenServer:
    """What it was asked, and what it says of itself."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.version = PLUGIN_VERSION
        self.asked: list[dict[str, Any]] = []


@contextmanager
def token_server() -> Iterator[FakeTokenServer]:
    """Run a token server."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say({"server_uptime": 1.5, "version": fake.version})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            fake.asked.append({"headers": dict(self.headers), **json.loads(body)})
            self._say({"poToken": TOKEN})

        def _say(self, answer: dict[str, Any]) -> None:
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Be quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        fake = FakeTokenServer(f"http://127.0.0.1:{server.server_port}")
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield fake
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def installed_plugin(directory: Path) -> Iterator[None]:
    """Install the plugin in `directory`, as pip does; it is gone afterwards."""
    package = directory / _PACKAGE / "extractor"
    package.mkdir(parents=True)
    (package / "getpot_bgutil_http.py").write_text(_PLUGIN)
    _forget_plugins()
    sys.path.insert(0, str(directory))
    try:
        yield
    finally:
        sys.path.remove(str(directory))
        _forget_plugins()


def _forget_plugins() -> None:
    _pot_providers.value.clear()
    _pot_memory_cache.value.clear()
    plugin_dirs.value = []
    for name in [name for name in sys.modules if name.partition(".")[0] == _PACKAGE]:
        del sys.modules[name]
    invalidate_caches()
