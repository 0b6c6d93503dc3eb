"""The server that makes proof-of-origin tokens for clients of the web family, and yt-dlp's plugin that asks it.

The plugin, `bgutil-ytdlp-pot-provider`, is no dependency: whoever wants it installs it.
"""

from dataclasses import dataclass

import requests

from services.worker.adapters.models import AccessError

PLUGIN = "bgutil-ytdlp-pot-provider"
"""The plugin's package; its server has the same name and version."""
_PROVIDER = "BgUtilHTTP"
"""What the plugin registers in yt-dlp."""
_SECONDS = 5.0
_VERSION_CHARACTERS = 40


@dataclass(frozen=True, slots=True)
class TokenServer:
    """One token server."""

    url: str
    """Without a slash at its end."""

    @property
    def arguments(self) -> dict[str, dict[str, list[str]]]:
        """The plugin's arguments, as yt-dlp's `extractor_args` have them."""
        return {f"youtubepot-{_PROVIDER.lower()}": {"base_url": [self.url]}}

    def load_plugin(self) -> str:
        """Let yt-dlp load its plugins, and return the version of this one. Raises AccessError where it is missing."""
        # Not public: who permits no token server does not depend on them.
        from yt_dlp.extractor.youtube.pot._registry import _pot_providers
        from yt_dlp.globals import plugin_dirs
        from yt_dlp.plugins import load_all_plugins

        plugin_dirs.value = ["default"]
        load_all_plugins()
        provider = _pot_providers.value.get(_PROVIDER)
        if provider is None:
            raise AccessError(f"yt-dlp's plugin {PLUGIN} is not installed, or this yt-dlp cannot load it: install it.")
        return str(provider.PROVIDER_VERSION)

    def check(self) -> str:
        """Return the versions of server and plugin. Asks the server. Raises AccessError if they cannot be used."""
        plugin, server = self.load_plugin(), self._ask_version()
        if server.partition(".")[0] != plugin.partition(".")[0]:
            raise AccessError(f"The token server has version {server}, its plugin {plugin}: install the same of both.")
        return f"{server} at {self.url}, with the plugin {plugin}"

    def _ask_version(self) -> str:
        try:
            with requests.Session() as session:
                session.trust_env = False
                answer = session.get(f"{self.url}/ping", timeout=_SECONDS, allow_redirects=False)
            answer.raise_for_status()
            return str(answer.json()["version"])[:_VERSION_CHARACTERS]
        except (requests.RequestException, KeyError, TypeError) as error:
            raise AccessError(
                f"No token server answers at {self.url} ({type(error).__name__}): "
                "start it, or correct YOUTUBE_POT_PROVIDER_URL."
            ) from None
