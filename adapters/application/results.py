"""What the storage answers, as values: the typed counterpart of the seeds' tuples and dictionaries. Sizes are bytes."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Actor(NamedTuple):
    """Who asks (`discord:1`, `api:NAME`, `page`, `cli`, `library`, `system`), and from where (`guild:2`, `http`)."""

    by: str
    origin: str | None = None


LIBRARY = Actor("library")
SYSTEM = Actor("system")


class SavedImage(NamedTuple):
    """An image that was saved; `replayed`: when this request was first sent. `path` None: it is gone since."""

    user: str
    name: str
    size_bytes: int
    path: Path | None
    media_type: str
    width: int
    height: int
    sha256: str
    position: int
    replayed: bool = False


class Reserved(NamedTuple):
    """Places held for a user until `expires_at`."""

    reservation: str
    user: str
    count: int  # type: ignore[assignment]  # the word for it everywhere; tuple.count is not needed
    bytes_each: int
    expires_at: str
    position: int
    replayed: bool = False


class Delivery(NamedTuple):
    """What a provider delivered: `seconds` it took, `credits` it cost where that is known."""

    provider: str
    model: str
    seconds: float
    count: int = 1  # type: ignore[assignment]  # the stored name; tuple.count is not needed
    credits: float | None = None
    seed: int | None = None


class Changed(NamedTuple):
    """A change that needs no words of its own: deliveries, releases, limits, resets. The position of its last event."""

    position: int
    replayed: bool = False


class DeletedImage(NamedTuple):
    """A name that was taken away and the bytes it freed."""

    user: str
    name: str
    freed_bytes: int
    position: int
    replayed: bool = False


class CleanedUp(NamedTuple):
    """Temp files removed and bytes freed."""

    files: int
    freed_bytes: int
    position: int


class GalleryImage(NamedTuple):
    """One row of a gallery."""

    name: str
    size_bytes: int
    at: str
    media_type: str
    width: int
    height: int
    operation: str


class StoreSettings(NamedTuple):
    """What a store needs to know that is no limit of the log."""

    max_image_bytes: int = 20 * 1_048_576
    reservation_seconds: int = 15 * 60
    cleanup_days: int = 7
    check_images: bool = True


class GivenLimits(NamedTuple):
    """Limits that were given, in bytes and counts, by whom and by what; None leaves the log's."""

    user_bytes: int | None = None
    pool_bytes: int | None = None
    daily: int | None = None
    gen_bytes: int | None = None
    moderated_free: bool | None = None
    source: str = "default"
    by: str = "library"
