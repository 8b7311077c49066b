"""The objects of a bucket for whoever compares them with the log: which there are, and what is in one."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from adapters.imagestore.s3.bucket import Bucket
from adapters.imagestore.s3.keys import DETAILS, IMAGES, id_of, image_key, mark_of
from adapters.imagestore.s3.ownership import read_owner, why_not_owned
from adapters.ports.faults import ConfigError
from adapters.ports.object_place import KeptObject, ObjectNotFoundError


class ObjectsToCompare:
    """The objects of one prefix. Raises ObjectStoreError. Safe from any thread."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def all(self) -> Iterator[KeptObject]:
        """Every object, by listing them."""
        for found in self._bucket.all_below(IMAGES):
            if (mark := mark_of(found.key)) is not None:
                yield KeptObject(found.key, id_of(mark), mark.endswith(DETAILS), found.size_bytes, found.modified)

    def measure(self, staged: str) -> tuple[str, int | None, bytes]:
        """The key of the bytes of an id, how many there are (None: no object is there), and their SHA-256."""
        key, digest, size_bytes = image_key(staged), sha256(), 0
        try:
            for chunk in self._bucket.chunks(key):
                digest.update(chunk)
                size_bytes += len(chunk)
        except ObjectNotFoundError:
            return key, None, b""
        return key, size_bytes, digest.digest()

    def is_there(self, key: str) -> bool:
        """Whether there is an object under a key."""
        return self._bucket.size(key) is not None

    def belong_to(self, log_id: str) -> bool:
        """Whether the object there says so. Raises ConfigError where it says something else."""
        owner = read_owner(self._bucket)
        if owner is not None and (why := why_not_owned(self._bucket, owner, log_id)) is not None:
            raise ConfigError(str(why))
        return owner is not None
