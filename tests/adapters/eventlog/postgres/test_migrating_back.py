"""A log is carried out of its database: what is the same then, what is refused, and what a cut leaves."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from adapters.eventlog.jsonl.log_copy import LogCopy
from adapters.eventlog.postgres import log as postgres_log
from adapters.eventlog.postgres import to_disk
from adapters.eventlog.postgres.comparing import compare
from adapters.eventlog.postgres.rows import Row
from adapters.ports.faults import ConfigError, LogDamaged, LogForeign, LogLocked, LogMissing, StorageUnavailable
from tests.adapters.eventlog.jsonl.logs import batch, event, opened, write_log
from tests.adapters.eventlog.postgres.moves import (
    Environment,
    asked,
    back,
    connected,
    is_copy,
    log_of,
    rows_of,
    served,
    there,
)
from tests.servers.postgres import new_database


@pytest.fixture
def kept(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """A database with a log of nine events in four batches."""
    environment = new_database()
    folder = tmp_path_factory.mktemp("former")
    write_log(folder, [3, 1, 4, 1])
    there(folder, environment)
    return environment


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root that is not there yet."""
    return tmp_path / "root"


def test_an_empty_root_gets_all_lines_and_is_a_log_of_its_own(root: Path, kept: Environment) -> None:
    """With the key, so that its seals hold and requests are known; the database is as it was."""
    before, secret = rows_of(kept), asked(kept, "SELECT secret FROM abby_secret")
    moved = back(root, kept)
    assert (moved.position, moved.brought) == (9, 9)
    assert log_of(root) == before == rows_of(kept)
    assert asked(kept, "SELECT secret FROM abby_secret") == secret
    with closing(opened(root)) as log:
        assert (log.head, [(log.secret,)]) == (9, secret)
        log.append([event(9)])


def test_a_copy_gets_what_it_lacks(root: Path, tmp_path: Path, kept: Environment) -> None:
    """And no more than that."""
    with served(root, kept):
        pass
    with served(tmp_path / "other", kept) as other:
        other.append(batch(2, 9))
    assert back(root, kept).brought == 2
    assert log_of(root) == rows_of(kept)
    assert not is_copy(root)


def test_done_once_there_is_nothing_to_do(root: Path, kept: Environment) -> None:
    """Also when the log went on since."""
    back(root, kept)
    assert back(root, kept).brought == 0
    recorder = opened(root)
    recorder.append([event(9)])
    recorder.close()
    assert (back(root, kept).position, is_copy(root)) == (10, False)


def test_a_root_of_a_backup_gets_what_came_after(root: Path, tmp_path: Path, kept: Environment) -> None:
    """It has no mark, and its log is a beginning of the one in the database."""
    with served(root, kept):
        pass
    (root / "logs" / "copy-of").unlink()
    with served(tmp_path / "other", kept) as other:
        other.append(batch(2, 9))
    assert back(root, kept).brought == 2
    assert log_of(root) == rows_of(kept)


class Cut(BaseException):
    """Ends a migration at once, as a kill does: nothing is written any more."""


@pytest.mark.parametrize("number", range(7))
def test_cut_off_anywhere_it_goes_on(number: int, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the mark, any page or the end: it is a copy until the end, and what was surely on the disk is not fetched
    again.
    """
    kept = new_database()
    write_log(tmp_path, [1] * 9)
    there(tmp_path, kept)
    monkeypatch.setattr(postgres_log, "PAGE", 2)
    monkeypatch.setattr(postgres_log, "SEALED_EVERY", 3)
    calls = iter(range(9))

    def cutting(function: Callable[..., object]) -> Callable[..., object]:
        def called(*arguments: object, **named: object) -> object:
            if next(calls) == number:
                killed(arguments[0])
            return function(*arguments, **named)

        return called

    with monkeypatch.context() as patch:
        patch.setattr(LogCopy, "add", cutting(LogCopy.add))
        patch.setattr(LogCopy, "become_own", cutting(LogCopy.become_own))
        patch.setattr(LogCopy, "mark", cutting(LogCopy.mark))
        with pytest.raises(Cut):
            back(root, kept)
    assert is_copy(root)
    with pytest.raises(ConfigError, match="is a copy of the one in"):
        opened(root)
    assert back(root, kept).brought == [9, 9, 9, 5, 5, 1, 1][number]
    assert log_of(root) == rows_of(kept)
    assert not is_copy(root)


def killed(log: object) -> None:
    """Ends the process's writing: its descriptors are gone, and nothing is written at its end."""
    assert isinstance(log, LogCopy)
    log._log.descriptors.close()
    log._closed = True
    raise Cut


def test_a_service_that_uses_the_database_is_a_reason_to_refuse(
    root: Path, tmp_path: Path, kept: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever else is connected is not."""
    monkeypatch.setattr(to_disk, "LOOKS", 2)
    with connected(kept, application_name="psql"), served(tmp_path / "other", kept):
        with pytest.raises(LogLocked, match=r"\d sessions of Abby, one of them from 127\.0\.0\.1.*Stop every service"):
            back(root, kept)
        assert not root.exists()
    monkeypatch.undo()
    with connected(kept, application_name="psql"):
        assert back(root, kept).position == 9


def test_a_service_that_comes_meanwhile_is_found(
    root: Path, tmp_path: Path, kept: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While all is compared it starts, records something and goes again, or stays."""

    def records(*arguments: Any) -> Row:
        found = compare(*arguments)
        with served(tmp_path / "other", kept) as other:
            other.append([event(9)])
        return found

    monkeypatch.setattr(to_disk, "compare", records)
    with pytest.raises(LogLocked, match="Somebody recorded something"):
        back(root, kept)
    assert is_copy(root)
    with ExitStack() as stack:

        def stays(*arguments: Any) -> Row:
            found = compare(*arguments)
            stack.enter_context(served(tmp_path / "other", kept))
            return found

        monkeypatch.setattr(to_disk, "compare", stays)
        monkeypatch.setattr(to_disk, "LOOK_SECONDS", 0.01)
        with pytest.raises(LogLocked, match="Stop every service"):
            back(root, kept)
    assert is_copy(root)
    monkeypatch.undo()
    assert back(root, kept).position == 10


def test_a_database_without_a_log_has_nothing_to_give(root: Path) -> None:
    """And nothing is made, there or here."""
    empty = new_database()
    with pytest.raises(LogMissing, match="nothing to bring from there"):
        back(root, empty)
    assert not root.exists()
    assert asked(empty, "SELECT to_regclass('abby_events_tt_main')") == [(None,)]


def test_a_log_that_is_not_whole_there_is_not_taken(root: Path, kept: Environment) -> None:
    """Its migration has not ended."""
    asked(kept, "DELETE FROM abby_secret")
    with pytest.raises(LogDamaged, match="is not whole"):
        back(root, kept)
    assert not (root / "logs").exists()


def test_a_root_with_another_log_is_refused(root: Path, kept: Environment) -> None:
    """Its own, or the copy of another database."""
    before = write_log(root, [2]).read_bytes()
    with pytest.raises(LogForeign, match="is another than the one in the database"):
        back(root, kept)
    assert log_of(root) == before
    there(root, new_database())
    with pytest.raises(LogForeign, match="is not a copy of the one in"):
        back(root, kept)
    assert log_of(root) == before


def test_a_line_that_is_not_the_row_is_found(root: Path, tmp_path: Path, kept: Environment) -> None:
    """Changed in the database after the copy had it: the copy stays one."""
    with served(root, kept):
        pass
    asked(kept, "UPDATE abby_events_tt_main SET data = data || 'x' WHERE id = 4")
    with pytest.raises(LogDamaged, match="differ at position 3,"):
        back(root, kept)
    assert is_copy(root)
    with pytest.raises(LogDamaged):
        back(tmp_path / "new", kept)
    assert is_copy(tmp_path / "new")


def test_two_at_once_do_not_harm_each_other(tmp_path: Path, kept: Environment) -> None:
    """Each fills its own root."""
    roots = [tmp_path / "one", tmp_path / "two"]
    threads = [Thread(target=back, args=(root, kept)) for root in roots]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [log_of(root) for root in roots] == [rows_of(kept)] * 2
    assert not any(map(is_copy, roots))


def test_a_watermark_that_cannot_be_written_leaves_a_copy(
    root: Path, kept: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lines are perhaps not on the disk yet."""
    monkeypatch.setattr("adapters.eventlog.jsonl.writing.LogWriter.checkpoint", lambda *_: False)
    with pytest.raises(StorageUnavailable, match="could not be written, so the log is a copy as before"):
        back(root, kept)
    assert is_copy(root)
    monkeypatch.undo()
    assert back(root, kept).position == 9


def test_a_log_of_its_own_becomes_a_copy_only_where_the_database_has_all_of_it(
    root: Path, tmp_path: Path, kept: Environment
) -> None:
    """Whoever starts it with the database by mistake loses nothing, also after a kill: what was recorded and is beyond
    the watermark is not cut off.
    """
    back(root, kept)
    recorder = opened(root)
    recorder.append(batch(3, 9))
    recorder._log.descriptors.close()  # killed
    before = log_of(root)
    with pytest.raises(LogForeign, match=r"is a log of its own, and the database .* does not hold"), served(root, kept):
        pass
    assert log_of(root) == before
    assert not is_copy(root)
    assert there(root, kept).brought == 3
    with served(tmp_path / "other", kept) as other:
        assert other.head == 12


def test_how_far_webhooks_were_told_goes_there_and_back(root: Path, tmp_path: Path) -> None:
    """So that nothing is told twice or left out; of a copy what the database has counts, as any process may have told
    more.
    """
    write_log(root, [3])
    told, kept = root / "logs" / "webhooks.json", new_database()
    told.write_bytes(b"up to 2")
    there(root, kept)
    told.write_bytes(b"older")
    there(root, kept)
    assert asked(kept, "SELECT name, content FROM abby_kept") == [("webhooks", b"up to 2")]
    asked(kept, "UPDATE abby_kept SET content = 'up to 3'")
    back(root, kept)
    back(tmp_path / "new", kept)
    assert told.read_bytes() == (tmp_path / "new" / "logs" / "webhooks.json").read_bytes() == b"up to 3"
    told.write_bytes(b"up to 4")
    there(root, kept)
    assert asked(kept, "SELECT content FROM abby_kept") == [(b"up to 4",)]
