"""What a start makes, in which order, and what it does about a log that is missing, protected or out of reach."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.disk.files import Files
from adapters.disk.platforms import Posix
from adapters.eventlog.jsonl import JSONLRecorder
from adapters.eventlog.jsonl.verify import verify
from adapters.ports.faults import Fault, LedgerStopped, LogDamaged, LogForeign, LogMissing, StorageUnavailable
from tests.adapters.eventlog.jsonl.logs import (
    NOW,
    Disk,
    abandon,
    as_before_seals,
    clock,
    contents,
    event,
    opened,
    refused,
    write_log,
)

OTHER_ID = "f" * 32


# -- a first start -----------------------------------------------------------------------------------------------------


def test_a_first_start_makes_the_log_and_what_belongs_to_it(tmp_path: Path) -> None:
    """Log, watermark for position 0, reserve file, key, lock; the root's folders are made; the key is for its owner
    alone.
    """
    recorder = opened(tmp_path / "new" / "root")
    logs = tmp_path / "new" / "root" / "logs"
    assert sorted(path.name for path in logs.iterdir()) == [".key", ".lock", ".spare", "events.jsonl", "head"]
    assert (recorder.head, recorder.reconciled, recorder.read().head) == (0, 0, None)
    assert (recorder.created, len(recorder.log_id), len(recorder.secret)) == (NOW, 32, 32)
    assert (logs / ".spare").stat().st_size == 1024 * 1024
    assert (logs / ".key").stat().st_mode & 0o777 == 0o600
    recorder.close()


def test_each_log_has_an_id_and_a_key_of_its_own(tmp_path: Path) -> None:
    """Two new logs differ in both."""
    one, other = opened(tmp_path / "one"), opened(tmp_path / "other")
    assert one.log_id != other.log_id
    assert one.secret != other.secret
    one.close()
    other.close()


def test_a_first_start_is_durable_step_by_step(tmp_path: Path) -> None:
    """Folders in their parents, the header before its name, the name before the watermark; all of it before anyone is
    served.
    """
    disk = Disk()
    opened(tmp_path / "root", disk).close()
    steps = [
        call for call in disk.calls if call[0] in {"make_directory", "sync_directory", "sync_data", "rename", "write"}
    ]
    expected = [
        ("make_directory", "root"),
        ("sync_directory", tmp_path.name),
        ("make_directory", "logs"),
        ("sync_directory", "root"),
        ("sync_directory", tmp_path.name),
        ("sync_directory", "root"),
        ("write", "events.jsonl.new"),
        ("sync_data", "events.jsonl.new"),
        ("rename", "events.jsonl"),
        ("sync_directory", "logs"),
        ("sync_data", "events.jsonl"),
        ("write", ".key.new"),
        ("sync_data", ".key.new"),
        ("rename", ".key"),
        ("sync_directory", "logs"),
        ("sync_data", "head"),
        ("write", ".spare"),
        ("sync_data", ".spare"),
        ("sync_directory", "logs"),
        ("sync_directory", "logs"),
        ("sync_data", "head"),
    ]
    assert steps == expected


def test_a_start_that_is_killed_anywhere_in_its_making_is_finished_by_the_next(tmp_path: Path) -> None:
    """Call N of the first start never returns, N = 1 to the end; the next start serves."""

    class KilledError(BaseException):
        """The process is gone."""

    verbs = ["open", "write", "write_at", "sync_data", "sync_directory", "make_directory", "rename", "unlink"]
    kills = 0
    for count in range(1, 200):
        root, disk, seen = tmp_path / str(count), Disk(), 0

        def kill(*_: object, at: int = count) -> None:
            nonlocal seen
            seen += 1
            if seen == at:
                raise KilledError

        disk.faults = dict.fromkeys(verbs, kill)
        try:
            opened(root, disk).close()
        except KilledError:
            kills += 1
        else:
            break
        recorder = opened(root)
        assert recorder.append([event()]) == 1
        recorder.close()
    assert kills > 20


def test_a_log_without_events_and_without_a_watermark_is_given_one(tmp_path: Path) -> None:
    """A first start may have come so far and no further."""
    recorder = opened(tmp_path)
    log_id = recorder.log_id
    abandon(recorder)
    (tmp_path / "logs" / "head").unlink()
    reader = opened(tmp_path, read_only=True)
    assert (reader.head, reader.reconciled, reader.follow()) == (0, 0, 0)
    reader.close()
    recorder = opened(tmp_path)
    assert recorder.log_id == log_id
    recorder.close()
    assert verify(tmp_path).watermark == 0


# -- a missing log -----------------------------------------------------------------------------------------------------


def put(root: Path, name: str) -> None:
    """A file below the root."""
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_bytes(b"x")


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("logs/head", "its watermark"),
        ("logs/snapshots/one", "snapshots of it"),
        ("images/users/42/cat.png", "there are images, such as"),
        ("images/users/42/pets/cat.png", "there are images, such as"),
        ("images/cat.png", "there are images, such as"),
    ],
)
def test_a_missing_log_is_refused_beside_what_it_left(tmp_path: Path, name: str, found: str) -> None:
    """The refusal says what stands there and names `abby adopt`; no log is made. A reader is told the same."""
    put(tmp_path, name)
    message = str(refused(tmp_path, LogMissing))
    assert found in message
    assert "abby adopt" in message
    assert not (tmp_path / "logs" / "events.jsonl").exists()
    with pytest.raises(LogMissing, match=found):
        opened(tmp_path, read_only=True)


@pytest.mark.parametrize(
    "name", ["images/.gitkeep", "images/users/42/.DS_Store", "images/.staged/abc", "temp/42/x.png"]
)
def test_what_is_no_image_does_not_stop_a_first_start(tmp_path: Path, name: str) -> None:
    """Empty folders, names with a dot in front and temp files are no images of a lost log."""
    (tmp_path / "images" / "users" / "7").mkdir(parents=True)
    put(tmp_path, name)
    opened(tmp_path).close()


def test_adopting_may_begin_a_log_beside_images_alone(tmp_path: Path) -> None:
    """`abby adopt` makes the log and opens it again when it goes on; beside a watermark it too is refused."""
    put(tmp_path, "images/users/42/cat.png")
    recorder = opened(tmp_path, adopting=True)
    recorder.append([event()])
    recorder.close()
    recorder = opened(tmp_path, adopting=True)
    assert recorder.head == 1
    recorder.close()
    (tmp_path / "logs" / "events.jsonl").unlink()
    with pytest.raises(LogMissing, match="watermark"):
        opened(tmp_path, adopting=True)


def test_a_reader_of_nothing_is_told_so_and_makes_nothing(tmp_path: Path) -> None:
    """Reading an empty root leaves it empty."""
    with pytest.raises(LogMissing, match=r"no log .* yet"):
        opened(tmp_path, read_only=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="links need leave elsewhere")
@pytest.mark.parametrize("what", ["a note", "another program's events.jsonl", "nothing", "a log of ours"])
def test_where_the_operators_link_leads_to_other_things_nothing_is_made(tmp_path: Path, what: str) -> None:
    """Not even a lock; an empty folder, with what a disk puts into it, and one with a log are taken."""
    root, there = tmp_path / "root", tmp_path / "there"
    root.mkdir()
    there.mkdir()
    match what:
        case "a note":
            (there / "note.txt").write_bytes(b"mine")
        case "another program's events.jsonl":
            (there / "events.jsonl").write_bytes(b'{"event":"of another"}\n')
        case "nothing":
            (there / "lost+found").mkdir()
        case _:
            write_log(tmp_path, [1])
            there.rmdir()
            (tmp_path / "logs").rename(there)
    (root / "logs").symlink_to(there)
    before = {path: path.read_bytes() for path in there.rglob("*") if path.is_file()}
    if what in {"nothing", "a log of ours"}:
        opened(root).close()
        assert verify(root, files=Files()).damage is None
        return
    with pytest.raises(LogForeign):
        opened(root)
    assert {path: path.read_bytes() for path in there.rglob("*")} == before


@pytest.mark.skipif(os.name != "posix", reason="an open folder cannot be moved elsewhere")
@pytest.mark.parametrize("number", range(1, 11))
def test_a_folder_that_is_exchanged_while_a_log_is_begun_spoils_no_other_log(tmp_path: Path, number: int) -> None:
    """Before any of the changes of a first start a folder with a log comes in its place: that one stays as it was."""
    root = tmp_path / "root"
    root.mkdir()
    write_log(tmp_path, [1])
    before = contents(tmp_path)

    class Exchanging(Files):
        """Exchanges the folder before one of the openings of a file and the renames in it."""

        calls = 0

        def _count(self, path: Path) -> None:
            self.calls += path.parent == root / "logs"
            if self.calls == number:
                (root / "logs").rename(tmp_path / "begun")
                (tmp_path / "logs").rename(root / "logs")
                self.calls += 1

        def open(self, path: Path, flags: int, mode: int = 0o644) -> int:
            self._count(path)
            return super().open(path, flags, mode)

        def rename(self, source: Path, target: Path) -> None:
            self._count(target)
            super().rename(source, target)

    files = Exchanging()
    with suppress(Fault):
        opened(root, files).close()
    assert files.calls > number, "a first start has so many changes"
    assert contents(root) == before


# -- around it ---------------------------------------------------------------------------------------------------------


def test_the_log_is_synced_before_it_is_read(tmp_path: Path) -> None:
    """A reader may have seen what a killed process had only written: it is synced, then read from the disk itself."""
    write_log(tmp_path, [1])
    disk = Disk()
    opened(tmp_path, disk).close()
    steps = [verb for verb, name in disk.calls if name == "events.jsonl" and verb not in {"open", "stat"}]
    assert steps[:4] == ["lock", "sync_data", "drop_cache", "read_at"]


@pytest.mark.parametrize("key", [None, b"", b"too short"])
def test_a_lost_key_is_made_anew_and_said(tmp_path: Path, key: bytes | None) -> None:
    """Beside a watermark without a seal it is only a matter of repeats, so it does not stop a start; but nobody should
    wonder about conflicts.
    """
    write_log(tmp_path, [1])
    as_before_seals(tmp_path)
    path = tmp_path / "logs" / ".key"
    former = path.read_bytes()
    path.unlink()
    if key is not None:
        path.write_bytes(key)
    (tmp_path / "logs" / ".key.new").write_bytes(b"left by a crash")
    with capture_logs() as said:
        recorder = opened(tmp_path)
    assert [entry["event"] for entry in said] == ["request key made anew"]
    assert recorder.secret not in {former, key}
    assert recorder.secret.hex() not in str(said)
    recorder.close()


def test_a_write_protected_log_is_refused(tmp_path: Path) -> None:
    """Mode 0444 stops the start with a sentence, whoever asks; reading goes on working."""
    log = write_log(tmp_path, [1])
    log.chmod(0o444)
    with pytest.raises(StorageUnavailable, match=r"write-protected \(mode 0444\)") as caught:
        opened(tmp_path)
    assert caught.value.exit_code == 74
    reader = opened(tmp_path, read_only=True)
    assert reader.head == 1
    reader.close()


OPEN_AS_NOBODY = """
import os, sys
from pathlib import Path
from adapters.ports.clock import utc_now
from adapters.eventlog.jsonl import JSONLRecorder
os.setgid(65534); os.setuid(65534)
try:
    JSONLRecorder(Path(sys.argv[1]), clock=utc_now)
except Exception as error:
    print(type(error).__name__, error)
"""


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become another user")
def test_a_log_of_another_user_is_refused(tmp_path: Path) -> None:
    """What this account may not write is StorageUnavailable with a sentence that says what to check."""
    write_log(tmp_path, [1])
    for path in (tmp_path, *tmp_path.parents[:3]):
        path.chmod(0o755)
    script = [sys.executable, "-c", OPEN_AS_NOBODY, str(tmp_path)]
    project = Path(__file__).parents[4]
    answer = subprocess.run(
        script, capture_output=True, text=True, check=True, env={"PYTHONPATH": str(project)}, cwd="/"
    )
    assert answer.stdout.startswith("StorageUnavailable The storage root")
    assert "Permission denied" in answer.stdout


def test_a_root_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    """A file where a folder belongs is StorageUnavailable, for writers and readers."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageUnavailable, match="STORAGE_ROOT"):
        opened(tmp_path / "file" / "root")
    with pytest.raises(StorageUnavailable, match="STORAGE_ROOT"):
        opened(tmp_path / "file" / "root", read_only=True)


def test_a_log_on_a_network_file_system_is_warned_about(tmp_path: Path) -> None:
    """Locks and syncs depend on another machine there; the start goes on and says so."""
    disk = Disk()
    disk.network = "nfs4"
    with capture_logs() as said:
        opened(tmp_path, disk).close()
    assert [(entry["event"], entry["kind"]) for entry in said] == [("log on a network file system", "nfs4")]


@pytest.mark.skipif(sys.platform == "win32", reason="these are the calls of POSIX")
@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.ENOLCK])
@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("fsync", None),
        ("posix_fadvise", None),
        ("flock", "to lock a file is answered with"),
        ("fdatasync", "to sync a file is answered with"),
    ],
)
def test_what_a_file_system_does_not_do_is_named_or_does_no_harm(
    tmp_path: Path, call: str, told: str | None, number: int
) -> None:
    """A start goes on without the sync of a folder, and names what it cannot do without; it never says whose it is."""
    write_log(tmp_path, [1, 1])

    class Odd:
        """The system with one call less."""

        def __getattr__(self, name: str) -> Any:
            if name == call:
                return self.refuse
            module = import_module("fcntl")
            return getattr(module if hasattr(module, name) else os, name)

        def refuse(self, *_: object) -> None:
            raise OSError(number, os.strerror(number))

    files = Files(Posix(Odd(), fcntl=Odd()))
    if told is None:
        recorder = JSONLRecorder(tmp_path, clock=clock, files=files)
        recorder.append([event()])
        recorder.close()
        assert verify(tmp_path).positions == 3
        return
    with pytest.raises((StorageUnavailable, LedgerStopped)) as refused:
        JSONLRecorder(tmp_path, clock=clock, files=files)
    assert os.strerror(number) in str(refused.value)
    assert "who owns it" not in str(refused.value)
    if isinstance(refused.value, StorageUnavailable):
        assert told in str(refused.value)
        assert "ext4, xfs, btrfs" in str(refused.value)
    else:
        assert "failed while the log was synced" in str(refused.value)


def test_nothing_stays_open_after_a_refusal(tmp_path: Path) -> None:
    """Every descriptor that a refused opening took is given back."""
    log = write_log(tmp_path, [1, 1])
    log.write_bytes(log.read_bytes()[:-3])

    class Counting(Disk):
        def __init__(self) -> None:
            super().__init__()
            self.open_now: set[int] = set()

        def open(self, path: Path, flags: int, mode: int = 0o644) -> int:
            fd = super().open(path, flags, mode)
            self.open_now.add(fd)
            return fd

        def close(self, fd: int) -> None:
            super().close(fd)
            self.open_now.discard(fd)

    disk = Counting()
    for options in ({}, {"read_only": True}):
        with pytest.raises(LogDamaged):
            opened(tmp_path, disk, **options)
        assert disk.open_now == set()


def test_the_real_disk_is_used_where_none_is_given(tmp_path: Path) -> None:
    """The default port syncs for real; a log made so opens again."""
    recorder = JSONLRecorder(tmp_path, clock=clock)
    recorder.append([event()])
    recorder.close()
    assert type(recorder._files) is Files
    assert verify(tmp_path).positions == 1
