"""Temp files by age: what a cleanup would remove. Age is that in the log, never a file's own time."""

from __future__ import annotations

from domain.usage import CurrentImage
from projections.image_index import ImageIndex


def older_than(files: ImageIndex, cutoff: str, limit: int) -> list[tuple[str, CurrentImage]]:
    """Files saved at or before `cutoff` with their users, the oldest first, at most `limit`."""
    old = [(user, image) for user, _, image in files.all() if image.at <= cutoff]
    old.sort(key=lambda entry: (entry[1].at, entry[1].position))
    return old[:limit]
