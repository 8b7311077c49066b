"""Whose images are below a storage root: those of its own log, unless a note says that they are in a bucket."""

# ruff: noqa: ARG002 - what a bucket must know of a log, folders beside it need not
from __future__ import annotations

from adapters.disk.files import Files
from adapters.imagestore.local.elsewhere import FOLDERS, ElsewhereNote
from adapters.imagestore.local.layout import Layout
from adapters.ports.faults import ConfigError
from adapters.ports.image_store import Misplaced, Saves
from adapters.wording.image_places import not_in_folders


class FolderOwnership:
    """The port `Ownership` of one root of folders."""

    def __init__(self, layout: Layout, files: Files) -> None:
        self._root = layout.root
        self._note = ElsewhereNote(layout, files)

    def why_not(self, log_id: str, saves: Saves) -> Misplaced | None:
        """Where a note names a bucket, and images stand."""
        place = self._note.place()
        if place in {None, FOLDERS} or not saves.newest(1):
            return None
        return not_in_folders(place, str(self._root), str(self._note.path))

    def take(self, log_id: str, saves: Saves) -> None:
        """Where nothing stands images are kept here from now on."""
        if (why := self.why_not(log_id, saves)) is not None:
            raise ConfigError(str(why))
        self._are_here()

    def begin(self, log_id: str, saves: Saves) -> None:
        """Nothing: the bucket is where the images are until the end."""

    def end(self, log_id: str) -> None:
        """All are here again."""
        self._are_here()

    def refuse_others(self, log_id: str, saves: Saves) -> None:
        """Nobody else's are here."""

    def leave(self, log_id: str) -> None:
        """The bucket notes it."""

    def _are_here(self) -> None:
        """Notes it, where a note says anything."""
        if self._note.place() is not None:
            self._note.leave(FOLDERS)
