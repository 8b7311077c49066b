"""Readers of the copy beside no service: they bring it up to date themselves, and are in nobody's way.

| what happens                                        | what follows                                                  |
|-----------------------------------------------------|---------------------------------------------------------------|
| others record, and nobody else here takes it in     | the reader has it at its next look, a second later at most    |
| it follows more often than that                     | the database is asked once a second, and no copy is opened    |
| a service here has the copy                         | it is left to that one                                        |
| a service starts while a look is under way          | it waits for the moment that the look takes, and starts       |
| a look stands still (its process was stopped)       | the start is refused after some seconds, and names the process |
| much is to be taken in                              | in portions, between which a service may start                |
| the database is away                                | what it has, and that it may be old; over once it answers     |
| it works for long, after a look as before           | it is waited for, and nothing is left behind in it            |
| the copy may not be written, or its disk is full    | the same, and it is the disk that is named                    |
| the database has lost what the copy has             | the reader is told, as a start is                             |
| a look was killed in the middle                     | the next one goes on                                          |
"""

from __future__ import annotations

import asyncio
import errno
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from time import monotonic, sleep

import pytest

from adapters.engines.moving import Moving
from adapters.eventlog.jsonl import JSONLRecorder
from adapters.eventlog.jsonl import lock as lock_module
from adapters.eventlog.postgres import session as session_module
from adapters.eventlog.postgres import upkeep
from adapters.eventlog.postgres.engine import PostgresEngine
from adapters.eventlog.postgres.log import PostgresLog
from adapters.eventlog.postgres.rows import Rows
from adapters.eventlog.postgres.upkeep import CopyReader
from adapters.library.storage_manager import StorageManager
from adapters.ports.event_log import OnEvent
from adapters.ports.faults import LogDamaged, LogLocked
from tests.adapters.eventlog.jsonl.logs import Disk, batch, clock, event, fails, numbers
from tests.adapters.eventlog.postgres.logs import TABLE, Environment, abandon, copy_of, new_schema, opened, session
from tests.hostile.builders import png
from tests.servers.postgres import new_database
from tests.servers.proxy import Proxy

SOON_SECONDS = 10.0


@pytest.fixture
def environment() -> Environment:
    """Of an empty schema."""
    return new_schema()


def read(root: Path, environment: Environment, files: Disk | None = None) -> CopyReader:
    """A reader of the copy below a root."""
    return PostgresEngine(files or Disk(), environment).open_for_reading(root)


def looking(reader: JSONLRecorder) -> int:
    """The head, once a reader has looked anew."""
    sleep(upkeep.LOOK_SECONDS)
    return reader.follow()


def noted(call: Callable[..., object], note: Callable[..., None]) -> Callable[..., object]:
    """A call of which is noted what it is given."""

    def call_and_note(*given: object) -> object:
        note(*given)
        return call(*given)

    return call_and_note


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks are not waited for."""
    monkeypatch.setattr(upkeep, "LOOK_SECONDS", 0.0)


def test_a_reader_beside_no_service_sees_what_others_record(
    tmp_path: Path, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At its next look, however it was opened; the copy is whole, and nobody is in the way of the next."""
    monkeypatch.setattr(upkeep, "LOOK_SECONDS", 0.2)
    with closing(opened(tmp_path / "a", environment)) as a:
        a.append(batch(3))
        engine = PostgresEngine(Disk(), environment)
        with (
            closing(read(tmp_path / "b", environment)) as reader,
            closing(engine.open_for_reading(tmp_path / "b", at_end=True)) as at_end,
            closing(engine.open_for_reading(tmp_path / "b", beyond_watermark=True)) as beyond,
        ):
            assert reader.head == 3
            for head in (5, 7):
                a.append(batch(2))
                assert looking(reader) == at_end.follow() == beyond.follow() == head
            assert numbers(reader) == [1, 2, 3, 4, 5, 6, 7]
            assert reader.doubt is None
    assert copy_of(tmp_path / "a") == copy_of(tmp_path / "b")
    with closing(opened(tmp_path / "b", environment)) as b:
        assert b.append([event()]) == 8


async def test_a_program_that_only_reads_sees_what_others_save(tmp_path: Path) -> None:
    """On a machine where nothing else runs."""
    database = new_database()
    with (
        closing(StorageManager(tmp_path / "a", postgres=database)) as writer,
        closing(StorageManager(tmp_path / "b", read_only=True, postgres=database)) as reader,
    ):
        assert (await writer.save_image(png(), "1", "one.png"))[0]
        deadline = monotonic() + SOON_SECONDS
        while not reader.get_quota_status("1")["daily"]["used"]:
            assert monotonic() < deadline
            await asyncio.sleep(0.02)


def test_a_look_asks_for_little(tmp_path: Path, environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once in so long at most, for the last row alone; and where that is known, the copy is not even opened."""
    monkeypatch.setattr(upkeep, "LOOK_SECONDS", 0.4)
    disk, asked = Disk(), list[str]()
    with closing(opened(tmp_path / "a", environment)) as a, closing(read(tmp_path / "b", environment, disk)) as reader:
        a.append([event()])
        assert looking(reader) == 1
        for name in ("last", "after", "at", "beginning"):
            monkeypatch.setattr(Rows, name, noted(getattr(Rows, name), lambda *_, name=name: asked.append(name)))
        sleep(upkeep.LOOK_SECONDS)
        disk.calls.clear()
        for _ in range(5):
            assert reader.follow() == 1
        assert asked == ["last"]
        assert not [call for call in disk.calls if call[0] in {"write", "write_at", "sync_data"}]
        assert ("open", ".lock") not in disk.calls


@pytest.mark.usefixtures("hurried")
def test_a_copy_is_not_read_anew_for_what_is_new(
    tmp_path: Path, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the log is: its end alone."""
    with closing(opened(tmp_path / "a", environment)) as a:
        for _ in range(20):
            a.append(batch(500))
        with closing(read(tmp_path / "b", environment)) as reader:
            disk = Disk()
            sizes = list[int]()
            monkeypatch.setattr(disk, "read_at", noted(disk.read_at, lambda _, size, __: sizes.append(size)))
            a.append([event()])
            with closing(PostgresEngine(disk, environment).open_for_reading(tmp_path / "b", at_end=True)) as second:
                assert second.head == 10_001
                a.append([event()])
                monkeypatch.setattr(disk, "drop_cache", lambda _: pytest.fail("what is read stays in memory"))
                monkeypatch.setattr(disk, "file_system", lambda _: pytest.fail("it would be said each second"))
                assert second.follow() == 10_002
            assert sum(sizes) < 100_000
            assert reader.follow() == 10_002


def test_a_reader_keeps_no_log_from_being_brought_elsewhere(tmp_path: Path) -> None:
    """Its sessions record nothing, and are no service's."""
    environment = new_database()
    with closing(opened(tmp_path / "a", environment)) as a:
        a.append(batch(2))
    with closing(read(tmp_path / "b", environment)):
        moved = Moving(tmp_path / "c", environment, Disk()).to_jsonl(clock, lambda *_: None)
    assert moved.position == 2


def test_a_forked_reader_leaves_the_sessions_to_its_parent(
    tmp_path: Path, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are the same, and an end would be said to the server through both."""
    opened(tmp_path / "a", environment).close()
    reader = read(tmp_path / "b", environment)
    with monkeypatch.context() as forked:
        forked.setattr(reader, "_pid", 0)
        forked.setattr(reader._upkeep, "close", lambda: pytest.fail("its parent still asks"))
        reader.close()
    reader._upkeep.close()


@pytest.mark.usefixtures("hurried")
def test_a_copy_that_a_service_has_is_left_to_it(tmp_path: Path, environment: Environment) -> None:
    """The reader takes in what that one wrote."""
    with (
        closing(opened(tmp_path / "a", environment)) as a,
        closing(read(tmp_path / "b", environment)) as reader,
        closing(opened(tmp_path / "b", environment)) as b,
    ):
        a.append(batch(2))
        assert reader.follow() == 0
        b.follow()
        b.checkpoint(0)
        assert reader.follow() == 2
        assert reader.doubt is None


@pytest.mark.usefixtures("hurried")
def test_a_service_starts_while_readers_look(tmp_path: Path, environment: Environment) -> None:
    """Again and again, under readers that do nothing else, while others record."""
    stop, faults = threading.Event(), list[BaseException]()

    def follow() -> None:
        try:
            with closing(read(tmp_path / "b", environment)) as reader:
                while not stop.is_set():
                    reader.follow()
        except BaseException as error:
            faults.append(error)
            raise

    with closing(opened(tmp_path / "a", environment)) as a:
        threads = [threading.Thread(target=follow) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            for number in range(15):
                a.append(batch(50))
                with closing(opened(tmp_path / "b", environment)) as b:
                    assert b.head == 50 * (number + 1)
        finally:
            stop.set()
            for thread in threads:
                thread.join(SOON_SECONDS)
    assert not faults


@pytest.mark.usefixtures("hurried")
def test_a_look_that_stands_still_is_named_at_last(
    tmp_path: Path, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as it is under way a start waits, but not for ever; then it is told which process it is."""
    monkeypatch.setattr(lock_module, "PATIENCE_SECONDS", 0.5)
    stands, goes_on = threading.Event(), threading.Event()
    take_in = PostgresLog._take_in

    def stand(log: PostgresLog, on_event: OnEvent | None = None, seconds: float | None = None) -> bool:
        if threading.current_thread().name == "looks" and not goes_on.is_set():
            stands.set()
            goes_on.wait(SOON_SECONDS)
        return take_in(log, on_event, seconds)

    monkeypatch.setattr(PostgresLog, "_take_in", stand)
    with closing(opened(tmp_path / "a", environment)) as a, closing(read(tmp_path / "b", environment)) as reader:
        a.append([event()])
        thread = threading.Thread(target=reader.follow, name="looks")
        thread.start()
        assert stands.wait(SOON_SECONDS)
        began = monotonic()
        with pytest.raises(LogLocked, match="is being written by process"):
            opened(tmp_path / "b", environment)
        assert 0.5 <= monotonic() - began < 0.5 + SOON_SECONDS
        threading.Timer(0.2, goes_on.set).start()
        opened(tmp_path / "b", environment).close()
        thread.join(SOON_SECONDS)
        assert reader.head == 1


@pytest.mark.usefixtures("hurried")
def test_what_is_much_is_taken_in_by_portions(
    tmp_path: Path, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each look takes its time at most; an opening goes on until it has all, and lets others in between."""
    monkeypatch.setattr(upkeep, "VISIT_SECONDS", 0.0)
    with closing(opened(tmp_path / "a", environment)) as a:
        for _ in range(10):
            a.append(batch(500))
        with closing(read(tmp_path / "b", environment)) as reader:
            assert reader.head == 5_000
            for _ in range(10):
                a.append(batch(500))
            heads = [reader.follow() for _ in range(3)]
            assert heads[0] < heads[1] < heads[2] == 10_000


def test_a_database_that_works_is_waited_for_after_a_look_as_before(
    tmp_path: Path, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of a look is not the end of the reader: what is given up in haste would stay in the server."""
    monkeypatch.setattr(session_module, "CLOSING_SECONDS", 0.3)
    monkeypatch.setattr(upkeep, "LOOK_SECONDS", 0.2)
    with closing(opened(tmp_path / "a", environment)) as a:
        a.append(batch(3))
        with closing(read(tmp_path / "b", environment)) as reader, session(environment) as other:
            a.append(batch(2))
            other.execute(f"BEGIN; LOCK TABLE {environment['POSTGRES_SCHEMA']}.{TABLE} IN ACCESS EXCLUSIVE MODE")
            freeing = threading.Timer(1.5, other.execute, ["COMMIT"])
            freeing.start()
            head = looking(reader)
            freeing.join()
            assert (head, reader.doubt) == (5, None)


@pytest.mark.usefixtures("hurried")
def test_a_database_that_is_away_leaves_the_reader_what_it_has(tmp_path: Path, environment: Environment) -> None:
    """It says so as long as that is so."""
    port = int(environment["POSTGRES_PORT"])
    proxy = Proxy(port)
    with (
        closing(opened(tmp_path / "a", environment)) as a,
        closing(read(tmp_path / "b", {**environment, "POSTGRES_PORT": str(proxy.port)})) as reader,
    ):
        a.append([event()])
        assert reader.follow() == 1
        proxy.close()
        a.append([event()])
        assert reader.follow() == 1
        assert reader.doubt is not None
        assert "does not answer as it should" in reader.doubt
        assert reader.doubt.endswith("What is shown is as of the copy on this machine.")
        with closing(Proxy(port, own_port=proxy.port)):
            deadline = monotonic() + SOON_SECONDS
            while reader.follow() < 2:
                assert monotonic() < deadline
                sleep(0.05)
            assert reader.doubt is None


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "disk"),
        (PermissionError(errno.EACCES, "Permission denied"), "Permission denied"),
    ],
)
@pytest.mark.usefixtures("hurried")
def test_a_copy_that_cannot_be_written_is_read_as_it_is(
    error: OSError, says: str, tmp_path: Path, environment: Environment
) -> None:
    """By whoever opens it and by whoever follows; the database is not blamed."""
    disk = Disk()
    with closing(opened(tmp_path / "a", environment)) as a, closing(read(tmp_path / "b", environment, disk)) as reader:
        a.append([event()])
        disk.faults["write"] = fails(error, name="events.jsonl")
        disk.faults["write_at"] = fails(error, name=".reserve")
        assert reader.follow() == 0
        with closing(read(tmp_path / "b", environment, disk)) as second:
            for told in (reader.doubt, second.doubt):
                assert told is not None
                assert says in told
                assert "does not answer" not in told
        disk.faults.clear()
        assert reader.follow() == 1
        assert reader.doubt is None


@pytest.mark.usefixtures("hurried")
def test_a_reader_is_told_what_the_database_lost(tmp_path: Path, environment: Environment) -> None:
    """What it shows is in no log any more."""
    with closing(opened(tmp_path / "a", environment)) as a:
        a.append(batch(2))
        a.append([event()])
    with closing(read(tmp_path / "b", environment)) as reader:
        with session(environment) as asked:
            asked.execute(f"DELETE FROM {TABLE.replace('main', 'tag')}; DELETE FROM {TABLE} WHERE id = 4")
        with pytest.raises(LogDamaged, match="does not hold what was recorded in it up to position 3"):
            reader.follow()


@pytest.mark.usefixtures("hurried")
def test_the_look_after_one_that_was_killed_goes_on(tmp_path: Path, environment: Environment) -> None:
    """What it had begun to write is cut off, and taken in anew."""
    with closing(opened(tmp_path / "a", environment)) as a, closing(read(tmp_path / "b", environment)) as reader:
        a.append(batch(2))
        assert reader.follow() == 2
        a.append(batch(2))
        killed = opened(tmp_path / "b", environment)
        a.append([event()])
        killed.follow()
        abandon(killed)
        copy = tmp_path / "b" / "logs" / "events.jsonl"
        copy.write_bytes(copy.read_bytes()[:-5])
        assert reader.follow() == 5
    assert copy_of(tmp_path / "a") == copy_of(tmp_path / "b")
