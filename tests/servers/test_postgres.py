"""The servers of the tests: they are real, and end as they are told."""

from __future__ import annotations

import psycopg
import pytest

from tests.servers.postgres import Server, running


def test_what_was_committed_outlives_a_kill_and_a_standby_has_it() -> None:
    """A standby that is promoted takes writes; a primary that was killed starts again."""
    with running() as primary:
        standby = Server(primary.folder.parent / "standby")
        standby.follow(primary)
        standby.start()
        try:
            with psycopg.connect(primary.dsn, autocommit=True) as session:
                session.execute("SELECT pg_reload_conf()")
                session.execute("SET synchronous_commit = 'local'")
                session.execute("CREATE TABLE kept AS SELECT 1 AS one")
                session.execute("SELECT pg_switch_wal()")
            primary.kill()
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(primary.dsn, connect_timeout=2)
            standby.promote()
            with psycopg.connect(standby.dsn, autocommit=True) as session:
                session.execute("CREATE TABLE after AS SELECT 2 AS two")
        finally:
            standby.stop("immediate")
        primary.start(fsync="off")
        with psycopg.connect(primary.dsn) as session:
            assert session.execute("SELECT one FROM kept").fetchone() == (1,)
