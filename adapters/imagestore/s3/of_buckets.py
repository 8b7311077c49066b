"""What is the same of every bucket, whatever is in it: no folders, no end, no name in anybody's way."""

# ruff: noqa: ARG002 - what folders must know of a save, a bucket need not
from __future__ import annotations

from collections.abc import Iterable

from domain.view import View

FRESH_NUMBERS = 16
"""Numbers that are offered for one save: more saves of a user are seldom on their way to the log at once."""


class OfBuckets:
    """Those answers of an image store."""

    def sync_folders(self) -> None:
        """Nothing: what a bucket has said to have, it has."""

    def unwritable(self, folders: Iterable[str]) -> list[str]:
        """Nothing: there are no folders."""
        return []

    def refuse_path(self, user: str, name: str, *, temp: bool) -> str | None:
        """Every well-formed name may be kept: no key is made of it."""
        return None

    def is_untracked(self, user: str, name: str, *, temp: bool, view: View) -> bool:
        """Nothing that the log does not know is in the way of a key of its own."""
        return False

    def free_numbers(self, user: str, folder: str | None, extension: str, *, temp: bool, first: int) -> range:
        """Some numbers from the first on: the log knows all that stands."""
        return range(first, first + FRESH_NUMBERS)

    def first_free_number(self, user: str, folder: str | None, *, temp: bool) -> int:
        """The first: the same."""
        return 1

    def has_room_for(self, size_bytes: int) -> bool:
        """There always is."""
        return True

    def path(self, user: str, name: str, *, temp: bool) -> None:
        """No file has the bytes."""

    def is_foreign(self, user: str, name: str) -> bool:
        """Nobody else has our keys."""
        return False
