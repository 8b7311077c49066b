"""Storage roots to be backed up, and what stands in a folder afterwards, read without the product."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from adapters.application.deleting import delete_image_blocking
from adapters.application.saving import NewImage, save_image
from adapters.application.storage import Storage
from adapters.archive.backup import BackedUp, BackupTerms, back_up
from adapters.archive.checking import RestoreTerms
from adapters.archive.restoring import Restored, restore
from adapters.disk.files import Files
from adapters.engines.choice import default_engine
from adapters.engines.opening import open_store
from domain.commands import SetPolicy
from tests.hostile.builders import png_of_size

PLENTY = SetPolicy(daily=1_000_000)


def save(store: Storage, user: str, name: str, data: bytes, *, temp: bool = False, prompt: str | None = None) -> None:
    """One save, with how it was made where a prompt is given."""
    details = None if prompt is None else {"prompt": prompt}
    asyncio.run(save_image(store, NewImage(user, data, name=name, temp=temp, details=details)))


def fill(root: Path) -> None:
    """Images of two users with details and without, one twice, a temp file, one replaced and one deleted."""
    store = open_store(root, limits=PLENTY)
    save(store, "ada", "a.png", png_of_size(300), prompt="a cat, ümlauts")
    save(store, "ada", "k/b.png", png_of_size(5_000))
    save(store, "bob", "same.png", png_of_size(300))
    save(store, "bob", "t.png", png_of_size(400), temp=True)
    save(store, "bob", "replaced.png", png_of_size(500), prompt="before")
    save(store, "bob", "replaced.png", png_of_size(600), prompt="after")
    save(store, "bob", "deleted.png", png_of_size(700))
    delete_image_blocking(store, "bob", "deleted.png")
    store.close()


def change(root: Path) -> None:
    """What a day brings: a save, a replacement, a deletion."""
    store = open_store(root)
    save(store, "eve", "new.png", png_of_size(800), prompt="new")
    save(store, "ada", "a.png", png_of_size(900), prompt="a dog")
    delete_image_blocking(store, "ada", "k/b.png")
    store.close()


def backed_up(root: Path, folder: Path, files: Files | None = None, *, with_key: bool = True) -> BackedUp:
    """A backup as the command makes it."""
    files = files or Files()
    return back_up(root, folder, BackupTerms(default_engine(files), files, with_key=with_key))


def restored(
    folder: Path, root: Path, files: Files | None = None, *, most: int | None = None, any_bytes: bool = False
) -> Restored:
    """A restore as the command makes it; `most` bytes of an image: an import."""
    files = files or Files()
    terms = RestoreTerms(default_engine(files), files, max_image_bytes=most, any_bytes=any_bytes)
    return restore(folder, root, terms)


def tree(folder: Path) -> dict[str, Any]:
    """Everything in a folder but the moment of the backup."""
    found: dict[str, Any] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        found[name] = path.read_bytes() if path.is_file() else "folder"
        if name == "backup.json":
            found[name] = {key: value for key, value in json.loads(found[name]).items() if key != "at"}
    return found


def details_in(root: Path) -> dict[str, bytes]:
    """How images were made, by the paths of the files that say so."""
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*~.json")}
