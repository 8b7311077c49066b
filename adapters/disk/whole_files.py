"""A small file that is written anew as a whole and renamed into place: a reader sees the former or the new one."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from adapters.disk.files import Files

OWNER_ALONE_MODE = 0o600


def put_whole(files: Files, path: Path, data: bytes, mode: int = OWNER_ALONE_MODE) -> None:
    """Durable once it returns, and its owner's alone unless a `mode` says otherwise. Raises OSError."""
    in_making = path.with_name(f".{path.name}.new")
    with suppress(FileNotFoundError):
        files.unlink(in_making)
    files.write_durably(in_making, data, mode)
    files.rename(in_making, path)
    files.sync_directory(path.parent)
