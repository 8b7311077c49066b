"""What keeps a storage root: one engine for its log, one for the bytes of its images."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from adapters.ports.event_log import EventLogEngine
from adapters.ports.image_store import ImageStore


class Engines(NamedTuple):
    """Both of them; `images` gives the image store of a root."""

    log: EventLogEngine
    images: Callable[[Path], ImageStore]
