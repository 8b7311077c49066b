"""Several stores over one log in a database and one bucket: none harms what another has just saved, whatever it has
heard of so far.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from random import Random
from time import monotonic, sleep

import orjson
import pytest

from adapters.application.deleting import delete_image_blocking
from adapters.application.reading import image_bytes, image_details
from adapters.application.results import SavedImage, StoreSettings
from adapters.application.saving import NewImage, save_image
from adapters.application.storage import Storage
from adapters.engines.choice import POSTGRES_MODULE, choose_engine
from adapters.engines.opening import open_store
from adapters.imagestore.s3 import ownership
from adapters.imagestore.s3.bucket import Bucket
from adapters.imagestore.s3.image_store import S3ImageStore
from adapters.imagestore.s3.keys import OWNER, details_key, image_key
from adapters.imagestore.s3.ownership import read_owner
from adapters.ledger.codec import decode
from adapters.ports.clock import utc_now
from adapters.ports.engines import LogKeeper
from adapters.ports.object_place import Kept, ObjectPlace, PrefixOwner
from domain.commands import SetPolicy
from projections.standing_files import StandingFiles
from tests.servers.postgres import new_database
from tests.servers.s3 import new_bucket, place_in

SOON_SECONDS = 15.0
LIMITS = SetPolicy(daily=100_000)
NAMES = ("a.png", "A.png", "k/b.png")
STEPS = 15


@pytest.fixture
def place() -> ObjectPlace:
    """A prefix of a new bucket."""
    return place_in(new_bucket())


@pytest.fixture
def keeper() -> LogKeeper:
    """A new database."""
    return LogKeeper(POSTGRES_MODULE, new_database())


@pytest.fixture
def stores(tmp_path: Path, place: ObjectPlace, keeper: LogKeeper) -> Iterator[list[Storage]]:
    """Three, each with a folder of its own."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                closing(
                    open_store(
                        tmp_path / name,
                        engine=choose_engine(keeper),
                        limits=LIMITS,
                        settings=StoreSettings(check_images=False),
                        objects=place,
                    )
                )
            )
            for name in ("one", "two", "three")
        ]


def position(store: Storage) -> int:
    """How far its figures are."""
    return store.running().state.position


def have_heard(stores: list[Storage]) -> None:
    """Waits until all know the same."""
    deadline = monotonic() + SOON_SECONDS
    while len({position(store) for store in stores}) > 1:
        assert monotonic() < deadline, "some never heard of all"
        sleep(0.02)


def sweep(stores: list[Storage]) -> None:
    """A minute goes by for each."""
    for store in stores:
        images = store.opened().images
        assert isinstance(images, S3ImageStore)
        images.sweep()
        assert images.swept(timeout_seconds=SOON_SECONDS)
        assert images.unfinished() == []


def test_whoever_is_second_to_begin_the_log_takes_what_was_begun(
    tmp_path: Path, place: ObjectPlace, keeper: LogKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two that start at once over nothing: what the first put in the bucket since is that of the log of both."""

    def after_the_first(bucket: Bucket) -> str | None:
        monkeypatch.undo()
        with closing(choose_engine(keeper).open_for_writing(tmp_path / "first", clock=utc_now)) as log:
            owner = orjson.dumps({"log": log.log_id, "images": Kept.HERE})
        bucket.put_new(OWNER, owner, "application/json")
        return ownership.why_not_begun(bucket)

    monkeypatch.setattr(ownership, "why_not_begun", after_the_first)
    with closing(open_store(tmp_path / "second", engine=choose_engine(keeper), limits=LIMITS, objects=place)) as second:
        assert not second.opened().begun


def test_what_one_saves_the_others_show_and_may_replace(stores: list[Storage], place: ObjectPlace) -> None:
    """And delete."""
    one, two, three = stores
    for number, store in enumerate(stores):
        data = f"of {number}".encode()
        saved = asyncio.run(save_image(store, NewImage("1", data, "a.png", details={"prompt": f"{number}"})))
        assert isinstance(saved, SavedImage)
        have_heard(stores)
        assert [image_bytes(other, "1", "A.png") for other in stores] == [data] * 3
        assert [image_details(other, "1", "A.png") for other in stores] == [{"prompt": f"{number}"}] * 3
    delete_image_blocking(two, "1", "a.png")
    have_heard(stores)
    assert [image_bytes(other, "1", "a.png") for other in (one, two, three)] == [None] * 3
    sweep(stores)
    assert list(Bucket(place).all_below("images")) == []


def test_who_comes_later_or_anew_is_let_in(
    stores: list[Storage], place: ObjectPlace, tmp_path: Path, keeper: LogKeeper
) -> None:
    """All have the id of the log in common, whatever lies in their own folders."""
    saved = asyncio.run(save_image(stores[0], NewImage("1", b"kept", "a.png")))
    assert isinstance(saved, SavedImage)
    [log] = {store.running().recorder.log_id for store in stores}
    assert read_owner(Bucket(place)) == PrefixOwner(log, Kept.HERE)
    with closing(open_store(tmp_path / "four", engine=choose_engine(keeper), objects=place)) as later:
        assert image_bytes(later, "1", "a.png") == b"kept"
    shutil.rmtree(tmp_path / "four")
    open_store(tmp_path / "four", engine=choose_engine(keeper), objects=place).close()


def test_what_a_killed_one_left_goes_and_nothing_that_is_named(stores: list[Storage], place: ObjectPlace) -> None:
    """The log in the database says which is which."""
    one, two, _ = stores
    saved = asyncio.run(save_image(one, NewImage("1", b"kept", "a.png")))
    assert isinstance(saved, SavedImage)
    have_heard(stores)
    images = two.opened().images
    [kept] = [found.key for found in Bucket(place).all_below("images")]
    images.stage("0" * 32, b"left", None)
    folder = two.root / "images/.staged"
    (folder / kept.removeprefix("images/")).touch()
    for mark in folder.iterdir():
        os.utime(mark, (0, 0))
    sweep([two])
    assert [found.key for found in Bucket(place).all_below("images")] == [kept]
    assert list(folder.iterdir()) == []


def test_whatever_three_do_at_once_every_image_has_its_bytes(stores: list[Storage], place: ObjectPlace) -> None:
    """And no object is left that no name needs."""

    def work(number: int) -> None:
        random, store = Random(number), stores[number]
        for step in range(STEPS):
            name = random.choice(NAMES)
            if random.random() < 0.3:
                delete_image_blocking(store, "1", name)
                continue
            data = f"{number} {step} {random.random()}".encode()
            details = {"prompt": data.decode()} if random.random() < 0.5 else None
            saved = asyncio.run(save_image(store, NewImage("1", data, name, details=details)))
            assert isinstance(saved, SavedImage)
            if random.random() < 0.1:
                store.opened().images.reconcile_all()

    with ThreadPoolExecutor(3) as threads:
        for done in [threads.submit(work, number) for number in range(3)]:
            done.result()
    have_heard(stores)
    sweep(stores)
    standing = StandingFiles()
    for stored in stores[0].running().recorder.read():
        standing.apply(stored.position, decode(stored))
    expected = set()
    for file in standing:
        read = {image_bytes(store, "1", file.name) for store in stores}
        assert len(read) == 1
        assert None not in read
        details = image_details(stores[1], "1", file.name)
        expected |= {image_key(file.staged)} | ({details_key(file.staged)} if details else set())
    assert {one.key for one in Bucket(place).all_below("images")} == expected
    assert all(not list((store.root / "images/.staged").iterdir()) for store in stores)
