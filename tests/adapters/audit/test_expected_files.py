"""What files the log wants: read once, followed, and no more kept of it than is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest

from adapters.application.deleting import clean_up_blocking, delete_image_blocking
from adapters.application.saving import NewImage, save_image
from adapters.application.storage import Storage
from adapters.audit.expected_files import ExpectedFiles
from adapters.engines.choice import default_engine
from adapters.engines.opening import open_store
from adapters.ports.image_store import Key
from tests.adapters.application.stuck_disk import StuckDisk
from tests.hostile.builders import png_of_size

A = Key("ada", False, "a.png")


@contextmanager
def expected(root: Path) -> Iterator[ExpectedFiles]:
    """The files that a log wants."""
    engine = default_engine()
    reading = ExpectedFiles(root, engine=engine, reconciled=engine.verify(root).reconciled or 0, user=None)
    try:
        yield reading
    finally:
        reading.close()


def save(store: Storage, name: str, size_bytes: int = 300, *, temp: bool = False) -> bytes:
    """Saves an image or a temp file; its bytes."""
    data = png_of_size(size_bytes)
    asyncio.run(save_image(store, NewImage("ada", data, name=name, temp=temp)))
    return data


def test_the_latest_bytes_of_a_name_are_expected(tmp_path: Path) -> None:
    """Its hash as 32 raw bytes, in the spelling that stands; beyond the watermark, as soon as the log is followed."""
    store = open_store(tmp_path)
    save(store, "A.png")
    with expected(tmp_path) as files:
        data = save(store, "a.png", 400)
        files.follow()
        known = files.known(A)
        assert known.expected is not None
        assert known.expected[1:4] == ("A.png", 400, sha256(data).digest())
        assert (known.latest, known.expected.position) == (files.position, files.position)
        delete_image_blocking(store, "ada", "a.png")
        files.follow()
        assert (files.known(A).expected, files.known(A).latest, len(files)) == (None, files.position, 0)
    store.close()


def test_what_was_done_before_is_not_even_kept_while_the_log_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log of a million images is read with room for those that stand."""
    monkeypatch.setattr(ExpectedFiles, "_forget_what_is_done", lambda _: None)
    store = open_store(tmp_path)
    for name in ("a.png", "b.png", "a.png"):
        save(store, name)
    delete_image_blocking(store, "ada", "b.png")
    store.close()
    with expected(tmp_path) as files:
        assert (files._gone, files._staged, len(files)) == ({}, {}, 1)


def test_what_is_done_is_not_kept(tmp_path: Path) -> None:
    """Of deleted names and staged files only those are remembered whose file work may be under way."""
    disk = StuckDisk()
    store = open_store(tmp_path, files=disk)
    for name in ("a.png", "b.png", "a.png"):
        save(store, name)
    save(store, "t.png", temp=True)
    delete_image_blocking(store, "ada", "b.png")
    clean_up_blocking(store, 0)
    store.close()
    with expected(tmp_path) as files:
        assert (files._gone, files._staged) == ({}, {})
        store = open_store(tmp_path, files=disk)
        disk.stuck = True
        save(store, "c.png")
        delete_image_blocking(store, "ada", "a.png")
        files.follow()
        assert ([*files._gone], len(files._staged), files.known(A).unfinished) == ([A], 1, True)
        disk.stuck = False
        save(store, "a.png")
        files.follow()
        assert (files._gone, len(files._staged)) == ({}, 2)
        delete_image_blocking(store, "ada", "a.png")
        store.opened().sweep()
        store.close()
        files.follow()
        assert (files._gone, files._staged, files.known(A)) == ({}, {}, (None, 0, False))
