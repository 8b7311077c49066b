"""A log is carried into a database: what is the same then, what is refused, and what a cut leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from shutil import copytree
from threading import Barrier, BrokenBarrierError, Thread
from uuid import uuid4

import pytest
from eventsourcing.dcb.api import DCBEvent
from psycopg.sql import SQL, Identifier

from adapters.disk.files import Files
from adapters.engines.moving import Moving
from adapters.eventlog.jsonl.held_log import HeldLog
from adapters.eventlog.postgres import to_database
from adapters.eventlog.postgres.database import Database
from adapters.eventlog.postgres.rows import Beginning, Row, Rows
from adapters.ports.faults import (
    ConfigError,
    LogDamaged,
    LogForeign,
    LogLocked,
    LogMissing,
    StorageUnavailable,
    TargetRefused,
)
from tests.adapters.eventlog.jsonl.logs import batch, event, opened, write_log
from tests.adapters.eventlog.postgres.moves import (
    Environment,
    asked,
    back,
    is_copy,
    log_of,
    rows_of,
    served,
    there,
)
from tests.servers.postgres import PASSWORD, new_database, shared


@pytest.fixture
def empty() -> Environment:
    """An empty database."""
    return new_database()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with a log of nine events in four batches."""
    write_log(tmp_path / "root", [3, 1, 4, 1])
    return tmp_path / "root"


@pytest.fixture
def small_appends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three events at most in one append."""
    monkeypatch.setattr(to_database, "APPENDED_EVENTS", 3)


def test_the_database_has_the_lines_and_the_root_is_its_copy(root: Path, empty: Environment) -> None:
    """Byte for byte, with type, tags and secret; the file is as it was, and a service goes on with the database."""
    before, key = log_of(root), (root / "logs" / ".key").read_bytes()
    moved = there(root, empty)
    assert (moved.position, moved.brought, moved.size_bytes) == (9, 9, len(before))
    assert rows_of(empty) == before == log_of(root)
    assert asked(empty, "SELECT type, tags FROM abby_events_tt_main ORDER BY id LIMIT 2") == [
        ("LogBegun", []),
        ("Happened", ["user:42", "pool"]),
    ]
    assert asked(empty, "SELECT secret FROM abby_secret") == [(key[:32],)]
    with pytest.raises(ConfigError, match="is a copy of the one in the database test_"):
        opened(root)
    with served(root, empty) as log:
        assert (log.head, log.secret) == (9, key[:32])
        log.append([event(9)])
    assert log_of(root).startswith(before)
    assert rows_of(empty) == log_of(root)


def test_done_once_there_is_nothing_to_do(root: Path, empty: Environment) -> None:
    """It looks again, and says so."""
    there(root, empty)
    assert there(root, empty).brought == 0
    assert rows_of(empty) == log_of(root)


@pytest.mark.usefixtures("small_appends")
def test_batches_are_recorded_whole(root: Path, empty: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several in one append, and one that is longer than that alone."""
    appended: list[int] = []
    append = Rows.append

    def noting(self: Rows, events: list[DCBEvent], lines: list[bytes], after: Row) -> int:
        appended.append(len(lines))
        return append(self, events, lines, after)

    monkeypatch.setattr(Rows, "append", noting)
    there(root, empty)
    assert appended == [3, 1, 4, 1]


def test_an_empty_log_is_one_too(tmp_path: Path, empty: Environment) -> None:
    """A header is all there is."""
    opened(tmp_path).close()
    assert there(tmp_path, empty).position == 0
    with served(tmp_path, empty) as log:
        assert log.append([event()]) == 1


def test_what_a_torn_batch_left_is_not_brought_and_not_touched(root: Path, empty: Environment) -> None:
    """It was never acknowledged."""
    whole = log_of(root)
    torn = whole + b'{"pos":10,"batch":[10,11],"ty'
    (root / "logs" / "events.jsonl").write_bytes(torn)
    assert there(root, empty).position == 9
    assert (rows_of(empty), log_of(root)) == (whole, torn)
    with served(root, empty) as log:
        log.append([event(9)])
    assert log_of(root).startswith(whole + b'{"pos":10,"batch":[10,10],')


class Cut(BaseException):
    """Ends a migration at once."""


@pytest.mark.usefixtures("small_appends")
@pytest.mark.parametrize("is_recorded", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", range(4))
def test_cut_off_at_any_append_it_goes_on(
    number: int, is_recorded: bool, root: Path, empty: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the append was recorded and nobody heard of it. Until the end nothing opens the database, and the root
    may go on by itself in between.
    """
    append, turns = Rows.append, iter(range(9))

    def cutting(self: Rows, events: list[DCBEvent], lines: list[bytes], after: Row) -> int:
        if next(turns) != number:
            return append(self, events, lines, after)
        if is_recorded:
            append(self, events, lines, after)
        raise Cut

    monkeypatch.setattr(Rows, "append", cutting)
    with pytest.raises(Cut):
        there(root, empty)
    with (
        pytest.raises(LogDamaged, match=r"has no secret: an `abby migrate --to postgres` has not ended"),
        served(root / "else", empty),
    ):
        pass
    recorder = opened(root)
    recorder.append(batch(2, 9))
    recorder.close()
    monkeypatch.setattr(Rows, "append", append)
    moved = there(root, empty)
    assert moved.brought == 11 - [0, 3, 4, 8][number] - is_recorded * [3, 1, 4, 1][number]
    assert rows_of(empty) == log_of(root)


STEPS: list[tuple[type, str, bool]] = [
    (Rows, "begin_to_bring", True),
    (HeldLog, "mark_as_copy", False),
    (HeldLog, "mark_as_copy", True),
    (Rows, "end_to_bring", False),
    (Rows, "end_to_bring", True),
]
"""What is cut off, and whether it was done."""


@pytest.mark.parametrize(("owner", "name", "is_done"), STEPS)
def test_cut_off_at_any_other_step_there_are_never_two_logs(
    owner: type, name: str, is_done: bool, root: Path, empty: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Either the root can be written or the database, and the same command goes on, or the other goes back."""
    carried_out = getattr(owner, name)

    def cutting(*arguments: object) -> None:
        if is_done:
            carried_out(*arguments)
        raise Cut

    before = log_of(root)
    monkeypatch.setattr(owner, name, cutting)
    with pytest.raises(Cut):
        there(root, empty)
    monkeypatch.setattr(owner, name, carried_out)
    assert not (can_be_written(lambda: opened(root).close()) and can_be_written(lambda: serve(root, empty)))
    if is_copy(root):
        back(root, empty)
        assert can_be_written(lambda: opened(root).close())
    assert there(root, empty).position == 9
    assert rows_of(empty) == log_of(root) == before


def can_be_written(write: Callable[[], object]) -> bool:
    """Whether it opens."""
    try:
        write()
    except (ConfigError, LogDamaged):
        return False
    return True


def serve(root: Path, environment: Environment) -> None:
    """A service starts elsewhere, and stops."""
    with served(root.parent / f"elsewhere-{uuid4().hex}", environment):
        pass


def test_a_database_with_another_log_is_refused(root: Path, tmp_path: Path, empty: Environment) -> None:
    """And is as it was."""
    with served(tmp_path / "other", empty) as other:
        other.append([event()])
    before = rows_of(empty)
    with pytest.raises(TargetRefused, match="holds another log already"):
        there(root, empty)
    assert rows_of(empty) == before
    assert not is_copy(root)


def test_a_table_of_another_program_is_refused(root: Path, empty: Environment) -> None:
    """The library's own recorder may stand there."""
    serve(root, empty)
    asked(empty, "UPDATE abby_events_tt_main SET type = 'Theirs'")
    with pytest.raises(LogDamaged, match="does not begin with the header of a log of ours"):
        there(root, empty)


def test_a_database_that_has_more_says_which_way(root: Path, tmp_path: Path, empty: Environment) -> None:
    """It went on: there is nothing to bring."""
    there(root, empty)
    with served(tmp_path / "second", empty) as log:
        log.append(batch(2, 9))
    with pytest.raises(TargetRefused, match=r"has 11 events of this log, and .* has 9\. The root is a copy of it"):
        there(root, empty)


def test_what_went_on_in_both_places_is_refused(root: Path, tmp_path: Path, empty: Environment) -> None:
    """Whichever is longer."""
    there(root, empty)
    with served(tmp_path / "second", empty) as log:
        log.append(batch(2, 9))
    (root / "logs" / "copy-of").unlink()  # as nobody should
    recorder = opened(root)
    recorder.append(batch(3, 90))
    recorder.close()
    with pytest.raises(TargetRefused, match="went on differently: at position 11 they are not the same"):
        there(root, empty)
    with pytest.raises(LogForeign, match="went on differently"):
        back(root, empty)
    with pytest.raises(LogForeign, match="is a log of its own"), served(root, empty):
        pass
    assert opened(root).head == 12, "nothing was cut off"


def test_the_copy_of_another_database_is_refused(root: Path, empty: Environment) -> None:
    """It may lack what was recorded there."""
    there(root, empty)
    with pytest.raises(TargetRefused, match="is a copy of one in another database"):
        there(root, new_database())


def test_another_secret_is_refused(root: Path, empty: Environment) -> None:
    """Requests were answered with it."""
    there(root, empty)
    asked(empty, "UPDATE abby_secret SET secret = 'x'")
    with pytest.raises(TargetRefused, match="with another secret than"):
        there(root, empty)


def test_what_a_database_lost_is_brought_again_from_a_copy(root: Path, empty: Environment) -> None:
    """After a fail-over to a standby that lacked the end, where the copy has it."""
    there(root, empty)
    asked(empty, "DELETE FROM abby_events_tt_tag WHERE main_id > 6")
    asked(empty, "DELETE FROM abby_events_tt_main WHERE id > 6")
    with pytest.raises(LogDamaged, match="does not hold what was recorded in it"), served(root, empty):
        pass
    assert there(root, empty).brought == 4
    assert rows_of(empty) == log_of(root)


def test_a_running_writer_keeps_it_out(root: Path, empty: Environment) -> None:
    """By the lock, and nothing is made in the database."""
    with closing(opened(root)), pytest.raises(LogLocked, match="is being written by process"):
        there(root, empty)
    assert asked(empty, "SELECT to_regclass('abby_events_tt_main')") == [(None,)]


def test_while_it_is_brought_nobody_writes_it(root: Path, empty: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock is held all the time."""
    begin, seen = Rows.begin_to_bring, []

    def looking(self: Rows, header: bytes) -> None:
        with pytest.raises(LogLocked):
            opened(root)
        seen.append(header)
        begin(self, header)

    monkeypatch.setattr(Rows, "begin_to_bring", looking)
    there(root, empty)
    assert seen


def test_a_log_that_is_not_there_or_damaged_is_not_brought(root: Path, tmp_path: Path, empty: Environment) -> None:
    """Nothing is made, neither here nor there."""
    with pytest.raises(LogMissing, match="There is no log"):
        there(tmp_path / "nowhere", empty)
    assert not (tmp_path / "nowhere").exists()
    path = root / "logs" / "events.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"number":2', b'"number":7', 1))
    with pytest.raises(LogDamaged):
        there(root, empty)
    assert asked(empty, "SELECT to_regclass('abby_events_tt_main')") == [(None,)]


def test_a_missing_setting_is_named(root: Path) -> None:
    """Whatever PERSISTENCE_MODULE is."""
    with pytest.raises(ConfigError, match="POSTGRES_DBNAME, POSTGRES_USER are not set"):
        Moving(root, {"POSTGRES_HOST": "127.0.0.1", "POSTGRES_PASSWORD": "x"}, Files())


def test_a_database_that_does_not_answer_is_said(root: Path, empty: Environment) -> None:
    """With its reason; the root is as it was."""
    with pytest.raises(StorageUnavailable, match="does not answer as it should"):
        there(root, {**empty, "POSTGRES_PORT": "1"})
    assert not is_copy(root)


@pytest.fixture
def stranger(empty: Environment) -> Iterator[Environment]:
    """The same database with an account that may only connect."""
    name = f"stranger_{uuid4().hex}"
    asked(shared().environment(), SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(Identifier(name), PASSWORD))
    asked(empty, "REVOKE CREATE ON SCHEMA public FROM public")
    yield {**empty, "POSTGRES_USER": name}
    asked(empty, SQL("DROP OWNED BY {}").format(Identifier(name)))
    asked(shared().environment(), SQL("DROP ROLE {}").format(Identifier(name)))


def test_an_account_that_may_make_no_tables_is_told(root: Path, stranger: Environment) -> None:
    """And what to grant."""
    with pytest.raises(ConfigError, match="may not make them"):
        there(root, stranger)
    assert not is_copy(root)


def test_an_account_that_may_only_read_is_told(root: Path, empty: Environment, stranger: Environment) -> None:
    """What to grant, and then it goes on."""
    there(root, empty)
    (root / "logs" / "copy-of").unlink()
    recorder = opened(root)
    recorder.append(batch(2, 9))
    recorder.close()
    account = Identifier(stranger["POSTGRES_USER"])
    asked(empty, SQL("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}").format(account))
    with pytest.raises(ConfigError, match=r"may not write the log's tables .*permission denied.*Run the command with"):
        there(root, stranger)
    asked(empty, SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}").format(account))
    asked(empty, SQL("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {}").format(account))
    assert there(root, stranger).brought == 2


@pytest.mark.parametrize(
    ("change", "position"),
    [
        (
            "UPDATE abby_events_tt_main SET data = replace(convert_from(data, 'UTF8'), '42', '43')::bytea WHERE id = 4",
            3,
        ),
        ("DELETE FROM abby_events_tt_tag; DELETE FROM abby_events_tt_main WHERE id = 6", 5),
        ("DELETE FROM abby_events_tt_tag; DELETE FROM abby_events_tt_main WHERE id = 10", 9),
        ("INSERT INTO abby_events_tt_main (type, data, tags) VALUES ('Happened', '{}', '{}')", 10),
    ],
    ids=["another", "missing", "the last is missing", "one too many"],
)
def test_a_row_that_is_not_the_line_is_found(
    change: str, position: int, root: Path, empty: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the root is a copy."""
    bring = to_database._Bringing.bring

    def changing(self: to_database._Bringing) -> int:
        brought = bring(self)
        asked(empty, change)
        return brought

    monkeypatch.setattr(to_database._Bringing, "bring", changing)
    with pytest.raises(LogDamaged, match=f"differ at position {position},") as told:
        there(root, empty)
    assert told.value.position == position
    assert not is_copy(root)


def test_who_begins_a_log_at_the_same_moment_is_told_the_truth(root: Path, empty: Environment) -> None:
    """Whoever comes first has the database: a secret that was kept for another log goes, or none is kept."""
    with closing(Database(empty)) as database:
        rows = Rows(database)
        rows.begin_to_bring(log_of(root).partition(b"\n")[0] + b"\n")
        with database.recorder() as recorder:
            rows._begin(recorder, Beginning(b'{"log":"theirs"}\n', b"theirs"))
        assert rows.standing() == (log_of(root).partition(b"\n")[0] + b"\n", None)
    assert there(root, empty).brought == 9


@pytest.mark.usefixtures("small_appends")
def test_two_runs_at_once_bring_each_line_once(
    root: Path, tmp_path: Path, empty: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two copies of the same folder, each is ahead for a while."""
    copytree(root, tmp_path / "copied")
    append, waits = Rows.append, Barrier(2, timeout=20)

    def together(self: Rows, events: list[DCBEvent], lines: list[bytes], after: Row) -> int:
        with suppress(BrokenBarrierError):
            waits.wait()
        return append(self, events, lines, after)

    monkeypatch.setattr(Rows, "append", together)
    brought: list[int] = []

    def bring(folder: Path) -> None:
        brought.append(there(folder, empty).brought)
        waits.abort()

    threads = [Thread(target=bring, args=(folder,)) for folder in (root, tmp_path / "copied")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(brought) == 9
    assert rows_of(empty) == log_of(root) == log_of(tmp_path / "copied")


def test_progress_rises_to_its_end(root: Path, empty: Environment) -> None:
    """Reading, bringing and reading back are each a third."""
    told: list[tuple[int, int]] = []
    Moving(root, empty, Files()).to_postgres(lambda done, total: told.append((done, total)))
    assert told == [(18, 27), (27, 27)]
