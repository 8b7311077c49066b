"""Under which `image_<n>` nothing stands in a folder, whoever put it there. Which of them a save gets is the ledger's
to say: it knows all that ever stood by the log.
"""

from __future__ import annotations

from itertools import count
from pathlib import Path

from adapters.disk.files import Files
from adapters.imagestore.local.layout import Layout
from domain.names import fresh_name, fresh_number

LOOKED_AT = 16
"""Numbers that are looked at for one save: more saves of a user are seldom on their way to the log at once."""


class FreshNumbers:
    """The numbers below one root."""

    def __init__(self, layout: Layout, files: Files) -> None:
        self._layout = layout
        self._files = files

    def free(self, user: str, folder: str | None, extension: str, *, temp: bool, first: int) -> range:
        """Of LOOKED_AT numbers from `first` on the first that are free and follow one another. Takes as long whatever
        else is in the folder. Raises OSError.
        """
        wanted = {fresh_name(None, first + step, extension): first + step for step in range(LOOKED_AT)}
        try:
            free = {wanted[name] for name in self._files.missing(self._folder(user, folder, temp=temp), wanted)}
        except FileNotFoundError:
            free = set(wanted.values())
        begin = min(free, default=first)
        return range(begin, next(number for number in count(begin) if number not in free))

    def above_all(self, user: str, folder: str | None, *, temp: bool) -> int:
        """A number above every one that is there, with any extension. Reads the whole folder. Raises OSError."""
        names = self._files.list_directory(self._folder(user, folder, temp=temp))
        return max((fresh_number(name) or 0 for name in names), default=0) + 1

    def _folder(self, user: str, folder: str | None, *, temp: bool) -> Path:
        home = self._layout.home(user, temp=temp)
        return home / folder if folder else home
