"""How each kept image was made: a file of JSON beside it, which names the staged file that it came with."""

from __future__ import annotations

from pathlib import Path

import orjson

from adapters.disk.files import Files
from adapters.imagestore.local.layout import Layout
from adapters.imagestore.local.moving import move
from adapters.imagestore.local.own_files import OwnFiles


class DetailsFiles:
    """The details below one root."""

    def __init__(self, layout: Layout, files: Files, own: OwnFiles) -> None:
        self._layout = layout
        self._files = files
        self._own = own

    def place(self, user: str, name: str, staged: str) -> None:
        """Details go first, the image last; done again after a crash, the details may be in place already."""
        source, final = self._layout.staged_details(staged), self._layout.details(user, name)
        if self._own.stands(source):
            self._files.make_directories(final.parent)
            move(self._files, source, final)
            self._files.sync_directory(final.parent)
        elif self._files.lexists(final) and self._found(final).get("staged") != staged:
            self._files.unlink(final)
            self._files.sync_directory(final.parent)

    def read(self, user: str, name: str) -> dict[str, object] | None:
        """How a kept image was made, None where nothing is known."""
        found = self._found(self._layout.details(user, name))
        found.pop("staged", None)
        return found or None

    def _found(self, path: Path) -> dict[str, object]:
        try:
            found = orjson.loads(self._own.read(path))
        except (OSError, orjson.JSONDecodeError):
            return {}
        return found if isinstance(found, dict) else {}
