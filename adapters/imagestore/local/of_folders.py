"""What a port of image stores asks and folders answer in one way: where a file lies follows from its name, and nothing
serves it but this program.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from pathlib import Path

from adapters.disk.files import Files
from adapters.imagestore.local.layout import Layout
from adapters.imagestore.local.ownership import FolderOwnership
from adapters.ports.image_store import Saves
from adapters.ports.measured import Measured

LOOKED_AT = 1_000_000
"""A disk is asked as often as somebody likes."""


class OfFolders:
    """Those answers, of a store that brings files into place."""

    is_of_one_machine = True
    looked_at = LOOKED_AT

    def __init__(self, layout: Layout, files: Files) -> None:
        self.ownership = FolderOwnership(layout, files)

    @abstractmethod
    def reconcile_all(self) -> None:
        """Brings every touched name into place."""

    @abstractmethod
    def path(self, user: str, name: str, *, temp: bool) -> Path:
        """Where the bytes of a current name are now."""

    @abstractmethod
    def free_bytes(self) -> int:
        """What is free on the disk of the images. Raises OSError."""

    def told_by(self, saves: Saves) -> None:
        """Nothing: nobody need be asked."""

    def sweep(self) -> None:
        """Brings every touched name into place."""
        self.reconcile_all()

    def address(self, user: str, name: str, *, temp: bool) -> str:
        """The path, in words."""
        return str(self.path(user, name, temp=temp))

    def presigned(self, user: str, name: str, *, temp: bool, seconds: int) -> None:
        """There is none."""

    def measured(self) -> Iterable[Measured]:
        """Nothing more than the room that is left."""
        return ()

    def has_room_for(self, size_bytes: int) -> bool:
        """Whether the disk has so much free. Raises OSError."""
        return self.free_bytes() >= size_bytes
