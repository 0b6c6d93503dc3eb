"""The embedded Temporal server's command line; that it works is what the whole test run rests on."""

from pathlib import Path

import psutil
from pydantic import SecretStr

from services.stack.probes import TemporalProbe, postgres_answers
from services.stack.temporal import EmbeddedTemporal
from shared.settings import Settings
from tests.support import waiting
from tests.support.servers import free_port, server


async def test_serves_its_namespace_on_loopback_only(tmp_path: Path) -> None:
    embedded = EmbeddedTemporal(free_port(), ("127.0.0.1", free_port()), tmp_path / "temporal.db", namespace="ferry")
    settings = Settings(temporal_address=f"127.0.0.1:{embedded.port}", temporal_namespace="ferry")
    other = settings.model_copy(update={"temporal_namespace": "elsewhere"})
    with server(embedded.argv(), tmp_path / "log") as process:
        await waiting.eventually(TemporalProbe(settings).answers)
        assert not await TemporalProbe(other).answers()
        sockets = psutil.Process(process.pid).net_connections(kind="inet")
        listening = {(s.laddr.ip, s.laddr.port) for s in sockets if s.status == psutil.CONN_LISTEN}
    assert {("127.0.0.1", embedded.port), embedded.ui} <= listening
    assert {host for host, _ in listening} == {"127.0.0.1"}
    assert not await TemporalProbe(settings).answers()


def test_a_rate_limited_queue_has_one_partition_and_is_fair_and_failing_tasks_are_reported() -> None:
    argv = EmbeddedTemporal(7233).argv()
    told = {argv[i + 1] for i, word in enumerate(argv) if word == "--dynamic-config-value"}
    assert told == {
        "matching.numTaskqueueReadPartitions=1",
        "matching.numTaskqueueWritePartitions=1",
        "matching.enableFairness=true",
        "system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute=2",
        'frontend.httpAllowedHosts=["none.invalid"]',
    }


def test_without_a_file_everything_is_in_memory_and_without_a_port_there_is_no_web_ui() -> None:
    argv = EmbeddedTemporal(7233).argv()
    assert "--db-filename" not in argv
    assert "--headless" in argv


async def test_nothing_there_is_an_answer_too() -> None:
    nowhere = free_port()
    assert not await TemporalProbe(Settings(temporal_address=f"127.0.0.1:{nowhere}")).answers()
    assert not await postgres_answers(Settings(database_url=SecretStr(f"postgresql://a:b@127.0.0.1:{nowhere}/c")))
