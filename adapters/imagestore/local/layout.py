"""Where files lie under a storage root. Only well-formed users and names come here, so a path can be built from them.

images/users/<user>/<name>                     kept images
images/users/<user>/.details/<name>~.json      how each was made
images/users/<user>/.thumbs/<name>~            a small copy of each that was looked at
images/.staged/<id>, <id>.json                 written, and not yet in place
temp/<user>/<name>                             temp files
logs/                                          the log and what belongs to it
"""

from __future__ import annotations

import os
from pathlib import Path

from domain.names import name_key

MAX_PATH_CHARS = 259 if os.name == "nt" else 4095
"""Characters that the platform allows in a path (without its ending zero)."""
DETAILS_FOLDER = ".details"
DETAILS_SUFFIX = "~.json"
THUMBNAILS_FOLDER = ".thumbs"
THUMBNAIL_SUFFIX = "~"


class Layout:
    """The paths of one root."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.users = root / "images" / "users"
        self.staging = root / "images" / ".staged"
        self.temp = root / "temp"

    def home(self, user: str, *, temp: bool) -> Path:
        """The folder of a user's files."""
        return (self.temp if temp else self.users) / user

    def final(self, user: str, name: str, *, temp: bool) -> Path:
        """Where a file lies once it is in place."""
        return self.home(user, temp=temp).joinpath(*name.split("/"))

    def details(self, user: str, name: str) -> Path:
        """Where the details of a kept image lie."""
        folder, _, bare = name.rpartition("/")
        return self.details_folder(user, folder) / (bare + DETAILS_SUFFIX)

    def details_folder(self, user: str, folder: str) -> Path:
        """Where the details lie of the images in a folder of a user's; "" for those in none."""
        home = self.home(user, temp=False) / DETAILS_FOLDER
        return home / folder if folder else home

    def thumbnails(self, user: str) -> Path:
        """The folder of a user's thumbnails."""
        return self.home(user, temp=False) / THUMBNAILS_FOLDER

    def thumbnail(self, user: str, name: str) -> Path:
        """Where the thumbnail of a kept image lies: by the key of its name, and without a folder of its own."""
        return self.thumbnails(user) / (name_key(name).replace("/", "~") + THUMBNAIL_SUFFIX)

    def finals(self, user: str, name: str, *, temp: bool) -> tuple[Path, ...]:
        """Where the file of a name belongs, and its details where it may have some."""
        final = self.final(user, name, temp=temp)
        return (final,) if temp else (final, self.details(user, name))

    def folders(self, user: str | None, folder: str | None) -> tuple[Path, ...]:
        """The folders into which an image of a user and its details are put; without a user, that of all users."""
        if user is None:
            return (self.users,)
        home = self.home(user, temp=False)
        return tuple(way / folder if folder else way for way in (home, home / DETAILS_FOLDER))

    def staged(self, staged: str) -> Path:
        """A staged file."""
        return self.staging / staged

    def staged_details(self, staged: str) -> Path:
        """The details beside a staged file."""
        return self.staging / f"{staged}.json"
