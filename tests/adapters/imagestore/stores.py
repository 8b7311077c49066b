"""The image stores that the port's contract is run on: a new one gets its row here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from adapters.disk.files import Files
from adapters.imagestore.local.image_store import LocalImageStore
from adapters.imagestore.local.layout import Layout
from adapters.imagestore.s3.bucket import Bucket
from adapters.imagestore.s3.image_store import S3ImageStore
from adapters.imagestore.s3.marks import Marks
from adapters.imagestore.s3.touched import uses_of
from adapters.ports.image_store import ImageStore, Key
from domain.events import Event, ImageSaved
from tests.servers.s3 import new_bucket, place_in


class ToldInTests:
    """A log that a test tells of saves: the port `Saves`."""

    def __init__(self) -> None:
        self.events: dict[int, Event] = {}

    def standing(self, key: Key) -> int | None:
        """The last save of a name, unless something took it away after."""
        used = [
            (position, use)
            for position, event in sorted(self.events.items())
            for use in uses_of(event)
            if use.key == key
        ]
        return used[-1][0] if used and used[-1][1].staged is not None else None

    def staged_at(self, position: int) -> str | None:
        """The id of the save there."""
        event = self.events.get(position)
        return event.staged if isinstance(event, ImageSaved) else None

    def before(self, key: Key, position: int) -> str | None:
        """That of the last save before."""
        ids = [
            use.staged
            for at, event in sorted(self.events.items())
            for use in uses_of(event)
            if at < position and use.key == key and use.staged is not None
        ]
        return ids[-1] if ids else None

    def is_named(self, staged: str) -> bool:
        """Whether any save has the id."""
        return any(isinstance(event, ImageSaved) and event.staged == staged for event in self.events.values())

    def is_over(self, staged: str) -> bool:
        """Whether its name has another save since, or none."""
        of_it = [(at, use.key) for at, event in self.events.items() for use in uses_of(event) if use.staged == staged]
        return any(self.standing(key) != at for at, key in of_it)

    def newest(self, most: int) -> list[str]:
        """Those of the last names that stand."""
        keys = {use.key for event in self.events.values() for use in uses_of(event)}
        positions = sorted((at for key in keys if (at := self.standing(key)) is not None), reverse=True)
        return [staged for at in positions[:most] if (staged := self.staged_at(at)) is not None]


class ToldS3ImageStore(S3ImageStore):
    """One whose events are published as soon as it has noted them."""

    def __init__(self, bucket: Bucket, root: Path, log: ToldInTests, *, marks: Marks | None = None) -> None:
        layout, files = Layout(root), Files()
        super().__init__(bucket, layout, files, marks=marks or Marks(layout, files, settled_seconds=0))
        self.told_by(log)
        self.told_log = log

    def note(self, recorded: Iterable[tuple[int, Event]]) -> None:
        """As the store, and then published."""
        recorded = list(recorded)
        super().note(recorded)
        self.told_log.events.update(recorded)


def local(root: Path) -> ImageStore:
    """Folders below a storage root."""
    return LocalImageStore(Layout(root), Files())


_places: dict[Path, tuple[str, ToldInTests]] = {}


def s3(root: Path) -> ImageStore:
    """A bucket of its own for each folder."""
    bucket, log = _places.setdefault(root, (new_bucket(), ToldInTests()))
    return ToldS3ImageStore(Bucket(place_in(bucket)), root, log)


def file_of(images: ImageStore, name: str, *, temp: bool = False) -> Path:
    """The file of a name of ada's."""
    path = images.path("ada", name, temp=temp)
    assert path is not None
    return path


def put_in_file(images: ImageStore, name: str, data: bytes | None) -> None:
    """Puts other bytes where a name's belong, or takes them away."""
    if data is None:
        file_of(images, name).unlink()
    else:
        file_of(images, name).write_bytes(data)


def put_in_bucket(images: ImageStore, name: str, data: bytes | None) -> None:
    """The same of an object."""
    address = images.address("ada", name, temp=False)
    assert address is not None
    bucket, key = address.removeprefix("s3://").split("/", 1)
    of_others = Bucket(place_in(bucket, prefix=""))
    of_others.delete(key)
    if data is not None:
        of_others.put_new(key, data, "image/png")


class Row(NamedTuple):
    """How one is opened over a folder, which it may have been opened over before; and how somebody else puts bytes
    where ada's belong, or takes them away.
    """

    open: Callable[[Path], ImageStore]
    put: Callable[[ImageStore, str, bytes | None], None]


STORES: Mapping[str, Row] = {"local": Row(local, put_in_file), "s3": Row(s3, put_in_bucket)}
FOLDERS: Mapping[str, Row] = {"local": STORES["local"]}
"""Those that keep files under the names of images."""
