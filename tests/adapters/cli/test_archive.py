"""`abby backup`, `restore`, `import` and `export` as a person and a program meet them."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from adapters.application.deleting import clean_up_blocking
from adapters.engines.opening import open_store
from scripts.month.life import Shape
from scripts.simulate_month import simulate
from tests.adapters.archive.archiving import PLENTY, fill, save
from tests.adapters.cli.conftest import Abby
from tests.hostile.builders import png_of_size


def test_a_root_is_carried_elsewhere_and_audited(abby: Abby, root: Path, tmp_path: Path, fits: Any) -> None:
    """Backup, restore and import tell what they did as their schemas say, and the roots that come of it agree."""
    fill(root)
    folder, new, imported = tmp_path / "backup", tmp_path / "new", tmp_path / "imported"
    told = abby("backup", str(folder), "--json")
    assert (told.code, told.json["images"], told.json["copied"]["files"]) == (0, 4, 4)
    assert fits("backup", told.json)
    people = abby("backup", str(folder))
    assert "all of it was read back" in people.out
    assert "0 files (0 bytes)" in people.out or "0 files" in people.out
    for command, target in (("restore", new), ("import", imported)):
        told = abby(command, str(folder), "--json", root=target)
        assert (told.code, told.json["key"], told.json["missing"]) == (0, command == "restore", [])
        assert fits("restore", told.json)
        assert abby("audit", root=target).code == 0
        again = abby(command, str(folder), root=target)
        assert again.code == 2
        assert "holds something already" in again.err
        assert ("`abby adopt`" in again.err) == (command == "import")
    told = abby("import", str(folder), root=tmp_path / "third")
    assert "It has no key yet" in told.out
    assert re.search(r"backed up \d{4}-\d\d-\d\d \d\d:\d\d UTC;", told.out)


def test_a_simulated_month_is_carried_elsewhere(abby: Abby, root: Path, tmp_path: Path) -> None:
    """By an operator who tries these tools before trusting them with the own root: `import` checks each picture."""
    simulate(root, Shape(users=4, events=40, days=30), with_pictures=True)
    assert abby("backup", str(tmp_path / "backup")).code == 0
    told = abby("import", str(tmp_path / "backup"), "--json", root=tmp_path / "new")
    assert told.code == 0, told.err
    pictures = {path.relative_to(root) for path in (root / "images").rglob("*.png")}
    assert pictures == {path.relative_to(tmp_path / "new") for path in (tmp_path / "new" / "images").rglob("*.png")}
    assert len(pictures) == told.json["images"] > 0


def test_what_the_root_has_lost_is_named_and_ends_with_1(abby: Abby, root: Path, tmp_path: Path, fits: Any) -> None:
    """A cron job learns of it; the backup is whole beside that."""
    fill(root)
    (root / "images/users/ada/k/b.png").unlink()
    told = abby("backup", str(tmp_path / "backup"), "--json")
    assert told.code == 1
    assert fits("backup", told.json)
    assert [(row["user"], row["name"]) for row in told.json["missing"]] == [("ada", "k/b.png")]
    people = abby("backup", str(tmp_path / "backup"))
    assert people.code == 1
    assert "k/b.png" in people.out
    assert "abby audit" in people.out
    assert "Backed up: 3 images and 1 temp file (1 kB)" in people.out
    made = abby("restore", str(tmp_path / "backup"), root=tmp_path / "new")
    assert made.code == 1
    assert "Restored: 3 images and 1 temp file (1 kB)" in made.out


def test_details_that_the_backup_lacks_are_named_and_end_with_1(
    abby: Abby, root: Path, tmp_path: Path, fits: Any
) -> None:
    """A backup that says nothing has all of it, and so has a root that is made of one."""
    fill(root)
    (root / "images/users/ada/.details/a.png~.json").write_bytes(b"{")
    for command, target in (("backup", root), ("restore", tmp_path / "new"), ("import", tmp_path / "imported")):
        told = abby(command, str(tmp_path / "backup"), "--json", root=target)
        assert (told.code, told.json["missing"]) == (1, [])
        assert fits("backup" if command == "backup" else "restore", told.json)
        assert [(row["user"], row["name"]) for row in told.json["lacks_details"]] == [("ada", "a.png")]
    people = abby("backup", str(tmp_path / "backup"))
    assert people.code == 1
    assert "Without details" in people.out
    assert "a.png" in people.out
    assert "was not in the backup" in abby("restore", str(tmp_path / "backup"), root=tmp_path / "third").out


@pytest.mark.parametrize("command", ["restore", "import"])
def test_a_folder_without_a_backup_is_65(abby: Abby, root: Path, tmp_path: Path, command: str) -> None:
    """In words, with what may have been meant, and nothing is made."""
    fill(root)
    assert abby("backup", str(tmp_path / "backup")).code == 0
    (tmp_path / "empty").mkdir()
    instead = {
        tmp_path / "none": "whether its disk is mounted",
        tmp_path / "empty": "its first run has not ended",
        tmp_path / "backup/log": f"part of the backup {tmp_path / 'backup'}",
        root: f"`abby --root {root} backup DIR`",
    }
    for folder, told in instead.items():
        ran = abby(command, str(folder), root=tmp_path / "new")
        assert ran.code == 65
        assert "There is no backup in" in ran.err
        assert told in ran.err
        assert not (tmp_path / "new").exists()


def test_all_of_a_user_is_exported_and_nothing_of_others(abby: Abby, root: Path, tmp_path: Path, fits: Any) -> None:
    """Pictures whole, details, every line; of a cleanup that went over many users only what was the user's."""
    fill(root)
    store = open_store(root, limits=PLENTY)
    save(store, "ada", "mine.png", png_of_size(300), temp=True)
    save(store, "bob", "secret-of-bob.png", png_of_size(300), temp=True)
    clean_up_blocking(store, 0)
    store.close()
    told = abby("export", "ada", "--to", str(tmp_path / "out"), "--part-mb", "0.005", "--json")
    assert told.code == 0
    assert fits("export", told.json)
    assert len(told.json["archives"]) > 1
    found: dict[str, bytes] = {}
    for path in told.json["archives"]:
        assert Path(path).stat().st_size <= 0.005 * 1_048_576
        with zipfile.ZipFile(path) as archive:
            found |= {name: archive.read(name) for name in archive.namelist()}
    assert found["images/a.png"] == (root / "images/users/ada/a.png").read_bytes()
    records = b"".join(data for name, data in found.items() if name.startswith("record"))
    assert b"mine.png" in records
    assert b"ImageSaved" in records
    assert b"secret-of-bob" not in records
    assert told.json["missing"] == []
    (root / "images/users/ada/k/b.png").unlink()
    lacking = abby("export", "ada", "--to", str(tmp_path / "lacking"), "--json")
    assert (lacking.code, lacking.json["images"], lacking.json["missing"]) == (1, told.json["images"] - 1, ["k/b.png"])
    assert fits("export", lacking.json)
    assert "Not in it" in abby("export", "ada", "--to", str(tmp_path / "people")).out
    assert abby("export", "ada", "--to", str(tmp_path / "out")).code == 2
    assert abby("export", "nobody", "--to", str(tmp_path / "none")).code == 1
    assert not (tmp_path / "none").exists()
