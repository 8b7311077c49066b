"""Whose images are below a prefix: an object there names the log, and says whether all its images are there.

PREFIX/abby-owner.json   {"log": "<id>", "images": "here"}

The first log that opens a prefix in which nothing is puts it there, on the condition that there is none; after that no
other log is let in. Several processes that write one log have its id in common. Before this object was known, a prefix
may have got images without one: it is the log's that names some of them.

| what is found | what is done |
|---|---|
| this log's, images here | all is well |
| another log's, or one that cannot be read | refused |
| this log's, images coming or gone | refused, unless nothing stands by the log |
| none, and no image; nothing stands by the log | it is put |
| none, and images, some of which the log names, the newest among them | it is put |
| none, and images that the log does not name | refused |
| none of the newest images that stand, where nothing says they are here, or the root says another place | refused |
| no answer | opened all the same, and asked again before anything is put |
"""

from __future__ import annotations

import errno
import logging
import re
import threading
from collections.abc import Iterator
from itertools import islice

import orjson
import structlog

from adapters.imagestore.local.elsewhere import ElsewhereNote
from adapters.imagestore.s3.bucket import Bucket
from adapters.imagestore.s3.keys import IMAGES, OWNER, id_of, image_key, mark_of
from adapters.ports.faults import ConfigError
from adapters.ports.image_store import Misplaced, Saves
from adapters.ports.object_place import Kept, ObjectNotFoundError, ObjectStoreError, PrefixOwner
from adapters.wording import image_places

MOST_BYTES = 1024
LOOKED_AT = 8
"""Of so many objects, and of so many images, it is looked whether one is the log's."""
OWNER_TYPE = "application/json"
_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
"""Of what anybody may have put there, nothing else is shown to people."""

_log = structlog.wrap_logger(logging.getLogger(__name__))


def read_owner(bucket: Bucket, *, soon: bool = False) -> PrefixOwner | None:
    """Whose a prefix is; None where nothing says so. Raises ObjectStoreError, `soon` where a store is slow too."""
    try:
        found = orjson.loads((bucket.read_soon if soon else bucket.read)(OWNER, MOST_BYTES))
        log_id, images = found["log"], Kept(found["images"])
        return PrefixOwner(log_id if _ID.fullmatch(log_id) else "", images)
    except ObjectNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        return PrefixOwner("")


def marks_in(bucket: Bucket) -> Iterator[str]:
    """The last parts of the keys of saves that are there, by and by. Raises ObjectStoreError."""
    return filter(None, (mark_of(one.key) for one in bucket.all_below(IMAGES)))


def why_not_begun(bucket: Bucket) -> str | None:
    """Why no log is begun over a prefix; None where one may be. Raises ObjectStoreError."""
    place = str(bucket.place)
    if next(marks_in(bucket), None) is not None:
        return image_places.without_log(place)
    owner = read_owner(bucket)
    return None if owner is None else image_places.kept_for_a_log(place, owner.log_id, OWNER)


def why_not_owned(bucket: Bucket, owner: PrefixOwner, log_id: str) -> Misplaced | None:
    """Why a prefix is not a log's; None where it is."""
    place = str(bucket.place)
    if not owner.log_id:
        return image_places.unreadable_owner(place, OWNER)
    if owner.log_id != log_id:
        return image_places.of_another_log(place, owner.log_id, log_id, OWNER)
    return None


class BucketOwnership:
    """The port `Ownership` of one prefix. Safe from any thread."""

    def __init__(self, bucket: Bucket, note: ElsewhereNote) -> None:
        self._bucket = bucket
        self._note = note
        self._place = str(bucket.place)
        self._guard = threading.Lock()
        self._unasked: tuple[str, Saves] | None = None

    def why_not(self, log_id: str, saves: Saves) -> Misplaced | None:
        """By the object, and what is there."""
        owner = read_owner(self._bucket, soon=True)
        return self._why_not_owned(owner, log_id, saves) or self._why_not_here(owner, saves)

    def take(self, log_id: str, saves: Saves) -> None:
        """Puts the object where there is none, and notes in the root that images are in the bucket."""
        try:
            why = self._taken(read_owner(self._bucket, soon=True), log_id, saves)
        except ObjectStoreError as error:
            _log.warning("bucket not asked yet whose it is", reason=error.sentence)
            self._unasked, why = (log_id, saves), None
        _refuse(why)

    def confirm(self) -> None:
        """Before anything is put: asks what an opening could not ask. Raises ObjectStoreError where the prefix is
        another log's too.
        """
        if self._unasked is not None:
            with self._guard:
                self._ask_now()

    def _ask_now(self) -> None:
        unasked = self._unasked
        if unasked is not None and (why := self._taken(read_owner(self._bucket), *unasked)) is not None:
            raise ObjectStoreError(why.found, why.advice, number=errno.EACCES)
        self._unasked = None

    def begin(self, log_id: str, saves: Saves) -> None:
        """From now on no opening takes the prefix for one that has all images, unless it was that before."""
        owner = read_owner(self._bucket)
        why = self._why_not_owned(owner, log_id, saves)
        if owner is None and why is None:
            owner = self._put(PrefixOwner(log_id, Kept.COMING))
            why = why_not_owned(self._bucket, owner, log_id)
        _refuse(why)
        if owner is not None and owner.images is Kept.GONE:
            self._replace(owner._replace(images=Kept.COMING))

    def end(self, log_id: str) -> None:
        """The note first: then at each moment one of both says that images are not there."""
        self._note.leave(self._place)
        self._replace(PrefixOwner(log_id, Kept.HERE))

    def refuse_others(self, log_id: str, saves: Saves) -> None:
        """By the object, and what is there."""
        _refuse(self._why_not_owned(read_owner(self._bucket), log_id, saves))

    def leave(self, log_id: str) -> None:
        """An opening is refused from now on."""
        self._replace(PrefixOwner(log_id, Kept.GONE))

    def _why_not_owned(self, owner: PrefixOwner | None, log_id: str, saves: Saves) -> Misplaced | None:
        """Why the prefix is not the log's, and cannot become that."""
        if owner is not None:
            return why_not_owned(self._bucket, owner, log_id)
        some = list(islice(marks_in(self._bucket), LOOKED_AT))
        if some and not any(saves.is_named(id_of(mark)) for mark in some):
            return image_places.of_nobody(self._place)
        return None

    def _why_not_here(self, owner: PrefixOwner | None, saves: Saves) -> Misplaced | None:
        kept = None if owner is None else owner.images
        if kept is Kept.HERE and self._note.place() in {None, self._place}:
            return None
        newest = saves.newest(LOOKED_AT)
        if not newest:
            return None
        if kept is Kept.COMING:
            return image_places.on_the_way(self._place)
        if kept is Kept.GONE:
            return image_places.carried_away(self._place)
        is_some_there = any(self._bucket.size(image_key(staged)) is not None for staged in newest)
        return None if is_some_there else image_places.not_in_bucket(self._place)

    def _taken(self, owner: PrefixOwner | None, log_id: str, saves: Saves) -> Misplaced | None:
        """Takes the prefix, of which it is known whose it is so far; why it cannot be."""
        why = self._why_not_owned(owner, log_id, saves) or self._why_not_here(owner, saves)
        if owner is None and why is None:
            owner = self._put(PrefixOwner(log_id))
            why = why_not_owned(self._bucket, owner, log_id)
        if why is not None:
            return why
        if owner is not None and owner.images is not Kept.HERE:  # and nothing stands
            self._replace(owner._replace(images=Kept.HERE))
        self._note.leave(self._place)
        return None

    def _put(self, owner: PrefixOwner) -> PrefixOwner:
        """Puts the object where there is none, and gives what is there: another may have come first, and a store
        without conditions does not say so.
        """
        try:
            self._bucket.put_new(OWNER, _written(owner), OWNER_TYPE)
        except ObjectStoreError:
            if (first := read_owner(self._bucket)) is None:
                raise
            return first
        return read_owner(self._bucket) or PrefixOwner("")

    def _replace(self, owner: PrefixOwner) -> None:
        self._bucket.put_over(OWNER, _written(owner), OWNER_TYPE)


def _refuse(why: Misplaced | None) -> None:
    if why is not None:
        raise ConfigError(str(why))


def _written(owner: PrefixOwner) -> bytes:
    return orjson.dumps({"log": owner.log_id, "images": owner.images})
