"""A user's kept images, newest first. Temp files are `temp_files.py`'s; the bytes on disk are the storage adapter's."""

from __future__ import annotations

from domain.usage import CurrentImage
from projections.image_index import ImageIndex


class Gallery(ImageIndex):
    """The index of kept images."""

    def newest_first(self, user: str, offset: int = 0, limit: int | None = None) -> list[CurrentImage]:
        """All of a user's images, or some of them; an overwritten name counts as saved anew."""
        return self.of(user).newest_first(offset, limit)
