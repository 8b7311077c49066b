"""The port to the file system, on a real disk, and the verbs of each platform through substitutes for its modules."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from adapters.disk.files import APPEND, CREATE, READ, UPDATE, Files
from adapters.disk.platforms import FAR_BYTE, MacOS, Posix, Windows, this_platform
from tests.adapters.eventlog.jsonl.logs import Disk, fails


@pytest.fixture
def files() -> Files:
    """The real port."""
    return Files()


def test_write_durably_writes_a_new_file_or_nothing(tmp_path: Path) -> None:
    """What stands there is never overwritten, a fault leaves nothing, and the bytes are synced before it returns."""
    disk = Disk()
    path = tmp_path / "staged"
    disk.write_durably(path, b"bytes", 0o600)
    assert path.read_bytes() == b"bytes"
    assert path.stat().st_mode & 0o777 == 0o600
    assert disk.calls == [("open", "staged"), ("write", "staged"), ("sync_data", "staged")]
    with pytest.raises(FileExistsError):
        disk.write_durably(path, b"other")
    assert path.read_bytes() == b"bytes"
    for verb in ("write", "sync_data"):
        disk.faults = {verb: fails(OSError(errno.ENOSPC, "full"))}
        with pytest.raises(OSError, match="full"):
            disk.write_durably(tmp_path / "other", b"bytes")
        disk.faults["unlink"] = fails(OSError(errno.EIO, "broken"))
        with pytest.raises(OSError, match="full"):
            disk.write_durably(tmp_path / verb, b"bytes")
    assert {found.name for found in tmp_path.iterdir()} == {"staged", "write", "sync_data"}


def test_new_directories_are_durable_in_their_parents(tmp_path: Path) -> None:
    """Each parent is synced after its child is made; what stands already costs nothing; another may make it first."""
    disk = Disk()
    path = tmp_path / "a" / "b"
    disk.make_directories(path)
    made = [
        ("make_directory", "a"),
        ("sync_directory", tmp_path.name),
        ("make_directory", "b"),
        ("sync_directory", "a"),
    ]
    assert [call for call in disk.calls if call[0] != "stat"] == made
    disk.make_directories(path)
    assert len([call for call in disk.calls if call[0] != "stat"]) == 4
    disk.faults["make_directory"] = fails(FileExistsError(errno.EEXIST, "made by another"), times=1)
    (tmp_path / "c").mkdir()
    disk.faults["stat"] = fails(FileNotFoundError(errno.ENOENT, "not yet"), times=2)
    disk.make_directories(tmp_path / "c")
    assert disk.calls[-1] == ("sync_directory", tmp_path.name)


def test_too_many_new_directories_are_refused(files: Files, tmp_path: Path) -> None:
    """The number made at once has a bound."""
    with pytest.raises(FileNotFoundError):
        files.make_directories(tmp_path.joinpath(*["d"] * 70))


def test_an_emptied_directory_is_removed(files: Files, tmp_path: Path) -> None:
    """Whether it is gone now: one with something in it is not, one that was never there is."""
    (tmp_path / "folder" / "file").mkdir(parents=True)
    assert not files.remove_if_empty(tmp_path / "folder")
    assert files.remove_if_empty(tmp_path / "folder" / "file")
    assert files.remove_if_empty(tmp_path / "folder")
    assert files.remove_if_empty(tmp_path / "folder")


def test_what_stands_at_a_path_is_told(files: Files, tmp_path: Path) -> None:
    """Files, links, dangling links, and names below a file."""
    file, link, dangling = tmp_path / "file", tmp_path / "link", tmp_path / "dangling"
    file.write_bytes(b"12345")
    link.symlink_to(file)
    dangling.symlink_to(tmp_path / "nothing")
    hard = tmp_path / "hard"
    hard.hardlink_to(file)
    assert [files.exists(path) for path in (file, link, dangling, file / "below")] == [True, True, False, False]
    assert [files.lexists(path) for path in (file, link, dangling, file / "below")] == [True, True, True, False]
    assert [files.is_symlink(path) for path in (file, link, dangling, tmp_path / "no")] == [False, True, True, False]
    assert [files.is_same_file(file, other) for other in (hard, link, dangling, tmp_path)] == [True, True, False, False]
    assert not files.is_same_file(dangling, file)
    assert files.list_directory(tmp_path) == ["dangling", "file", "hard", "link"]
    assert files.list_directory(tmp_path / "no") == []
    assert files.read(file) == b"12345"
    assert files.free_bytes(tmp_path) > 0


def test_reading_stops_where_the_file_ends(tmp_path: Path) -> None:
    """Short reads are looped over; fewer bytes than asked for come only from a shorter file."""
    disk = Disk()
    disk.short = True
    (tmp_path / "file").write_bytes(bytes(range(50)))
    fd = disk.open(tmp_path / "file", READ)
    for size, offset, expected in ((50, 0, 50), (100, 0, 50), (20, 45, 5), (10, 50, 0), (7, 0, 7)):
        assert disk.read_all_at(fd, size, offset) == bytes(range(50))[offset : offset + expected]
    disk.close(fd)


def test_the_ways_to_open(files: Files, tmp_path: Path) -> None:
    """APPEND writes at the end wherever the descriptor stands, UPDATE makes and keeps, CREATE is for new files."""
    path = tmp_path / "file"
    fd = files.open(path, UPDATE)
    files.write_all_at(fd, b"abcdef", 0)
    files.write_all_at(fd, b"XY", 2)
    files.close(fd)
    fd = files.open(path, APPEND)
    files.write_all(fd, b"!")
    files.truncate(fd, 4)
    files.write_all(fd, b"?")
    files.close(fd)
    assert path.read_bytes() == b"abXY?"
    with pytest.raises(FileExistsError):
        files.open(path, CREATE)
    assert not os.get_inheritable(files.open(path, READ))


def test_the_locks_of_this_platform_exclude(files: Files, tmp_path: Path) -> None:
    """A second open file is refused at once, closing another descriptor loses nothing, closing the holder frees."""
    holder, other = (files.open(tmp_path / "lock", UPDATE) for _ in range(2))
    files.lock(holder)
    with pytest.raises(BlockingIOError):
        files.lock(other)
    files.close(other)
    other = files.open(tmp_path / "lock", UPDATE)
    with pytest.raises(BlockingIOError):
        files.lock(other)
    files.close(holder)
    files.lock(other)
    files.close(other)


class Calls:
    """A substitute for a module: notes its calls, and raises where told to."""

    LOCK_EX, LOCK_NB, F_FULLFSYNC, LK_NBLCK, O_RDONLY, POSIX_FADV_DONTNEED = 2, 4, 51, 3, 0, 4

    def __init__(self, **errors: OSError) -> None:
        self.made: list[tuple[Any, ...]] = []
        self._errors = errors

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: object) -> int:
            self.made.append((name, *arguments))
            if name in self._errors:
                raise self._errors[name]
            return 9

        return call


PATH = Path("/root/logs")


def test_linux_verbs() -> None:
    """fdatasync, fsync of the directory, flock without waiting, and the page cache dropped."""
    system, fcntl = Calls(), Calls()
    platform = Posix(system, fcntl=fcntl)
    platform.sync_data(3)
    platform.sync_directory(PATH)
    platform.lock(3)
    platform.drop_cache(3)
    assert system.made == [
        ("fdatasync", 3),
        ("open", PATH, 0),
        ("fsync", 9),
        ("close", 9),
        ("posix_fadvise", 3, 0, 0, 4),
    ]
    assert fcntl.made == [("flock", 3, 6)]


def test_a_directory_is_closed_after_a_failed_sync() -> None:
    """The fault goes to the caller, the descriptor does not stay open."""
    system = Calls(fsync=OSError(errno.EIO, "broken"))
    with pytest.raises(OSError, match="broken"):
        Posix(system, fcntl=Calls()).sync_directory(PATH)
    assert system.made[-1] == ("close", 9)


def test_a_system_without_fadvise_keeps_its_cache() -> None:
    """Dropping the cache is only where it can be done."""
    Posix(SimpleNamespace(), fcntl=Calls()).drop_cache(3)


def test_a_new_file_is_given_its_room_where_the_system_can_do_that(files: Files, tmp_path: Path) -> None:
    """Without a byte written; a disk without room says so, and a file system that knows no such thing is no fault."""
    fd = files.open(tmp_path / "new", CREATE)
    files.take_room(fd, 100_000)
    files.close(fd)
    if hasattr(os, "posix_fallocate"):
        assert (tmp_path / "new").read_bytes() == bytes(100_000)
    Windows(Calls(), msvcrt=Calls()).take_room(3, 100_000)
    Posix(SimpleNamespace(), fcntl=Calls()).take_room(3, 100_000)
    Posix(Calls(posix_fallocate=OSError(errno.EOPNOTSUPP, "unknown")), fcntl=Calls()).take_room(3, 100_000)
    for number in (errno.ENOSPC, errno.EIO):
        with pytest.raises(OSError, match="no"):
            Posix(Calls(posix_fallocate=OSError(number, "no")), fcntl=Calls()).take_room(3, 100_000)


def test_macos_verbs() -> None:
    """F_FULLFSYNC for data, without another way; for a directory it may be fsync; flock."""
    system, fcntl = Calls(), Calls()
    platform = MacOS(system, fcntl=fcntl)
    platform.sync_data(3)
    platform.sync_directory(PATH)
    platform.lock(3)
    assert fcntl.made == [("fcntl", 3, 51), ("fcntl", 9, 51), ("flock", 3, 6)]
    assert system.made == [("open", PATH, 0), ("close", 9)]
    system, fcntl = Calls(), Calls(fcntl=OSError(errno.ENOTSUP, "not supported"))
    platform = MacOS(system, fcntl=fcntl)
    platform.sync_directory(PATH)
    assert system.made == [("open", PATH, 0), ("fsync", 9), ("close", 9)]
    with pytest.raises(OSError, match="not supported"):
        platform.sync_data(3)


def test_windows_verbs() -> None:
    """os.fsync, nothing for a directory or the cache, and a lock on a byte that no file reaches."""
    system, msvcrt = Calls(), Calls()
    platform = Windows(system, msvcrt=msvcrt)
    platform.sync_data(3)
    platform.sync_directory(PATH)
    platform.drop_cache(3)
    platform.lock(3)
    assert system.made == [("fsync", 3), ("lseek", 3, FAR_BYTE, os.SEEK_SET)]
    assert msvcrt.made == [("locking", 3, 3, 1)]
    held = Windows(Calls(), msvcrt=Calls(locking=PermissionError(errno.EACCES, "locked")))
    with pytest.raises(BlockingIOError):
        held.lock(3)


@pytest.mark.parametrize(
    ("name", "kind", "wanted"),
    [
        ("linux", Posix, "fcntl"),
        ("freebsd14", Posix, "fcntl"),
        ("darwin", MacOS, "fcntl"),
        ("win32", Windows, "msvcrt"),
    ],
)
def test_each_platform_has_its_verbs(name: str, kind: type, wanted: str) -> None:
    """Chosen by sys.platform; only the module that exists there is loaded."""
    loaded: list[str] = []

    def load(module: str) -> ModuleType:
        loaded.append(module)
        return ModuleType(module)

    assert type(this_platform(name, load)) is kind
    assert loaded == [wanted]
    assert type(this_platform()) is type(this_platform(sys.platform))


MOUNTS = """\
/dev/vda / ext4 rw 0 0
server:/home /mnt/a\\040share nfs4 rw 0 0
/dev/vdb /mnt/a\\040share/local ext4 rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/mnt/a share/root", "nfs4"), ("/mnt/a share/local/root", None), ("/home/abby", None), ("/mnt/a sharex", None)],
)
def test_a_network_file_system_is_known_on_linux(tmp_path: Path, path: str, kind: str | None) -> None:
    """The longest mount point above a path decides; without a table of mounts nothing is known."""
    (tmp_path / "mounts").write_text(MOUNTS)
    assert Posix(fcntl=None, mounts=tmp_path / "mounts").network_file_system(Path(path)) == kind
    assert Posix(fcntl=None, mounts=tmp_path / "none").network_file_system(Path(path)) is None


@pytest.mark.parametrize(
    ("path", "kind"), [(r"\\server\share\root", "share"), (r"\\?\C:\root", None), (r"C:\root", None)]
)
def test_a_network_share_is_known_on_windows(path: str, kind: str | None) -> None:
    """By its path; a long path of a local disk begins alike."""
    assert Windows(msvcrt=None).network_file_system(Path(path)) == kind
