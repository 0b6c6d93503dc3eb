"""What the operator permits besides guest requests without JavaScript; nothing by default.

`Access` is the one place that says which further clients of YouTube's API may be asked.
"""

from collections.abc import Collection
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from services.worker.adapters.models import AccessError
from services.worker.adapters.youtube.account import Account
from services.worker.adapters.youtube.token_server import TokenServer

JS_CLIENTS = ("web_embedded", "tv_samsung")
"""yt-dlp's names of clients that may play videos made for kids and whose media need JavaScript, the cheaper first."""
TOKEN_CLIENT = "mweb"  # noqa: S105 - a name, not a secret
"""The client of the web family whose caption tracks and media can be had with a proof-of-origin token."""
SOLVER = "yt-dlp-ejs"
"""The package with the scripts that yt-dlp runs; yt-dlp accepts exactly one version."""
DENO, NODE = "deno", "node"


@dataclass(frozen=True, slots=True)
class JsRuntime:
    """A JavaScript runtime that yt-dlp may run; without a path it is looked for beside Python, then on PATH."""

    name: str
    path: Path | None = None

    def check(self) -> str:
        """Return the runtime's name and version. Runs it. Raises AccessError if yt-dlp could not use it."""
        # Not public: who permits no JavaScript does not depend on them.
        from yt_dlp.extractor.youtube.jsc._builtin import vendor
        from yt_dlp.utils._jsruntime import DenoJsRuntime, NodeJsRuntime

        kind = NodeJsRuntime if self.name == NODE else DenoJsRuntime
        found = kind(path=str(self.path) if self.path else None).info
        if found is None:
            raise AccessError(f"{self.path or self.name} cannot be run: install it, or correct YOUTUBE_JS_RUNTIME.")
        if not found.supported:
            raise AccessError(f"{self.name} {found.version} is too old for yt-dlp: update it.")
        try:
            installed = version(SOLVER)
        except PackageNotFoundError:
            installed = "none"
        if installed != vendor.VERSION:
            raise AccessError(
                f"yt-dlp needs {SOLVER} {vendor.VERSION}, and {installed} is installed: install that one."
            )
        return f"{found.name} {found.version}"


def js_runtime(setting: str) -> JsRuntime | None:
    """Read YOUTUBE_JS_RUNTIME, which `shared.settings` has validated; None: off."""
    if setting == "off":
        return None
    if setting == DENO:
        return JsRuntime(DENO)
    path = Path(setting)
    return JsRuntime(NODE if path.name.startswith(NODE) else DENO, path)


@dataclass(frozen=True, slots=True)
class Access:
    """What the operator permits."""

    js_runtime: JsRuntime | None = None
    account: Account | None = None
    """Not without a JavaScript runtime: clients that take cookies need it."""
    token_server: TokenServer | None = None

    @property
    def extra_clients(self) -> tuple[str, ...]:
        """Clients that may be asked for media when those without JavaScript are refused, in this order."""
        return (*JS_CLIENTS, *self.token_clients) if self.js_runtime else ()

    @property
    def token_clients(self) -> tuple[str, ...]:
        """Clients that may be asked for captions when the tracks of all others need a token."""
        return (TOKEN_CLIENT,) if self.token_server else ()

    def js_runtimes(self, clients: Collection[str]) -> dict[str, dict[str, str]]:
        """yt-dlp's `js_runtimes` for a request as these clients.

        None for a client that needs no JavaScript: with a runtime, yt-dlp's default clients are others.
        """
        if self.js_runtime is None or not set(clients) & set(self.extra_clients):
            return {}
        path = self.js_runtime.path
        return {self.js_runtime.name: {"path": str(path)} if path else {}}

    def token_arguments(self, clients: Collection[str]) -> dict[str, dict[str, list[str]]]:
        """yt-dlp's arguments of the token server's plugin for a request as these clients."""
        if self.token_server is None or not set(clients) & set(self.token_clients):
            return {}
        return self.token_server.arguments


GUEST = Access()
"""Nothing is permitted."""
