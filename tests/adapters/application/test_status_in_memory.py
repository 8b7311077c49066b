"""A status is read from memory: any call of the file system during it would raise here."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from adapters.library.storage_manager import StorageManager
from tests.hostile.builders import png

UNAUDITED = ("stat", "lstat", "fstat", "read", "write", "lseek", "fsync", "access", "statvfs")
"""Calls that Python tells no audit hook of."""
TOUCHES: tuple[Callable[[Path], object], ...] = (
    lambda path: path.stat(),
    lambda path: path.exists(),
    lambda path: list(path.iterdir()),
    lambda path: (path / "new").write_bytes(b""),
    lambda path: path.rename(path.with_name("other")),
)


class DiskTouchedError(AssertionError):
    """The reading thread called the file system."""


class Watch:
    """Raises for calls of the file system by one thread while it is watched."""

    def __init__(self) -> None:
        self.thread: int | None = None
        sys.addaudithook(self._heard)  # stays for ever, and does nothing unless a thread is watched

    @contextmanager
    def watching(self) -> Iterator[None]:
        """This thread may touch nothing."""
        self.thread = threading.get_ident()
        try:
            yield
        finally:
            self.thread = None

    def guard(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The call, or the error where the watched thread makes it."""

        def guarded(*args: Any, **kwargs: Any) -> Any:
            if threading.get_ident() == self.thread:
                raise DiskTouchedError(name)
            return call(*args, **kwargs)

        return guarded

    def _heard(self, event: str, _args: tuple[object, ...]) -> None:
        touches = event == "open" or event.startswith(("os.", "shutil.", "pathlib.", "fcntl.", "glob."))
        if touches and threading.get_ident() == self.thread:
            raise DiskTouchedError(event)


@pytest.fixture(scope="module")
def hook() -> Watch:
    """The one hook of this file."""
    return Watch()


@pytest.fixture
def watch(hook: Watch, monkeypatch: pytest.MonkeyPatch) -> Watch:
    """The hook, with the calls that no hook hears of guarded too."""
    for name in UNAUDITED:
        if hasattr(os, name):
            monkeypatch.setattr(os, name, hook.guard(name, getattr(os, name)))
    return hook


@pytest.mark.parametrize("touch", TOUCHES)
def test_the_watch_sees_what_touches_the_disk(watch: Watch, tmp_path: Path, touch: Callable[[Path], object]) -> None:
    """A watch that sees nothing would let everything pass."""
    with pytest.raises(DiskTouchedError), watch.watching():
        touch(tmp_path)


async def test_a_status_does_not_touch_the_disk(watch: Watch, tmp_path: Path) -> None:
    """Nor does a list of names; of users with images and of strangers."""
    with StorageManager(tmp_path, max_user_daily_gens=100) as storage:
        for number in range(10):
            await storage.save_image(png(), "1", f"{number}.png")
        await storage.reserve("1")
        with watch.watching():
            statuses = [storage.get_quota_status(user) for user in ("1", "stranger")]
            names = storage.get_user_images("1")
            storage.quota.check("1")
        assert [status["user"]["images"] for status in statuses] == [10, 0]
        assert names[0] == "9.png"


async def test_a_readers_status_does_not_touch_the_disk(watch: Watch, tmp_path: Path) -> None:
    """Following the log is another thread's work."""
    with StorageManager(tmp_path) as storage:
        await storage.save_image(png(), "1")
    with StorageManager(tmp_path, read_only=True) as reader, watch.watching():
        assert reader.get_quota_status("1")["user"]["images"] == 1
        assert reader.get_user_images("1") == ["image_1.png"]
