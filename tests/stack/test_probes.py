"""Why a server of one's own cannot be used: what passes by itself, and what waiting would not mend."""

import asyncio
import socket
import struct
from pathlib import Path

import pytest
from pydantic import SecretStr

from services.api.system.endpoints import CHECK_SECONDS
from services.stack import probes
from services.stack.errors import StackError
from services.stack.postgres import EmbeddedPostgres
from services.stack.probes import (
    ANSWER_SECONDS,
    TemporalProbe,
    http_answers,
    is_http_alive,
    postgres_answers,
    postgres_error,
    postgres_is_alive,
    temporal_error,
)
from services.stack.temporal import EmbeddedTemporal
from shared.settings import Settings
from tests.support import waiting
from tests.support.servers import free_port, server


def with_database(url: str) -> Settings:
    return Settings(database_url=SecretStr(url))


async def test_a_server_that_answers_is_no_trouble(postgres: EmbeddedPostgres, temporal_address: str) -> None:
    assert await postgres_error(with_database(postgres.url("postgres"))) is None
    assert await temporal_error(Settings(temporal_address=temporal_address)) is None


async def test_what_may_pass_is_a_reason(temporal_address: str) -> None:
    nowhere = free_port()
    error_text = await postgres_error(with_database(f"postgresql://a@127.0.0.1:{nowhere}/b"))
    assert error_text == "connection refused"
    error_text = await temporal_error(Settings(temporal_address=f"127.0.0.1:{nowhere}"))
    assert error_text == "connection refused"
    error_text = await temporal_error(Settings(temporal_address=temporal_address, temporal_namespace="elsewhere"))
    assert error_text is not None
    assert "elsewhere" in error_text


async def test_servers_that_are_silent_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "TIMEOUT_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        where = f"127.0.0.1:{silent.getsockname()[1]}"
        assert await temporal_error(Settings(temporal_address=where)) == "no answer within 0.1 s"
        assert await postgres_error(with_database(f"postgresql://a@{where}/b")) == "no answer within 0.1 s"


async def test_any_answer_is_a_sign_of_life(postgres: EmbeddedPostgres, temporal_address: str) -> None:
    assert await postgres_is_alive(with_database(postgres.url("postgres")))
    assert await postgres_is_alive(with_database(postgres.url("postgres").replace(":test@", ":guess@")))
    elsewhere = TemporalProbe(Settings(temporal_address=temporal_address, temporal_namespace="elsewhere"))
    assert (await elsewhere.answers(), await elsewhere.is_alive()) == (False, True)


async def test_silence_and_a_closed_port_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "ANSWER_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for port in (silent.getsockname()[1], free_port()):
            assert not await postgres_is_alive(with_database(f"postgresql://a@127.0.0.1:{port}/b"))
            assert not await TemporalProbe(Settings(temporal_address=f"127.0.0.1:{port}")).is_alive()
            assert not await is_http_alive(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("abort", [False, True])
async def test_a_closed_connection_is_a_sign_of_life(abort: bool) -> None:
    """So a service with as many connections as it may have refuses another one."""

    async def refuse(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if abort:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.close()

    port = free_port()
    async with await asyncio.start_server(refuse, "127.0.0.1", port):
        assert await is_http_alive(f"http://127.0.0.1:{port}/")
        assert not await http_answers(f"http://127.0.0.1:{port}/")


async def test_a_probe_of_temporal_connects_again(tmp_path: Path) -> None:
    embedded = EmbeddedTemporal(free_port())
    probe = TemporalProbe(Settings(temporal_address=f"127.0.0.1:{embedded.port}"))
    for run in ("first", "second"):
        with server(embedded.argv(), tmp_path / run):
            await waiting.eventually(probe.is_alive)
        assert not await probe.is_alive()


def test_a_service_has_answered_before_it_counts_as_silent() -> None:
    assert ANSWER_SECONDS >= 2 * CHECK_SECONDS


async def test_no_part_of_a_password_is_shown() -> None:
    error_text = await postgres_error(with_database("postgresql://me:hid@den@127.0.0.1:1/mine"))
    assert error_text == "the name is not found"
    with pytest.raises(StackError) as raised:
        await postgres_error(with_database("postgresql://me:hidden@127.0.0.1/mine?hidden=1"))
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
async def test_what_waiting_does_not_fix_is_an_error(
    postgres: EmbeddedPostgres, right: str, wrong: str, reason: str
) -> None:
    settings = with_database(postgres.url("postgres").replace(right, wrong))
    with pytest.raises(StackError, match=f"PostgreSQL cannot be used: .*{reason}"):
        await postgres_error(settings)
    assert not await postgres_answers(settings)


async def test_an_impossible_temporal_address_is_an_error() -> None:
    settings = Settings(temporal_address="no such:7233")
    with pytest.raises(StackError, match="Temporal cannot be used: no such:7233 is not a valid address"):
        await temporal_error(settings)
    assert not await TemporalProbe(settings).answers()
