"""The benchmark of several processes measures what it says, and says so where there is no database."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from adapters.cli import main
from scripts.bench.apart import apart
from scripts.bench.bench import QUICK, Bench
from scripts.bench.databases import HOW_TO_ENABLE, schema, server
from scripts.bench.peer import PeerMissing
from scripts.bench.peers.stock_postgres import decisions_a_second
from scripts.bench.works import processes
from scripts.bench.writers import Writing, rates
from tests.servers.postgres import free_port, new_database


def rows_of(environment: Mapping[str, str], table: str) -> int:
    """How many rows a table has."""
    env = environment
    words = f"host={env['POSTGRES_HOST']} port={env['POSTGRES_PORT']} user={env['POSTGRES_USER']} "
    words += f"password={env['POSTGRES_PASSWORD']} dbname={env['POSTGRES_DBNAME']}"
    with psycopg.connect(words) as session:
        found = session.execute(f"SELECT count(*) FROM {env['POSTGRES_SCHEMA']}.{table}").fetchone()
    assert found is not None
    return int(found[0])


def test_what_is_measured_stands_in_a_schema_that_is_dropped(tmp_path: Path) -> None:
    """Decisions of the library's application, and of two processes of ours: all of them are in the tables."""
    environment = new_database()
    with schema(environment) as own:
        a_second = apart(decisions_a_second, own, 10, 0.3)
        assert 0.3 * a_second <= rows_of(own, "dcbapplication_events_tt_main") + 1
    with schema(environment) as own:
        each = rates(Writing(processes=2, callers=4, users=10, seconds=1.0, environment=own), tmp_path)
        assert len(each) == 2
        assert sum(each) * 0.75 <= rows_of(own, "abby_events_tt_main")
    assert not list(tmp_path.iterdir())
    with pytest.raises(psycopg.errors.UndefinedTable):
        rows_of(own, "abby_events_tt_main")


def test_without_a_database_the_row_says_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the log on the disk is measured all the same."""

    def none(_given: Mapping[str, str]) -> AbstractContextManager[Mapping[str, str]]:
        raise PeerMissing(HOW_TO_ENABLE)

    monkeypatch.setattr(processes, "server", none)
    (row,) = processes.measure(Bench(QUICK, tmp_path, lambda _: None))
    assert row.ours > 0
    assert row.note == HOW_TO_ENABLE
    assert row.theirs is None


def test_a_database_that_does_not_answer_is_named() -> None:
    """As one that is missing: the rest is measured."""
    given = {**new_database(), "POSTGRES_PORT": str(free_port())}
    with pytest.raises(PeerMissing, match=given["POSTGRES_DBNAME"]), server(given):
        pytest.fail("there is none")


def test_the_command_hands_the_configured_database_over_unseen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On standard input: a command line can be read by everybody on the machine."""
    (tmp_path / "settings.env").write_text(
        "POSTGRES_HOST=db\nPOSTGRES_DBNAME=abby\nPOSTGRES_USER=abby\nPOSTGRES_PASSWORD=hunter2\n", encoding="utf-8"
    )
    begun: list[tuple[list[str], str]] = []

    def run(command: list[str], **how: Any) -> subprocess.CompletedProcess[str]:
        begun.append((command, how["input"]))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", run)
    assert main(["--root", str(tmp_path), "--env-file", str(tmp_path / "settings.env"), "bench", "--quick"]) == 0
    ((command, given),) = begun
    assert "--database" in command
    assert "hunter2" not in " ".join(command)
    assert json.loads(given)["POSTGRES_PASSWORD"] == "hunter2"


def test_the_smallest_share_is_told_beside_a_fair_one() -> None:
    """1: all have the same; 0: one has nothing."""
    assert processes._smallest([5, 5]) == 1
    assert processes._smallest([1, 3]) == 0.5
    assert processes._smallest([0, 3, 3]) == 0
