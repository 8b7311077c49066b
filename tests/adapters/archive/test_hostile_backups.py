"""Backups that came from elsewhere: whatever somebody wrote into one, restore and import refuse it in a sentence of the
backup, with 65, before anything is made; and what is harmless comes in whole.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from adapters.application.results import StoreSettings
from adapters.archive.checking import ANY_BYTES
from adapters.archive.store import BLOCK_BYTES
from adapters.disk.files import Files
from adapters.engines.opening import open_store
from adapters.eventlog.jsonl.format import MAX_LINE_BYTES
from adapters.ports.faults import BackupDamaged, LogDamaged
from tests.adapters.application.evidence import assert_disk_and_log_agree
from tests.adapters.archive.archiving import PLENTY, backed_up, details_in, fill, restored, save
from tests.adapters.archive.forged_backup import LOG, forge_log, forge_save, forged_contents, manifest_says
from tests.adapters.eventlog.jsonl.logs import key_of, slot_of, write_head
from tests.hostile.builders import (
    deflated_zeros,
    gif,
    jpeg_progressive_scans,
    png,
    png_chunk,
    png_icc_bomb,
    png_of_size,
)
from tests.scripts.forgery import bodies_of, header_of, rehashed

Change = Callable[[Path], object]
MOST = 10**7
DEEP = 100_000


def nested(depth: int) -> str:
    """An object in an object and so on."""
    return '{"a":' * depth + "1" + "}" * depth


def added(folder: Path, line: bytes) -> None:
    """The log goes on with a line."""
    log = (folder / LOG).read_bytes()
    position = log.count(b"\n")
    body = b'{"pos":%d,"batch":[%d,%d],"type":%b' % (position, position, position, line)
    forge_log(folder, rehashed(header_of(log), [*bodies_of(log), body]))


def of_format_2(folder: Path) -> None:
    """The log is one of a version to come."""
    log = (folder / LOG).read_bytes()
    forge_log(folder, rehashed(header_of(log).replace(b'"format":1', b'"format":2'), bodies_of(log)))


def watermark(folder: Path, **said: Any) -> None:
    """The watermark says something else of the log."""
    root = folder / "log"
    slot = slot_of(root)
    write_head(root, slot._replace(tip=slot.tip._replace(**said)).sealed(key_of(root)))


def details_of_first(folder: Path, details: str) -> None:
    """The first image was made so."""
    forged_contents(folder, lambda lines: lines[0].update(details=details))


def saved(which: str, /, **members: object) -> Change:
    """A save says something else."""
    return lambda folder: forge_save(folder, which, None, **members)


def picture(build: Callable[[], bytes], media_type: str = "image/png") -> Change:
    """The bytes of an image, recorded as such; they are built when they are asked for."""
    return lambda folder: forge_save(folder, "k/b.png", build(), media_type=media_type)


NAMES = {
    "a folder above": "../x.png",
    "a path from the top": "/etc/x.png",
    "a drive": "C:x.png",
    "a path with backslashes": "a\\b.png",
    "a device": "con.png",
    "another device": "COM1",
    "a control character": "a\x1b[31m.png",
    "300 characters": "x" * 300,
    "composed letters": "\u00e9.png",
    "decomposed letters": "e\u0301.png",
    "text that turns round": "a\u202egnp.exe",
    "a dot at its end": "a.png.",
    "a folder of details": ".details/x.png~.json",
    "two folders": "a/b/c.png",
    "a file of desktops": "Thumbs.db",
    "nothing": "",
}
USERS = ("..", "/", "con", "Ada", "x" * 300, "")
TEXT = b'","tags":["pool"],"data":'
FORGED: dict[str, tuple[Change, str]] = {
    **{f"a name: {what}": (saved("a.png", name=name), "an image name") for what, name in NAMES.items()},
    **{f"the user {user[:9]!r}": (saved("a.png", user=user), "a user id") for user in USERS},
    "a name that stands in other letters": (saved("k/b.png", name="A.PNG"), "replaces 0 bytes"),
    "an image in an image": (saved("a.png", name="K"), "would lie in k, which is an image"),
    "bytes of 8 PB": (saved("a.png", bytes=2**53), "other figures"),
    "a watermark after the log's end": (partial(watermark, position=99), "ends too early"),
    "a watermark of more bytes": (partial(watermark, position=99, offset=10**6), "ends too early"),
    "a watermark of another log": (partial(watermark, digest=bytes(32)), "not the log that was written"),
    "a log of another version": (of_format_2, "format 2, .* newer version"),
    "no log of ours": (lambda folder: (folder / LOG).write_bytes(b"hello\n" * 9), "not the header"),
    "an event to come": (partial(added, line=b'"ImageTurned' + TEXT + b"{}"), "perhaps a later version"),
    "a type that steers a terminal": (partial(added, line=b'"\\u001b[31mX' + TEXT + b"{}"), r"\\x1b\[31mX"),
    "an event nested deep": (partial(added, line=b'"ImageSaved' + TEXT + nested(DEEP).encode()), "ImageSaved has"),
    "a line longer than any": (
        partial(added, line=b'"' + b"x" * (MAX_LINE_BYTES + 2**21) + TEXT + b"{}"),
        "longer than any",
    ),
    "details nested deep": (partial(details_of_first, details=nested(DEEP)), "not of that image"),
    "details that cannot be told again": (
        partial(details_of_first, details=nested(300).replace('"a"', '"staged":"x","a"', 1)),
        "not of that image",
    ),
    "details of another image": (partial(details_of_first, details='{"staged":"x"}'), "not of that image"),
    "details of 2 MiB": (partial(details_of_first, details='{"a":"' + "x" * 2**21 + '"}'), "not of the form"),
    "a list nested deep": (
        lambda folder: forged_contents(folder, lambda lines: lines.append({"a": [[]] * DEEP})),
        "form of one",
    ),
    "a manifest nested deep": (
        lambda folder: (folder / "backup.json").write_bytes(b"[" * 4_000),
        "not what a backup has",
    ),
    "a manifest of another version": (partial(manifest_says, format=2), "newer version"),
    "a time that steers a terminal": (partial(manifest_says, at="\x1b[31m2026"), "not what a backup has"),
    "other figures": (partial(manifest_says, images=77), "other figures"),
    "more of the log than there is": (partial(manifest_says, log_bytes=2**62), "not the one that was backed up"),
    "less of the log than that": (partial(manifest_says, log_bytes=10), "not the one that was backed up"),
    "a position inside a batch": (partial(manifest_says, position=3), "not the one that was backed up"),
    "a file in the place of snapshots": (lambda folder: (folder / "log/logs/snapshots").touch(), "cannot be read"),
}
BOMBS: dict[str, tuple[Change, str]] = {
    "sides without pixels": (picture(lambda: png(60_000, 60_000, pixels=b"x")), "60000 x 60000 pixels"),
    "pixels that deflate to nothing": (picture(lambda: png(10_000, 6_000, depth=1, colour=0)), "10000 x 6000 pixels"),
    "data behind the pixels": (picture(lambda: png(pixels=deflated_zeros(2**23))), "goes on after the picture"),
    "a profile that inflates": (picture(lambda: png_icc_bomb(8)), "more than 4,194,304 bytes"),
    "a text that inflates": (
        picture(lambda: png(extras=[png_chunk(b"zTXt", b"a\0\0" + deflated_zeros(2**23))])),
        "compressed text",
    ),
    "frames": (picture(lambda: gif(20_000), "image/gif"), "too many frames"),
    "scans": (picture(lambda: jpeg_progressive_scans(2_000), "image/jpeg"), "scans"),
    "parts": (picture(lambda: png(extras=[png_chunk(b"tEXt", b"a\0b")] * 100_000)), "more than 100,000 parts"),
    "an archive behind it": (picture(lambda: png() + b"PK\3\4" + bytes(1_000)), "goes on after the end"),
    "a picture of another format": (picture(lambda: gif(1)), "is image/gif, and its log says image/png"),
    "a picture of another size in pixels": (saved("k/b.png", width=4_096), "pixels, and its log says 4,096 x"),
    "a picture with a text for its type": (saved("k/b.png", media_type=ANY_BYTES, width=0, height=0), "--any-bytes"),
    "no picture, called what it is": (
        lambda folder: forge_save(folder, "k/b.png", b"<script>", media_type=ANY_BYTES, width=0, height=0),
        r"saved as no image.*\(1 such in all\).*--any-bytes",
    ),
    "no picture, of a size in pixels": (
        lambda folder: forge_save(folder, "k/b.png", b"<script>", media_type=ANY_BYTES),
        "no image, and its log gives it .* pixels",
    ),
    "a picture larger than any here": (picture(lambda: png_of_size(MOST + 1)), "IMAGE_GENERATION_SIZE_MB"),
}


@pytest.mark.parametrize("what", [*FORGED, *BOMBS])
def test_what_was_forged_is_refused_of_the_backup_and_nothing_is_made(folder: Path, tmp_path: Path, what: str) -> None:
    """Although every hash and seal fits. An import decodes each picture; the rest either of the two refuses."""
    change, told = (FORGED | BOMBS)[what]
    change(folder)
    with pytest.raises((BackupDamaged, LogDamaged), match=told) as refused:
        restored(folder, tmp_path / "new", most=MOST if what in BOMBS else None)
    sentence = str(refused.value)
    assert refused.value.exit_code == 65
    assert sentence.isprintable()
    assert "storage root" not in sentence
    assert "STORAGE_ROOT" not in sentence
    assert not (tmp_path / "new").exists()


def test_what_was_saved_as_no_image_comes_in_where_that_is_asked_for(tmp_path: Path) -> None:
    """By a program that has nothing checked, which its log says in its own words; and by nobody who gives it a size."""
    store = open_store(tmp_path / "root", settings=StoreSettings(check_images=False), limits=PLENTY)
    save(store, "ada", "notes.txt", b"no image")
    store.close()
    backed_up(tmp_path / "root", tmp_path / "backup")
    with pytest.raises(BackupDamaged, match="--any-bytes"):
        restored(tmp_path / "backup", tmp_path / "new", most=MOST)
    assert not (tmp_path / "new").exists()
    with pytest.raises(BackupDamaged, match="IMAGE_GENERATION_SIZE_MB"):
        restored(tmp_path / "backup", tmp_path / "new", most=7, any_bytes=True)
    assert restored(tmp_path / "backup", tmp_path / "new", most=MOST, any_bytes=True).missing == ()
    assert_disk_and_log_agree(tmp_path / "new")
    assert restored(tmp_path / "backup", tmp_path / "ours").missing == ()
    forge_save(tmp_path / "backup", "notes.txt", width=64, height=64)
    with pytest.raises(BackupDamaged, match="gives it 64 x 64 pixels"):
        restored(tmp_path / "backup", tmp_path / "forged", most=MOST, any_bytes=True)


def test_equal_pictures_and_rows_told_twice_come_in_whole(folder: Path, tmp_path: Path) -> None:
    """They are odd and harmless: the log says what stands, and the list only how it was made."""
    forge_save(folder, "k/b.png", png_of_size(300))
    forged_contents(folder, lambda lines: lines.append(lines[0] | {"user": "../..", "name": "\x1b[31m"}))
    assert restored(folder, tmp_path / "new", most=MOST).missing == ()
    assert_disk_and_log_agree(tmp_path / "new")


def test_long_details_come_back(tmp_path: Path) -> None:
    """Of a few images as of many: what a backup takes in, a restore takes out."""
    fill(tmp_path / "root")
    store = open_store(tmp_path / "root")
    save(store, "eve", "long.png", png_of_size(300), prompt='"' * 400_000)
    store.close()
    backed_up(tmp_path / "root", tmp_path / "backup")
    restored(tmp_path / "backup", tmp_path / "new")
    assert details_in(tmp_path / "new") == details_in(tmp_path / "root")


class Counting(Files):
    """The real file system, which notes how much is read at once, and in all."""

    most = 0
    read_bytes = 0

    def read_at(self, fd: int, size: int, offset: int) -> bytes:
        """Notes and reads."""
        self.most = max(self.most, size)
        data = super().read_at(fd, size, offset)
        self.read_bytes += len(data)
        return data


@pytest.mark.skipif(not hasattr(os, "SEEK_DATA"), reason="nobody tells here where a file has holes")
@pytest.mark.parametrize("begin", [0, 200, -1], ids=["nothing", "a header and half a line", "the log"])
def test_a_log_that_is_a_hole_is_not_read_to_its_end(folder: Path, tmp_path: Path, begin: int) -> None:
    """It cost a forger no room, and its size is what the manifest says; what it begins with is read, and not more."""
    whole = (folder / LOG).read_bytes()
    (folder / LOG).write_bytes(whole[:begin] if begin >= 0 else whole)
    os.truncate(folder / LOG, 2**31)
    manifest_says(folder, log_bytes=2**31)
    files = Counting()
    with pytest.raises((BackupDamaged, LogDamaged)):
        restored(folder, tmp_path / "new", files, most=MOST)
    assert files.read_bytes < 2**27
    assert not (tmp_path / "new").exists()


def test_a_file_larger_than_the_memory_goes_in_blocks(folder: Path, tmp_path: Path) -> None:
    """A log may say that a temp file has any size, and its bytes may be there: none is read at once."""
    forge_save(folder, "t.png", bytes(3 * BLOCK_BYTES))
    files = Counting()
    restored(folder, tmp_path / "new", files)
    assert files.most == BLOCK_BYTES
