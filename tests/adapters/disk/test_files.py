"""The port to the file system, on a real disk, and the verbs of each platform through substitutes for its modules."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, ClassVar

import pytest
from structlog.testing import capture_logs

from adapters.disk.errors import FOLDER_NOT_SYNCED_HERE, not_done_there, operation_of, warn_once
from adapters.disk.file_systems import Weakness, weakness_of
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


@pytest.mark.parametrize("by_descriptors", [True, False], ids=["by descriptors", "by looks, as on Windows"])
def test_the_names_that_are_missing_in_a_folder_are_told(tmp_path: Path, by_descriptors: bool) -> None:
    """A dangling link is something too. In what is no folder none are looked for."""
    files = Files(by_descriptors=by_descriptors)
    files.confine(tmp_path)
    home = tmp_path / "home"
    (home / "folder").mkdir(parents=True)
    (home / "file").touch()
    (home / "dangling").symlink_to(home / "nothing")
    assert files.missing(home, ["a", "folder", "file", "dangling", "b"]) == {"a", "b"}
    with pytest.raises(NotADirectoryError):
        files.missing(home / "file", ["a"])
    with pytest.raises(FileNotFoundError):
        files.missing(home / "a", ["a"])


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


@pytest.mark.skipif(not hasattr(os, "SEEK_DATA"), reason="nobody tells here where a file has holes")
def test_a_hole_is_told_by_where_data_go_on(files: Files, tmp_path: Path) -> None:
    """The offset itself where data are, the end where none follow; where the system does not know, the offset too."""
    path = tmp_path / "file"
    path.write_bytes(b"x")
    fd = files.open(path, UPDATE)
    files.write_all_at(fd, b"y", 2**30)
    files.truncate(fd, 2**31)
    begin = files.next_data(fd, 2**20)
    if begin == 2**20:
        pytest.skip("this file system has no holes")
    assert 2**30 - 2**20 < begin <= 2**30
    assert [files.next_data(fd, offset) for offset in (0, 2**30, 2**30 + 2**20, 2**31)] == [0, 2**30, 2**31, 2**31]
    files.close(fd)
    (reads, writes) = os.pipe()
    assert files.next_data(reads, 7) == 7
    os.close(reads)
    os.close(writes)


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


CLOSED = 9_999
"""A descriptor that is not open."""
NOT_DONE = sorted(FOLDER_NOT_SYNCED_HERE)
DAMAGE = (errno.EIO, errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EPERM)
PLATFORMS = (Posix, MacOS)


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("number", [*NOT_DONE, *DAMAGE])
def test_what_a_file_system_does_not_do_harms_or_not(platform: type[Posix], number: int) -> None:
    """Each verb that is a platform's own by each error: a folder's sync may not be there, dropping from memory is a
    wish; a lock and the sync of data are needed, and a disk that fails is no disk that lacks something.
    """
    error = OSError(number, os.strerror(number))
    warn_once.cache_clear()
    failing = dict.fromkeys(("fdatasync", "fsync", "posix_fadvise", "flock", "fcntl"), error)
    port = platform(Calls(**failing), fcntl=Calls(**failing))
    with capture_logs() as said:
        for _ in range(2):
            port.drop_cache(3)
            if number in NOT_DONE:
                port.sync_directory(PATH)
    operations = ["dropping a file from memory", "sync of a folder"][: 1 + (number in NOT_DONE)]
    assert [entry["operation"] for entry in said] == operations, "each is said once"
    verbs: list[Callable[[], None]] = [lambda: port.lock(3), lambda: port.sync_data(3)]
    for verb in verbs + ([] if number in NOT_DONE else [lambda: port.sync_directory(PATH)]):
        with pytest.raises(OSError, match=re.escape(os.strerror(number))):
            verb()


def test_each_verb_names_itself_in_its_errors(tmp_path: Path) -> None:
    """So that a person is told which operation a file system refuses, and not to look who owns it."""
    files, none = Files(), tmp_path / "none"
    verbs: dict[str, Callable[[], object]] = {
        "to open a file": lambda: files.open(none, READ),
        "to write a file": lambda: files.write(CLOSED, memoryview(b"x")),
        "to read a file": lambda: files.read_at(CLOSED, 1, 0),
        "to look for holes in a file": lambda: files.next_data(CLOSED, 0),
        "to cut a file to a size": lambda: files.truncate(CLOSED, 0),
        "to sync a file": lambda: files.sync_data(CLOSED),
        "to sync a folder": lambda: files.sync_directory(none),
        "to rename a file": lambda: files.rename(none, none),
        "to remove a file": lambda: files.unlink(none),
        "to make a folder": lambda: files.make_directory(none / "x"),
        "to remove a folder": lambda: files.remove_directory(none),
        "to close a folder to others": lambda: files.close_to_others(none),
        "to look at a file": lambda: files.stat(none),
        "to list a folder": lambda: files.scan_directory(none),
        "to lock a file": lambda: files.lock(CLOSED),
        "to ask for the free space": lambda: files.free_bytes(none),
    }
    for operation, verb in verbs.items():
        with pytest.raises(OSError) as refused:  # noqa: PT011 - which error it is belongs to the system
            verb()
        assert operation_of(refused.value) == operation
        told = not_done_there(none, OSError(errno.ENOSYS, "Function not implemented"))
        assert told is not None
        assert "a call is answered with" in told
        assert not_done_there(none, refused.value) is None


MOUNTS = """\
/dev/vda / ext4 rw 0 0
server:/home /mnt/a\\040share nfs4 rw 0 0
/dev/vdb /mnt/a\\040share/local ext4 rw 0 0
tmpfs /dev/shm tmpfs rw 0 0
/dev/sdc1 /mnt/usb vfat rw 0 0
a line of another form
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/mnt/a share/root", "nfs4"),
        ("/mnt/a share/local/root", "ext4"),
        ("/home/abby", "ext4"),
        ("/mnt/a sharex", "ext4"),
        ("/dev/shm/abby", "tmpfs"),
        ("/mnt/usb/abby", "vfat"),
    ],
)
def test_the_file_system_of_a_path_is_known_on_linux(tmp_path: Path, path: str, kind: str) -> None:
    """The longest mount point above a path decides; without a table of mounts nothing is known."""
    (tmp_path / "mounts").write_text(MOUNTS)
    assert Posix(fcntl=None, mounts=tmp_path / "mounts").file_system(Path(path)) == kind
    assert Posix(fcntl=None, mounts=tmp_path / "none").file_system(Path(path)) is None


@pytest.mark.skipif(not Path("/proc/self/mounts").exists(), reason="Linux shows its mounts there")
def test_the_file_system_behind_a_link_is_that_of_its_target(files: Files, tmp_path: Path) -> None:
    """What is asked is where the bytes lie."""
    (tmp_path / "link").symlink_to("/proc")
    assert files.file_system(tmp_path / "link" / "self") == "proc"
    assert files.file_system(tmp_path) == files.file_system(tmp_path / "not there yet")


TOLD = """\
/dev/disk1s1 on / (apfs, local, journaled)
map auto_home on /System/Volumes/Data/home (autofs, automounted, nobrowse)
//guest@nas/share on /Volumes/a (b) share (smbfs, nodev, nosuid, mounted by abby)
/dev/disk2s1 on /Volumes/USB (msdos, local, nodev)
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/Users/abby", "apfs"), ("/Volumes/a (b) share/root", "smbfs"), ("/Volumes/USB/root", "msdos")],
)
def test_the_file_system_of_a_path_is_known_on_macos(path: str, kind: str) -> None:
    """By what `mount` tells; where that cannot be run, nothing is known."""
    assert MacOS(fcntl=None, list_mounts=lambda: TOLD).file_system(Path(path)) == kind

    def broken() -> str:
        raise subprocess.TimeoutExpired("mount", 5)

    assert MacOS(fcntl=None, list_mounts=broken).file_system(Path(path)) is None


class Kernel:
    """A substitute for the system's library on Windows, which knows drives by their letter."""

    DRIVES: ClassVar = {"C:\\": (3, "NTFS"), "E:\\": (2, "exFAT"), "R:\\": (6, "NTFS"), "N:\\": (4, "NTFS")}

    def GetDriveTypeW(self, drive: str) -> int:  # noqa: N802 - its name there
        """The type of the drive, 1 for none."""
        return self.DRIVES.get(drive, (1, ""))[0]

    def GetVolumeInformationW(self, drive: str, *rest: Any) -> int:  # noqa: N802 - its name there
        """Writes the name of the file system into the buffer; 0 for a drive that there is not."""
        rest[5].value = self.DRIVES.get(drive, (1, ""))[1]
        return int(drive in self.DRIVES)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (r"\\server\share\root", "share"),
        (r"\\?\C:\root", "NTFS"),
        (r"C:\root", "NTFS"),
        (r"E:\root", "exFAT"),
        (r"R:\root", "ram disk"),
        (r"N:\root", "share"),
        (r"X:\root", None),
    ],
)
def test_the_file_system_of_a_path_is_known_on_windows(path: str, kind: str | None) -> None:
    """By the path of a share, else by what the system says of the drive; without its library nothing is known."""
    assert Windows(msvcrt=None, kernel=Kernel()).file_system(Path(path)) == kind
    assert Windows(msvcrt=None).file_system(Path(path)) == (kind if path.startswith(r"\\server") else None)


@pytest.mark.parametrize(
    ("kind", "weakness"),
    [
        *((kind, Weakness.NETWORK) for kind in ("nfs4", "cifs", "smbfs", "9p", "fuse.sshfs", "share", "vboxsf")),
        *((kind, Weakness.RENAME) for kind in ("vfat", "exfat", "msdos", "exFAT", "FAT32", "fuseblk", "ext2")),
        *((kind, Weakness.MEMORY) for kind in ("tmpfs", "ramfs", "ram disk")),
        *((kind, None) for kind in ("ext4", "xfs", "btrfs", "apfs", "NTFS", "zfs", "overlay", None, "")),
    ],
)
def test_a_file_system_that_is_weaker_than_the_protocol_is_known(kind: str | None, weakness: Weakness | None) -> None:
    """As Linux, macOS and Windows name them; what nobody knows is not spoken of."""
    assert weakness_of(kind) is weakness
