"""A question is answered from the log's lines, can reach nothing else, and those of the document run."""

from __future__ import annotations

import os
import re
import subprocess
from contextlib import closing
from io import BytesIO
from pathlib import Path
from time import sleep

import pytest

from adapters.application.governing import reset_daily_blocking
from adapters.application.results import Actor
from adapters.disk.files import Files
from adapters.engines.choice import default_engine
from adapters.engines.opening import open_store
from adapters.ports.faults import ConfigError, LogDamaged
from adapters.reports.database import NOT_INSTALLED, TARGET, database
from adapters.reports.querying import NotAnswered, ask, write
from adapters.reports.views import MEMBERS, SOURCE, VIEWS
from domain.event_forms import MEMBERS as STORED_MEMBERS
from domain.limits import MEGABYTE
from tests.adapters.reports.conftest import opened

COUNT = "SELECT type, count(*) FROM events GROUP BY 1"
DOCUMENT = (Path(__file__).parents[3] / "docs" / "queries.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)


SQL, JQ = blocks("sql"), blocks("jq")
LOOKS = 200
"""For a watermark, which is written within a second."""
NO_SELECT = (
    "",
    "-- nothing",
    "SELECT 1; SELECT 2",
    "COPY (SELECT 1) TO '{out}'",
    "COPY (SELECT 1) TO 'abbylog://events'",
    "ATTACH '{out}' AS other",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET enable_external_access = true",
    "RESET lock_configuration",
    "CREATE TABLE kept AS SELECT 1",
    "CREATE OR REPLACE VIEW events AS SELECT 1",
    "DROP VIEW events",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '{out}'",
    "EXPORT DATABASE '{out}'",
    "PRAGMA database_list",
    "CALL pragma_version()",
    "SELECT 1; COPY (SELECT 1) TO '{out}'",
)
ELSEWHERE = (
    "SELECT * FROM read_text('{secret}')",
    "SELECT * FROM read_blob('{secret}')",
    "SELECT * FROM read_csv('{secret}')",
    "SELECT * FROM '{secret}'",
    "SELECT * FROM glob('{folder}/*')",
    "SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')",
    "SELECT * FROM read_parquet('s3://bucket/x.parquet')",
    "SELECT * FROM read_text('abbylog://other')",
    "SELECT * FROM read_text('abbylog://../../{secret}')",
    "SELECT * FROM read_text('file://{secret}')",
    "SELECT * FROM query('COPY (SELECT 1) TO ''{out}''')",
    "SELECT * FROM sqlite_scan('{secret}', 'x')",
    "SELECT getenv('HOME')",
    "SELECT * FROM MEMBERS",
    "SELECT * FROM SQL",
)


@pytest.mark.parametrize("question", SQL, ids=range(len(SQL)))
def test_a_question_of_the_document_is_answered(question: str, month: Path) -> None:
    """With rows, in a month that has something of everything."""
    with opened(month) as log:
        assert ask(log, question).rows or "open > 0" in question or "copies" in question


@pytest.mark.parametrize("words", JQ, ids=range(len(JQ)))
def test_a_question_in_jq_is_answered(words: str, month: Path) -> None:
    """By jq alone, in the folder of the storage root."""
    done = subprocess.run(["sh", "-c", words], cwd=month, capture_output=True, text=True, check=True)
    assert done.stdout.strip()


def test_the_document_has_a_dozen_questions_and_every_column(month: Path) -> None:
    """And no view that is not there."""
    assert len(SQL) >= 12
    assert len(JQ) >= 3
    told = {line.split()[0]: line.split()[1:] for line in blocks("views")[0].splitlines()}
    with opened(month) as log:
        found = {name: [column for column, _ in ask(log, f"FROM {name} LIMIT 0").columns] for name in VIEWS}
    assert told == found


def test_every_member_of_every_event_is_known() -> None:
    """A new member of an event needs its type here."""
    assert set(MEMBERS) == {member.name for members in STORED_MEMBERS.values() for member in members}


@pytest.mark.parametrize("question", [*NO_SELECT, *ELSEWHERE])
def test_a_question_reaches_nothing_but_the_log(question: str, month: Path, tmp_path: Path) -> None:
    """Refused as a question, and where it got by that, by the database: each is tried both ways."""
    import duckdb

    secret, out = tmp_path / "secret", tmp_path / "out"
    secret.write_text("a,b\n1,2\n", encoding="utf-8")
    log_file = month / "logs" / "events.jsonl"
    before = log_file.read_bytes()
    text = question.format(secret=secret, out=out, folder=tmp_path)
    with opened(month) as log:
        with pytest.raises(NotAnswered):
            ask(log, text)
        if question in ELSEWHERE:
            with pytest.raises(NotAnswered):
                write(log, text, "csv", BytesIO())
        if question in ELSEWHERE or "{out}" in question or SOURCE in question:
            with database(log) as made, pytest.raises((duckdb.Error, PermissionError)):
                made.execute(text).fetchall()
    assert sorted(tmp_path.iterdir()) == [secret]
    assert log_file.read_bytes() == before


@pytest.mark.parametrize(
    ("question", "said", "unsaid"),
    [
        (f"SELECT {'(' * 1_100}1{')' * 1_100}", "depth limit", "SET "),
        ("SELECT st_area('x')", '"st_area" is not in the catalog', "INSTALL"),
        ("FROM 'https://example.org/z.csv'", "nothing else", "configuration"),
        ("SELECT 'SET x to y' + nothing", "SET x to y", "duckdb.org"),
    ],
    ids=["depth", "extension", "address", "the own words"],
)
def test_nobody_is_advised_to_change_what_is_closed(question: str, said: str, unsaid: str, month: Path) -> None:
    """The database knows settings and extensions that a question here cannot have; the words of the question stay."""
    with opened(month) as log, pytest.raises(NotAnswered) as found:
        ask(log, question)
    assert said in str(found.value)
    assert unsaid not in str(found.value)


def test_a_question_cannot_break_out_of_the_copy_that_writes_it(month: Path, tmp_path: Path) -> None:
    """What ends a bracket is no SELECT by itself, and a comment ends with its line."""
    out = tmp_path / "out"
    with opened(month) as log:
        with pytest.raises(NotAnswered):
            write(log, f"SELECT 1) TO '{out}' --", "csv", BytesIO())
        made = BytesIO()
        made.close = lambda: None  # type: ignore[method-assign]  # it is looked at after the database has closed it
        write(log, "SELECT 1 AS one -- and no more", "csv", made)
    assert made.getvalue() == b"one\n1\n"
    assert not out.exists()
    assert TARGET not in str(list(tmp_path.iterdir()))


def test_it_reads_whole_batches_beside_a_writer(tmp_path: Path) -> None:
    """What is at or below the watermark; a line that is being written is not seen, and not touched."""
    root = tmp_path / "root"
    with closing(open_store(root)) as store:
        for user in ("ada", "bob"):
            reset_daily_blocking(store, user, "tried", actor=Actor("cli"))
        log_file = root / "logs" / "events.jsonl"
        whole = log_file.stat().st_size
        with log_file.open("ab") as torn:
            torn.write(b'{"pos":4,"batch":[4,4],"type":"Daily')
        with opened(root) as log:
            for _ in range(LOOKS):
                if log.follow():
                    break
                sleep(0.05)
            head, rows = log.head, ask(log, "SELECT position FROM events ORDER BY position").rows
        os.truncate(log_file, whole)
    assert head >= 2
    assert [position for (position,) in rows] == list(range(1, head + 1))


def test_a_line_that_is_none_is_damage(month: Path, tmp_path: Path) -> None:
    """In the middle, where a reader of the end did not look: told, not passed over."""
    root = tmp_path / "root"
    (root / "logs").mkdir(parents=True)
    for name in ("head", "events.jsonl", ".key"):
        (root / "logs" / name).write_bytes((month / "logs" / name).read_bytes())
    data = bytearray((root / "logs" / "events.jsonl").read_bytes())
    middle = data.index(b'"type":"ImageSaved"')
    data[middle : middle + 8] = b'"type"#"'
    (root / "logs" / "events.jsonl").write_bytes(data)
    with opened(root) as log, pytest.raises(LogDamaged, match="abby verify"):
        ask(log, "SELECT count(*) FROM events WHERE type = 'ImageSaved'")


def test_who_watches_is_told_how_far_the_log_is_read(month: Path) -> None:
    """In MB, up to all of it, whatever becomes of the rows; nobody has to watch."""
    for question in (
        lambda log, seen: ask(log, COUNT, progress=seen),
        lambda log, seen: write(log, COUNT, "csv", BytesIO(), progress=seen),
    ):
        seen: list[tuple[int, int]] = []
        with opened(month) as log:
            question(log, lambda done, whole, seen=seen: seen.append((done, whole)))
            megabytes = log.lines().size_bytes // MEGABYTE
        assert megabytes > 0
        assert (megabytes, megabytes) in seen
        assert all(0 <= done <= whole == megabytes for done, whole in seen)


def test_what_needs_too_much_memory_is_told_so(month: Path) -> None:
    """With what to do; the process lives."""
    with opened(month) as log, pytest.raises(NotAnswered, match="memory"):
        ask(log, "SELECT string_agg(repeat('x', 1000000), ',') FROM range(2000)")


def test_without_the_extra_it_says_what_to_install(month: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever of the packages is missing."""
    for name in ("duckdb", "fsspec"):
        with monkeypatch.context() as without, opened(month) as log:
            without.setitem(__import__("sys").modules, name, None)
            with pytest.raises(ConfigError, match="abby-ledger\\[reports\\]"):
                ask(log, "SELECT 1")
    assert "pip install" in NOT_INSTALLED


def test_the_engine_of_lines_gives_what_stands_in_the_file(month: Path) -> None:
    """All but the header."""
    with closing(default_engine(Files()).open_for_reading(month, at_end=True)) as log:
        lines = log.lines()
        stored = (month / "logs" / "events.jsonl").read_bytes()
        assert lines.read(lines.begin, lines.end) == stored.partition(b"\n")[2]
