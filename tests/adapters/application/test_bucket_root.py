"""A storage whose images are in a bucket, as programs and people use it: saves, reading, refusals, faults, other
processes, and what a start finds.
"""

from __future__ import annotations

import asyncio
import os
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from time import sleep

import pytest

from adapters.application import staged_ids
from adapters.application.deleting import delete_image_blocking
from adapters.application.followed_root import FollowedRoot
from adapters.application.keeping import refuse_unkeepable
from adapters.application.measuring import measured
from adapters.application.readiness import readiness_of
from adapters.application.reading import image_bytes, image_details, image_path
from adapters.application.reserving import WantedPlaces
from adapters.application.results import LIBRARY, SavedImage
from adapters.application.saving import NewImage, save_image
from adapters.application.staged_ids import StagedIds
from adapters.application.storage import Storage
from adapters.application.thumbnails import thumbnail_of
from adapters.application.whole_images import open_whole
from adapters.disk.files import Files
from adapters.engines import choice
from adapters.engines.choice import default_engine
from adapters.imagestore.local.layout import Layout
from adapters.imagestore.s3.bucket import Bucket, Patience
from adapters.imagestore.s3.examining import examine
from adapters.imagestore.s3.image_store import S3ImageStore
from adapters.library.storage_manager import StorageManager
from adapters.ports.clock import utc_now
from adapters.ports.engines import Engines
from adapters.ports.faults import ConfigError, LogMissing, StorageUnavailable
from adapters.ports.image_store import Key
from adapters.ports.measured import Spread
from domain.commands import SetPolicy
from domain.limits import MEGABYTE
from domain.refusals import Refusal
from projections.quota_state import QuotaState
from tests.hostile.builders import png, png_of_size
from tests.servers.faulty_proxy import Fault, FaultyProxy, nothing_fails
from tests.servers.s3 import KEY_ID, REGION, SECRET, new_bucket, place_in, server_port

QUICK = Patience(connect=1, request=0.3, retries=1, altogether=0.5, first_pause=0.005, rest=0)


@pytest.fixture
def engines(proxy: FaultyProxy) -> Engines:
    """Those of a new bucket."""
    place, files = place_in(new_bucket(), port=proxy.port), Files()
    return Engines(default_engine(files), lambda root: S3ImageStore(Bucket(place, QUICK), Layout(root), files))


@pytest.fixture
def store(tmp_path: Path, engines: Engines) -> Iterator[Storage]:
    """A storage over it, with room for a megabyte of each user."""
    with closing(Storage(tmp_path, engines=engines, limits=SetPolicy(user_bytes=MEGABYTE, daily=100))) as store:
        yield store


def keys_of(store: Storage) -> set[str]:
    """Every object."""
    images = store.opened().images
    assert isinstance(images, S3ImageStore)
    return {one.key for one in images.bucket.all_below("images")}


def kept(store: Storage, data: bytes, name: str | None = None, **details: object) -> SavedImage:
    """A save of user 1."""
    saved = asyncio.run(save_image(store, NewImage("1", data, name, details=details or None)))
    assert isinstance(saved, SavedImage)
    return saved


def soon(is_so: Callable[[], bool]) -> None:
    """Waits until whoever follows has heard of it."""
    for _ in range(500):
        if is_so():
            return
        sleep(0.01)
    raise AssertionError("it never was")


def test_an_image_is_kept_read_shown_and_deleted(store: Storage) -> None:
    """There is no file; its small copy is on this machine, and goes with it."""
    data = png()
    saved = kept(store, data, "k/Cat.png", prompt="a cat")
    assert (saved.path, image_path(store, "1", "k/cat.png")) == (None, None)
    assert image_bytes(store, "1", "k/cat.png") == data
    assert image_details(store, "1", "k/cat.png") == {"prompt": "a cat"}
    whole = open_whole(store, "1", "k/cat.png")
    assert whole is not None
    whole.file.close()
    small = asyncio.run(thumbnail_of(store, "1", "k/cat.png", owner="1"))
    assert small is not None
    assert len(list((store.root / "images/users/1/.thumbs").iterdir())) == 1
    assert not isinstance(delete_image_blocking(store, "1", "k/cat.png"), Refusal)
    assert (keys_of(store), list((store.root / "images/users/1").rglob("*~"))) == (set(), [])
    assert image_bytes(store, "1", "k/cat.png") is None


def test_names_count_on_and_what_is_refused_leaves_nothing(store: Storage) -> None:
    """The log alone says which numbers are taken."""
    assert [kept(store, png()).name for _ in range(3)] == ["image_1.png", "image_2.png", "image_3.png"]
    before = keys_of(store)
    refused = asyncio.run(save_image(store, NewImage("1", png_of_size(MEGABYTE), "x.png", details={"prompt": "x"})))
    taken = asyncio.run(save_image(store, NewImage("1", png(), "image_1.png/x.png")))
    assert isinstance(refused, Refusal)
    assert isinstance(taken, Refusal)
    assert keys_of(store) == before
    assert list((store.root / "images/.staged").iterdir()) == []


def test_a_repeated_request_is_answered_alike_and_saved_once(store: Storage) -> None:
    """What was put for the repeat goes."""
    saves = [
        asyncio.run(save_image(store, NewImage("1", png(), "a.png"), actor=LIBRARY, idempotency_key="one"))
        for _ in range(2)
    ]
    assert [isinstance(save, SavedImage) and save.replayed for save in saves] == [False, True]
    assert len(keys_of(store)) == 1


def test_a_store_that_fails_refuses_saves_in_words_and_no_provider_is_asked(store: Storage, proxy: FaultyProxy) -> None:
    """Until it answers again, and nobody need do anything."""
    kept(store, png(), "a.png")
    proxy.plan = lambda _method, _path: Fault.ERROR
    with pytest.raises(
        StorageUnavailable, match=r"answers with an error of its own \(500\)\. Nothing was saved\. Look"
    ):
        kept(store, png(), "b.png")
    with pytest.raises(StorageUnavailable, match="Nothing was saved"):
        asyncio.run(refuse_unkeepable(store, WantedPlaces("1", count=1)))
    kinds = {note.kind.value: str(note) for note in readiness_of(store).notes}
    assert set(kinds) == {"pictures_not_kept", "images_unreadable"}
    assert "object store" in kinds["images_unreadable"]
    assert SECRET not in str(kinds)
    proxy.plan = nothing_fails
    asyncio.run(refuse_unkeepable(store, WantedPlaces("1", count=1)))
    assert readiness_of(store).notes == ()
    kept(store, png(), "b.png")


@pytest.mark.parametrize("fault", [Fault.ERROR, Fault.REFUSED, Fault.SILENT])
def test_however_a_store_does_not_do_its_work_the_same_is_told(
    store: Storage, proxy: FaultyProxy, fault: Fault
) -> None:
    """By readiness, in a sentence that names what the store does, and by the look that `doctor` takes."""
    for name in ("a.png", "b.png"):
        kept(store, png(), name)
    proxy.plan = lambda _method, _path: fault
    delete_image_blocking(store, "1", "a.png")
    notes = {note.kind.value: str(note) for note in readiness_of(store).notes}
    assert set(notes) == {"pictures_not_kept", "images_unreadable", "not_deleted_yet"}
    for note in notes.values():
        assert "The object store at http://127.0.0.1" in note
        assert ".." not in note
    images = store.opened().images
    assert isinstance(images, S3ImageStore)
    found = examine(images.bucket)
    assert (found.step, found.failure is not None) == ("put a small object", True)


def test_a_deletion_that_the_store_does_not_take_is_recorded_and_carried_out_later(
    store: Storage, proxy: FaultyProxy
) -> None:
    """It is told until then."""
    kept(store, png(), "a.png")
    proxy.plan = lambda method, _path: Fault.ERROR if method == "DELETE" else Fault.NONE
    assert not isinstance(delete_image_blocking(store, "1", "a.png"), Refusal)
    assert image_bytes(store, "1", "a.png") is None
    assert "not_deleted_yet" in {note.kind.value for note in readiness_of(store).notes}
    readiness_of(store)
    assert len(keys_of(store)) == 2, "the image, and what a probe left, which does not grow"
    proxy.plan = nothing_fails
    store.opened().images.reconcile_all()
    assert (readiness_of(store).notes, keys_of(store)) == ((), set())


def test_what_a_bucket_still_has_of_names_is_told_as_that(store: Storage, proxy: FaultyProxy) -> None:
    """A picture that was saved anew is there; what it replaced is too. There is no folder to look at."""
    kept(store, png(), "a.png")
    proxy.plan = lambda method, _path: Fault.ERROR if method == "DELETE" else Fault.NONE
    kept(store, png_of_size(500), "a.png")
    [note] = [note for note in readiness_of(store).notes if note.kind.value != "pictures_not_kept"]
    assert note.kind.value == "not_deleted_yet"
    assert note.startswith(
        "Deleted or replaced, and perhaps still in the bucket: what 1 name had, among them 1/a.png (The object"
    )
    assert "folder" not in note
    assert image_bytes(store, "1", "a.png") == png_of_size(500)


def test_how_the_bucket_is_asked_is_measured(store: Storage, proxy: FaultyProxy) -> None:
    """By what was asked, and how that ended."""
    kept(store, png(), "a.png")
    proxy.plan = lambda _method, _path: Fault.ERROR
    delete_image_blocking(store, "1", "a.png")
    found = {(one.name, *one.labels): one.value for one in asyncio.run(measured(store)) if "bucket" in one.name}
    assert found["abby_bucket_requests", "put", "done"] == 2  # whose the prefix is, and the image
    assert found["abby_bucket_requests", "delete", "failed"] == 1
    assert found["abby_bucket_names_unfinished",] == 1
    spread = found["abby_bucket_request_seconds", "put"]
    assert isinstance(spread, Spread)
    assert spread.count == 3  # those, and what readiness tried


def test_the_sweep_keeps_no_ledger_waiting_for_a_silent_store(store: Storage, proxy: FaultyProxy) -> None:
    """It is asked in a thread of its own, and once at a time."""
    kept(store, png(), "a.png")
    proxy.plan = lambda method, _path: Fault.SILENT if method == "DELETE" else Fault.NONE
    delete_image_blocking(store, "1", "a.png")
    proxy.settle()
    proxy.asked.clear()
    for _ in range(3):
        store.opened().sweep()
    assert proxy.asked in ([], [("DELETE", proxy.asked[0][1], Fault.SILENT)] if proxy.asked else [])
    kept(store, png(), "b.png")
    images = store.opened().images
    assert isinstance(images, S3ImageStore)
    assert images.swept(timeout_seconds=10)


def test_who_follows_the_log_reads_the_same_images(store: Storage, engines: Engines) -> None:
    """By the log alone, also of those that were saved anew since."""
    kept(store, png(), "a.png", prompt="first")
    with closing(FollowedRoot(store.root, engines=engines, clock=utc_now)) as followed:
        soon(lambda: followed.images.read_details("1", "a.png") == {"prompt": "first"})
        kept(store, png_of_size(500), "A.png", prompt="second")
        soon(lambda: followed.images.read_details("1", "a.png") == {"prompt": "second"})
        with followed.images.open_image("1", "a.png") as file:
            assert len(file.read()) == 500


def test_the_log_says_which_bytes_a_name_has_and_had(store: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also far back among many of a user; of what never was, nothing."""
    monkeypatch.setattr(staged_ids, "FIRST_LOOKED_THROUGH", 3)
    monkeypatch.setattr(staged_ids, "MOST_LOOKED_THROUGH", 4)
    kept(store, png(), "a.png")
    for _ in range(12):
        kept(store, png(), "other.png")
    root = store.opened()
    ids = StagedIds(root.recorder, lambda: root.state)
    first = ids.staged_at(ids.standing(Key("1", False, "a.png")) or 0)
    assert first is not None
    kept(store, png(), "a.png")
    now = ids.standing(Key("1", False, "a.png"))
    assert now is not None
    assert ids.before(Key("1", False, "a.png"), now) == first
    assert ids.staged_at(now) not in {first, None}
    assert ids.before(Key("1", True, "a.png"), now) is None
    assert (ids.standing(Key("2", False, "a.png")), ids.staged_at(1)) == (None, None)
    assert (ids.is_named(first), ids.is_named("0" * 32)) == (True, False)
    latest = f"{ids.staged_at(now)}"
    assert [ids.is_over(one) for one in (first, latest, "0" * 32)] == [True, False, False]
    unheard = StagedIds(root.recorder, QuotaState)  # of figures that are not so far, nothing is over
    assert [unheard.is_over(one) for one in (first, latest)] == [False, False]


@pytest.fixture
def in_environment(monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a bucket that the environment leads to."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    given = {"ENDPOINT_URL": f"http://127.0.0.1:{server_port()}", "REGION": REGION}
    for name, value in (given | {"ACCESS_KEY_ID": KEY_ID, "SECRET_ACCESS_KEY": SECRET}).items():
        monkeypatch.setenv(f"AWS_{name}", value)
    return f"s3://{new_bucket()}/abby"


def test_a_program_keeps_images_in_a_bucket(in_environment: str, tmp_path: Path) -> None:
    """By the variables of every client of such stores; beside it another one reads."""
    with StorageManager(in_environment, local_root=tmp_path) as storage:
        ok, message, path = storage.save_image_sync(png(), "1", "a.png")
        assert (ok, message, path) == (True, "Saved as a.png (69 bytes).", None)
        assert storage.get_image_path("1", "a.png") is None
        assert (storage.get_image_address("1", "A.png") or "").startswith(f"{in_environment}/images/")
        address = storage.presigned("1", "a.png", 30)
        assert address is not None
        with urllib.request.urlopen(address, timeout=10) as answer:
            assert (answer.read(), answer.headers["Content-Type"]) == (png(), "image/png")
        assert storage.presigned("1", "b.png") is None
        with pytest.raises(ValueError, match="from 1 to 604,800 seconds"):
            storage.presigned("1", "a.png", 0)
        with StorageManager(in_environment, local_root=tmp_path, read_only=True) as reader:
            soon(lambda: reader.get_image_address("1", "a.png") == storage.get_image_address("1", "a.png"))
        assert storage.get_global_usage()["disk_free_mb"] > 0
        assert storage.delete_image("1", "a.png")[0]
    assert not list(tmp_path.rglob("*.png"))


def test_no_log_is_begun_beside_images_that_are_there(in_environment: str, tmp_path: Path) -> None:
    """A log that went missing would give everybody a new quota; with another prefix one may begin anew."""
    with StorageManager(in_environment, local_root=tmp_path / "x") as storage:
        assert storage.save_image_sync(png(), "1", "a.png")[0]
    with pytest.raises(LogMissing, match=r"There is no log, and in s3://.* there are images of one"):
        StorageManager(in_environment, local_root=tmp_path / "y")
    assert not (tmp_path / "y").exists()
    with StorageManager(f"{in_environment}2", local_root=tmp_path / "y") as storage:
        assert storage.save_image_sync(png(), "1", "a.png")[0]


def test_no_log_is_begun_while_nobody_can_say_whether_images_are_there(
    in_environment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried again by itself."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with StorageManager(in_environment, local_root=tmp_path / "x") as storage:
        ok, message, _ = storage.save_image_sync(png(), "1", "a.png")
        assert (ok, "cannot be reached" in message) == (False, True)
    assert not (tmp_path / "x").exists()


def test_without_the_client_of_buckets_it_is_said_how_to_get_it(
    in_environment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing is made."""
    monkeypatch.setitem(sys.modules, "adapters.imagestore.s3.bucket", None)
    with pytest.raises(ConfigError, match=r"pip install 'abby-ledger\[s3\]'"):
        StorageManager(in_environment, local_root=tmp_path / "x")
    assert not (tmp_path / "x").exists()
    assert callable(choice.image_stores())


def test_a_local_storage_presigns_nothing(tmp_path: Path) -> None:
    """Nothing serves files but this program."""
    with StorageManager(tmp_path) as storage:
        assert storage.save_image_sync(png(), "1", "a.png")[0]
        assert storage.presigned("1", "a.png") is None
        assert storage.get_image_address("1", "a.png") == str(tmp_path / "images/users/1/a.png")
