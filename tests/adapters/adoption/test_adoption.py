"""Existing images are brought in as they are, once, whatever interrupts it; what cannot be is left alone and named."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from freezegun import freeze_time

from adapters.adoption.adoption import adopt, dry_run, plan
from adapters.adoption.tally import Adoption
from adapters.application.adoption_mark import AdoptionMark, adopt_command
from adapters.disk.files import Files
from adapters.library.storage_manager import StorageManager
from adapters.ports.faults import AdoptionUnfinished, DiskFull, LogLocked, LogMissing, StorageUnavailable
from domain.limits import MEGABYTE, Limits
from domain.refusals import Reason, Refusal
from tests.adapters.adoption.adopting import (
    adopted,
    planned,
    put,
    terms,
    told,
    traces,
)
from tests.adapters.application.evidence import assert_disk_and_log_agree, files_of
from tests.adapters.application.small_disk import SmallDisk
from tests.hostile.builders import gif, jpeg, png, png_of_size, webp


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A folder of images of before."""
    return tmp_path / "old"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A storage root that is not there yet."""
    return tmp_path / "root"


def test_both_layouts_are_brought_in_the_oldest_first(old: Path, root: Path) -> None:
    """Bytes, names, folders and order; a copy, so that whoever writes the old file on changes nothing here."""
    put(old, "images/users/1/generated.png", png_of_size(90_000), age=1)
    put(old, "users/2/text_to_image/image_7.jpg", jpeg(), age=3)
    put(old, "users/2/upscale/image_8.webp", webp(), age=2)
    put(old, "images/users/1/k/moving.gif", gif(2), age=4)
    before = traces(old)
    done = adopted(root, old)
    assert traces(old) == before
    assert (done.images, done.skipped, done.already) == (4, (), 0)
    assert done.size_bytes == done.copied_bytes == sum(path.stat().st_size for path in old.rglob("*.*"))
    assert [(user, name, operation, by) for user, name, _, _, operation, by in told(root)] == [
        ("1", "k/moving.gif", "adopted", "cli"),
        ("2", "text_to_image/image_7.jpg", "adopted", "cli"),
        ("2", "upscale/image_8.webp", "adopted", "cli"),
        ("1", "generated.png", "adopted", "cli"),
    ]
    (old / "images/users/1/generated.png").write_bytes(b"overwritten by the former program")
    assert_disk_and_log_agree(root)
    with StorageManager(root) as storage:
        assert storage.get_user_images("1") == ["generated.png", "k/moving.gif"]
        assert storage.get_quota_status("2")["daily"]["used"] == 0


@pytest.mark.parametrize("named", [".", "images", "images/users"])
def test_images_in_the_root_itself_stay_where_they_are(root: Path, named: str) -> None:
    """Only the log learns of them: the files, and the details beside them, are not touched at all."""
    put(root, "images/users/1/a.png", png_of_size(90_000), age=2)
    put(root, "images/users/1/k/b.png", png(), age=1)
    put(root, "images/users/1/.details/a.png~.json", b'{"prompt":"a fox"}')
    with pytest.raises(LogMissing, match="abby adopt"):
        StorageManager(root)
    before = traces(root / "images")
    done = adopted(root, root / named)
    assert (done.images, done.copied_bytes, done.skipped) == (2, 0, ())
    assert traces(root / "images") == before
    assert_disk_and_log_agree(root)
    with StorageManager(root) as storage:
        assert storage.get_user_images("1") == ["k/b.png", "a.png"]
        assert storage.delete_image("1", "a.png")[0]
    assert_disk_and_log_agree(root)


def test_the_older_layout_in_the_root_is_copied(root: Path) -> None:
    """`users/` there is no place of ours; what came from it stands once, however often it is adopted."""
    put(root, "users/1/upscale/a.png", png())
    assert (adopted(root, root).images, adopted(root, root).images) == (1, 0)
    assert files_of(root) == {root / "images/users/1/upscale/a.png"}
    assert (root / "users/1/upscale/a.png").read_bytes() == png()
    assert_disk_and_log_agree(root)


def test_adopting_again_records_nothing(old: Path, root: Path) -> None:
    """Also into a log that has more by now, and images of its own."""
    put(old, "users/1/a.png", png())
    put(old, "users/2/b.png", png())
    adopted(root, old)
    put(old, "users/3/c.png", png())
    with StorageManager(root) as storage:
        storage.reset_daily("1", "x")
    again = adopted(root, old)
    assert [(share.user, share.images, share.already) for share in again.shares] == [
        ("1", 0, 1),
        ("2", 0, 1),
        ("3", 1, 0),
    ]
    assert [user for user, *_ in told(root)] == ["1", "2", "3"]
    assert_disk_and_log_agree(root)


class Ordered(Files):
    """Notes what is synced, and when the log is written."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[str] = []
        self._of_descriptor: dict[int, Path] = {}

    def open(self, path: Path, flags: int, mode: int = 0o644) -> int:
        """Remembers what a descriptor is of."""
        fd = super().open(path, flags, mode)
        self._of_descriptor[fd] = path
        return fd

    def sync_data(self, fd: int) -> None:
        """Noted by the name."""
        super().sync_data(fd)
        self.done.append(self._of_descriptor[fd].name)

    def sync_directory(self, path: Path) -> None:
        """Noted by the name."""
        super().sync_directory(path)
        self.done.append(path.name)


def test_a_file_in_place_is_on_the_disk_before_the_log_names_it(root: Path) -> None:
    """Its bytes and every folder on its way: nobody knows whether they were ever synced."""
    put(root, "images/users/1/k/a.png", png())
    files = Ordered()
    adopt(planned(root, root), terms(files))
    at = files.done.index("a.png")
    assert files.done[at : at + 7] == ["a.png", "k", "1", "users", "images", "root", "events.jsonl"]


def test_limits_stop_nothing_and_are_told(old: Path, root: Path) -> None:
    """Who is over, and by how much; after it their saves are refused until they delete, and the pool's too."""
    for number in range(3):
        put(old, f"users/1/{number}.png", png_of_size(MEGABYTE))
    put(old, "users/2/a.png", png_of_size(MEGABYTE))
    limits = Limits(user_bytes=2 * MEGABYTE, pool_bytes=3 * MEGABYTE)
    done = adopted(root, old, limits=limits)
    assert [(share.user, share.used_bytes // MEGABYTE, share.is_over) for share in done.shares] == [
        ("1", 3, True),
        ("2", 1, False),
    ]
    assert (done.pool_used_bytes, done.pool_limit_bytes, done.pool_is_over) == (4 * MEGABYTE, 3 * MEGABYTE, True)


async def test_who_is_over_keeps_nothing_more_until_images_are_deleted(old: Path, root: Path) -> None:
    """The refusal is the ordinary one."""
    for number in range(3):
        put(old, f"users/1/{number}.png", png_of_size(MEGABYTE))
    adopted(root, old)
    with StorageManager(root, max_user_storage_mb=2) as storage:
        _, message, _ = await storage.save_image(png(), "1")
        assert message.startswith("Your storage quota is full: 3.0 MB of 2.0 MB are used")
        for number in range(2):
            storage.delete_image("1", f"{number}.png")
        assert (await storage.save_image(png(), "1"))[0]
    assert_disk_and_log_agree(root)


def test_the_limits_of_the_log_hold_where_it_has_some(old: Path, root: Path) -> None:
    """Also those of one user; who is over and has no image here is told too."""
    with StorageManager(root, max_user_storage_mb=2) as storage:
        storage.override_limits("1", max_user_storage_mb=1)
    put(old, "users/1/a.png", png_of_size(MEGABYTE))
    put(old, "users/2/a.png", png_of_size(MEGABYTE + 1))
    done = adopted(root, old, limits=Limits(user_bytes=5))
    assert [(share.limit_bytes // MEGABYTE, share.is_over) for share in done.shares] == [(1, False), (2, False)]
    with StorageManager(root) as storage:
        storage.override_limits("2", max_user_storage_mb=1)
    (old / "users/2/a.png").unlink()
    assert [(share.user, share.is_over) for share in adopted(root, old).shares] == [("1", False), ("2", True)]


def test_one_file_at_a_time_is_in_memory(old: Path, root: Path) -> None:
    """Twelve images of 3 MB need no more room than a few of them."""
    for number in range(12):
        put(old, f"users/1/{number}.png", png_of_size(3 * MEGABYTE))
    made = planned(root, old)
    tracemalloc.start()
    try:
        adopt(made, terms())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 12 * MEGABYTE
    assert len(told(root)) == 12


def test_progress_is_told_to_the_last_file(old: Path, root: Path) -> None:
    """Skipped ones count as done."""
    for name in ("a.png", "b.png"):
        put(old, f"users/1/{name}", png())
    put(old, "users/1/c.png", b"broken")
    heard: list[tuple[int, int]] = []
    adopt(planned(root, old), terms(progress=lambda done, total: heard.append((done, total))))
    assert heard == [(0, 3), (1, 3), (2, 3), (3, 3)]


class Stop(Exception):
    """What ends these adoptions in the middle."""


def stopping_at(done: int) -> Callable[[int, int], None]:
    """Progress that ends the adoption after so many files."""

    def progress(files: int, _total: int) -> None:
        if files == done:
            raise Stop

    return progress


@contextmanager
def half_adopted(root: Path, directory: Path) -> Iterator[None]:
    """An adoption that was stopped after its first file."""
    with pytest.raises(Stop):
        adopt(planned(root, directory), terms(progress=stopping_at(1)))
    yield


def test_a_half_adopted_root_is_opened_by_nobody_else(old: Path, root: Path) -> None:
    """The refusal names the command; the same directory goes on, another one is told to wait."""
    for name in ("a.png", "b.png"):
        put(old, f"users/1/{name}", png())
    other = put(root.with_name("other"), "users/1/z.png", png()).parents[2]
    with half_adopted(root, old):
        for refused in (lambda: StorageManager(root), lambda: plan(root, other, Files())):
            with pytest.raises(AdoptionUnfinished) as raised:
                refused()
            assert f"`{adopt_command(root, old)}`" in str(raised.value)
            assert raised.value.exit_code == 65
        assert adopted(root, old).already == 1
    StorageManager(root).close()
    assert_disk_and_log_agree(root)
    assert len(told(root)) == 2


def test_a_directory_that_is_lost_half_adopted_has_a_way_out(old: Path, root: Path) -> None:
    """What is adopted so far is whole; the file to delete is named."""
    for name in ("a.png", "b.png"):
        put(old, f"users/1/{name}", png())
    with half_adopted(root, old):
        old.rename(old.with_name("unplugged"))
        sentence = plan(root, old, Files())
    assert isinstance(sentence, str)
    assert f"delete {root / 'logs' / 'adopting'}" in sentence
    (root / "logs/adopting").unlink()
    with StorageManager(root) as storage:
        assert storage.get_user_images("1") == ["a.png"]


def test_a_folder_without_images_of_before_is_said_to_be_one(tmp_path: Path) -> None:
    """A mistyped folder makes no root; an empty layout is nothing to do."""
    for sentence in (plan(tmp_path / "root", tmp_path / "no", Files()), plan(tmp_path / "root", tmp_path, Files())):
        assert isinstance(sentence, str)
        assert "images/users" in sentence
    (tmp_path / "users").mkdir()
    assert dry_run(planned(tmp_path / "root", tmp_path), terms()) == Adoption(0, (), (), 0, 5000 * MEGABYTE)
    assert not (tmp_path / "root").exists()


def test_a_clock_that_stands_wrong_refuses_and_leaves_no_mark(old: Path, root: Path) -> None:
    """Else the command that corrects the clock would be refused because of the adoption."""
    put(old, "users/1/a.png", png())
    with freeze_time("2099-01-01", real_asyncio=True):
        StorageManager(root).close()
    refused = [dry_run(planned(root, old), terms()), adopt(planned(root, old), terms())]
    assert [one.reason for one in refused if isinstance(one, Refusal)] == [Reason.CLOCK_BEHIND] * 2
    with StorageManager(root) as storage:
        assert storage.clock_corrected()[0]
    assert adopted(root, old).images == 1


def test_a_full_disk_ends_it_and_it_goes_on_when_there_is_room(old: Path, root: Path) -> None:
    """Nothing half is left; the mark stays, and so does what was adopted."""
    for number in range(3):
        put(old, f"users/1/{number}.png", png_of_size(MEGABYTE), age=-number)
    disk = SmallDisk()

    def fill_up(done: int, _total: int) -> None:
        disk.room_bytes = MEGABYTE // 2 if done == 2 else None

    with pytest.raises(OSError, match="No space"):
        adopt(planned(root, old), terms(disk, progress=fill_up))
    assert [name for _, name, *_ in told(root)] == ["0.png", "1.png"]
    assert_disk_and_log_agree(root)
    assert AdoptionMark(root, Files()).directory() == old
    disk.room_bytes = None
    done = adopt(planned(root, old), terms(disk))
    assert isinstance(done, Adoption)
    assert (done.images, done.already) == (1, 2)
    assert_disk_and_log_agree(root)


def test_a_disk_that_was_full_before_adopts_nothing(old: Path, root: Path) -> None:
    """The ledger refuses what grows; what was staged for it is gone."""
    put(old, "users/1/a.png", png())
    disk = SmallDisk()
    disk.room_bytes = 2 * MEGABYTE
    with pytest.raises(DiskFull):
        adopt(planned(root, old), terms(disk))
    assert files_of(root) == set()


def test_a_held_log_is_left_alone(old: Path, root: Path) -> None:
    """No mark is set beside a running program, whose next start would be refused because of it; a rehearsal works."""
    put(old, "users/1/a.png", png())
    with StorageManager(root):
        with pytest.raises(LogLocked):
            adopt(planned(root, old), terms())
        assert isinstance(dry_run(planned(root, old), terms()), Adoption)
    StorageManager(root).close()


def test_a_lost_log_is_not_begun_anew_beside_its_watermark(old: Path, root: Path) -> None:
    """The refusal says what to do with the remains; no mark is left, and a rehearsal says the same."""
    put(old, "users/1/a.png", png())
    StorageManager(root).close()
    (root / "logs/events.jsonl").unlink()
    for attempt in (dry_run, adopt):
        with pytest.raises(LogMissing, match=r"move .* away"):
            attempt(planned(root, old), terms())
    assert not (root / "logs/adopting").exists()


def test_a_root_that_cannot_be_made_is_a_fault(old: Path, root: Path) -> None:
    """In place of the root lies a file."""
    put(old, "users/1/a.png", png())
    root.write_bytes(b"a file")
    with pytest.raises((OSError, StorageUnavailable)):
        adopt(planned(root, old), terms())
    assert root.read_bytes() == b"a file"


@pytest.mark.parametrize("name", ["my images", "it's", "caf\udce9"])
def test_the_mark_keeps_any_path(root: Path, tmp_path: Path, name: str) -> None:
    """Spaces, quotes and bytes that are no text."""
    mark = AdoptionMark(root, Files())
    assert mark.directory() is None
    assert mark.set(tmp_path / name)
    assert not mark.set(tmp_path)
    assert AdoptionMark(root, Files()).directory() == tmp_path / name
    mark.remove()
    assert mark.directory() is None
    mark.remove()


def test_the_command_is_quoted_as_its_system_wants() -> None:
    """So that it can be copied."""
    where = (Path("r"), Path("my images"), "--env-file", "x y")
    assert adopt_command(*where, windows=False) == "abby --root r --env-file 'x y' adopt 'my images' --yes"
    assert adopt_command(*where, windows=True) == 'abby --root r --env-file "x y" adopt "my images" --yes'
