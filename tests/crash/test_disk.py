"""The simulated disk leaves what its model says, and no more."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from adapters.disk.files import APPEND, CREATE, READ, UPDATE
from tests.crash.crash_states import crash_states
from tests.crash.disk import SECTOR_BYTES, Directory, Disk, SimulatedFiles

WAIT_SECONDS = 20.0
HOME = Path("/home").absolute()


@pytest.fixture
def files() -> SimulatedFiles:
    """A disk with one empty directory, which is synced."""
    disk = Disk()
    disk.root.names["home"] = Directory(disk.next_number())
    return SimulatedFiles(disk)


def left(files: SimulatedFiles, limit: int = 10_000) -> set[tuple[tuple[str, bytes], ...]]:
    """Every tree that a power cut may leave."""
    return {tuple(sorted(state.disk.files_below(HOME).items())) for state in crash_states(files.disk, limit, seed=1)}


def write(files: SimulatedFiles, name: str, data: bytes) -> None:
    """A durable file with a durable name."""
    files.write_durably(HOME / name, data)
    files.sync_directory(HOME)


def test_what_is_synced_is_there(files: SimulatedFiles) -> None:
    """One state, the one that memory has."""
    write(files, "a", b"1")
    assert left(files) == {(("a", b"1"),)}


def test_a_synced_file_without_a_synced_name_may_be_gone(files: SimulatedFiles) -> None:
    """A file's sync says nothing about its name."""
    files.write_durably(HOME / "a", b"1")
    assert left(files) == {(), (("a", b"1"),)}


def test_a_synced_name_says_nothing_about_the_bytes(files: SimulatedFiles) -> None:
    """Of two new sectors each may be there, or zeros; the size too."""
    fd = files.open(HOME / "a", CREATE)
    files.write_all(fd, b"x" * SECTOR_BYTES + b"y")
    files.sync_directory(HOME)
    one, zeros = b"x" * SECTOR_BYTES, bytes(SECTOR_BYTES)
    contents = [b"", one, zeros, one + b"y", one + b"\0", zeros + b"y", zeros + b"\0"]
    assert left(files) == {(("a", data),) for data in contents}
    files.sync_data(fd)
    assert left(files) == {(("a", one + b"y"),)}


def test_a_sector_that_was_written_twice_may_hold_any_of_its_contents(files: SimulatedFiles) -> None:
    """The synced one, the one between, the last."""
    write(files, "a", b"1")
    fd = files.open(HOME / "a", UPDATE)
    files.write_all_at(fd, b"2", 0)
    files.write_all_at(fd, b"3", 0)
    assert left(files) == {(("a", data),) for data in (b"1", b"2", b"3")}


def test_a_cut_may_or_may_not_be_there(files: SimulatedFiles) -> None:
    """The old size with the old bytes, or the new one."""
    write(files, "a", b"x" * 700)
    fd = files.open(HOME / "a", APPEND)
    files.truncate(fd, 600)
    sizes = {len(data) for ((_, data),) in left(files)}
    assert sizes == {600, 700}


def test_a_rename_leaves_either_name_or_both(files: SimulatedFiles) -> None:
    """Never neither, and what stood under the new name stands until then."""
    write(files, "a", b"new")
    write(files, "b", b"old")
    files.rename(HOME / "a", HOME / "b")
    assert left(files) == {(("b", b"new"),), (("a", b"new"), ("b", b"new")), (("a", b"new"), ("b", b"old"))}


def test_a_lost_old_name_takes_the_new_one_along_to_the_disk(files: SimulatedFiles) -> None:
    """Where the directory of the old name is synced, the new name is there; the other way round both may be."""
    for name in ("from", "to"):
        files.make_directories(HOME / name)
    write(files, "from/a", b"1")
    files.sync_directory(HOME / "from")
    files.rename(HOME / "from" / "a", HOME / "to" / "a")
    other = SimulatedFiles(files.disk.copy())
    files.sync_directory(HOME / "from")
    assert left(files) == {(("to/a", b"1"),)}
    other.sync_directory(HOME / "to")
    assert left(other) == {(("to/a", b"1"),), (("from/a", b"1"), ("to/a", b"1"))}


def test_what_is_in_a_directory_goes_with_its_name(files: SimulatedFiles) -> None:
    """A directory's sync says nothing about its own name."""
    files.make_directory(HOME / "new")
    files.write_durably(HOME / "new" / "a", b"1")
    files.sync_directory(HOME / "new")
    assert left(files) == {(), (("new/a", b"1"),)}
    files.sync_directory(HOME)
    assert left(files) == {(("new/a", b"1"),)}


def test_an_unlinked_file_may_come_back(files: SimulatedFiles) -> None:
    """Until its directory is synced."""
    write(files, "a", b"1")
    files.unlink(HOME / "a")
    assert left(files) == {(), (("a", b"1"),)}
    files.sync_directory(HOME)
    assert left(files) == {()}


def test_a_sample_has_the_extremes(files: SimulatedFiles) -> None:
    """Of 2^12 states: none, all, each alone, all but one, and some between."""
    names = [f"f{number:02}" for number in range(12)]
    for name in names:
        files.write_durably(HOME / name, b"1")
    trees = {tuple(name for name, _ in tree) for tree in left(files, limit=60)}
    assert 60 <= len(trees) < 100
    extremes = [(), tuple(names), *((name,) for name in names)]
    extremes += [tuple(other for other in names if other != name) for name in names]
    assert trees.issuperset(extremes)


def test_a_copy_shares_nothing_that_changes(files: SimulatedFiles) -> None:
    """What is done to a disk is not done to a copy that was made before."""
    files.write_durably(HOME / "a", b"1")
    copy = SimulatedFiles(files.disk.copy())
    files.sync_directory(HOME)
    files.unlink(HOME / "a")
    assert left(copy) == {(), (("a", b"1"),)}


def test_a_lock_ends_with_its_descriptor(files: SimulatedFiles) -> None:
    """Another descriptor is refused it until then, as on a real disk."""
    write(files, "a", b"1")
    one, other = files.open(HOME / "a", READ), files.open(HOME / "a", READ)
    files.lock(one)
    with pytest.raises(BlockingIOError):
        files.lock(other)
    files.close(one)
    files.lock(other)


class HeldUpFiles(SimulatedFiles):
    """A port whose first sync of a directory takes until it is let go."""

    def __init__(self, disk: Disk) -> None:
        super().__init__(disk)
        self.syncing, self.let_go = Event(), Event()

    def sync_directory(self, path: Path) -> None:
        self.syncing.set()
        assert self.let_go.wait(WAIT_SECONDS)
        super().sync_directory(path)


def test_nobody_uses_a_folder_before_its_name_is_durable() -> None:
    """Of two that need it at once, the second waits for the first one's sync: what it then answers for stays."""
    disk = Disk()
    disk.root.names["home"] = Directory(disk.next_number())
    files = HeldUpFiles(disk)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(files.make_directories, HOME / "new")
        assert files.syncing.wait(WAIT_SECONDS)
        second = pool.submit(files.make_directories, HOME / "new")
        with pytest.raises(TimeoutError):
            second.result(0.1)
        files.let_go.set()
        first.result(WAIT_SECONDS)
        second.result(WAIT_SECONDS)
    for state in crash_states(disk, 10, seed=1):
        assert list(state.disk.directory(HOME).names) == ["new"]
