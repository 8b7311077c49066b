"""Thumbnails beside kept images: small copies, which are made of them again wherever one is missing or does not fit.

Each file says of which bytes it is a copy, and what its own bytes come to: one that a crash has cut, and one of what
was kept under the name before, is as none. So none is synced. They belong to no quota, no backup and no export.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from stat import S_IFDIR
from threading import Lock

from adapters.disk.files import CREATE, Files
from adapters.imagestore.local.layout import Layout
from adapters.imagestore.local.own_files import OwnFiles
from adapters.ports.image_store import OWN_PREFIX

MAX_THUMBNAIL_BYTES = 1024 * 1024
"""More than any takes; what is larger is none."""
_BEGINNING = b"abby thumbnail 1\n"
_DIGEST_BYTES = 32
_HEAD_BYTES = len(_BEGINNING) + 2 * _DIGEST_BYTES
_IN_MAKING = f"{OWN_PREFIX}thumb"
"""One of a user's at a time, under the lock of their files."""


class ThumbnailFiles:
    """The thumbnails below one root. Safe from any thread."""

    def __init__(self, layout: Layout, files: Files, own: OwnFiles, *, lock_of: Callable[[str], Lock]) -> None:
        self._layout = layout
        self._files = files
        self._own = own
        self._lock_of = lock_of

    def read(self, user: str, name: str, digest: str) -> bytes | None:
        """The thumbnail of a name, if it is one of the bytes with that SHA-256; None where there is none of them."""
        try:
            with self._own.open(self._layout.thumbnail(user, name)) as file:
                stored = file.read(MAX_THUMBNAIL_BYTES)
        except OSError:
            return None
        data = stored[_HEAD_BYTES:]
        return data if data and stored[:_HEAD_BYTES] == _head(digest, data) else None

    def keep(self, user: str, name: str, digest: str, data: bytes, *, stands: Callable[[], bool]) -> None:
        """Puts it beside its image where that still `stands`: once it is taken away, so is all that was made of it.
        Raises OSError.
        """
        final = self._layout.thumbnail(user, name)
        with self._lock_of(user):
            if len(data) + _HEAD_BYTES <= MAX_THUMBNAIL_BYTES and stands():
                self._write(final, _head(digest, data) + data)

    def remove(self, user: str, name: str) -> None:
        """Takes the thumbnail of a name away, if there is one. Under the lock of the user's files. Raises OSError."""
        folder, gone = self._layout.thumbnails(user), self._layout.thumbnail(user, name)
        if self._own.kind_at(folder) != S_IFDIR:
            return
        for path in (gone, folder / _IN_MAKING):  # what a crash left in the making too
            if self._own.kind_at(path) not in (None, S_IFDIR):
                self._files.unlink(path)
        self._files.remove_if_empty(folder)

    def _write(self, final: Path, content: bytes) -> None:
        in_making = final.with_name(_IN_MAKING)
        self._files.make_directories(final.parent)
        with suppress(FileNotFoundError):
            self._files.unlink(in_making)
        fd = self._files.open(in_making, CREATE)
        try:
            try:
                self._files.write_all(fd, content)
            finally:
                self._files.close(fd)
            self._files.rename(in_making, final)
        except OSError:
            with suppress(OSError):
                self._files.unlink(in_making)
            raise


def _head(digest: str, data: bytes) -> bytes:
    return _BEGINNING + bytes.fromhex(digest) + sha256(data).digest()
