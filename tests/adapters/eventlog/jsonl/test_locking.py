"""One process writes a log; the others are told which one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.disk.files import Files
from adapters.eventlog.jsonl.lock import read_holder
from adapters.ports.faults import LogLocked, StorageUnavailable
from tests.adapters.eventlog.jsonl.logs import Disk, abandon, event, fails, numbers, opened, write_log

PROJECT = Path(__file__).parents[4]
OPEN = """
import sys
from pathlib import Path
from adapters.ports.clock import utc_now
from adapters.eventlog.jsonl import JSONLRecorder
from adapters.ports.faults import Fault
try:
    recorder = JSONLRecorder(Path(sys.argv[1]), clock=utc_now)
except Fault as fault:
    print(type(fault).__name__, fault.pid, fault.address, fault)
    sys.exit(fault.exit_code)
print("open", flush=True)
sys.stdin.read()
"""


def start(root: Path) -> subprocess.Popen[str]:
    """Another process that opens a root, and holds it until its input ends."""
    return subprocess.Popen(
        [sys.executable, "-c", OPEN, str(root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
    )


def test_a_second_process_is_refused_and_told_who_holds_the_log(tmp_path: Path) -> None:
    """Exit code 73, pid, and the address once a service has announced it."""
    recorder = opened(tmp_path)
    for address in (None, "http://127.0.0.1:8080"):
        if address is not None:
            recorder.announce(address)
        other = start(tmp_path)
        answer, _ = other.communicate(timeout=60)
        assert other.returncode == 73
        assert answer.startswith(f"LogLocked {os.getpid()} {address} The log ")
        assert f"process {os.getpid()}" in answer
    assert recorder.append([event()]) == 1
    recorder.close()


@pytest.mark.parametrize(
    ("note", "times", "opens"),
    [(b"", 1, True), (b"", 2, False), (b'{"pid":7,"address":null,"visit":true}', 5, True), (b'{"visit":1}', 2, False)],
)
def test_whoever_has_the_lock_for_a_moment_is_waited_for(note: bytes, times: int, opens: bool, tmp_path: Path) -> None:
    """As who only asks whether it is held has it; and a visit, as long as it says that it is one."""
    write_log(tmp_path, [1])
    (tmp_path / "logs" / ".lock").write_bytes(note)
    disk = Disk()
    disk.faults["lock"] = fails(BlockingIOError(), name=".lock", times=times)
    if opens:
        opened(tmp_path, disk).close()
    else:
        with pytest.raises(LogLocked):
            opened(tmp_path, disk)


def test_a_process_that_ends_leaves_the_log_free(tmp_path: Path) -> None:
    """Refused while it lives, naming it; free once it was killed, without anyone removing a file."""
    other = start(tmp_path)
    assert other.stdout is not None
    assert other.stdout.readline() == "open\n"
    with pytest.raises(LogLocked) as caught:
        opened(tmp_path)
    assert (caught.value.pid, caught.value.address, caught.value.exit_code) == (other.pid, None, 73)
    other.kill()
    other.communicate(timeout=60)
    recorder = opened(tmp_path)
    assert read_holder(Files(), tmp_path / "logs" / ".lock") == (os.getpid(), None)
    recorder.close()


def test_a_deleted_lock_file_lets_no_second_writer_in(tmp_path: Path) -> None:
    """The log itself is locked as well: the first goes on, the second is refused and can only not say by whom."""
    recorder = opened(tmp_path)
    (tmp_path / "logs" / ".lock").unlink()
    for _ in range(2):
        with pytest.raises(LogLocked, match="another process") as caught:
            opened(tmp_path)
        assert caught.value.pid is None
    assert recorder.append([event()]) == 1
    recorder.close()
    opened(tmp_path).close()


def test_a_reader_needs_no_lock(tmp_path: Path) -> None:
    """Any number of readers open beside a writer, and do not keep one out."""
    write_log(tmp_path, [2])
    readers = [opened(tmp_path, read_only=True) for _ in range(2)]
    recorder = opened(tmp_path)
    assert [numbers(reader) for reader in readers] == [[1, 2], [1, 2]]
    for each in (recorder, *readers):
        each.close()


@pytest.mark.parametrize("note", [b"", b"123", b'{"pid":"x"}', b'{"address":1}', b"[]", b"\xff" * 600])
def test_a_lock_file_that_says_nothing_is_no_obstacle(tmp_path: Path, note: bytes) -> None:
    """Its line is a courtesy: unreadable, the holder is not known, and the lock works all the same."""
    recorder = opened(tmp_path)
    (tmp_path / "logs" / ".lock").write_bytes(note)
    with pytest.raises(LogLocked, match="another process, and only one"):
        opened(tmp_path)
    recorder.close()
    assert read_holder(Files(), tmp_path / "nothing") == (None, None)


def test_a_long_announcement_is_replaced_whole(tmp_path: Path) -> None:
    """A shorter line leaves nothing of a longer one."""
    recorder = opened(tmp_path)
    for address in ("http://" + "a" * 200, "http://b"):
        recorder.announce(address)
        assert read_holder(Files(), tmp_path / "logs" / ".lock") == (os.getpid(), address)
    recorder.close()


def test_a_full_disk_does_not_keep_the_line_from_being_optional(tmp_path: Path) -> None:
    """A start goes on when who holds the lock cannot be written down."""
    write_log(tmp_path, [1])
    disk = Disk()
    disk.faults["write_at"] = fails(OSError(28, "No space left on device"), name=".lock")
    recorder = opened(tmp_path, disk)
    recorder.close()


def test_a_lock_that_the_system_refuses_is_said(tmp_path: Path) -> None:
    """A file system without locks is StorageUnavailable, not a log held by somebody."""
    disk = Disk()
    disk.faults["lock"] = fails(OSError(95, "Operation not supported"))
    with pytest.raises(StorageUnavailable, match="not supported"):
        opened(tmp_path, disk)
    abandon(opened(tmp_path))
