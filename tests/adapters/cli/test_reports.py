"""`abby query` and `abby report`: their formats, their files, and what is said where they cannot."""

from __future__ import annotations

import asyncio
import csv
import json
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from adapters.application.saving import NewImage, save_image
from adapters.application.storage import Storage
from adapters.cli.exits import Exit
from tests.adapters.cli.conftest import Abby
from tests.adapters.cli.processes import command, png, started
from tests.adapters.reports.conftest import month

__all__ = ["month"]
pytestmark = pytest.mark.xdist_group("reports")  # the script of a page is put together once
QUESTION = "SELECT day, sum(asked) AS asked FROM daily GROUP BY day ORDER BY day"


def test_a_question_has_one_answer_in_every_format(abby: Abby, month: Path, tmp_path: Path, fits: Any) -> None:
    """On standard output and in a file."""
    import duckdb

    told = abby("query", QUESTION, "--json", root=month)
    assert fits("query", told.json)
    rows = [[row["day"], row["asked"]] for row in told.json["rows"]]
    assert len(rows) > 20
    assert f"{rows[0][1]}" in abby("query", QUESTION, root=month).out
    said = abby("query", QUESTION, "--format", "csv", root=month).out
    assert [[day, int(asked)] for day, asked in list(csv.reader(said.splitlines()))[1:]] == rows
    for name in ("json", "csv", "parquet"):
        assert abby("query", QUESTION, "--format", name, "--out", str(tmp_path / f"x.{name}"), root=month).code == 0
    assert (tmp_path / "x.csv").read_text(encoding="utf-8") == said
    assert json.loads((tmp_path / "x.json").read_bytes()) == told.json
    found = (
        duckdb.connect()
        .execute(f"SELECT CAST(day AS VARCHAR), asked FROM '{tmp_path / 'x.parquet'}' ORDER BY 1")
        .fetchall()
    )
    assert [[day, int(asked)] for day, asked in found] == rows
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_what_cannot_be_asked_is_told_and_nothing_is_written(
    abby: Abby, month: Path, tmp_path: Path, fits: Any
) -> None:
    """2, a sentence, no file and no part of one; a file that is there stays as it is."""
    kept = tmp_path / "kept.csv"
    kept.write_text("mine", encoding="utf-8")
    before = sorted(tmp_path.iterdir())
    for words in (
        ["query", "DROP VIEW events"],
        ["query", "SELECT nothing FROM events", "--format", "csv", "--out", str(tmp_path / "new.csv")],
        ["query", QUESTION, "--format", "parquet"],
        ["query", QUESTION, "--format", "csv", "--out", str(kept)],
        ["report", "--format", "png"],
        ["report", "--format", "svg", "--out", str(kept)],
    ):
        told = abby(*words, root=month)
        assert (told.code, told.out) == (2, ""), words
        assert told.err.strip()
    assert fits("refused", abby("query", "DROP VIEW events", "--json", root=month).json)
    assert sorted(tmp_path.iterdir()) == before
    assert kept.read_text(encoding="utf-8") == "mine"


def test_without_a_question_the_views_are_shown(abby: Abby, month: Path) -> None:
    """With their columns."""
    said = abby("query", root=month).out
    assert all(view in said for view in ("events", "generations", "images", "refusals", "daily", "limits"))


def test_a_report_has_the_same_figures_in_every_format(abby: Abby, month: Path, tmp_path: Path, fits: Any) -> None:
    """Pictures are pictures; the page needs nothing from elsewhere."""
    told = abby("report", "--by", "user", "--json", root=month).json
    assert fits("report", told)
    asked = f"{told['total']['asked']:,}"
    assert asked in abby("report", "--by", "user", root=month).out
    assert asked in abby("report", "--by", "user", "--format", "markdown", root=month).out
    rows = list(csv.DictReader(abby("report", "--by", "user", "--format", "csv", root=month).out.splitlines()))
    assert [(row["user"], int(row["asked"])) for row in rows] == [(row["key"], row["asked"]) for row in told["rows"]]
    for name in ("html", "svg", "png"):
        assert abby("report", "--by", "user", "--format", name, "--out", str(tmp_path / name), root=month).code == 0
    page = (tmp_path / "html").read_text(encoding="utf-8")
    assert asked in page
    assert told["forecast"]["sentence"] in page
    assert "default-src 'none'" in page
    assert all(f'{part}="http' not in page for part in ("src", "href"))
    assert (tmp_path / "svg").read_text(encoding="utf-8").startswith("<svg")
    assert (tmp_path / "png").read_bytes().startswith(b"\x89PNG")


def test_figures_say_that_the_lines_were_not_verified(abby: Abby, month: Path, tmp_path: Path) -> None:
    """Once, and what does that: an edited log has figures too."""
    log = tmp_path / "root" / "logs" / "events.jsonl"
    shutil.copytree(month, tmp_path / "root")
    log.write_bytes(log.read_bytes().replace(b'"credits":0.04', b'"credits":9.04', 1))
    assert abby("verify", root=tmp_path / "root").code == Exit.DATA
    for words in (["report"], ["report", "--format", "markdown"], ["report", "--days", "1"], ["query", QUESTION]):
        told = abby(*words, root=tmp_path / "root")
        assert (told.code, " ".join(told.out.split()).count("not verified for this; `abby verify`")) == (0, 1), words
    for name in ("html", "csv", "svg"):
        told = abby("report", "--format", name, "--out", str(tmp_path / name), root=tmp_path / "root")
        assert (told.code, told.err.count("`abby verify`")) == (0, 1), name
    assert (tmp_path / "html").read_text(encoding="utf-8").count("`abby verify`") == 1
    for words in (["report", "--json"], ["query", QUESTION, "--json"]):
        assert abby(*words, root=tmp_path / "root").json["is_verified"] is False


def test_an_empty_log_has_an_empty_report(abby: Abby, root: Path, store: Any, fits: Any) -> None:
    """And no picture fails over it."""
    store.close()
    told = abby("report", "--json", root=root)
    assert fits("report", told.json)
    assert told.json["rows"] == []
    assert abby("report", root=root).code == 0
    assert abby("report", "--format", "svg", root=root).code == 0


ENDLESS = "SELECT count(*) FROM range(1000000) a, range(1000000) b, range(1000000) c"
SOON_SECONDS = 10.0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_question_without_an_end_is_stopped(month: Path, env_file: Path, number: signal.Signals) -> None:
    """In order: its folder for what does not fit into memory goes with it."""
    with started(command(month, env_file, "query", ENDLESS), TMPDIR=str(env_file.parent)) as process:
        while not list(env_file.parent.glob("abby-query-*")):
            time.sleep(0.05)
        time.sleep(0.5)  # it is being asked
        process.send_signal(number)
        assert process.wait(SOON_SECONDS) == Exit.STOPPED
    assert not list(env_file.parent.glob("abby-query-*"))


def test_an_answer_that_nobody_reads_any_more_ends(month: Path, env_file: Path) -> None:
    """Quietly, as `| head` wants it."""
    words = command(month, env_file, "query", "FROM range(100000000000)", "--format", "csv")
    with started(words) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "range\n"
        process.stdout.close()
        assert process.wait(SOON_SECONDS) == Exit.DONE
        assert process.stderr is not None
        assert process.stderr.read() == ""
        process.stdout = None


def test_an_answer_too_large_to_be_shown_is_refused(abby: Abby, month: Path) -> None:
    """A file may hold it."""
    told = abby("query", "SELECT repeat('x', 50000) FROM range(100000)", "--json", root=month)
    assert (told.code, told.json["refused"]["reason"]) == (2, "MALFORMED")
    assert "--out" in told.json["refused"]["message"]


@pytest.mark.skipif(sys.platform != "linux", reason="no other system bounds the memory of a program")
@pytest.mark.parametrize("form", [["--json"], ["--format", "csv"]], ids=["shown", "sent"])
def test_one_value_larger_than_all_that_a_question_may_take_is_refused(
    abby: Abby, month: Path, form: list[str]
) -> None:
    """Before it is made, and the program has its memory again."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_DATA)
    told = abby("query", "SELECT repeat('x', 2000000000) AS x", *form, root=month)
    assert told.code == 2
    assert "needs more memory" in told.out + told.err
    assert resource.getrlimit(resource.RLIMIT_DATA) == before


@pytest.mark.parametrize("name", ["png", "svg", "html", "csv", "markdown", "json", "table"])
@pytest.mark.parametrize("images", [0, 1])
def test_a_log_in_which_next_to_nothing_was_made_has_a_report_too(
    abby: Abby, root: Path, store: Storage, tmp_path: Path, images: int, name: str
) -> None:
    """In every format: also where some of its charts have values, and some none."""
    for _ in range(images):
        asyncio.run(save_image(store, NewImage("ada", png())))
    store.close()
    told = abby("report", "--format", name, "--out", str(tmp_path / "made"), root=root)
    assert (told.code, (tmp_path / "made").stat().st_size > 0) == (0, True), told.err
