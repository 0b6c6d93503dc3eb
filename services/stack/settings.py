"""The launcher's own settings; everything else is in shared.settings."""

import socket

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.stack.errors import StackError
from shared.settings import Settings


class StackSettings(BaseSettings):
    """Ports of the embedded servers, and outside servers to use instead of them."""

    model_config = SettingsConfigDict(populate_by_name=True, extra="ignore", frozen=True, env_ignore_empty=True)

    database_url: str | None = Field(default=None, validation_alias="DATABASE_URL")
    """None: the embedded PostgreSQL."""
    temporal_address: str | None = Field(default=None, validation_alias="TEMPORAL_ADDRESS")
    """None: the embedded Temporal."""
    postgres_port: int = Field(default=5433, validation_alias="VIDFERRY_POSTGRES_PORT")
    temporal_port: int = Field(default=7233, validation_alias="VIDFERRY_TEMPORAL_PORT")
    temporal_ui_port: int = Field(default=8233, validation_alias="VIDFERRY_TEMPORAL_UI_PORT")
    standin_port: int = Field(default=8002, validation_alias="VIDFERRY_STANDIN_PORT")
    """The demo's YouTube stand-in."""


def check_ports(stack: StackSettings, settings: Settings, *, demo: bool) -> None:
    """Raises StackError naming the first port that something else is using."""
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
        wanted.append(("Temporal's Web UI", "127.0.0.1", stack.temporal_ui_port, "VIDFERRY_TEMPORAL_UI_PORT"))
    if demo:
        wanted.append(("the YouTube stand-in", "127.0.0.1", stack.standin_port, "VIDFERRY_STANDIN_PORT"))
    for what, host, port, variable in wanted:
        if not _is_free(host, port):
            raise StackError(f"Port {port} for {what} is taken by another program: set {variable} to a free one.")


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections in TIME_WAIT do not count
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
