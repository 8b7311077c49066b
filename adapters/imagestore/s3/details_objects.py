"""How each kept image was made: an object of JSON beside it, under the same id."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import orjson

from adapters.imagestore.s3.bucket import Bucket
from adapters.imagestore.s3.keys import details_key
from adapters.ports.object_place import ObjectNotFoundError

READ_AT_ONCE = 16
MAX_DETAILS_BYTES = 1024 * 1024
"""Many times what is kept of one image; what is larger was put there by somebody else."""
MOST_WITHOUT = 50_000
"""Saves of which it is remembered that they have none; each takes some 150 bytes."""


class DetailsObjects:
    """The details of one prefix. Raises OSError where the store does not say. Safe from any thread."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._guard = threading.Lock()
        self._without: dict[str, None] = {}

    def of_all(self, names: Sequence[str], id_of: Callable[[str], str | None]) -> list[dict[str, object] | None]:
        """Those of many, in their order, read side by side."""
        if len(names) <= 1:
            return [self.of(id_of(name)) for name in names]
        with ThreadPoolExecutor(min(READ_AT_ONCE, len(names)), thread_name_prefix="abby-details") as reading:
            return list(reading.map(lambda name: self.of(id_of(name)), names))

    def of(self, staged: str | None) -> dict[str, object] | None:
        """Those of one save; None where it has none."""
        if staged is None or staged in self._without:
            return None
        try:
            found = orjson.loads(self._bucket.read(details_key(staged), MAX_DETAILS_BYTES))
        except ObjectNotFoundError:
            with self._guard:
                if len(self._without) >= MOST_WITHOUT:
                    self._without.clear()
                self._without[staged] = None
            return None
        except orjson.JSONDecodeError:
            return None
        return found if isinstance(found, dict) else None
