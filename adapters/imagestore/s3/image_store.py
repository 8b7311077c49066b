"""Makes a bucket agree with the log: the one place that puts and deletes the objects of images and temp files.

Every save has a key of its own, by the id under which it was staged, and its object is never changed: what is staged is
in place already, and the event that names the id is the commit. So no crash tears one, and two processes that know
different ends of the log never harm each other. What is left to do after an event is to delete what it superseded; that
may be done again and again and in any order, and an object of a save that stands is never deleted.

What this machine puts is marked in a folder of it (`marks`) until an event about it is carried out. Thumbnails lie in
that folder too: whoever has the image makes another.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from io import BufferedIOBase
from secrets import token_bytes

import orjson
import structlog

from adapters.disk.files import Files
from adapters.images.formats import begun_media_type
from adapters.imagestore.local.elsewhere import ElsewhereNote
from adapters.imagestore.local.layout import Layout
from adapters.imagestore.local.own_files import OwnFiles
from adapters.imagestore.local.thumbnail_files import ThumbnailFiles
from adapters.imagestore.s3.bucket import Bucket
from adapters.imagestore.s3.details_objects import DetailsObjects
from adapters.imagestore.s3.keys import details_key, id_of, image_key, marks_of
from adapters.imagestore.s3.marks import Marks
from adapters.imagestore.s3.of_buckets import OfBuckets
from adapters.imagestore.s3.ownership import BucketOwnership
from adapters.imagestore.s3.touched import Touched, Use, uses_of
from adapters.ports.image_store import Key, Place, Saves, Unfinished
from adapters.ports.measured import Measured
from adapters.ports.object_place import ObjectNotFoundError
from adapters.ports.random_hex import random_hex
from domain.events import Event
from domain.names import name_key

LOOKED_AT = 8
"""Names that are looked at for one answer: each is a request."""
LOCKS = 64
"""Users share this many locks; two users with one lock only wait for each other."""
OTHER_TYPE, DETAILS_TYPE = "application/octet-stream", "application/json"

_log = structlog.wrap_logger(logging.getLogger(__name__))


class S3ImageStore(OfBuckets):
    """The objects of one prefix: the port `ImageStore` over a bucket."""

    def __init__(self, bucket: Bucket, layout: Layout, files: Files, *, marks: Marks | None = None) -> None:
        """`layout` is that of the folder of this machine."""
        self.bucket = bucket
        self._files = files
        self._layout = layout
        self._own = OwnFiles(layout, files)
        self._marks = marks or Marks(layout, files)
        self.ownership = BucketOwnership(bucket, ElsewhereNote(layout, files))
        self._details = DetailsObjects(bucket)
        self._locks = [threading.Lock() for _ in range(LOCKS)]
        self.thumbnails = ThumbnailFiles(layout, files, self._own, lock_of=self._lock_of)
        self._guard = threading.Lock()
        self._sweeping = threading.Lock()
        self._saves: Saves | None = None
        self._touched: dict[Key, Touched] = {}
        self._failed: dict[Key, str] = {}
        self._put: set[str] = set()
        self._left_by_probe: str | None = None
        self._durable = 0
        self._is_starting = False
        self.is_of_one_machine = False
        self.looked_at = LOOKED_AT
        self.missing: set[Key] = set()
        """Names that stand and have no object, or one of another size; reported, and still charged."""

    def _lock_of(self, user: str) -> threading.Lock:
        return self._locks[hash(user) % LOCKS]

    # -- following the log

    def told_by(self, saves: Saves) -> None:
        """Whom to ask which bytes a name has."""
        self._saves = saves

    def start_at(self, position: int) -> None:
        """Everything up to `position` is known to be carried out."""
        self._durable = position
        self._is_starting = True

    def note(self, recorded: Iterable[tuple[int, Event]]) -> None:
        """Takes in durable events; called before they are published, so that what stood before is still told."""
        with self._guard:
            for position, event in recorded:
                for use in uses_of(event):
                    self._touch(position, use)
                self._durable = position

    def _touch(self, position: int, use: Use) -> None:
        key = use.key
        self.missing.discard(key)
        known = self._touched.get(key)
        if known is None:
            former = self._saves.standing(key) if self._saves else None
            is_former = former is not None and former < position
            self._touched[key] = Touched(
                first=position,
                latest=position,
                name=use.name,
                staged=use.staged,
                former=former if is_former else None,
                searched=(use.replaces or self._is_starting) and not is_former,
            )
            return
        superseded = known.superseded | ({known.staged} if known.staged else set())
        self._touched[key] = known._replace(
            latest=position, name=use.name, staged=use.staged, superseded=superseded - {use.staged}
        )

    def reconciled(self) -> int:
        """The position up to which all is carried out."""
        with self._guard:
            return min((touched.first - 1 for touched in self._touched.values()), default=self._durable)

    def reconcile(self, user: str, name: str, *, temp: bool) -> None:
        """Carries out what is to be done for one name. What fails is logged and tried again by the next sweep."""
        self._try(Key(user, temp, name_key(name)))

    def reconcile_all(self) -> None:
        """The same for every touched name, the oldest first. A store that does not answer is asked once."""
        self._reconcile_touched(looking=True)
        self._is_starting = False

    def _reconcile_touched(self, *, looking: bool) -> None:
        with self._guard:
            keys = [key for key, _ in sorted(self._touched.items(), key=lambda item: item[1].first)]
        for number, key in enumerate(keys):
            if (error := self._try(key, looking=looking)) is not None:
                for other in keys[number + 1 :]:
                    self._note_failure(other, error)
                return

    def sweep(self) -> None:
        """Does that, and removes what was left behind, in a thread of its own."""
        if self._sweeping.acquire(blocking=False):
            threading.Thread(target=self._sweep, name="abby-objects", daemon=True).start()

    def swept(self, *, timeout_seconds: float) -> bool:
        """Waits until no sweep is under way; whether that came in time."""
        is_over = self._sweeping.acquire(timeout=timeout_seconds)
        if is_over:
            self._sweeping.release()
        return is_over

    def _sweep(self) -> None:
        try:
            self._reconcile_touched(looking=False)  # what others recorded they have put, so nobody looks for it
            self.remove_unneeded_staged()
        except Exception as error:  # noqa: BLE001 - a thread has nobody to tell; the next sweep tries again
            _log.warning("objects not swept", reason=str(error))
        finally:
            self._sweeping.release()

    def _try(self, key: Key, *, looking: bool = True) -> OSError | None:
        """Carries out what is to be done for a name; why that failed, None where it did not."""
        with self._lock_of(key.user):
            with self._guard:
                touched = self._touched.get(key)
            if touched is None:
                return None
            try:
                self._carry_out(key, touched, looking=looking)
            except OSError as error:
                _log.warning(
                    "objects not as the log wants them yet", user=key.user, name=touched.name, reason=str(error)
                )
                self._note_failure(key, error)
                return error
            except Exception as error:
                self._note_failure(key, error)
                raise
        with self._guard:
            now = self._touched.get(key)
            if now is not None and now.latest == touched.latest:
                del self._touched[key]
                self._failed.pop(key, None)
        return None

    def _note_failure(self, key: Key, error: Exception) -> None:
        with self._guard:
            if key in self._touched:
                self._failed[key] = getattr(error, "sentence", None) or str(error) or type(error).__name__

    def _carry_out(self, key: Key, touched: Touched, *, looking: bool) -> None:
        if touched.staged is not None:
            self._note_place(key, touched.name, touched.staged, looking=looking)
        gone = self._gone(key, touched)
        if gone and not key.temp:
            self.thumbnails.remove(key.user, touched.name)
        for staged in sorted(gone):
            self._delete(marks_of(staged)[: 1 if key.temp else 2])
        if touched.staged is not None:
            self._marks.take(marks_of(touched.staged))

    def _note_place(self, key: Key, name: str, staged: str, *, looking: bool) -> None:
        """Whether the bytes are there: asked only where another process put them, or a former run."""
        with self._guard:
            is_known = staged in self._put
            self._put.discard(staged)
        if looking and not is_known and self.bucket.size(image_key(staged)) is None:
            self.missing.add(key)
            _log.error("image without an object", user=key.user, name=name)

    def _gone(self, key: Key, touched: Touched) -> set[str]:
        """The ids of what no longer stands under a name."""
        gone = set(touched.superseded)
        if self._saves is not None:
            former = None
            if touched.former is not None:
                former = self._saves.staged_at(touched.former)
            elif touched.searched:
                former = self._saves.before(key, touched.first)
            gone |= {former} if former else set()
        return gone - {touched.staged or ""}

    def _delete(self, marks: Sequence[str]) -> None:
        """Deletes objects, and then their marks. Raises OSError."""
        for mark in marks:
            self.bucket.delete(image_key(mark))
        self._marks.take(marks)

    def unfinished(self) -> list[Unfinished]:
        """What was tried and failed, the oldest first; it is tried again."""
        with self._guard:
            failed = sorted((self._touched[key].first, key, why) for key, why in self._failed.items())
            touched = [(key, self._touched[key], why) for _, key, why in failed]
        return [Unfinished(key.user, of.name, of.staged is not None, why) for key, of, why in touched]

    def left_undone(self) -> list[Unfinished]:
        """What is to be done for the touched names, looked at without doing it, the oldest first. Raises OSError."""
        with self._guard:
            touched_by_key = sorted(self._touched.items(), key=lambda item: item[1].first)
        found = []
        for key, touched in touched_by_key:
            is_marked = touched.staged is not None and self._marks.has(touched.staged)
            if is_marked or any(self.bucket.size(image_key(staged)) is not None for staged in self._gone(key, touched)):
                found.append(Unfinished(key.user, touched.name, touched.staged is not None))
        return found

    def remove_unneeded_staged(self) -> int:
        """Deletes what this machine put and no event names, once nobody can be about to record it, and what may have
        come late for a name that no longer stands; gives the number of marks that went. What cannot be deleted now is
        left to the next sweep. Raises OSError.
        """
        with self._guard:
            needed = {touched.staged for touched in self._touched.values()}
        removed = 0
        for mark in self._marks.settled():
            if id_of(mark) in needed:
                continue
            self._marks.settle(mark)
            try:
                if self._asked.is_named(id_of(mark)) and not self._asked.is_over(id_of(mark)):
                    self._marks.take([mark])
                else:
                    self._delete([mark])
                    removed += 1
            except OSError as error:
                _log.warning("object left behind not deleted", id=id_of(mark), reason=str(error))
                break
        return removed

    @property
    def _asked(self) -> Saves:
        assert self._saves is not None, "the store is told whom to ask before it is asked"
        return self._saves

    def _staged_of(self, user: str, name: str, *, temp: bool) -> str | None:
        """The id of the bytes that a name has now: by what is not published yet, else by the log."""
        key = Key(user, temp, name_key(name))
        with self._guard:
            touched = self._touched.get(key)
        if touched is not None:
            return touched.staged
        position = self._asked.standing(key)
        return None if position is None else self._asked.staged_at(position)

    def is_there(self, user: str, name: str, *, temp: bool, size_bytes: int) -> bool:
        """Whether the object of a name has just so many bytes."""
        staged = self._staged_of(user, name, temp=temp)
        found = staged is not None and self.bucket.size(image_key(staged)) == size_bytes
        (self.missing.discard if found else self.missing.add)(Key(user, temp, name_key(name)))
        return found

    # -- a save

    def stage(self, staged: str, data: bytes, details: dict[str, object] | None) -> None:
        """Puts an object, and one of its details, under keys of their own. Raises OSError. What may be put after all,
        as only the answer is missing, stays marked, and is deleted later.
        """
        self.ownership.confirm()
        marks = marks_of(staged)[: 1 if details is None else 2]
        is_lost = False
        try:
            self._marks.put(marks)
            if details is not None:
                is_lost = self.bucket.put_new(details_key(staged), orjson.dumps(details), DETAILS_TYPE)
            is_lost |= self.bucket.put_new(image_key(staged), data, begun_media_type(data) or OTHER_TYPE)
        except OSError as error:
            is_certain = getattr(error, "is_certain", True)
            if is_lost or not is_certain:
                self._marks.may_be_late(marks)
            if is_certain:
                self.discard(staged)
            raise
        if is_lost:
            self._marks.may_be_late(marks)
        with self._guard:
            self._put.add(staged)

    def discard(self, staged: str) -> None:
        """Deletes what was staged under an id of which it is known that no event names it; what cannot be deleted now
        stays marked, and is deleted later.
        """
        with self._guard:
            self._put.discard(staged)
        with suppress(OSError):
            self._delete([mark for mark in marks_of(staged) if self._marks.has(mark)])

    def probe(self, places: Sequence[Place], size_bytes: int, *, whole: bool) -> list[OSError | None]:
        """Puts an object and deletes it, once for all places, as they differ by nothing. One that could not be deleted
        goes before another is put.
        """
        error: OSError | None = None
        with self._guard:
            left, self._left_by_probe = self._left_by_probe, None
        staged = left or random_hex(16)
        try:
            if left is not None:
                self._delete([left])
            self.stage(staged, token_bytes(max(1, size_bytes)) if whole else b"{}", None)
            with self._guard:
                self._put.discard(staged)
            self._delete([staged])
        except OSError as failed:
            error = failed
            with self._guard:
                self._left_by_probe = staged
        return [error for _ in places]

    def measured(self) -> Iterable[Measured]:
        """How the bucket was asked, and for how many names something is still to be done."""
        with self._guard:
            touched = len(self._touched)
        return [*self.bucket.tallies.measured(), Measured("abby_bucket_names_unfinished", touched)]

    def free_bytes(self) -> int:
        """What is free on the disk of this machine's folder. Raises OSError."""
        return self._files.free_bytes(self._own.nearest(self._layout.root))

    # -- reading

    def address(self, user: str, name: str, *, temp: bool) -> str | None:
        """`s3://bucket/key`."""
        staged = self._staged_of(user, name, temp=temp)
        return None if staged is None else f"{self.bucket.place}/{image_key(staged)}"

    def presigned(self, user: str, name: str, *, temp: bool, seconds: int) -> str | None:
        """An address of the store's own that gives the bytes for so long. Raises OSError."""
        staged = self._staged_of(user, name, temp=temp)
        return None if staged is None else self.bucket.signed(image_key(staged), seconds)

    def open_image(self, user: str, name: str, *, temp: bool = False) -> BufferedIOBase:
        """A copy of the bytes of a current name. Raises OSError."""
        key = Key(user, temp, name_key(name))
        staged = None
        for _ in range(2):
            former, staged = staged, self._staged_of(user, name, temp=temp)
            if staged is None or staged == former:
                break
            with suppress(ObjectNotFoundError):  # it may just have been saved anew
                return self.bucket.open(image_key(staged))
        self.missing.add(key)
        raise FileNotFoundError(2, "there is no object of this image", name)

    def read_details(self, user: str, name: str) -> dict[str, object] | None:
        """How a kept image was made, None where nothing is known, or the store does not say."""
        try:
            return self._details.of(self._staged_of(user, name, temp=False))
        except OSError as error:
            _log.warning("details not read", user=user, name=name, reason=str(error))
            return None

    def read_all_details(self, user: str, names: Sequence[str]) -> list[dict[str, object] | None]:
        """The same for many, in their order. Raises OSError where the store does not say."""
        return self._details.of_all(names, lambda name: self._staged_of(user, name, temp=False))
