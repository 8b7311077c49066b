"""What a restored root is, what is refused of a backup, and where none is restored into."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from adapters.application import intake, saving
from adapters.application.adoption_mark import RestoreMark
from adapters.application.reading import image_details, quota_status
from adapters.disk.files import Files
from adapters.engines.following import open_reader
from adapters.engines.opening import open_store
from adapters.images.check import CheckedImage
from adapters.ports.faults import BackupDamaged, DiskFull, LogDamaged, LogLocked, RestoreUnfinished, TargetRefused
from tests.adapters.application.evidence import assert_disk_and_log_agree
from tests.adapters.application.small_disk import FillingDisk
from tests.adapters.archive.archiving import PLENTY, backed_up, change, restored, save, tree
from tests.adapters.archive.forged_backup import LOG, forged_contents, manifest_says
from tests.adapters.eventlog.jsonl.logs import as_killed, key_of, slot_of, write_head
from tests.hostile.builders import png_of_size
from tests.scripts.forgery import rehashed

MOST = 10**7


def figures(root: Path) -> list[Any]:
    """What a start says of the users."""
    store = open_store(root)
    told: list[Any] = [quota_status(store, user) | {"daily": None} for user in ("ada", "bob", "eve")]
    told.append(image_details(store, "bob", "replaced.png"))
    store.close()
    return told


def test_a_restored_root_starts_and_goes_on(root: Path, folder: Path, tmp_path: Path) -> None:
    """With the figures that it had, the same log, and a request that was answered before is answered alike."""
    restored(folder, tmp_path / "new")
    assert figures(tmp_path / "new") == figures(root)
    store = open_store(tmp_path / "new", limits=PLENTY)
    save(store, "ada", "later.png", png_of_size(300))
    store.close()
    assert_disk_and_log_agree(tmp_path / "new")


def test_a_restored_root_can_be_backed_up_where_it_came_from(root: Path, folder: Path, tmp_path: Path) -> None:
    """After a loss life goes on with the same backup; the root that was lost and comes back does not fit any more."""
    restored(folder, tmp_path / "new")
    change(tmp_path / "new")
    assert backed_up(tmp_path / "new", folder).missing == ()
    change(root)
    with pytest.raises(TargetRefused, match="different"):
        backed_up(root, folder)


@pytest.mark.parametrize("holds", ["diary.txt", "images/a.png", "logs/head", "temp/x"])
def test_a_root_that_holds_something_is_left_alone(folder: Path, tmp_path: Path, holds: str) -> None:
    """One file is enough; what disks and desktops leave, and empty folders of ours, are nothing."""
    target = tmp_path / "new"
    (target / holds).parent.mkdir(parents=True)
    (target / holds).write_text("x", encoding="utf-8")
    before = tree(target)
    with pytest.raises(TargetRefused, match="holds something already"):
        restored(folder, target)
    assert tree(target) == before
    (target / holds).unlink()
    (target / ".gitkeep").touch()
    assert restored(folder, target).missing == ()


def test_a_mark_that_was_never_named_is_nothing(folder: Path, tmp_path: Path) -> None:
    """A run that was killed while it wrote its mark has made nothing else, and the next one goes on."""
    (tmp_path / "new/logs").mkdir(parents=True)
    (tmp_path / "new/logs/restoring.new").write_bytes(b"/so")
    assert restored(folder, tmp_path / "new").missing == ()
    assert not (tmp_path / "new/logs/restoring.new").exists()


@pytest.mark.skipif(os.name != "posix", reason="links need leave elsewhere")
def test_images_may_lie_on_another_disk(folder: Path, tmp_path: Path) -> None:
    """A link of the operator's at `images` is followed, as everywhere."""
    (tmp_path / "new").mkdir()
    (tmp_path / "disk").mkdir()
    (tmp_path / "new/images").symlink_to(tmp_path / "disk")
    restored(folder, tmp_path / "new")
    assert (tmp_path / "disk/users/ada/a.png").exists()
    assert figures(tmp_path / "new")[0]["user"]["images"] == 2


@pytest.mark.skipif(os.name != "posix", reason="links need leave elsewhere")
def test_images_do_not_lie_in_the_backup(folder: Path, tmp_path: Path) -> None:
    """By a link of the operator's a root lies where that leads, too."""
    (tmp_path / "new").mkdir()
    (tmp_path / "new/images").symlink_to(folder / "files")
    before = tree(folder)
    with pytest.raises(TargetRefused, match="lie in each other"):
        restored(folder, tmp_path / "new")
    assert tree(folder) == before


def one_byte(path: Path) -> None:
    """Changes one in the middle."""
    data = path.read_bytes()
    at = len(data) // 2
    path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])


def first(folder: Path, pattern: str) -> Path:
    """A file of a backup."""
    return min(folder.glob(pattern))


DAMAGE: dict[str, Callable[[Path], object]] = {
    "no manifest": lambda folder: (folder / "backup.json").unlink(),
    "a manifest cut": lambda folder: (folder / "backup.json").write_bytes(b'{"format": 1'),
    "a manifest of nothing": lambda folder: (folder / "backup.json").write_bytes(b"[]"),
    "a manifest without end": lambda folder: (folder / "backup.json").write_bytes(b" " * 10**5),
    "another format": lambda folder: manifest_says(folder, format=2),
    "a flag for a number": lambda folder: manifest_says(folder, position=True),
    "a path for a hash": lambda folder: manifest_says(folder, contents="../../etc/passwd"),
    "a position before": lambda folder: manifest_says(folder, position=14),
    "a position beyond": lambda folder: manifest_says(folder, position=10**6),
    "another hash": lambda folder: manifest_says(folder, hash="0" * 64),
    "no list": lambda folder: first(folder, "contents-*").unlink(),
    "a list changed": lambda folder: one_byte(first(folder, "contents-*")),
    "a list without a line": lambda folder: forged_contents(folder, lambda lines: lines.pop()),
    "a list with a line more": lambda folder: forged_contents(folder, lambda lines: lines.append({"position": 99})),
    "a list of nothing": lambda folder: forged_contents(folder, lambda lines: lines.append({})),
    "details that are none": lambda folder: forged_contents(folder, lambda lines: lines[0].update(details="[1]")),
    "details of no text": lambda folder: forged_contents(folder, lambda lines: lines[0].update(details=7)),
    "bytes gone": lambda folder: first(folder, "files/*/*").unlink(),
    "bytes changed": lambda folder: one_byte(first(folder, "files/*/*")),
    "bytes cut": lambda folder: first(folder, "files/*/*").write_bytes(b""),
    "the log gone": lambda folder: (folder / "log/logs/events.jsonl").unlink(),
    "the log changed": lambda folder: one_byte(folder / "log/logs/events.jsonl"),
    "the log cut": lambda folder: os.truncate(folder / "log/logs/events.jsonl", 900),
    "the watermark gone": lambda folder: (folder / "log/logs/head").unlink(),
    "the key gone": lambda folder: (folder / "log/logs/.key").unlink(),
    "a manifest of 60 GB, which cost a forger no room": lambda folder: os.truncate(folder / "backup.json", 60 * 10**9),
    "a list of 60 GB": lambda folder: os.truncate(first(folder, "contents-*"), 60 * 10**9),
    "a key of 60 GB": lambda folder: os.truncate(folder / "log/logs/.key", 60 * 10**9),
    "the key replaced": lambda folder: (folder / "log/logs/.key").write_bytes(b"k" * 32 + b" seals"),
}


@pytest.mark.parametrize("most", [None, MOST], ids=["restore", "import"])
@pytest.mark.parametrize("what", DAMAGE)
def test_of_a_backup_that_is_not_whole_nothing_is_made(
    folder: Path, tmp_path: Path, what: str, most: int | None
) -> None:
    """It is read whole first, by whoever reads it; the root is as it was, which is not there."""
    DAMAGE[what](folder)
    with pytest.raises((BackupDamaged, LogDamaged)):
        restored(folder, tmp_path / "new", most=most)
    made = [path for path in (tmp_path / "new").rglob("*") if path.is_file() and path.name != "restoring"]
    assert made == [] or RestoreMark(tmp_path / "new", Files()).directory() is not None


def led_elsewhere(folder: Path, name: str) -> None:
    """What stands there is behind a link now."""
    path = folder / name
    path.symlink_to(path.rename(Path(mkdtemp(dir=folder.parent)) / path.name))


def piped(folder: Path, name: str) -> None:
    """A pipe stands there, which nobody writes into."""
    (folder / name).unlink()
    os.mkfifo(folder / name)


LOG_FILES = (LOG, "log/logs/head", "log/logs/.key")
HOSTILE: dict[str, Callable[[Path], object]] = {
    **{f"a link at {name}": partial(led_elsewhere, name=name) for name in ("log", "log/logs", *LOG_FILES)},
    **{f"a pipe at {name}": partial(piped, name=name) for name in LOG_FILES if hasattr(os, "mkfifo")},
    "a log of 60 GB, which cost a forger no room": lambda folder: os.truncate(folder / LOG, 60 * 10**9),
}


@pytest.mark.parametrize("most", [None, MOST], ids=["restore", "import"])
@pytest.mark.parametrize("what", HOSTILE)
def test_what_no_backup_has_is_told_of_the_backup_and_left_unread(
    folder: Path, tmp_path: Path, what: str, most: int | None
) -> None:
    """The sentence names the backup's own file and never the storage root, which has nothing wrong."""
    HOSTILE[what](folder)
    with pytest.raises(BackupDamaged) as refused:
        restored(folder, tmp_path / "new", most=most)
    assert str(folder) in str(refused.value)
    assert "storage root" not in str(refused.value)
    assert not (tmp_path / "new").exists()


def test_a_backup_that_a_killed_run_went_beyond_is_restored_as_it_was(root: Path, folder: Path, tmp_path: Path) -> None:
    """Its log is longer by then; what the former backup does not hold is not taken."""
    former = json.loads((folder / "backup.json").read_bytes())
    kept = shutil.copytree(folder, tmp_path / "kept")
    change(root)
    backed_up(root, folder)
    for path in kept.rglob("*"):
        if path.is_file() and "log" not in path.relative_to(kept).parts:
            (folder / path.relative_to(kept)).parent.mkdir(exist_ok=True)
            shutil.copy(path, folder / path.relative_to(kept))
    assert restored(folder, tmp_path / "new").manifest.position == former["position"]
    as_killed(tmp_path / "new")
    assert_disk_and_log_agree(tmp_path / "new")


def test_a_backup_is_not_renewed_while_it_is_restored(filled: Path, folder: Path, tmp_path: Path) -> None:
    """Nor restored while it is renewed: whoever comes second is told so and changes nothing."""
    met: list[str] = []

    class Meeting(Files):
        """The real file system; another run comes while this one writes."""

        def rename(self, source: Path, target: Path) -> None:
            super().rename(source, target)
            if not met:
                met.append("")
                with pytest.raises(LogLocked, match=r"`abby backup`.*`abby restore`"):
                    backed_up(filled, folder)
                with pytest.raises(LogLocked, match=r"`abby backup`.*Nothing was made"):
                    restored(folder, tmp_path / "second")

    restored(folder, tmp_path / "first", Meeting())
    assert met.pop() == ""
    backed_up(filled, folder, Meeting(), with_key=False)
    assert met == [""]
    assert not (tmp_path / "second").exists()
    restored(folder, tmp_path / "second")
    (folder / ".lock").unlink()
    restored(folder, tmp_path / "third")


def test_two_copies_of_a_backup_do_not_fill_a_root_at_once(folder: Path, tmp_path: Path) -> None:
    """Whoever comes second is told so, while the first is at it and after."""
    copy, target = Path(shutil.copytree(folder, tmp_path / "copy")), tmp_path / "new"
    met: list[str] = []

    class Meeting(Files):
        """The real file system; the other copy is restored as this one writes its first picture."""

        def rename(self, source: Path, target: Path) -> None:
            super().rename(source, target)
            if not met and target.suffix == ".png":
                met.append("")
                with pytest.raises(LogLocked, match="Another `abby restore`"):
                    restored(copy, tmp_path / "new")

    restored(folder, target, Meeting())
    assert met == [""]
    with pytest.raises(TargetRefused, match="holds something"):
        restored(copy, target)
    assert_disk_and_log_agree(target)


@pytest.mark.parametrize("same", [False, True])
def test_a_root_that_was_filled_while_a_backup_was_read_is_left_alone(
    root: Path, folder: Path, tmp_path: Path, same: bool
) -> None:
    """It was empty when the command began, and somebody else's run was quicker; no mark is put into their root."""
    quicker, target = tmp_path / "quicker", tmp_path / "new"
    if not same:
        change(root)
    backed_up(root, quicker)

    class Meeting(Files):
        """The real file system; another backup is restored while this one is read."""

        def drop_cache(self, fd: int) -> None:
            super().drop_cache(fd)
            if not target.exists():
                restored(quicker, target)

    with pytest.raises(TargetRefused, match="holds something"):
        restored(folder, target, Meeting())
    assert RestoreMark(target, Files()).directory() is None
    assert_disk_and_log_agree(target)


@pytest.mark.parametrize("room_bytes", [0, 1_000, 8_000])
def test_a_full_root_is_told_and_gone_on_with(root: Path, folder: Path, tmp_path: Path, room_bytes: int) -> None:
    """Until then nobody opens it, and another backup is not laid over it; this one may have been moved meanwhile."""
    disk = FillingDisk()
    disk.room_bytes = room_bytes
    with pytest.raises(DiskFull, match="goes on where it stopped"):
        restored(folder, tmp_path / "new", disk)
    if room_bytes:
        with pytest.raises(RestoreUnfinished, match="abby restore"):
            open_store(tmp_path / "new").opened()
        with pytest.raises(RestoreUnfinished, match="abby restore"):
            open_reader(tmp_path / "new")
        change(root)
        backed_up(root, tmp_path / "other")
        with pytest.raises(TargetRefused, match="half restored"):
            restored(tmp_path / "other", tmp_path / "new")
    restored(folder.rename(tmp_path / "moved"), tmp_path / "new")
    assert_disk_and_log_agree(tmp_path / "new")


def test_an_import_takes_no_key_over_and_looks_at_every_picture(filled: Path, folder: Path, tmp_path: Path) -> None:
    """What is whole comes in; bytes that are no picture of their format do not, though their hashes fit."""
    done = restored(folder, tmp_path / "imported", most=MOST)
    assert not done.has_key
    assert not (tmp_path / "imported/logs/.key").exists()
    assert figures(tmp_path / "imported") == figures(filled)
    with pytest.raises(BackupDamaged, match="IMAGE_GENERATION_SIZE_MB"):
        restored(folder, tmp_path / "too large", most=1_000)


@pytest.mark.parametrize("data", [b"<script>alert(1)</script>", b"GIF89a"])
def test_an_import_refuses_what_is_no_picture(tmp_path: Path, data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another program wrote it into its log as a PNG, and the hashes fit; a restore of one's own believes that."""

    async def anything(*_: object) -> CheckedImage:
        return CheckedImage("image/png", "png", 1, 1, 1)

    monkeypatch.setattr(saving, "check", anything)
    monkeypatch.setattr(intake, "refuse_at_a_glance", lambda *_, **_words: "image/png")
    store = open_store(tmp_path / "root", limits=PLENTY)
    save(store, "ada", "a.png", data)
    store.close()
    assert backed_up(tmp_path / "root", tmp_path / "backup").missing == ()
    with pytest.raises(BackupDamaged, match="no picture"):
        restored(tmp_path / "backup", tmp_path / "imported", most=MOST)
    assert not (tmp_path / "imported").exists()


def forge(root: Path) -> None:
    """Lets a staged file lead elsewhere, makes the hashes anew and, with the key, the watermark."""
    log = root / "logs/events.jsonl"
    header, *lines = log.read_bytes().split(b"\n")[:-1]
    bodies = [re.sub(rb'"staged":"[0-9a-f]{32}"', b'"staged":"../../../../x"', line[:-75]) for line in lines]
    forged = rehashed(header + b"\n", bodies)
    digest = bytes.fromhex(forged[-67:-3].decode())
    log.write_bytes(forged)
    slot = slot_of(root)
    tip = slot.tip._replace(offset=len(forged), digest=digest)
    write_head(root, slot._replace(tip=tip).sealed(key_of(root)))
    manifest_says(root.parent, hash=digest.hex(), log_bytes=len(forged))


@pytest.mark.parametrize("most", [None, MOST], ids=["restore", "import"])
def test_a_line_that_no_version_writes_is_refused(folder: Path, tmp_path: Path, most: int | None) -> None:
    """A log whose hashes and seal fit, and in which a staged file leads elsewhere, is input and no log."""
    forge(folder / "log")
    with pytest.raises(LogDamaged, match="staged"):
        restored(folder, tmp_path / "new", most=most)
    assert not (tmp_path / "new/logs/events.jsonl").exists()
