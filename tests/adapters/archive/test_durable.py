"""What is said to be done is on the disk: each name that counts is given last, when nothing could be lost any more."""

from __future__ import annotations

from pathlib import Path

from tests.adapters.archive.archiving import backed_up, change, restored
from tests.adapters.archive.unsynced import Unsynced


def test_a_backup_is_on_the_disk_before_it_is_one(root: Path, tmp_path: Path) -> None:
    """The first and the next: log, files and list before `backup.json` takes its place, and all at the end."""
    for _ in range(2):
        files = Unsynced(tmp_path / "new", "backup.json")
        backed_up(root, tmp_path / "new", files)
        assert files.met == {"backup.json": []}
        assert files.left() == []
        change(root)


def test_a_restored_root_is_on_the_disk_before_anybody_may_open_it(folder: Path, tmp_path: Path) -> None:
    """Images and details before the log has its name, and all before the mark goes."""
    files = Unsynced(tmp_path / "new", "events.jsonl", "restoring")
    restored(folder, tmp_path / "new", files)
    assert {name: [path for path in left if not path.startswith("logs")] for name, left in files.met.items()} == {
        "events.jsonl": [],
        "restoring": [],
    }
    assert files.met["restoring"] == []
    assert files.left() == []
