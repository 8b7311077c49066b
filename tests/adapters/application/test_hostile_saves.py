"""Every hostile user id, image name and image through `StorageManager`: as the row says, and nothing left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.library.storage_manager import StorageManager
from tests.adapters.application.evidence import assert_disk_and_log_agree, events_of, files_of, state_of_disk
from tests.hostile.builders import png, png_of_size
from tests.hostile.rows import Row, scenarios, sendable

PLANTED = "existing name is a symlink to /etc/passwd planted in the user dir"
TWO_CASES = "save A.png, then a.png"
FOLDERS = "save foo, then foo/bar.png; and k/a.png, then k"


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[StorageManager]:
    """A manager with room for everything that is accepted."""
    with StorageManager(tmp_path / "root", max_user_daily_gens=100) as manager:
        yield manager


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The root of that manager."""
    return tmp_path / "root"


def assert_is_a_sentence(message: str) -> None:
    """Something a person can read: printable, of one paragraph, with an end, not a dump."""
    assert message.startswith(("Error saving image: ", "Error deleting image: "))
    assert message.isprintable()
    assert message.endswith(".")
    assert 40 < len(message) < 400
    assert not any(word in message for word in ("Traceback", "Errno", "object at"))


def save(storage: StorageManager, data: Any, user: Any = "1", name: Any = None) -> tuple[bool, str, Path | None]:
    """One save of whatever was sent."""
    return asyncio.run(storage.save_image(data, user, name))


@pytest.mark.parametrize("row", sendable("user_id"), ids=lambda row: row.id)
def test_a_user_id(storage: StorageManager, root: Path, row: Row) -> None:
    """Accepted ones have a folder of exactly that name; all others are refused by every call, each in its way."""
    before = state_of_disk(root)
    ok, message, path = save(storage, png(), row.input)
    if row.accepted:
        assert (ok, path) == (True, root / "images/users" / row.input / "image_1.png")
        assert_disk_and_log_agree(root)
        return
    assert (ok, path) == (False, None)
    assert_is_a_sentence(message)
    with pytest.raises(ValueError, match="user id"):
        storage.get_quota_status(row.input)
    assert storage.get_user_images(row.input) == []
    assert storage.get_image_path(row.input, "a.png") is None
    for call in (storage.delete_image(row.input, "a.png"), storage.reset_daily(row.input, "a test")):
        assert call[0] is False
    assert asyncio.run(storage.reserve(row.input))[0] is False
    assert storage.override_limits(row.input, max_user_daily_gens=1)[0] is False
    assert state_of_disk(root) == before


@pytest.mark.parametrize("row", sendable("image_name"), ids=lambda row: row.id)
def test_an_image_name(storage: StorageManager, root: Path, row: Row) -> None:
    """Accepted ones are stored exactly there; all others are refused by every call."""
    before = state_of_disk(root)
    ok, message, path = save(storage, png(), name=row.input)
    if row.accepted:
        assert (ok, path) == (True, root / "images/users/1" / row.input)
        assert_disk_and_log_agree(root)
        return
    assert (ok, path) == (False, None)
    assert_is_a_sentence(message)
    ok, message = storage.delete_image("1", row.input)
    assert not ok
    assert_is_a_sentence(message)
    assert storage.get_image_path("1", row.input) is None
    assert state_of_disk(root) == before


@pytest.mark.parametrize("row", sendable("image"), ids=lambda row: row.id)
def test_an_image(storage: StorageManager, root: Path, row: Row) -> None:
    """Accepted ones are kept byte by byte; all others leave no event, no file, nothing staged, no quota used."""
    before = state_of_disk(root)
    ok, message, path = save(storage, row.input, name=row.save_as)
    if row.accepted:
        assert ok, message
        assert path is not None
        assert path.read_bytes() == row.input
        assert_disk_and_log_agree(root)
        return
    assert (ok, path) == (False, None)
    assert_is_a_sentence(message)
    assert storage.get_quota_status("1")["daily"]["used"] == 0
    assert state_of_disk(root) == before


def test_every_scenario_is_acted_out_here() -> None:
    """So that none is forgotten when the file grows."""
    texts = {row.input.text for area in ("user_id", "image_name", "image") for row in scenarios(area)}
    assert texts == {PLANTED, TWO_CASES, FOLDERS}


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A file that belongs to somebody else."""
    target = tmp_path / "passwd"
    target.write_bytes(b"somebody else's")
    return target


@pytest.mark.parametrize("dangling", [False, True], ids=["to a file", "to nothing"])
def test_a_planted_link_is_refused_and_its_target_untouched(
    storage: StorageManager, root: Path, target: Path, dangling: bool
) -> None:
    """Nothing is written through it, and it stays as it was put there."""
    home = root / "images/users/1"
    home.mkdir(parents=True)
    pointed_at = target.with_name("nothing") if dangling else target
    (home / "a.png").symlink_to(pointed_at)
    before = len(events_of(root))
    ok, message, _ = save(storage, png(), name="a.png")
    assert not ok
    assert_is_a_sentence(message)
    assert "abby adopt" in message
    assert storage.get_image_path("1", "a.png") is None
    assert storage.delete_image("1", "a.png")[0] is False
    assert (home / "a.png").is_symlink()
    assert target.read_bytes() == b"somebody else's"
    assert pointed_at.exists() is not dangling
    assert len(events_of(root)) == before
    assert files_of(root) == {home / "a.png"}


@pytest.mark.parametrize("link", ["images/users/1", "images/users", "images/users/1/k", "temp/1"])
def test_a_folder_that_leads_elsewhere_is_refused(
    storage: StorageManager, root: Path, tmp_path: Path, link: str
) -> None:
    """Wherever it stands on the way to the file."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (root / link).parent.mkdir(parents=True, exist_ok=True)
    (root / link).symlink_to(elsewhere)
    ok, message, _ = asyncio.run(storage.save_image(png(), "1", "k/a.png", is_temp=link.startswith("temp")))
    assert not ok
    assert_is_a_sentence(message)
    assert "symbolic link" in message
    assert list(elsewhere.iterdir()) == []
    assert events_of(root, "ImageSaved") == []


def test_a_link_put_in_the_place_of_a_kept_image_is_replaced(storage: StorageManager, root: Path, target: Path) -> None:
    """An overwrite renames over the link itself; what it points at is left alone. So does a deletion."""
    for name in ("a.png", "b.png"):
        _, _, path = save(storage, png(), name=name)
        assert path is not None
        path.unlink()
        path.symlink_to(target)
    assert save(storage, png_of_size(200), name="a.png")[0]
    assert storage.delete_image("1", "b.png")[0]
    assert target.read_bytes() == b"somebody else's"
    assert_disk_and_log_agree(root)


def test_two_spellings_are_one_name(storage: StorageManager, root: Path) -> None:
    """A.png, then a.png: one image, spelled as it was first, with the second's bytes."""
    assert save(storage, png(), name="A.png")[0]
    ok, _, path = save(storage, png_of_size(200), name="a.png")
    assert (ok, path) == (True, root / "images/users/1/A.png")
    assert storage.get_user_images("1") == ["A.png"]
    assert files_of(root) == {root / "images/users/1/A.png"}
    assert_disk_and_log_agree(root)
    storage.delete_image("1", "a.PNG")
    ok, _, path = save(storage, png(), name="a.png")
    assert (ok, path) == (True, root / "images/users/1/a.png")
    assert_disk_and_log_agree(root)


@pytest.mark.parametrize("pair", [("foo", "foo/bar.png"), ("k/a.png", "k"), ("K/a.png", "k"), ("foo", "FOO/bar.png")])
def test_a_file_and_a_folder_of_one_name_cannot_stand_together(
    storage: StorageManager, root: Path, pair: tuple[str, str]
) -> None:
    """The second is refused as a taken name; the first stays."""
    assert save(storage, png(), name=pair[0])[0]
    ok, message, _ = save(storage, png(), name=pair[1])
    assert not ok
    assert_is_a_sentence(message)
    assert "is taken" in message
    assert storage.get_user_images("1") == [pair[0]]
    assert_disk_and_log_agree(root)


@pytest.mark.parametrize("name", ["a.png", "k/a.png", "text_to_image"])
def test_a_file_that_the_log_does_not_know_is_never_touched(storage: StorageManager, root: Path, name: str) -> None:
    """Neither overwritten nor put in the way of: the save is refused, and nothing is charged."""
    foreign = root / "images/users/1" / name.partition("/")[0]
    foreign.parent.mkdir(parents=True)
    foreign.write_bytes(b"somebody's own")
    before = len(events_of(root))
    ok, message, path = save(storage, png(), name=name)
    assert (ok, path) == (False, None)
    assert_is_a_sentence(message)
    assert foreign.read_bytes() == b"somebody's own"
    assert files_of(root) == {foreign}
    assert len(events_of(root)) == before


def test_a_foreign_folder_is_in_the_way_of_a_file(storage: StorageManager, root: Path) -> None:
    """Also where it is empty."""
    (root / "images/users/1/a.png").mkdir(parents=True)
    ok, message, _ = save(storage, png(), name="a.png")
    assert (ok, "is taken" in message) == (False, True)
    assert events_of(root, "ImageSaved") == []


def test_a_path_that_is_too_long_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is staged: on the system whose paths are shortest a name that fits may still be too long."""
    # No system here has the shortest paths there are.
    monkeypatch.setattr("adapters.imagestore.local.own_files.MAX_PATH_CHARS", len(str(tmp_path / "root")) + 40)
    with StorageManager(tmp_path / "root") as storage:
        ok, message, _ = save(storage, png(), name="a" * 60 + ".png")
        assert not ok
        assert_is_a_sentence(message)
        assert save(storage, png(), name="a.png")[0]
    assert_disk_and_log_agree(tmp_path / "root")
