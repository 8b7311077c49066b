"""What every walk over folders of images goes by: how deep it looks, and which files in them are nobody's images.

What is told of a file that is met is the business of whoever walks.
"""

from __future__ import annotations

from adapters.imagestore.local.layout import THUMBNAILS_FOLDER
from adapters.ports.image_store import OWN_PREFIX
from domain.names import DESKTOP_FILES

MAX_DEPTH = 32
"""Levels of folders that are looked into, so that each file which lies too deep can be named."""
_NOBODYS = DESKTOP_FILES | {".ds_store", THUMBNAILS_FOLDER}
DESKTOP_PREFIX = "._"
"""How macOS names what it keeps beside a file on a foreign disk."""


def is_nobodys_image(name: str) -> bool:
    """Whether a file or folder of that name is a desktop's own, was put there for a moment by the image store, or holds
    what is made of images again.
    """
    return name.lower() in _NOBODYS or name.startswith((DESKTOP_PREFIX, OWN_PREFIX))
