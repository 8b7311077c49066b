"""An audit of a bucket beside a service that writes: nothing is said from a stale reading."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.application.deleting import delete_image_blocking
from adapters.application.results import SavedImage
from adapters.application.saving import NewImage, save_image
from adapters.application.storage import Storage
from adapters.audit.object_comparison import audit_objects
from adapters.audit.report import Audit, FindingKind
from adapters.engines.choice import default_engine, objects_of
from adapters.engines.opening import open_store
from adapters.imagestore.s3.bucket import Bucket
from adapters.ports.object_place import KeptObject, KeptObjects, ObjectPlace
from tests.hostile.builders import png
from tests.servers.s3 import new_bucket, place_in


@pytest.fixture
def place() -> ObjectPlace:
    """A prefix of a new bucket."""
    return place_in(new_bucket())


@pytest.fixture
def store(tmp_path: Path, place: ObjectPlace) -> Iterator[Storage]:
    """A storage with images a.png and b.png of user 1."""
    with closing(open_store(tmp_path, objects=place)) as store:
        for name in ("a.png", "b.png"):
            keep(store, name)
        yield store


def keep(store: Storage, name: str) -> None:
    """A save of user 1."""
    assert isinstance(asyncio.run(save_image(store, NewImage("1", png(), name))), SavedImage)


class Disturbed:
    """The objects, with something that happens once: before the first is read, or before they are listed."""

    def __init__(self, objects: KeptObjects, *, reading: Callable[[], object] | None = None) -> None:
        self._objects = objects
        self._reading = reading
        self.listing: Callable[[], object] | None = None

    def all(self) -> Iterator[KeptObject]:
        """Every object."""
        if self.listing is not None:
            self.listing()
        yield from self._objects.all()

    def measure(self, staged: str) -> tuple[str, int | None, bytes]:
        """What is under an id."""
        reading, self._reading = self._reading, None
        if reading is not None:
            reading()
        return self._objects.measure(staged)

    def belong_to(self, log_id: str) -> bool:
        """Whether they are a log's."""
        return self._objects.belong_to(log_id)

    def is_there(self, key: str) -> bool:
        """Whether an object is."""
        return self._objects.is_there(key)


def audited(store: Storage, objects: KeptObjects) -> Audit:
    """The audit of it."""
    engine = default_engine()
    log = engine.verify(store.root)
    return audit_objects(store.root, log, engine=engine, objects=objects, now=datetime.now(UTC))


def test_what_is_saved_anew_or_deleted_meanwhile_is_no_finding(store: Storage, place: ObjectPlace) -> None:
    """The log is followed before anything is said."""

    def change() -> None:
        keep(store, "a.png")
        delete_image_blocking(store, "1", "b.png")

    done = audited(store, Disturbed(objects_of(place), reading=change))
    assert (done.findings, done.passing, done.images) == ((), (), 1)


def test_what_is_saved_while_it_is_listed_is_needed(store: Storage, place: ObjectPlace) -> None:
    """And what was staged just now, and is of no event yet, passes."""
    objects = Disturbed(objects_of(place))
    objects.listing = lambda: keep(store, "c.png")
    assert (audited(store, objects).findings, audited(store, objects).passing) == ((), ())
    store.opened().images.stage("0" * 32, b"x", None)
    done = audited(store, objects_of(place))
    assert [finding.kind for finding in done.passing] == [FindingKind.UNDER_WAY]
    assert done.agrees


def test_an_object_that_is_gone_stays_a_finding_however_often_it_is_looked_at(
    store: Storage, place: ObjectPlace
) -> None:
    """With whose it is, and which save."""
    address = store.opened().images.address("1", "a.png", temp=False)
    assert address is not None
    Bucket(place).delete(address.removeprefix(f"{place}/"))
    [finding] = audited(store, objects_of(place)).findings
    assert (finding.kind, finding.user, finding.path) == (
        FindingKind.MISSING,
        "1",
        address.removeprefix(f"{place}/"),
    )
    assert finding.position is not None
