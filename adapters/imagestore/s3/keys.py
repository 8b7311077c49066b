"""The keys of one save, by the id under which it was staged: nothing of a user or a name is in them.

PREFIX/images/<id>        its bytes
PREFIX/images/<id>.json   how it was made, where that is told
"""

from __future__ import annotations

IMAGES = "images"
DETAILS = ".json"


def image_key(staged: str) -> str:
    """The key of the bytes."""
    return f"{IMAGES}/{staged}"


def details_key(staged: str) -> str:
    """The key of the details."""
    return image_key(staged) + DETAILS


def marks_of(staged: str) -> list[str]:
    """The last parts of both keys, by which they are marked."""
    return [staged, staged + DETAILS]


def id_of(mark: str) -> str:
    """The id that a mark is of."""
    return mark.removesuffix(DETAILS)
