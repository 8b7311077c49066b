"""Roots: who may open one beside whom, what happens where it cannot be used, and which limits hold after a restart."""

from __future__ import annotations

import asyncio
import errno
import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from adapters.application import storage as service_module
from adapters.application.readiness import readiness_of
from adapters.disk.files import Files
from adapters.engines.opening import open_store
from adapters.library.storage_manager import StorageManager
from adapters.ports.faults import (
    AdoptionUnfinished,
    ConfigError,
    Fault,
    LedgerStopped,
    LogDamaged,
    LogForeign,
    LogLocked,
    LogMissing,
    StorageUnavailable,
)
from domain.limits import MEGABYTE
from tests.adapters.application.evidence import assert_disk_and_log_agree, events_of, files_of, state_of_disk
from tests.adapters.application.small_disk import FailingSync
from tests.hostile.builders import png, png_of_size


def until(condition: Callable[[], bool]) -> None:
    """Waits, within a bound, for what happens in another thread or program."""
    for _ in range(400):
        if condition():
            return
        time.sleep(0.05)
    raise TimeoutError


def save(storage: StorageManager, user: str = "1", data: bytes | None = None) -> tuple[bool, str, Path | None]:
    """One save, from outside of any event loop."""
    return asyncio.run(storage.save_image(data or png(), user))


# -- several in one process ---------------------------------------------------------------------------


def test_managers_of_one_root_share_one_ledger_until_the_last_is_closed(tmp_path: Path) -> None:
    """However the root is spelled; each sees at once what another does."""
    (tmp_path / "link").symlink_to(tmp_path / "root")
    before = threading.enumerate()
    one = StorageManager(tmp_path / "root", max_user_daily_gens=3)
    other = StorageManager(str(tmp_path / "x" / ".." / "root"))
    linked = StorageManager(tmp_path / "link")
    writers = [thread for thread in threading.enumerate() if thread.name == "abby-ledger" and thread not in before]
    assert len(writers) == 1
    assert [save(storage)[0] for storage in (one, other, linked, one)] == [True, True, True, False]
    one.close()
    assert other.get_quota_status("1")["daily"]["used"] == 3
    assert save(one)[:2] == (False, "Error saving image: this storage was closed. Open a new one.")
    other.close()
    other.close()
    assert linked.get_user_images("1")
    assert writers[0].is_alive()
    linked.close()
    assert not writers[0].is_alive()
    with StorageManager(tmp_path / "root") as again:
        assert again.get_quota_status("1")["daily"]["limit"] == 3


def test_other_limits_for_a_root_that_is_open_are_an_error_that_names_both(tmp_path: Path) -> None:
    """The same limits, or none, are welcome."""
    with StorageManager(tmp_path, max_user_daily_gens=5, max_user_storage_mb=10) as storage:
        with pytest.raises(ConfigError) as raised:
            StorageManager(tmp_path, max_user_daily_gens=7)
        assert "daily = 5" in str(raised.value)
        assert "daily = 7" in str(raised.value)
        StorageManager(tmp_path, max_user_daily_gens=5, max_user_storage_mb=10).close()
        assert save(storage)[0]
    assert len(events_of(tmp_path, "PolicyChanged")) == 1


def test_a_context_manager_closes_also_after_an_exception(tmp_path: Path) -> None:
    """The root is free for the next one."""
    with pytest.raises(KeyError), StorageManager(tmp_path) as storage:
        raise KeyError
    with pytest.raises(LedgerStopped):
        storage.get_quota_status("1")
    StorageManager(tmp_path).close()


# -- limits and restarts ------------------------------------------------------------------------------


def test_changed_limits_hold_from_the_restart_and_the_log_says_from_when(tmp_path: Path) -> None:
    """Up and down; what is above a lowered limit stays, and nothing more is taken in."""
    with StorageManager(tmp_path, max_user_storage_mb=1, max_user_daily_gens=2) as storage:
        assert save(storage, data=png_of_size(MEGABYTE))[0]
        assert save(storage)[1].startswith("Your storage quota is full: 1.0 MB of 1.0 MB")
    with StorageManager(tmp_path, max_user_storage_mb=2, max_user_daily_gens=3, max_global_storage_mb=3) as storage:
        assert save(storage)[0]
        assert save(storage)[0]
        assert save(storage)[1].startswith("Daily limit reached: 3 of 3")
    with StorageManager(tmp_path, max_user_storage_mb=0.5, max_user_daily_gens=10) as storage:
        user = storage.get_quota_status("1")["user"]
        assert (user["used_mb"], user["limit_mb"], user["remaining_mb"], user["status"]) == (1.0, 0.5, 0, "CRITICAL")
        assert len(storage.get_user_images("1")) == 3
        assert save(storage)[1].startswith("Your storage quota is full: 1.0 MB of 0.5 MB")
        assert storage.get_global_usage()["total_mb"] == 3.0
    with StorageManager(tmp_path) as storage:
        assert storage.get_quota_status("1")["user"]["limit_mb"] == 0.5
    changes = events_of(tmp_path, "PolicyChanged")
    assert [change["data"]["limits"]["daily"] for change in changes] == [2, 3, 10]
    assert {change["data"]["source"] for change in changes} == {"constructor"}
    assert all(change["tags"] == ["policy"] and len(change["data"]["at"]) == 27 for change in changes)


def test_the_same_limits_again_are_no_change(tmp_path: Path) -> None:
    """A restart adds nothing to the log."""
    for _ in range(3):
        StorageManager(tmp_path, max_user_daily_gens=5).close()
    assert len(events_of(tmp_path)) == 1


# -- beside another process ---------------------------------------------------------------------------

HOLDER = """
    import sys
    from pathlib import Path
    from adapters.library.storage_manager import StorageManager

    with StorageManager(Path(sys.argv[1])) as storage:
        storage._store.opened().recorder.announce("http://127.0.0.1:4711")
        print("open", flush=True)
        sys.stdin.readline()
"""


def test_a_second_process_may_not_write_but_may_read(tmp_path: Path) -> None:
    """It is told who writes and where that is reached; and after the first has ended it may open the root."""
    command = [sys.executable, "-c", textwrap.dedent(HOLDER), str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(LogLocked) as raised:
            StorageManager(tmp_path)
        assert (raised.value.pid, raised.value.address) == (holder.pid, "http://127.0.0.1:4711")
        assert str(holder.pid) in str(raised.value)
        with StorageManager(tmp_path, read_only=True) as reader:
            assert reader.get_quota_status("1")["user"]["images"] == 0
        holder.communicate("end\n", timeout=30)
    with StorageManager(tmp_path) as storage:
        assert save(storage)[0]


def test_a_reader_follows_its_writer(tmp_path: Path) -> None:
    """It shows what is surely on the disk, says how far, and changes nothing."""
    with StorageManager(tmp_path, max_user_daily_gens=4) as storage, StorageManager(tmp_path, read_only=True) as reader:
        save(storage)
        position = storage.get_quota_status("1")["position"]
        until(lambda: reader.get_quota_status("1")["position"] == position)
        assert reader.get_quota_status("1") == storage.get_quota_status("1")
        assert reader.get_user_images("1") == ["image_1.png"]
        assert reader.get_image_path("1", "image_1.png") == storage.get_image_path("1", "image_1.png")
        before = state_of_disk(tmp_path)
        assert save(reader)[0] is False
        assert "opened for reading only" in save(reader)[1]
        assert "opened for reading only" in reader.delete_image("1", "image_1.png")[1]
        with pytest.raises(StorageUnavailable, match="opened for reading only"):
            reader.cleanup_old_files()
        assert state_of_disk(tmp_path) == before


def test_a_reader_never_shows_a_half_of_what_belongs_together(tmp_path: Path) -> None:
    """While it takes in what was recorded, the figures of one status are of one moment."""
    torn: list[object] = []
    stop = threading.Event()

    def look(reader: StorageManager) -> None:
        while not stop.is_set():
            status = reader.get_quota_status("1")
            if status["user"]["images"] != status["daily"]["used"]:
                torn.append(status)

    with (
        StorageManager(tmp_path, max_user_daily_gens=10_000) as storage,
        StorageManager(tmp_path, read_only=True) as reader,
        ThreadPoolExecutor(1) as pool,
    ):
        watching = pool.submit(look, reader)
        try:
            asyncio.run(save_many(storage, 200))
            until(lambda: reader.get_quota_status("1")["user"]["images"] == 200)
        finally:
            stop.set()
        watching.result()
    assert torn == []


async def save_many(storage: StorageManager, times: int) -> None:
    """So many saves at once."""
    assert all(ok for ok, *_ in await asyncio.gather(*(storage.save_image(png(), "1") for _ in range(times))))


def test_a_reader_of_a_log_that_was_replaced_says_so(tmp_path: Path) -> None:
    """It does not go on with old figures as if they were true."""
    StorageManager(tmp_path).close()
    with StorageManager(tmp_path, read_only=True) as reader:
        log = tmp_path / "logs" / "events.jsonl"
        log.with_name("copy").write_bytes(log.read_bytes())
        log.with_name("copy").replace(log)

        def is_told() -> bool:
            try:
                reader.get_quota_status("1")
            except LogDamaged:
                return True
            return False

        until(is_told)


def test_there_is_nothing_to_read_where_no_log_is(tmp_path: Path) -> None:
    """And nothing is made."""
    with pytest.raises(LogMissing):
        StorageManager(tmp_path, read_only=True)
    assert list(tmp_path.iterdir()) == []


# -- roots that cannot be used ------------------------------------------------------------------------


def test_a_root_that_cannot_be_made_is_told_by_each_call_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The manager is made all the same; once the root can be made, saving goes on."""
    (tmp_path / "file").write_bytes(b"in the way")
    storage = StorageManager(tmp_path / "file" / "root")
    ok, message, path = save(storage)
    assert (ok, path) == (False, None)
    assert message.startswith("Error saving image: The storage root")
    assert "Not a directory" in message
    assert storage.delete_image("1", "a.png")[1].startswith("Error deleting image: The storage root")
    with pytest.raises(StorageUnavailable, match="cannot be used"):
        storage.get_quota_status("1")
    (tmp_path / "file").unlink()
    assert save(storage)[0] is False, "it is not tried at every call"
    monkeypatch.setattr(service_module, "RETRY_SECONDS", 0.0)
    assert save(storage)[0]
    storage.close()
    assert_disk_and_log_agree(tmp_path / "file" / "root")


def test_what_an_unusable_root_raises_keeps_nothing_of_its_callers(tmp_path: Path) -> None:
    """One exception that is raised again and again would grow with each call."""
    (tmp_path / "file").write_bytes(b"in the way")
    storage = StorageManager(tmp_path / "file" / "root")
    depths = []
    for _ in range(5):
        with pytest.raises(StorageUnavailable) as raised:
            storage.get_quota_status("1")
        depths.append(len(raised.traceback))
    assert len(set(depths)) == 1


class NoPermission(Files):
    """A file system on which this account may write nothing."""

    def make_directory(self, path: Path, mode: int = 0o777) -> None:
        """Is refused."""
        del mode
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def test_an_unwritable_root_is_said_by_readiness(tmp_path: Path) -> None:
    """Not ready, with the reason."""
    store = open_store(tmp_path / "root", files=NoPermission())
    readiness = readiness_of(store)
    assert (readiness.ready, readiness.degraded) == (False, True)
    assert "Permission denied" in readiness.notes[0]
    store.close()


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda log: log.write_bytes(b"somebody's own\n"), LogForeign),
        (lambda log: log.write_bytes(log.read_bytes()[:-200]), LogDamaged),
        (lambda log: log.unlink(), LogMissing),
        (lambda log: log.with_name("adopting").write_bytes(b"/somewhere\n"), AdoptionUnfinished),
    ],
    ids=["foreign", "cut", "missing", "an adoption was begun"],
)
def test_a_log_that_cannot_be_trusted_is_refused_and_nothing_is_changed(
    tmp_path: Path, spoil: Callable[[Path], object], fault: type[Fault]
) -> None:
    """The constructor raises, with what to do; the lock is free again."""
    with StorageManager(tmp_path) as storage:
        save(storage)
    spoil(tmp_path / "logs" / "events.jsonl")
    before = state_of_disk(tmp_path)
    for _ in range(2):
        with pytest.raises(fault, match=r"abby|Check") as raised:
            StorageManager(tmp_path)
        assert raised.value.exit_code == 65
    assert state_of_disk(tmp_path) == before


async def test_a_save_of_unknown_outcome_is_whole_or_not_there_after_a_restart(tmp_path: Path) -> None:
    """Its bytes stay staged, because the log may hold it; the restart knows."""
    disk = FailingSync(only=tmp_path / "logs" / "events.jsonl")
    storage = StorageManager.over(open_store(tmp_path, files=disk))
    disk.failing = True
    ok, message, _ = await storage.save_image(png(), "1", "a.png")
    assert (ok, "outcome of this command is unknown" in message) == (False, True)
    disk.failing = False
    storage.close()
    recorded = bool(events_of(tmp_path, "ImageSaved"))
    with StorageManager(tmp_path) as again:
        assert again.get_user_images("1") == ["a.png"] * recorded
        assert recorded, "what was written is there, as no power was cut"
    assert_disk_and_log_agree(tmp_path)


async def test_after_a_fault_every_call_says_so(tmp_path: Path) -> None:
    """Saves and deletes in words, readings and new managers by an exception; and a restart puts it right."""
    disk = FailingSync()
    store = open_store(tmp_path, files=disk)
    storage = StorageManager.over(store)
    await storage.save_image(png(), "1", "a.png")
    disk.failing = True
    ok, message = await asyncio.to_thread(storage.delete_image, "1", "a.png")
    assert (ok, "outcome of this command is unknown" in message) == (False, True)
    disk.failing = False
    ok, message, _ = await storage.save_image(png(), "1", "b.png")
    assert (ok, message.startswith("Error saving image: The ledger has stopped")) == (False, True)
    assert storage.delete_image("1", "a.png")[0] is False
    calls: tuple[Callable[[], object], ...] = (
        lambda: storage.get_quota_status("1"),
        lambda: storage.get_user_images("1"),
        lambda: storage.get_image_path("1", "a.png"),
        lambda: StorageManager(tmp_path),
        storage.get_global_usage,
        storage.cleanup_old_files,
    )
    for call in calls:
        with pytest.raises(LedgerStopped, match="has stopped"):
            call()
    assert readiness_of(store).ready is False
    storage.close()
    with StorageManager(tmp_path) as again:
        assert again.get_user_images("1") in (["a.png"], [])
    assert_disk_and_log_agree(tmp_path)
    assert files_of(tmp_path) <= {tmp_path / "images/users/1/a.png"}
