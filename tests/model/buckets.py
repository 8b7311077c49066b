"""A bucket in memory, for histories in which images are objects: its answers get lost now and then, and deletions fail;
a crash may come after each change. All that `Bucket` makes of that is the program's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import BufferedIOBase, BytesIO
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from obstore import exceptions

from adapters.application.storage import Storage
from adapters.engines.choice import default_engine
from adapters.imagestore.local.layout import Layout
from adapters.imagestore.s3.bucket import Bucket, Found
from adapters.imagestore.s3.image_store import S3ImageStore
from adapters.imagestore.s3.marks import Marks
from adapters.imagestore.s3.tallies import RequestTallies
from adapters.ports.engines import Engines
from adapters.ports.object_place import ObjectNotFoundError, ObjectPlace, ObjectStoreError
from tests.model.tally import tally

if TYPE_CHECKING:
    from tests.model.rig import Rig

PLACE = ObjectPlace("abby")
LOST, NOT_DELETED = 0.2, 0.2
"""Of all answers to a put, and of all deletions, so many are lost or fail."""


class MemoryBucket(Bucket):
    """One whose objects are in a dictionary. `after` is called after each change."""

    def __init__(self, objects: dict[str, bytes], after: Callable[[str, Path], None]) -> None:
        self.place = PLACE
        self._silence = None
        self._not_done = 0
        self.tallies = RequestTallies()
        self.objects = objects
        self.is_well = False
        self._after = after
        self._random = Random(1)

    def _put(self, key: str, data: bytes, media_type: str) -> None:  # noqa: ARG002 - as the verb it stands for
        if key in self.objects:
            raise exceptions.AlreadyExistsError("it is there")
        self.objects[key] = data
        self._after("put", Path(key))
        if self._fails(LOST):
            tally["the answer to a put was lost"] += 1
            raise exceptions.GenericError("no answer")

    def size(self, key: str) -> int | None:
        """How many bytes an object has."""
        return len(self.objects[key]) if key in self.objects else None

    def read(self, key: str, most_bytes: int) -> bytes:
        """An object."""
        return self._content(key)[:most_bytes]

    def read_soon(self, key: str, most_bytes: int) -> bytes:
        """The same."""
        return self.read(key, most_bytes)

    def open(self, key: str) -> BufferedIOBase:
        """The same to be read."""
        return BytesIO(self._content(key))

    def delete(self, key: str) -> None:
        """Takes an object away, or fails before or after it has."""
        fails, is_after = self._fails(NOT_DELETED), self._random.random() < 0.5
        if not fails or is_after:
            self.objects.pop(key, None)
            self._after("delete", Path(key))
        if fails:
            tally["a deletion failed"] += 1
            raise ObjectStoreError("It does not answer.", "Ask again.", is_certain=False)

    def all_below(self, prefix: str) -> Iterator[Found]:
        """Every object."""
        for key, data in self.objects.items():
            if key.startswith(f"{prefix}/"):
                yield Found(key, len(data), datetime.now(UTC))

    def _content(self, key: str) -> bytes:
        if key not in self.objects:
            raise ObjectNotFoundError("There is none.", "It was deleted.")
        return self.objects[key]

    def _fails(self, rate: float) -> bool:
        return self._random.random() < rate and not self.is_well


class PromptS3ImageStore(S3ImageStore):
    """One that sweeps in the thread that asks it, and takes every mark for old."""

    def sweep(self) -> None:
        """As its own thread does it."""
        self.reconcile_all()
        self.remove_unneeded_staged()

    def heal(self) -> None:
        """The bucket answers again for a while, and a sweep comes by."""
        assert isinstance(self.bucket, MemoryBucket)
        self.bucket.is_well = True
        self.sweep()
        self.bucket.is_well = False


def engines_of(rig: Rig) -> Engines:
    """A log on the rig's disk, and images in its bucket."""
    files = rig.files

    def images(root: Path) -> PromptS3ImageStore:
        layout = Layout(root)
        bucket = MemoryBucket(rig.objects, rig.after_call)
        return PromptS3ImageStore(bucket, layout, files, marks=Marks(layout, files, settled_seconds=-1))

    return Engines(default_engine(files), images)


def heal(store: Storage) -> None:
    """Whatever is left to be done is done."""
    images = store.opened().images
    assert isinstance(images, PromptS3ImageStore)
    images.heal()


def key_of(store: Storage, user: str, name: str, *, temp: bool) -> str:
    """The key of what stands under a name."""
    return str(store.opened().images.address(user, name, temp=temp)).removeprefix(f"{PLACE}/")
