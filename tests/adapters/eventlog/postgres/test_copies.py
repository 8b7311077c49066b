"""The copy of a log in a database: it follows, it is made whole again, and what does not fit is refused."""

from __future__ import annotations

import errno
import re
import shutil
import threading
from contextlib import closing
from pathlib import Path

import pytest
from eventsourcing.dcb.api import DCBAppendCondition, DCBEvent
from eventsourcing.persistence import IntegrityError

from adapters.disk.files import Files
from adapters.eventlog.jsonl import JSONLEngine
from adapters.eventlog.postgres import log as log_module
from adapters.eventlog.postgres.engine import PostgresEngine
from adapters.eventlog.postgres.rows import Row, Rows
from adapters.ports.event_log import VerifiedEvent
from adapters.ports.faults import ConfigError, DiskFull, LogDamaged, LogForeign, LogMissing, StorageUnavailable
from tests.adapters.eventlog.jsonl.logs import Disk, batch, clock, event, fails, numbers
from tests.adapters.eventlog.postgres.logs import (
    TABLE,
    Environment,
    abandon,
    copy_of,
    ids,
    leave_out_ids,
    new_schema,
    opened,
    session,
)


@pytest.fixture
def environment() -> Environment:
    """Of an empty schema."""
    return new_schema()


def test_two_copies_have_the_same_bytes(tmp_path: Path, environment: Environment) -> None:
    """Whoever recorded what, and however it was taken in: at a turn, in between, or by the next start."""
    heard: list[VerifiedEvent] = []
    with closing(opened(tmp_path / "a", environment)) as a, closing(opened(tmp_path / "b", environment)) as b:
        a.append(batch(3))
        assert b.head == 0
        assert b.follow() == 3
        with a.turn() as head:
            a.append(batch(2), DCBAppendCondition(after=head))
        with b.turn() as head:
            assert head == 5
            b.append([event()], DCBAppendCondition(after=head))
        assert a.follow() == 6
        assert (a.secret, a.log_id) == (b.secret, b.log_id)
    with closing(opened(tmp_path / "c", environment, on_event=heard.append)):
        assert [found.position for found in heard] == [1, 2, 3, 4, 5, 6]
    assert copy_of(tmp_path / "a") == copy_of(tmp_path / "b") == copy_of(tmp_path / "c")
    assert JSONLEngine(Files()).verify(tmp_path / "a").damage is None


class Read(Disk):
    """A disk that counts what is read of open files."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    def read_all_at(self, fd: int, size: int, offset: int) -> bytes:
        self.reads += 1
        return super().read_all_at(fd, size, offset)


@pytest.mark.parametrize("data", [b"{}", b'"a text"', bytes(range(256))])
def test_what_was_taken_in_last_is_read_as_it_was_recorded(
    data: bytes, tmp_path: Path, environment: Environment
) -> None:
    """From any position on, also before it, and whatever was recorded; what is ours is read from the memory."""
    disk = Read()
    with closing(opened(tmp_path / "a", environment)) as a, closing(opened(tmp_path / "b", environment, disk)) as b:
        for size in (3, 2):
            a.append([*batch(size), DCBEvent("Odd", data, ["tag"])])
            b.follow()
            whole, before = [*a.read()], disk.reads
            assert [*b.read(after=b.head - 2)] == whole[-2:]
            assert (disk.reads == before) is (data == b"{}")
            for after in range(b.head + 1):
                assert [*b.read(after=after)] == whole[after:]
        b.append([event()])
        a.follow()
        assert [*a.read(after=5)] == [*b.read(after=5)]


def test_whoever_does_not_know_all_records_nothing(tmp_path: Path, environment: Environment) -> None:
    """An append on what is no longer the end is a conflict, also without a condition, and what others recorded is taken
    in then.
    """
    with closing(opened(tmp_path / "a", environment)) as a, closing(opened(tmp_path / "b", environment)) as b:
        for is_conditional in (False, True):
            a.append([event()])
            with pytest.raises(IntegrityError):
                b.append([event()], DCBAppendCondition(after=b.head) if is_conditional else None)
            assert b.head == a.head
        assert b.append([event()]) == 3


def test_ids_may_have_gaps(tmp_path: Path, environment: Environment) -> None:
    """Each position is found, whatever ids were left out before it; a start and the others go on."""
    with closing(opened(tmp_path / "a", environment)) as a:
        for gap, size in ((1, 2), (5, 1), (0, 3), (40, 1)):
            leave_out_ids(environment, gap)
            a.append(batch(size))
        rows = Rows(a._database)
        found = [rows.at(position) for position in range(9)]
        assert [row and row.id for row in found] == [*ids(environment), None]
        a.checkpoint(7)
    with closing(opened(tmp_path / "a", environment)) as a, closing(opened(tmp_path / "b", environment)) as b:
        leave_out_ids(environment, 3)
        assert b.append([event()]) == 8
        assert a.follow() == 8
    assert ids(environment) == [1, 3, 4, 10, 11, 12, 13, 54, 58]


def test_batches_go_over_pages(tmp_path: Path, environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that begins on a page, one that fills it, one that is longer than several: each is taken in whole."""
    with closing(opened(tmp_path / "a", environment)) as a, closing(opened(tmp_path / "b", environment)) as b:
        sizes = (3, 4, 1, 4, 13, 2, 4, 4, 1)
        for size in sizes:
            a.append(batch(size))
        monkeypatch.setattr(log_module, "PAGE", 4)
        monkeypatch.setattr(Rows.after, "__defaults__", (4,))
        assert b.follow() == sum(sizes)
    assert copy_of(tmp_path / "a") == copy_of(tmp_path / "b")


def test_a_copy_that_has_taken_in_a_part_is_behind(
    tmp_path: Path, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How stale it is says when all was known, and not when something came."""
    with closing(opened(tmp_path / "a", environment)) as a, closing(opened(tmp_path / "b", environment)) as b:
        for _ in range(8):
            a.append([event()])
        monkeypatch.setattr(log_module, "PAGE", 4)
        read, asked = b._rows.after, list[int]()

        def once(row: int, limit: int) -> list[Row]:
            asked.append(row)
            if len(asked) > 1:
                raise StorageUnavailable("away")
            return read(row, limit)

        monkeypatch.setattr(b._rows, "after", once)
        b._known_at -= 60
        with pytest.raises(StorageUnavailable):
            b.follow()
        assert b.head == 4
        assert b.shared.seconds_behind >= 60
        monkeypatch.setattr(b._rows, "after", read)
        b.follow()
        assert b.shared.seconds_behind < 5


def test_a_database_that_ends_in_the_middle_of_a_batch_is_damaged(tmp_path: Path, environment: Environment) -> None:
    """Nobody waits for its end, and nothing is recorded after it."""
    with closing(opened(tmp_path / "a", environment)) as a:
        a.append([event()])
        a.append(batch(3))
    with session(environment) as asked:
        asked.execute(f"DELETE FROM {TABLE.replace('main', 'tag')}; DELETE FROM {TABLE} WHERE id = 5")
    with pytest.raises(LogDamaged, match="ends in the middle of what was recorded together"):
        opened(tmp_path / "b", environment)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("UPDATE {table} SET data = data || ' ' WHERE id = 3", "no line of a log of ours|is damaged"),
        ("UPDATE {table} SET data = replace(encode(data, 'escape'), 'number\":1', 'number\":7')::bytea WHERE id = 3",
         "is damaged"),
        ("INSERT INTO {table} (type, data, tags) VALUES ('Happened', '{{}}', '{{}}')", "no line of a log of ours"),
        ("UPDATE {table} SET type = 'Other' WHERE id = 1", "does not begin with the header"),
        ("DELETE FROM abby_secret", "has no secret"),
    ],
)  # fmt: skip
def test_what_somebody_changed_in_the_database_is_refused(
    tmp_path: Path, environment: Environment, change: str, says: str
) -> None:
    """A new copy does not take it in."""
    with closing(opened(tmp_path / "a", environment)) as a:
        a.append(batch(3))
    with session(environment) as asked:
        asked.execute(change.format(table=TABLE))
    with pytest.raises(LogDamaged, match=says):
        opened(tmp_path / "b", environment)


def test_a_copy_that_is_behind_goes_on_and_one_that_was_killed_is_cut_back(
    tmp_path: Path, environment: Environment
) -> None:
    """What stands after the watermark is not surely on the disk: it may be anything, and is taken in anew."""
    with closing(opened(tmp_path / "a", environment)) as a:
        b = opened(tmp_path / "b", environment)
        a.append(batch(2))
        b.follow()
        b.checkpoint(0)
        a.append(batch(2))
        b.follow()
        abandon(b)
        killed = copy_of(tmp_path / "b")
        for torn in (killed, killed[:-7], killed[:-200], killed.replace(b'"pos":4', b'"pos":9'), killed + b'{"pos":5'):
            (tmp_path / "b" / "logs" / "events.jsonl").write_bytes(torn)
            b = opened(tmp_path / "b", environment)
            assert numbers(b) == [1, 2, 3, 4]
            abandon(b)
            assert copy_of(tmp_path / "b") == killed
        a.append(batch(30))
    with closing(opened(tmp_path / "b", environment)) as b:
        assert b.head == 34
    assert copy_of(tmp_path / "a") == copy_of(tmp_path / "b")
    assert not (tmp_path / "b" / "logs" / "torn").exists(), "nothing of it was kept: the database has it"


def test_a_copy_that_was_cut_before_its_watermark_is_damaged(tmp_path: Path, environment: Environment) -> None:
    """As any log is; moved away it is made anew."""
    with closing(opened(tmp_path / "a", environment)) as a:
        a.append(batch(3))
        a.append(batch(3))
    whole = copy_of(tmp_path / "a")
    (tmp_path / "a" / "logs" / "events.jsonl").write_bytes(b"".join(whole.splitlines(keepends=True)[:4]))
    with pytest.raises(LogDamaged, match="ends too early"):
        opened(tmp_path / "a", environment)
    shutil.rmtree(tmp_path / "a" / "logs")
    opened(tmp_path / "a", environment).close()
    assert copy_of(tmp_path / "a") == whole


def test_a_copy_that_has_more_than_the_database_is_refused(tmp_path: Path, environment: Environment) -> None:
    """An older state of the database was restored: at a start, and while it runs, nothing is recorded over it."""
    a = opened(tmp_path / "a", environment)
    a.append(batch(2))
    a.append([event()])
    with session(environment) as asked:
        asked.execute(f"DELETE FROM {TABLE.replace('main', 'tag')}; DELETE FROM {TABLE} WHERE id = 4")
    with pytest.raises(LogDamaged, match="does not hold what was recorded in it up to position 3"):
        a.follow()
    a.close()
    kept = copy_of(tmp_path / "a")
    for _ in range(2):
        with pytest.raises(LogDamaged, match="an older state of it was restored"):
            opened(tmp_path / "a", environment)
    with closing(opened(tmp_path / "b", environment)) as b:
        b.append([event(7)])
    with pytest.raises(LogDamaged, match="an older state of it was restored"):
        opened(tmp_path / "a", environment)
    assert copy_of(tmp_path / "a") == kept


def test_the_copy_of_another_log_is_refused(tmp_path: Path, environment: Environment) -> None:
    """As is a log of its own, where the database is empty or has another; nothing of it is changed."""
    opened(tmp_path / "a", environment).close()
    with pytest.raises(LogMissing, match="abby migrate --to postgres"):
        opened(tmp_path / "a", new_schema())
    other = new_schema()
    opened(tmp_path / "b", other).close()
    with pytest.raises(LogForeign, match="they have different ids"):
        opened(tmp_path / "a", other)
    with pytest.raises(ConfigError, match="is a copy of the one in the database"):
        JSONLEngine(Files()).open_for_writing(tmp_path / "a", clock=clock)
    (tmp_path / "b" / "logs" / ".key").write_bytes((tmp_path / "a" / "logs" / ".key").read_bytes())
    with pytest.raises((LogForeign, LogDamaged)):
        opened(tmp_path / "b", other)
    opened(tmp_path / "a", environment).close()


def test_a_full_disk_under_the_copy_takes_nothing_back(tmp_path: Path, environment: Environment) -> None:
    """The database has it, so it is answered; nothing more is taken until the copy has it too, and no watermark or
    snapshot says that it had.
    """
    disk = Disk()
    with closing(opened(tmp_path / "a", environment, disk)) as a, closing(opened(tmp_path / "b", environment)) as b:
        a.append([event()])
        disk.faults["write"] = fails(OSError(errno.ENOSPC, "No space left on device"), name="events.jsonl")
        assert a.append(batch(2)) == 3
        assert (a.head, b.follow()) == (1, 3)
        assert not a.checkpoint(3), "what the image store has done is not yet in this log"
        for ask in (a.follow, lambda: a.turn().__enter__()):
            with pytest.raises(DiskFull):
                ask()
        del disk.faults["write"]
        with a.turn() as head:
            assert head == 3
        assert a.checkpoint(3)
        assert a.append([event()]) == 4
        b.follow()
    assert copy_of(tmp_path / "a") == copy_of(tmp_path / "b")


def test_the_room_that_is_kept_for_deletions_is_for_what_is_recorded_too(
    tmp_path: Path, environment: Environment
) -> None:
    """One write that finds no room is tried again with it, and then only what frees should be taken."""
    disk = Disk()
    with closing(opened(tmp_path / "a", environment, disk)) as a:
        disk.faults["write"] = fails(OSError(errno.ENOSPC, "No space left"), name="events.jsonl", times=1)
        assert a.append(batch(2)) == a.head == 2


def test_processes_that_begin_at_once_begin_one_log(tmp_path: Path, environment: Environment) -> None:
    """Each makes tables and begins where there is nothing; one header and one secret are there at the end."""
    start, logs, errors = threading.Barrier(5), [], []

    def begin(number: int) -> None:
        start.wait()
        try:
            logs.append(opened(tmp_path / str(number), environment))
        except BaseException as error:
            errors.append(error)
            raise

    threads = [threading.Thread(target=begin, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not errors
    assert len({(log.log_id, log.secret) for log in logs}) == 1
    for log in logs:
        log.follow()
        log.append([event()])
        log.close()
    assert len(ids(environment)) == 6


def test_one_that_was_connected_before_there_were_tables_can_record(tmp_path: Path, environment: Environment) -> None:
    """Another made them meanwhile, with types that this one's sessions must know."""
    early = PostgresEngine(Files(), environment)
    assert not early.exists(tmp_path / "b")
    database = early._database
    with database.recorder():
        opened(tmp_path / "a", environment).close()
    assert Rows(database).beginning(None) is not None
    first = Rows(database).last()
    assert first is not None
    assert Rows(database).append([event()], [b"{}"], first) == 2
    database.close()


def test_the_copy_can_be_read_while_its_database_is_away(tmp_path: Path, environment: Environment) -> None:
    """As far as it came; beside its writer too. Without a copy the reader is told why there is none."""
    with closing(opened(tmp_path / "a", environment)) as a:
        a.append(batch(2))
        a.checkpoint(0)
        with closing(PostgresEngine(Files(), environment).open_for_reading(tmp_path / "a")) as reader:
            assert len(list(reader.read())) == 2
            assert reader.doubt is None
    away = PostgresEngine(Files(), {**environment, "POSTGRES_PORT": "1"})
    with closing(away.open_for_reading(tmp_path / "a")) as reader:
        assert len(list(reader.read())) == 2
        assert reader.doubt is not None
        assert reader.doubt.startswith(f"The database {environment['POSTGRES_DBNAME']} at 127.0.0.1:1 does not answer")
        assert reader.doubt.endswith("What is shown is as of the copy on this machine.")
    assert away.verify(tmp_path / "a").damage is None
    with pytest.raises(StorageUnavailable):
        away.open_for_writing(tmp_path / "a", clock=clock)
    with pytest.raises((StorageUnavailable, LogMissing)):
        away.open_for_reading(tmp_path / "b")


def test_what_a_killed_process_has_alone_is_not_cut_off(tmp_path: Path, environment: Environment) -> None:
    """It was acknowledged, and the database lost it before a watermark was written: nothing goes on over it."""
    a = opened(tmp_path / "a", environment)
    a.append(batch(2))
    a.checkpoint(0)
    a.append(batch(2))
    a.append([event()])
    abandon(a)
    kept = copy_of(tmp_path / "a")
    with session(environment) as asked:
        asked.execute(f"DELETE FROM {TABLE.replace('main', 'tag')}; DELETE FROM {TABLE} WHERE id = 6")
    for end in (b"", b'{"pos":6'):
        (tmp_path / "a" / "logs" / "events.jsonl").write_bytes(kept + end)
        with pytest.raises(LogDamaged, match="does not hold what was recorded in it up to position 5"):
            opened(tmp_path / "a", environment)
        assert copy_of(tmp_path / "a") == kept + end


@pytest.mark.parametrize("left_out", [0, 50])
def test_ids_that_are_behind_the_rows_are_said_to_be(left_out: int, tmp_path: Path, environment: Environment) -> None:
    """As where a table was replicated without its sequence: a row would be refused, or stand before the last one."""
    with closing(opened(tmp_path / "a", environment)) as a:
        a.append(batch(2))
        leave_out_ids(environment, left_out)
        a.append(batch(2))
        with session(environment) as asked:
            asked.execute(f"SELECT setval('{TABLE}_id_seq', 3)" if left_out else f"SELECT setval('{TABLE}_id_seq', 1)")
        with pytest.raises(StorageUnavailable, match="are behind its rows") as refused:
            a.append(batch(2))
        with session(environment) as asked:
            (mending,) = re.findall("`(SELECT setval.*)`", str(refused.value))
            asked.execute(mending)
        assert a.append(batch(2)) == 6
        with closing(opened(tmp_path / "b", environment)) as b:
            assert numbers(b) == numbers(a)
