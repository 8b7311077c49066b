"""The image stores that the port's contract is run on: a new one gets its row here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from adapters.disk.files import Files
from adapters.imagestore.local.image_store import LocalImageStore
from adapters.imagestore.local.layout import Layout
from adapters.ports.image_store import ImageStore


def local(root: Path) -> ImageStore:
    """Folders below a storage root."""
    return LocalImageStore(Layout(root), Files())


STORES: Mapping[str, Callable[[Path], ImageStore]] = {"local": local}
"""How each store is opened over a folder, which it may have been opened over before."""
