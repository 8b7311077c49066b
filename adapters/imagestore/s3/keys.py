"""The keys of one save, by the id under which it was staged: nothing of a user or a name is in them.

PREFIX/images/<id>        its bytes
PREFIX/images/<id>.json   how it was made, where that is told

PREFIX/abby-owner.json    of no save: whose the prefix is (`ownership`)
"""

from __future__ import annotations

IMAGES = "images"
DETAILS = ".json"
OWNER = "abby-owner.json"


def image_key(staged: str) -> str:
    """The key of the bytes."""
    return f"{IMAGES}/{staged}"


def details_key(staged: str) -> str:
    """The key of the details."""
    return image_key(staged) + DETAILS


def marks_of(staged: str) -> list[str]:
    """The last parts of both keys, by which they are marked."""
    return [staged, staged + DETAILS]


def mark_of(key: str) -> str | None:
    """The last part of a key of a save; None of a key of none, as where another prefix begins with `PREFIX/images`."""
    mark = key.removeprefix(f"{IMAGES}/")
    return None if mark in {key, OWNER} or "/" in mark else mark


def id_of(mark: str) -> str:
    """The id that a mark is of."""
    return mark.removesuffix(DETAILS)
