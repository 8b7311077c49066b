"""Looks whether a bucket does what images need of it: goes the way of a save and a deletion with a small object."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

from adapters.imagestore.s3.bucket import Bucket
from adapters.ports.object_place import BucketFound, ObjectStoreError
from adapters.ports.random_hex import random_hex

PROBES = "probes"
CONTENT = b"abby"


def examine(bucket: Bucket) -> BucketFound:
    """What was found; leaves nothing, as far as the bucket lets it."""
    key = f"{PROBES}/{random_hex(16)}"
    step, is_conditional, ahead_seconds = "put a small object", True, 0.0
    try:
        begun = datetime.now(UTC)
        bucket.put_new(key, CONTENT, "application/octet-stream")
        ended = datetime.now(UTC)
        step = "put it once more"
        is_conditional = bucket.is_conditional(key)
        step = "list it"
        found = [one for one in bucket.all_below(PROBES) if one.key == key]
        ahead_seconds = ahead_of(found[0].modified, begun, ended) if found else 0.0
        step = "read it"
        bucket.read(key, len(CONTENT))
        step = "delete it"
        bucket.delete(key)
    except ObjectStoreError as error:
        with suppress(ObjectStoreError):
            bucket.delete(key)
        return BucketFound(step, error, is_conditional, ahead_seconds)
    return BucketFound(step, None, is_conditional, ahead_seconds)


def ahead_of(told: datetime, begun: datetime, ended: datetime) -> float:
    """How far a clock that told a time between two of ours is ahead of ours, in seconds; behind it is below 0. Some
    stores tell whole seconds.
    """
    if begun.timestamp() - 1 <= told.timestamp() <= ended.timestamp() + 1:
        return 0.0
    return (told - (begun if told < begun else ended)).total_seconds()
