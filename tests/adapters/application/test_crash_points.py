"""Crashes acted out: each place where a program may die in a save or a delete, and what the next start makes of it.

A crash is what it leaves on the disk: the log with or without the event, the staged file, the final path, an old
watermark. What a power cut does to bytes that were not synced is the failing disk's tests' business.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from adapters.application.readiness import readiness_of
from adapters.application.reading import image_details, image_path
from adapters.application.results import SavedImage
from adapters.application.saving import NewImage, save_image
from adapters.disk.files import Files
from adapters.engines.opening import open_store
from adapters.imagestore.local.layout import Layout
from adapters.library.storage_manager import StorageManager
from tests.adapters.application.evidence import assert_disk_and_log_agree, events_of, files_of, standing_of
from tests.adapters.eventlog.jsonl.logs import as_killed
from tests.hostile.builders import png, png_of_size

OLD, NEW = png(), png_of_size(200)
HOW = {"prompt": "a cat", "seed": 7}


class Disk(Files):
    """The real file system, which dies at a call of the test's choice, and notes which folders were synced."""

    def __init__(self) -> None:
        super().__init__()
        self.dies_at: Callable[[str, Path], bool] = lambda _verb, _path: False
        self.synced: set[Path] = set()

    def rename(self, source: Path, target: Path) -> None:
        """Dies before it, or renames."""
        self._die("rename", target)
        super().rename(source, target)

    def unlink(self, path: Path) -> None:
        """Dies before it, or unlinks."""
        self._die("unlink", path)
        super().unlink(path)

    def sync_directory(self, path: Path) -> None:
        """Dies before it, or syncs."""
        self._die("sync_directory", path)
        super().sync_directory(path)
        self.synced.add(path)

    def _die(self, verb: str, path: Path) -> None:
        if self.dies_at(verb, path):
            raise OSError(5, "the program died here")


def died(root: Path, story: Callable[[StorageManager], object], dies_at: Callable[[str, Path], bool]) -> None:
    """Acts a story out with a disk that stops doing file work, and keeps the watermark of before the story.

    What the program holds in memory is lost: the lock is given back, nothing else.
    """
    disk = Disk()
    storage = StorageManager.over(open_store(root, files=disk))
    head = (root / "logs" / "head").read_bytes()
    disk.dies_at = dies_at
    story(storage)
    storage.close()
    (root / "logs" / "head").write_bytes(head)
    as_killed(root)


def save(name: str, data: bytes = NEW, **how: Any) -> Callable[[StorageManager], object]:
    """The story of one save."""
    return lambda storage: asyncio.run(storage.save_image(data, "1", name, **how))


def delete(name: str) -> Callable[[StorageManager], object]:
    """The story of one deletion."""
    return lambda storage: storage.delete_image("1", name)


def with_details(name: str, details: dict[str, Any] | None) -> Callable[[StorageManager], object]:
    """The story of one save with what the studio knows of the picture."""

    async def saved(storage: StorageManager) -> object:
        return await save_image(storage._writer(), NewImage("1", NEW, name=name, details=details))

    return lambda storage: asyncio.run(saved(storage))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root in which a.png stands."""
    with StorageManager(tmp_path, max_user_daily_gens=100) as storage:
        save("a.png", OLD)(storage)
    return tmp_path


def content(root: Path, name: str = "a.png") -> bytes | None:
    """What lies at a final path."""
    path = root / "images/users/1" / name
    return path.read_bytes() if path.exists() else None


def restarted(root: Path) -> list[str]:
    """The names after a start; disk and log must agree."""
    with StorageManager(root) as storage:
        names = storage.get_user_images("1")
        for name in names:
            assert storage.get_image_path("1", name) == root / "images/users/1" / name
    assert_disk_and_log_agree(root)
    return names


@pytest.mark.parametrize("left", [NEW, NEW[:50], b""], ids=["whole", "in part", "empty"])
def test_what_was_staged_and_not_recorded_is_removed(root: Path, left: bytes) -> None:
    """With its details; nobody was told that it is kept."""
    staging = Layout(root).staging
    (staging / ("0" * 32)).write_bytes(left)
    (staging / ("0" * 32 + ".json")).write_bytes(b"{}")
    assert restarted(root) == ["a.png"]
    assert list(staging.iterdir()) == []


@pytest.mark.parametrize("name", ["b.png", "a.png", "k/b.png"], ids=["new", "overwritten", "in a folder"])
@pytest.mark.parametrize("verb", ["rename", "sync_directory"])
def test_a_recorded_save_is_brought_into_place(root: Path, name: str, verb: str) -> None:
    """Whether the program died before the rename or just after it."""
    died(root, save(name), lambda call, path: call == verb and "users" in path.parts)
    assert name in restarted(root)
    assert content(root, name) == NEW


@pytest.mark.parametrize("verb", ["unlink", "sync_directory"])
def test_a_recorded_deletion_is_carried_out(root: Path, verb: str) -> None:
    """Whether the program died before the file was unlinked or just after it."""
    died(root, delete("a.png"), lambda call, path: call == verb and "users" in path.parts)
    assert restarted(root) == []
    assert files_of(root) == set()


def test_a_name_that_stands_again_is_not_unlinked(root: Path) -> None:
    """Deleted and saved anew, with no file work done for either."""

    def story(storage: StorageManager) -> None:
        delete("a.png")(storage)
        save("a.png")(storage)

    died(root, story, lambda call, _path: call in {"rename", "unlink"})
    assert restarted(root) == ["a.png"]
    assert content(root) == NEW


def test_all_of_it_may_have_been_done(root: Path) -> None:
    """An old watermark after everything was carried out: done again, and nothing changes."""

    def story(storage: StorageManager) -> None:
        for number in range(3):
            save("a.png", png_of_size(100 + number))(storage)
            save("b.png")(storage)
            delete("b.png")(storage)

    died(root, story, lambda _call, _path: False)
    assert restarted(root) == ["a.png"]
    assert content(root) == png_of_size(102)


@pytest.mark.parametrize("order", [["k", "k/a.png"], ["k/a.png", "k"]], ids=["a folder now", "a file now"])
@pytest.mark.parametrize("dies", [False, True], ids=["all was done", "nothing was done"])
def test_a_name_that_is_a_folder_now_holds_nothing_back(root: Path, order: list[str], dies: bool) -> None:
    """The former image of that name is long gone, and the watermark moves on."""

    def story(storage: StorageManager) -> None:
        save(order[0])(storage)
        delete(order[0])(storage)
        save(order[1])(storage)

    died(root, story, lambda call, path: dies and call in {"rename", "unlink"} and "users" in path.parts)
    assert restarted(root) == [order[1], "a.png"]
    head = max(
        (json.loads(line) for line in (root / "logs" / "head").read_bytes().replace(b"\0", b"").split(b"\n") if line),
        key=lambda slot: slot["counter"],
    )
    assert head["reconciled"] == events_of(root)[-1]["pos"]


def test_another_spelling_is_removed_when_the_new_one_is_in_place(root: Path) -> None:
    """A.PNG after a.png was deleted: one file, spelled as it stands."""

    def story(storage: StorageManager) -> None:
        delete("a.png")(storage)
        save("A.PNG")(storage)

    died(root, story, lambda call, path: call in {"rename", "unlink"} and "users" in path.parts)
    assert restarted(root) == ["A.PNG"]
    assert set(standing_of(root)) == {root / "images/users/1/A.PNG"}


def test_details_are_brought_into_place_with_their_image(root: Path) -> None:
    """They go first; a crash between the two leaves neither old details with a new image nor the other way."""
    died(root, with_details("a.png", HOW), lambda call, path: call == "rename" and path.name == "a.png")
    assert restarted(root) == ["a.png"]
    with StorageManager(root) as storage:
        assert image_details(storage._writer(), "1", "a.png") == HOW
    died(root, with_details("a.png", HOW | {"seed": 8}), lambda call, _path: call == "rename")
    restarted(root)
    with StorageManager(root) as storage:
        assert image_details(storage._writer(), "1", "a.png") == HOW | {"seed": 8}


@pytest.mark.parametrize("verb", ["rename", "unlink", "nothing"])
def test_an_image_without_details_takes_the_former_ones_away(root: Path, verb: str) -> None:
    """Also when that is done at the next start; and a deletion takes details away with the image."""
    with StorageManager(root) as storage:
        with_details("a.png", HOW)(storage)
    died(root, with_details("a.png", None), lambda call, path: call == verb and "users" in path.parts)
    restarted(root)
    assert list((root / "images/users/1").rglob("*~.json")) == []
    with StorageManager(root) as storage:
        with_details("k/c.png", HOW)(storage)
    died(root, delete("k/c.png"), lambda call, path: call == verb and "users" in path.parts)
    restarted(root)
    assert not (root / "images/users/1/.details").exists()


async def test_a_save_whose_file_cannot_be_put_in_place_answers_with_where_it_is(root: Path) -> None:
    """The image is kept and readable; a sweep puts it in place."""
    disk = Disk()
    store = open_store(root, files=disk)
    disk.dies_at = lambda call, path: call == "rename" and "users" in path.parts
    saved = await save_image(store, NewImage("1", NEW, name="b.png"))
    assert isinstance(saved, SavedImage)
    assert saved.path is not None
    assert saved.path.parent == Layout(root).staging
    assert saved.path.read_bytes() == NEW
    assert image_path(store, "1", "b.png") == saved.path
    disk.dies_at = lambda _call, _path: False
    store.opened().sweep()
    assert image_path(store, "1", "b.png") == root / "images/users/1/b.png"
    store.close()
    assert_disk_and_log_agree(root)


def test_what_could_not_be_done_before_a_close_is_done_at_the_next_start(root: Path) -> None:
    """The watermark does not claim it."""
    disk = Disk()
    storage = StorageManager.over(open_store(root, files=disk))
    disk.dies_at = lambda call, path: call in {"rename", "unlink"} and "users" in path.parts
    save("b.png")(storage)
    delete("a.png")(storage)
    storage.close()
    assert files_of(root) > {root / "images/users/1/a.png"}
    assert restarted(root) == ["b.png"]


def test_a_standing_name_without_a_file_is_reported_and_holds_nothing_back(root: Path) -> None:
    """It stays charged; the next save and the next start go on."""
    died(root, save("b.png"), lambda _call, _path: False)
    (root / "images/users/1/b.png").unlink()
    store = open_store(root)
    readiness = readiness_of(store)
    assert (readiness.ready, readiness.degraded) == (True, True)
    assert "1/b.png" in readiness.notes[0]
    assert StorageManager.over(store).get_quota_status("1")["user"]["images"] == 2
    asyncio.run(save_image(store, NewImage("1", NEW, name="b.png")))
    assert readiness_of(store).degraded is False
    store.close()
    assert_disk_and_log_agree(root)


def test_a_start_syncs_what_a_killed_program_had_only_done(tmp_path: Path) -> None:
    """Renamed or unlinked but not synced: before that counts as done, every folder on the way is synced."""
    with StorageManager(tmp_path) as storage:
        save("a.png", OLD)(storage)

    def story(storage: StorageManager) -> None:
        save("k/b.png")(storage)
        delete("a.png")(storage)

    died(tmp_path, story, lambda _call, _path: False)
    disk = Disk()
    open_store(tmp_path, files=disk).close()
    home = tmp_path / "images/users/1"
    assert disk.synced >= {home / "k", home, home.parent, home.parent.parent, tmp_path}


def test_staged_files_that_cannot_be_removed_stop_no_start(root: Path) -> None:
    """They are tried again at the next one."""
    staging = Layout(root).staging
    (staging / ("0" * 32)).write_bytes(NEW)
    disk = Disk()
    disk.dies_at = lambda call, path: call == "unlink" and path.parent == staging
    open_store(root, files=disk).close()
    assert len(list(staging.iterdir())) == 1
    assert restarted(root) == ["a.png"]


def test_a_root_whose_folders_cannot_be_looked_at_is_unavailable(root: Path) -> None:
    """In words, and the lock is free again once it is put right."""
    staging = Layout(root).staging
    shutil.rmtree(staging)
    staging.write_bytes(b"a file in the place of the folder")
    with StorageManager(root) as storage:
        ok, message, _ = asyncio.run(storage.save_image(NEW, "1"))
        assert (ok, message.startswith("Error saving image: ")) == (False, True)
    staging.unlink()
    assert restarted(root) == ["a.png"]


def test_the_digest_in_the_log_is_that_of_the_bytes(root: Path) -> None:
    """So that an audit can tell one from another."""
    (saved,) = events_of(root, "ImageSaved")
    assert saved["data"]["sha256"] == sha256(OLD).hexdigest()
