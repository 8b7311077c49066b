"""What a generation answers whose request was sent before: as the log and the kept files have it, not as it is now.

Who made it, in how long and with which seeds; what the provider remarked is told once, as it is kept nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence

from adapters.application.reading import image_bytes
from adapters.application.results import SavedImage
from adapters.application.storage import Storage
from adapters.ports.faults import Fault
from adapters.studio.jobs import Generated, Picture
from domain.events import GenerationCompleted
from domain.names import name_key


def replayed(store: Storage, kept: Sequence[SavedImage], delivered: GenerationCompleted | None) -> Generated:
    """The pictures that were kept, as they were delivered. Reads the disk: for a worker."""
    pictures = []
    for image in kept:
        data, details = _found(store, image)
        seed = details.get("seed") if delivered is None or delivered.seed is None else delivered.seed
        pictures.append(Picture(data, image.media_type, seed if isinstance(seed, int) else None, image))
    if delivered is None:
        return Generated(tuple(pictures), "", "", 0.0, replayed=True)
    return Generated(
        pictures=tuple(pictures),
        provider=delivered.provider,
        model=delivered.model,
        seconds=delivered.seconds,
        replayed=True,
        cost=delivered.cost,
    )


def _found(store: Storage, image: SavedImage) -> tuple[bytes, dict[str, object]]:
    """The bytes of a kept image and how it was made; nothing where it was deleted since, whatever has its name now."""
    try:
        root = store.running()
        current = root.state.current_image(image.user, name_key(image.name), temp=False)
        if current is None or current.position != image.position:
            return b"", {}
        details = root.images.read_details(image.user, image.name) or {}
        return image_bytes(store, image.user, image.name) or b"", details
    except (OSError, Fault):
        return b"", {}
