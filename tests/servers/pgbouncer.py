"""A real PgBouncer in front of a server of the tests, where it is installed (Debian: pgbouncer)."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

import psycopg
import pytest

from tests.servers.postgres import PASSWORD, START_SECONDS, USER, Server, account, free_port

SETTINGS = {
    "listen_addr": "127.0.0.1",
    "unix_socket_dir": "",
    "auth_type": "scram-sha-256",
    "max_client_conn": "100",
    "default_pool_size": "30",
    "server_login_retry": "1",
    "log_connections": "0",
    "log_disconnections": "0",
}


def program() -> str:
    """Where it stands. Without it the test is skipped, but under CI it fails."""
    found = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if found is None:
        assert os.environ.get("CI") != "true", "CI has PgBouncer (Debian: pgbouncer)"
        pytest.skip("PgBouncer is not installed (Debian and Ubuntu: sudo apt install pgbouncer)")
    return found


@contextmanager
def in_front_of(server: Server, **settings: str) -> Iterator[Mapping[str, str]]:
    """The settings of a program that reaches the server's databases through it, but for their name."""
    folder, port = server.folder.parent / f"bouncer-{free_port()}", free_port()
    folder.mkdir()
    (folder / "users").write_text(f'"{USER}" "{PASSWORD}"\n')
    given = {**SETTINGS, "listen_port": str(port), "auth_file": str(folder / "users"), **settings}
    lines = [f"{name} = {value}" for name, value in given.items()]
    text = f"[databases]\n* = host=127.0.0.1 port={server.port}\n[pgbouncer]\n" + "\n".join(lines) + "\n"
    (folder / "ini").write_text(text)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [program(), str(folder / "ini")],
            stdout=log, stderr=log, start_new_session=sys.platform != "win32", **account(),
        )  # fmt: skip
    try:
        wait_until_it_answers(port, folder / "log", process)
        yield {**server.environment(), "POSTGRES_PORT": str(port)}
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(START_SECONDS)


def wait_until_it_answers(port: int, log: Path, process: subprocess.Popen[bytes]) -> None:
    """Through to the server."""
    deadline = monotonic() + START_SECONDS
    dsn = f"host=127.0.0.1 port={port} user={USER} password={PASSWORD} dbname=postgres"
    while True:
        with suppress(psycopg.OperationalError), psycopg.connect(dsn, connect_timeout=2):
            return
        assert process.poll() is None, log.read_text()
        assert monotonic() < deadline, log.read_text()
        sleep(0.05)
