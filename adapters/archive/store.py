"""The bytes in a backup, under their hashes: kept once however many images have them, and read back from the disk.

A name stands only for whole bytes: they are written aside, synced and renamed. That the names themselves are on the
disk, `sync` sees to, once for all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from adapters.archive.layout import BackupPaths
from adapters.disk.errors import NotOwnError
from adapters.disk.files import READ, Files
from adapters.disk.own_root import why_not_ordinary

BLOCK_BYTES = 1024 * 1024
IN_MAKING = ".new-"
_DIGEST = re.compile("[0-9a-f]{64}")
_FOLDER = re.compile("[0-9a-f]{2}")


class ContentStore:
    """The folder `files` of one backup."""

    def __init__(self, paths: BackupPaths, files: Files) -> None:
        self._paths = paths
        self._files = files
        self._touched: set[Path] = set()

    def has(self, digest: str, size_bytes: int) -> bool:
        """Whether a file of that name and size stands; whether its bytes are right, `is_right` reads. Raises OSError,
        NotOwnError where something else stands there.
        """
        path = self._paths.file(digest)
        try:
            found = self._files.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        if (why := why_not_ordinary(found)) is not None:
            raise NotOwnError(f"{path.relative_to(self._paths.folder)} {why}", path)
        return found.st_size == size_bytes

    def keep(self, digest: str, data: bytes) -> None:
        """Puts bytes under their hash. Raises OSError, and then nothing stands there that did not before."""
        path = self._paths.file(digest)
        in_making = path.with_name(f"{IN_MAKING}{digest}")
        self._files.make_directories(path.parent)
        with suppress(FileNotFoundError):
            self._files.unlink(in_making)
        self._files.write_durably(in_making, data)
        self._files.rename(in_making, path)
        self._touched.add(path.parent)

    def sync(self) -> None:
        """Makes the names durable that were made since."""
        for folder in sorted(self._touched):
            self._files.sync_directory(folder)
        self._touched.clear()

    def is_right(self, digest: str, size_bytes: int) -> bool:
        """Whether the disk gives back the bytes of that hash. Raises OSError where it gives nothing."""
        return digest_of(self._files, self._paths.file(digest)) == (digest, size_bytes)

    def read(self, digest: str) -> bytes:
        """The bytes of a hash. Raises OSError."""
        return self._files.read(self._paths.file(digest))

    def blocks(self, digest: str) -> Iterator[bytes]:
        """The same, a block at a time: the file of a log that somebody forged may be larger than the memory."""
        fd, offset = self._files.open(self._paths.file(digest), READ), 0
        try:
            while block := self._files.read_at(fd, BLOCK_BYTES, offset):
                yield block
                offset += len(block)
        finally:
            self._files.close(fd)

    def remove(self, digest: str) -> None:
        """Takes away what stands under a hash."""
        self._files.unlink(self._paths.file(digest))

    def remove_others(self, needed: Iterable[str]) -> int:
        """Takes away what no file needs any more, and what a run that was cut off left; gives how many were needed
        once.
        """
        kept, removed = frozenset(needed), 0
        for folder in filter(_FOLDER.fullmatch, self._files.list_directory(self._paths.files)):
            below = self._paths.files / folder
            names = self._files.list_directory(below)
            gone = [name for name in names if name.startswith(IN_MAKING) or _is_none_of(kept, name)]
            for name in gone:
                self._files.unlink(below / name)
            removed += sum(not name.startswith(IN_MAKING) for name in gone)
            if not self._files.remove_if_empty(below) and gone:
                self._files.sync_directory(below)  # a picture that was deleted is not to come back with a power cut
        return removed


def _is_none_of(kept: frozenset[str], name: str) -> bool:
    return _DIGEST.fullmatch(name) is not None and name not in kept


def digest_of(files: Files, path: Path) -> tuple[str, int]:
    """The hash of a file's bytes as the disk has them, in hex, and how many there are. Raises OSError."""
    found, offset = sha256(), 0
    fd = files.open(path, READ)
    try:
        files.drop_cache(fd)
        while block := files.read_at(fd, BLOCK_BYTES, offset):
            found.update(block)
            offset += len(block)
    finally:
        files.close(fd)
    return found.hexdigest(), offset
