"""The launcher's own settings; everything else is in shared.settings."""

import errno
import secrets
import socket
from collections.abc import Mapping
from ipaddress import IPv4Address
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from services.stack.errors import PortTakenError, StackError
from shared.settings import Settings

Port = Annotated[int, Field(ge=1, le=65535)]


def _as_postgres_url(value: str) -> str:
    try:
        backend = make_url(value).get_backend_name()
    except (ArgumentError, ValueError):
        backend = None
    if backend not in {"postgresql", "postgres"}:
        raise PydanticCustomError("postgres_url", "Input should be like postgresql://user:password@host:5432/database")
    return value


PostgresUrl = Annotated[str, AfterValidator(_as_postgres_url)]


class StackSettings(BaseSettings):
    """Ports of the embedded servers, and outside servers to use instead of them."""

    model_config = SettingsConfigDict(
        populate_by_name=True, extra="ignore", frozen=True, env_ignore_empty=True, use_attribute_docstrings=True
    )

    database_url: PostgresUrl | None = Field(default=None, validation_alias="DATABASE_URL")
    """Your own PostgreSQL, instead of the embedded one."""
    temporal_address: str | None = Field(default=None, validation_alias="TEMPORAL_ADDRESS")
    """Your own Temporal (`host:port`), instead of the embedded one."""
    postgres_port: Port = Field(default=5433, validation_alias="VIDFERRY_POSTGRES_PORT")
    """Port of the embedded PostgreSQL."""
    temporal_port: Port = Field(default=7233, validation_alias="VIDFERRY_TEMPORAL_PORT")
    """Port of the embedded Temporal."""
    fake_youtube_port: Port = Field(default=8002, validation_alias="VIDFERRY_STANDIN_PORT")
    """Port of the demo's fake YouTube."""
    fake_transcription_port: Port = Field(default=8004, validation_alias="VIDFERRY_SPEECH_PORT")
    """Port of the demo's fake transcription server."""

    @property
    def outside_servers(self) -> set[str]:
        """The servers that the launcher does not run, by the names of the embedded ones."""
        named = {"postgres": self.database_url, "temporal": self.temporal_address}
        return {name for name, value in named.items() if value is not None}


class _GivenOnly(BaseSettings):
    """The settings of another process: from its environment, and nothing of this process's."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the arguments only."""
        return (init_settings,)


class _ServiceSettings(_GivenOnly, Settings):
    """A service's."""


class _LauncherSettings(_GivenOnly, StackSettings):
    """A launcher's."""


def service_settings(environment: Mapping[str, str]) -> Settings:
    """The settings of a service with this environment. Raises pydantic's ValidationError for an impossible one."""
    return _ServiceSettings.model_validate(_given(Settings, environment))


def stack_settings(environment: Mapping[str, str]) -> StackSettings:
    """The settings of a launcher with this environment. Raises pydantic's ValidationError for an impossible one."""
    return _LauncherSettings.model_validate(_given(StackSettings, environment))


def variable_of(setting: FieldInfo) -> str:
    """The environment variable that a setting is read from."""
    return str(setting.validation_alias)


def check_ports(stack: StackSettings, settings: Settings, *, demo: bool) -> None:
    """Raises StackError naming the first port that is set twice, or that cannot be listened on, and why.

    PortTakenError: another process listens there.
    """
    wanted = [
        ("the API", settings.api_host, settings.api_port, "VIDFERRY_API_PORT"),
        ("the notifier", settings.notifier_host, settings.notifier_port, "VIDFERRY_NOTIFIER_PORT"),
    ]
    if settings.health_port:
        wanted.append(("the worker's health", "127.0.0.1", settings.health_port, "VIDFERRY_WORKER_HEALTH_PORT"))
    if stack.database_url is None:
        wanted.append(("PostgreSQL", "127.0.0.1", stack.postgres_port, "VIDFERRY_POSTGRES_PORT"))
    if stack.temporal_address is None:
        wanted.append(("Temporal", "127.0.0.1", stack.temporal_port, "VIDFERRY_TEMPORAL_PORT"))
        host, port = settings.temporal_ui_host, settings.temporal_ui_port
        wanted.append(("Temporal's Web UI", host, port, "VIDFERRY_TEMPORAL_UI_PORT"))
    if demo:
        wanted.append(("the fake YouTube", "127.0.0.1", stack.fake_youtube_port, "VIDFERRY_STANDIN_PORT"))
        wanted.append(
            ("the fake transcription server", "127.0.0.1", stack.fake_transcription_port, "VIDFERRY_SPEECH_PORT")
        )
    variables: dict[int, str] = {}
    for what, host, port, variable in wanted:
        if port in variables:
            raise StackError(f"{variables[port]} and {variable} are both {port}: set one of them to a free port.")
        variables[port] = variable
        _check_port(what, host, port, variable)


_reserved: list[socket.socket] = []


def reserved_port(host: str = "127.0.0.1") -> int:
    """A port of `host` that the system gives to no other process or connection while this process runs.

    A server that sets SO_REUSEADDR, as asyncio's do, can listen there, also after a restart.
    """
    kept = socket.socket()
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    kept.bind((host, 0))
    _reserved.append(kept)
    port: int = kept.getsockname()[1]
    return port


def hidden_address() -> tuple[str, int]:
    """An address of this machine that no page can guess: one of the 16 million of 127.0.0.0/8, and a port.

    Where only 127.0.0.1 can be used (macOS), the port alone is unknown.
    """
    host = str(IPv4Address(int(IPv4Address("127.0.0.0")) + 2 + secrets.randbelow(2**24 - 3)))
    try:
        return host, reserved_port(host)
    except OSError:
        return "127.0.0.1", reserved_port()


def _given(kind: type[BaseSettings], environment: Mapping[str, str]) -> dict[str, str]:
    given = {name.upper(): value for name, value in environment.items() if value}
    names = {variable_of(field) for field in kind.model_fields.values()}
    return {name: given[name] for name in names & given.keys()}


def _check_port(what: str, host: str, port: int, variable: str) -> None:
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, *_, address = found[0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections in TIME_WAIT do not count
            probe.bind(address)
    except PermissionError:
        raise StackError(f"Port {port} for {what} needs privileges that you do not have: set {variable}.") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            sentence = f"Port {port} for {what} is in use by another program: set {variable} to a free one."
            raise PortTakenError(sentence, port) from None
        host_variable = variable.removesuffix("PORT") + "HOST"
        sentence = f"{host} is not an address of this machine for {what} ({error.strerror}): set {host_variable}."
        raise StackError(sentence) from None
