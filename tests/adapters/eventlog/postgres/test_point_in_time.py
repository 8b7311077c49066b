"""The recovery of docs/scaling.md: a base backup and the archive bring a database back to a moment, and each process
knows whether its copy goes with what came back.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic, sleep

import pytest
import yaml  # type: ignore[import-untyped] # it comes without types
from eventsourcing.dcb.api import DCBAppendCondition

from adapters.engines.choice import POSTGRES_MODULE, choose_engine, default_engine
from adapters.eventlog.postgres.log import PostgresLog
from adapters.ledger.ledger import ANYTHING
from adapters.ports.clock import utc_now
from adapters.ports.engines import LogKeeper
from adapters.ports.faults import LogDamaged
from tests.adapters.eventlog.jsonl.logs import batch
from tests.servers.pair import operator
from tests.servers.postgres import ACCOUNT, PASSWORD, START_SECONDS, USER, Server, is_root, run, running

PROJECT = Path(__file__).parents[4]


@contextmanager
def opened(root: Path, server: Server) -> Iterator[PostgresLog]:
    """The log as a process has it."""
    log = choose_engine(LogKeeper(POSTGRES_MODULE, server.environment())).open_for_writing(root, clock=utc_now)
    assert isinstance(log, PostgresLog)
    with closing(log):
        yield log


def record(log: PostgresLog, events: int) -> int:
    """Records so many; gives the last position."""
    return log.append(batch(events), DCBAppendCondition(ANYTHING, after=log.head))


def archiving(folder: Path) -> dict[str, str]:
    """The settings of the compose file, with that folder as the archive."""
    told = yaml.safe_load((PROJECT / "docs" / "operations" / "compose.yaml").read_text(encoding="utf-8"))
    settings = dict(word.split("=", 1) for word in told["services"]["postgres"]["command"] if "=" in word)
    return {**settings, "archive_command": settings["archive_command"].replace("/archive/", f"{folder}/")}


def new_folder(folder: Path) -> Path:
    """A folder that is the server's account's alone."""
    folder.mkdir(mode=0o700)
    if is_root():
        shutil.chown(folder, ACCOUNT)
    return folder


def now_and_archived(server: Server) -> str:
    """The server's time; all that was recorded before it is in the archive."""
    with operator(server) as session:
        (now,) = session.execute("SELECT clock_timestamp()::text").fetchone() or ("",)
        (name,) = session.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchone() or ("",)
        deadline = monotonic() + START_SECONDS
        while (session.execute("SELECT last_archived_wal FROM pg_stat_archiver").fetchone() or ("",))[0] != name:
            assert monotonic() < deadline, "nothing is archived"
            sleep(0.02)
    return str(now)


def restored(backup: Path, archive: Path, moment: str) -> Server:
    """A server of a backup, brought up to a moment, that takes writes again."""
    (backup / "recovery.signal").touch()
    server = Server(backup)
    server.start(
        fsync="off",
        restore_command=f"cp {archive}/%f %p",
        recovery_target_time=moment,
        recovery_target_action="promote",
    )
    with operator(server) as session:
        deadline = monotonic() + START_SECONDS
        while session.execute("SELECT pg_is_in_recovery()").fetchone() == (True,):
            assert monotonic() < deadline, "it does not come back"
            sleep(0.02)
    return server


def test_a_database_comes_back_as_it_was_at_a_moment(tmp_path: Path) -> None:
    """A copy that knows more is refused with what to do, and stays readable; a new one goes on with what came back."""
    with running(fsync="off") as server:  # its folder is one that the server's account may pass to
        place = server.folder.parent
        archive, backup = new_folder(place / "archive"), new_folder(place / "backup")
        server.stop()
        server.start(fsync="off", **archiving(archive))
        with opened(tmp_path / "process", server) as process:
            assert record(process, 2) == 2
            dsn = f"host=127.0.0.1 port={server.port} user={USER} password={PASSWORD}"
            run("pg_basebackup", "-D", backup, "-d", dsn, "-X", "none", "-c", "fast", "--no-sync")
            assert record(process, 3) == 5
            moment = now_and_archived(server)
            assert record(process, 2) == 7  # what is to be undone
            now_and_archived(server)
            server.kill()
        back = restored(backup, archive, moment)
        try:
            with (
                pytest.raises(LogDamaged, match=r"up to position 7.*an older state of it was restored"),
                opened(tmp_path / "process", back),
            ):
                pass
            with closing(default_engine().open_for_reading(tmp_path / "process")) as old:
                assert old.head == 7
            with opened(tmp_path / "new", back) as new:
                assert record(new, 1) == 6
                (tmp_path / "process" / "logs").rename(tmp_path / "aside")
                with opened(tmp_path / "process", back) as process:
                    assert record(process, 1) == 7
                assert new.follow() == 7
        finally:
            back.stop("immediate")
