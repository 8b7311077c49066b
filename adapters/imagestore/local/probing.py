"""Tries whether a save would succeed: goes its whole way with a few bytes, and leaves nothing behind.

As a save does, it lists the user's folder, writes and syncs an image and its details in the staging folder, makes what
folders are missing, and moves both files to where they belong. Which sizes are tried, and when, is the use cases' to
say.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from secrets import token_bytes, token_hex

from adapters.disk.files import CREATE, Files
from adapters.imagestore.local.layout import OWN_PREFIX, Layout
from adapters.imagestore.local.moving import move
from adapters.imagestore.local.own_files import OwnFiles

PROBE_NAME = f"{OWN_PREFIX}probe"
"""What a probe is called for a moment in a folder of images. A crash may leave it; the next probe takes it away."""
BLOCK_BYTES = 65_536


class Probe:
    """The way of saves below one root."""

    def __init__(self, layout: Layout, files: Files, own: OwnFiles) -> None:
        self._layout = layout
        self._files = files
        self._own = own

    def carry_out(self, folders: tuple[Path, ...], size_bytes: int, *, whole: bool) -> None:
        """Tries a save into `folders`: that of its image, and that of its details where there are some.

        The disk is asked for `size_bytes`, which are really written where `whole`. Raises OSError.
        """
        self._own.require(folder / PROBE_NAME for folder in (self._layout.staging, *folders))
        for folder in (self._layout.staging, *folders):  # first, as what is put into such a folder stays there
            self._files.refuse_append_only(folder)
        self._files.make_directories(self._layout.staging)
        self._files.make_directories(self._layout.users)
        staged = [self._layout.staging / f"{OWN_PREFIX}{token_hex(16)}" for _ in folders]
        with ExitStack() as leaving:
            for number, path in enumerate(staged):
                leaving.callback(self._remove, path)
                self._stage(path, 0 if number else size_bytes, whole=whole)
            if whole:
                self._files.sync_directory(self._layout.staging)
            for folder in folders:
                self._make(folder, leaving)
            for path, folder in zip(staged, folders, strict=True):
                self._files.list_directory(folder)
                leaving.callback(self._remove, folder / PROBE_NAME)
                move(self._files, path, folder / PROBE_NAME)
                if whole:
                    self._files.sync_directory(folder)
            for folder in folders:
                with suppress(FileNotFoundError):  # another probe of the same folder was quicker
                    self._files.unlink(folder / PROBE_NAME)

    def _stage(self, path: Path, size_bytes: int, *, whole: bool) -> None:
        """Writes and syncs; of several files only the first is large, and is synced where it need not be whole."""
        if whole:
            self._files.write_blocks_durably(path, _blocks(size_bytes))
            return
        fd = self._files.open(path, CREATE)
        try:
            if size_bytes:
                self._files.take_room(fd, size_bytes)
            self._files.write_all(fd, b"{}")
            if size_bytes:
                self._files.sync_data(fd)
        finally:
            self._files.close(fd)

    def _make(self, folder: Path, leaving: ExitStack) -> None:
        """Makes the folders that are missing, which go again, in the order of the last first."""
        missing = []
        while not self._files.exists(folder):
            missing.append(folder)
            folder = folder.parent
        for made in reversed(missing):
            self._files.make_directory(made)
            leaving.callback(self._remove_folder, made)

    def _remove(self, path: Path) -> None:
        with suppress(OSError):
            self._files.unlink(path)

    def _remove_folder(self, path: Path) -> None:
        with suppress(OSError):
            self._files.remove_directory(path)


def _blocks(size_bytes: int) -> Iterator[bytes]:
    """Random bytes, because a file system that compresses would keep no room for zeros; at least one."""
    block = token_bytes(BLOCK_BYTES)
    for begin in range(0, max(1, size_bytes), BLOCK_BYTES):
        yield block[: max(1, size_bytes) - begin]
