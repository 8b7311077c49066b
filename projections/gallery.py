"""A user's kept images, newest first. Temp files are `temp_files.py`'s; the bytes on disk are the storage adapter's."""

from __future__ import annotations

from domain.usage import StandingImage
from projections.shelves import Shelves


class Gallery(Shelves):
    """The shelves of kept images."""

    def newest_first(self, user: str) -> list[StandingImage]:
        """All of a user's images; an overwritten name counts as saved anew."""
        return list(self.shelf(user).images.values())[::-1]
