"""A log is begun in a folder of its own: not in a checkout, a home, or whatever else holds other things."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.engines.opening import open_store
from adapters.library.storage_manager import StorageManager
from adapters.ports.faults import ConfigError

OTHERS = {
    "a checkout": (".git/", "pyproject.toml"),
    "a home": (".bashrc", ".ssh/", "Documents/"),
    "a folder with another in it": ("other/",),
    "a folder of pictures": ("cat.png",),
    "a hidden file": (".env",),
    "a storage's folders and more": ("images/", "temp/", "logs/", "readme.txt"),
}
OWN = {
    "nothing": (),
    "what git and desktops leave": (".gitkeep", ".gitignore", ".DS_Store", "Thumbs.db", "._x"),
    "a disk's own": ("lost+found/", "System Volume Information/", "$RECYCLE.BIN/"),
    "a storage's folders": ("images/", "temp/", "logs/"),
    "the mark of a storage below it": (".deep+shared.abby-log",),
}


def lay(root: Path, names: tuple[str, ...]) -> None:
    """Puts files and folders there."""
    root.mkdir()
    for name in names:
        (root / name).mkdir() if name.endswith("/") else (root / name).write_bytes(b"x")


@pytest.mark.parametrize("what", OTHERS)
def test_a_folder_that_holds_other_things_becomes_no_storage_root(tmp_path: Path, what: str) -> None:
    """It is left as it was, and what is in the way is named."""
    root = tmp_path / "root"
    lay(root, OTHERS[what])
    before = sorted(root.rglob("*"))
    with pytest.raises(ConfigError, match="is no storage root, and holds other things") as refused:
        StorageManager(root / "deep" / "..")
    assert f"The folder {root.resolve()} " in str(refused.value)
    assert sorted(root.rglob("*")) == before


def test_a_storage_root_is_one_whatever_lies_beside_its_log(tmp_path: Path) -> None:
    """What was begun there before is opened, and followed."""
    open_store(tmp_path / "root").close()
    (tmp_path / "root/.git").mkdir()
    with StorageManager(tmp_path / "root"), StorageManager(tmp_path / "root", read_only=True):
        pass


@pytest.mark.parametrize("what", OWN)
def test_what_lies_in_an_empty_folder_by_itself_is_no_hindrance(tmp_path: Path, what: str) -> None:
    """Disks, desktops and git leave things, and an operator may have made the storage's own folders."""
    lay(tmp_path / "root", OWN[what])
    open_store(tmp_path / "root").close()
    assert (tmp_path / "root/logs/events.jsonl").exists()
