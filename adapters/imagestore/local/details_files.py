"""How each kept image was made: a file of JSON beside it, which names the staged file that it came with."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import orjson

from adapters.disk.files import Files
from adapters.imagestore.local.layout import DETAILS_SUFFIX, Layout
from adapters.imagestore.local.moving import move
from adapters.imagestore.local.own_files import OwnFiles

MAX_DETAILS_BYTES = 1024 * 1024
"""Many times what is kept of one image; what is larger was put there by somebody else."""


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
        return self._told(self._layout.details(user, name))

    def read_all(self, user: str, names: Iterable[str]) -> list[dict[str, object] | None]:
        """The same for many, in their order: to each folder of theirs is gone once."""
        found: dict[str, dict[str, object] | None] = dict.fromkeys(names)
        by_folder: dict[str, list[str]] = {}
        for name in found:
            by_folder.setdefault(name.rpartition("/")[0], []).append(name)
        for named, some in by_folder.items():
            folder = self._layout.details_folder(user, named)
            with suppress(OSError), self._files.reading_in(folder):
                for name in some:
                    found[name] = self._told(folder / (name.rpartition("/")[2] + DETAILS_SUFFIX))
        return list(found.values())

    def _told(self, path: Path) -> dict[str, object] | None:
        found = self._found(path)
        found.pop("staged", None)
        return found or None

    def _found(self, path: Path) -> dict[str, object]:
        try:
            found = orjson.loads(self._own.read(path, MAX_DETAILS_BYTES))
        except (OSError, orjson.JSONDecodeError):
            return {}
        return found if isinstance(found, dict) else {}
