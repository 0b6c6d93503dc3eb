"""Why a server of one's own cannot be used: what passes by itself, and what waiting would not mend."""

import socket

import pytest
from pydantic import SecretStr

from services.api.system import CHECK_SECONDS
from services.stack import probes
from services.stack.errors import StackError
from services.stack.postgres import EmbeddedPostgres
from services.stack.probes import (
    HTTP_SECONDS,
    postgres_answers,
    postgres_trouble,
    temporal_answers,
    temporal_trouble,
)
from shared.settings import Settings
from tests.support.servers import free_port


def with_database(url: str) -> Settings:
    return Settings(database_url=SecretStr(url))


async def test_a_server_that_answers_is_no_trouble(postgres: EmbeddedPostgres, temporal_address: str) -> None:
    assert await postgres_trouble(with_database(postgres.url("postgres"))) is None
    assert await temporal_trouble(Settings(temporal_address=temporal_address)) is None


async def test_what_may_pass_is_a_reason(temporal_address: str) -> None:
    nowhere = free_port()
    trouble = await postgres_trouble(with_database(f"postgresql://a@127.0.0.1:{nowhere}/b"))
    assert trouble == "connection refused"
    trouble = await temporal_trouble(Settings(temporal_address=f"127.0.0.1:{nowhere}"))
    assert trouble == "connection refused"
    trouble = await temporal_trouble(Settings(temporal_address=temporal_address, temporal_namespace="elsewhere"))
    assert trouble is not None
    assert "elsewhere" in trouble


async def test_servers_that_are_silent_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "TIMEOUT_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        where = f"127.0.0.1:{silent.getsockname()[1]}"
        assert await temporal_trouble(Settings(temporal_address=where)) == "no answer within 0.1 s"
        assert await postgres_trouble(with_database(f"postgresql://a@{where}/b")) == "no answer within 0.1 s"


def test_a_service_has_answered_before_it_counts_as_silent() -> None:
    assert HTTP_SECONDS >= 2 * CHECK_SECONDS


async def test_no_part_of_a_password_is_told() -> None:
    trouble = await postgres_trouble(with_database("postgresql://me:hid@den@127.0.0.1:1/mine"))
    assert trouble == "the name is not found"
    with pytest.raises(StackError) as raised:
        await postgres_trouble(with_database("postgresql://me:hidden@127.0.0.1/mine?hidden=1"))
    assert "hidden" not in str(raised.value)


@pytest.mark.parametrize(
    ("right", "wrong", "reason"),
    [
        (":test@", ":guess@", 'password authentication failed for user "vidferry"'),
        ("/postgres", "/nothing", 'database "nothing" does not exist'),
        ("/postgres", "/postgres?sslmode=perhaps", "`sslmode` parameter must be one of"),
        ("/postgres", "/postgres?colour=blue", "unexpected keyword argument 'colour'"),
    ],
)
async def test_what_waiting_would_not_mend_is_an_error(
    postgres: EmbeddedPostgres, right: str, wrong: str, reason: str
) -> None:
    settings = with_database(postgres.url("postgres").replace(right, wrong))
    with pytest.raises(StackError, match=f"PostgreSQL cannot be used: .*{reason}"):
        await postgres_trouble(settings)
    assert not await postgres_answers(settings)


async def test_an_impossible_temporal_address_is_an_error() -> None:
    settings = Settings(temporal_address="no such:7233")
    with pytest.raises(StackError, match="Temporal cannot be used: no such:7233 is no possible address"):
        await temporal_trouble(settings)
    assert not await temporal_answers(settings)
