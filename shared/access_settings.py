"""The settings of what is permitted besides guest requests without JavaScript: a part of `shared.settings`."""

from pathlib import Path

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.urls import http_parts, is_nearby


class AccessSettings(BaseSettings):
    """Optional ways into YouTube; docs/guides/youtube-access.md has their prices."""

    model_config = SettingsConfigDict(use_attribute_docstrings=True)

    youtube_js_runtime: str = Field(default="off", validation_alias="YOUTUBE_JS_RUNTIME")
    """`off`, `deno`, or the path of a deno or node: yt-dlp may run YouTube's JavaScript to get audio made for kids."""
    youtube_cookies_file: Path | None = Field(default=None, validation_alias="YOUTUBE_COOKIES_FILE")
    """The whole path of an account's cookies (Netscape format, mode 0600) for videos that guests do not get.

    Needs `YOUTUBE_JS_RUNTIME`. YouTube may close the account: use one that you can lose.
    """
    youtube_account_directory: Path | None = Field(default=None, validation_alias="YOUTUBE_ACCOUNT_DIRECTORY")
    """Where the worker keeps its copy of these cookies. The launcher's default is `account` in `VIDFERRY_HOME`.

    Workers on one machine share it.
    """
    youtube_pot_provider_allow_remote: bool = Field(default=False, validation_alias="YOUTUBE_POT_PROVIDER_ALLOW_REMOTE")
    """Whether the token server may be on another machine. It gets the address of your proxy, password included."""
    youtube_pot_provider_url: str | None = Field(default=None, validation_alias="YOUTUBE_POT_PROVIDER_URL")
    """A server that makes proof-of-origin tokens, on this machine or in the compose network: `http://127.0.0.1:4416`."""

    @field_validator("youtube_js_runtime")
    @classmethod
    def _is_a_runtime(cls, runtime: str) -> str:
        path = Path(runtime)
        if runtime in {"off", "deno"} or (path.is_absolute() and path.name.startswith(("deno", "node"))):
            return runtime
        raise PydanticCustomError("js_runtime", "neither off nor deno, nor the whole path of a deno or node")

    @field_validator("youtube_cookies_file")
    @classmethod
    def _is_a_whole_path(cls, path: Path | None) -> Path | None:
        if path is not None and not path.is_absolute():
            raise PydanticCustomError("whole_path", "not a whole path, such as /home/me/cookies.txt")
        return path

    @field_validator("youtube_pot_provider_url")
    @classmethod
    def _is_a_token_server(cls, url: str | None, others: ValidationInfo) -> str | None:
        """`others` are the settings above it, without those that were refused."""
        if url is None:
            return None
        parts = http_parts(url)
        if parts is None or parts.path.strip("/") or parts.query or "@" in parts.netloc:
            raise PydanticCustomError("server_url", "not the address of a server, such as http://127.0.0.1:4416")
        if not is_nearby(parts.hostname or "") and not others.data.get("youtube_pot_provider_allow_remote"):
            raise PydanticCustomError(
                "remote_server",
                "the server is on another machine, which YOUTUBE_POT_PROVIDER_ALLOW_REMOTE=true would permit",
            )
        return f"{parts.scheme}://{parts.netloc}"
