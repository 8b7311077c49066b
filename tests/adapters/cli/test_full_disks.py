"""A disk without room for what a command writes: one sentence for all of them, and nothing half done."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.adapters.cli.conftest import Abby
from tests.adapters.reports.conftest import month
from tests.adapters.studio.mounts import small_disk

__all__ = ["month"]
ALL = "FROM events"
NEW_FILES = {
    "query csv": ("query", ALL, "--format", "csv", "--out"),
    "query parquet": ("query", ALL, "--format", "parquet", "--out"),
    "query table": ("query", ALL, "--out"),
    "report csv": ("report", "--format", "csv", "--out"),
    "audit": ("audit", "--report"),
    "digest": ("digest", "--picture"),
}
NEW_FOLDERS = {
    "salvage": ("salvage", "--to"),
    "backup": ("backup",),
    "export": ("export", "member-003", "--to"),
}


@pytest.mark.parametrize("room_bytes", [0, 20_000])
def test_what_finds_no_room_is_told_in_the_same_way_by_every_command(
    abby: Abby, month: Path, tmp_path: Path, room_bytes: int
) -> None:
    """74 with what found no room, where, and what to do. Of a file nothing is left, and no other file is touched."""
    with small_disk(tmp_path / "disk", "size=64k") as disk:
        (disk / "other").write_bytes(bytes(65_536 - (room_bytes + 4095) // 4096 * 4096))
        for name, words in (NEW_FILES if not room_bytes else {"query csv": NEW_FILES["query csv"]}).items():
            told = abby(*words, str(disk / "new"), root=month)
            assert (name, told.code) == (name, 74), told.err
            assert "The disk has no room for" in told.err
            assert "run the command again" in told.err
            assert f"It is the disk of {disk}" in told.err
            assert "Traceback" not in told.err
            assert [path.name for path in disk.iterdir()] == ["other"]
        for name, words in NEW_FOLDERS.items() if not room_bytes else ():
            told = abby(*words, str(disk / name), root=month)
            assert (name, told.code) == (name, 74), told.err
            assert "The disk has no room for" in told.err
            assert "run the command again" in told.err
            assert "mage" not in told.err
            assert "Traceback" not in told.err
