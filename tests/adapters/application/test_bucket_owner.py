"""Whose a bucket's prefix is: two logs never share one, no log is opened where its images are not, and an object there
says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from time import monotonic

import pytest

from adapters.application import staged_ids
from adapters.application.deleting import delete_image_blocking
from adapters.application.readiness import readiness_of
from adapters.application.reading import image_bytes
from adapters.application.results import SavedImage
from adapters.application.saving import NewImage, save_image
from adapters.application.staged_ids import StagedIds
from adapters.application.storage import Storage
from adapters.disk.files import Files
from adapters.engines.choice import default_engine, of_another_log
from adapters.engines.opening import open_store
from adapters.imagestore.local.layout import Layout
from adapters.imagestore.s3.bucket import Bucket, Patience
from adapters.imagestore.s3.image_store import S3ImageStore
from adapters.imagestore.s3.keys import OWNER
from adapters.imagestore.s3.ownership import read_owner
from adapters.ports.engines import Engines
from adapters.ports.faults import ConfigError, LogMissing, StorageUnavailable
from adapters.ports.object_place import Kept, ObjectPlace, PrefixOwner
from domain.commands import SetPolicy
from domain.refusals import Refusal
from tests.hostile.builders import png
from tests.servers.faulty_proxy import SILENT_SECONDS, Fault, FaultyProxy, nothing_fails
from tests.servers.s3 import new_bucket, place_in, server_port

QUICK = Patience(connect=1, request=0.3, retries=0, altogether=0.5, first_pause=0.005, rest=0)
OTHER = "0" * 32


@pytest.fixture
def place() -> ObjectPlace:
    """A prefix of a new bucket."""
    return place_in(new_bucket())


@pytest.fixture
def proxy() -> Iterator[FaultyProxy]:
    """Between a storage and its bucket."""
    proxy = FaultyProxy(server_port())
    yield proxy
    proxy.close()


def opened(root: Path, place: ObjectPlace | None) -> Storage:
    """A storage over a root and a prefix."""
    return open_store(root, limits=SetPolicy(daily=100), objects=place)


def by_way_of(proxy: FaultyProxy, root: Path, place: ObjectPlace, patience: Patience = QUICK) -> Storage:
    """The same by way of a proxy; it does not ask whether other images are there, as it would where it has a log."""
    through = place_in(place.bucket, prefix=place.prefix, port=proxy.port)
    engines = Engines(default_engine(), lambda root: S3ImageStore(Bucket(through, patience), Layout(root), Files()))
    return Storage(root, engines=engines, limits=SetPolicy(daily=100))


def kept(store: Storage, name: str = "a.png") -> None:
    """A save of user 1."""
    assert isinstance(asyncio.run(save_image(store, NewImage("1", png(), name))), SavedImage)


def log_id(store: Storage) -> str:
    """The id of its log."""
    return store.running().recorder.log_id


def begun(root: Path, *names: str) -> str:
    """A root of folders with a log, and perhaps images; the id of the log."""
    with closing(opened(root, None)) as store:
        for name in names:
            kept(store, name)
        return log_id(store)


def keys_in(place: ObjectPlace) -> set[str]:
    """Every key below a prefix."""
    whole = Bucket(place_in(place.bucket, prefix=""))
    return {one.key for one in whole.all_below(place.prefix)}


def all_in(place: ObjectPlace) -> dict[str, bytes]:
    """Every object below a prefix."""
    whole = Bucket(place_in(place.bucket, prefix=""))
    return {key: whole.read(key, 1_000_000) for key in keys_in(place)}


def own(place: ObjectPlace, log: str, images: Kept = Kept.HERE) -> None:
    """Says that a prefix is a log's."""
    Bucket(place).put_over(OWNER, f'{{"log":"{log}","images":"{images}"}}'.encode(), "application/json")


def test_the_first_log_takes_a_prefix_and_every_opening_of_it_is_let_in(tmp_path: Path, place: ObjectPlace) -> None:
    """What says so is neither an image nor left over; it stays when all images are gone."""
    for _ in range(2):
        with closing(opened(tmp_path, place)) as store:
            kept(store)
            assert read_owner(Bucket(place)) == PrefixOwner(log_id(store), Kept.HERE)
            assert not isinstance(delete_image_blocking(store, "1", "a.png"), Refusal)
    assert keys_in(place) == {f"{place.prefix}/{OWNER}"}


def test_another_log_is_not_let_in_and_changes_nothing(tmp_path: Path, place: ObjectPlace) -> None:
    """It is told both ids, and what to do."""
    with closing(opened(tmp_path / "one", place)) as store:
        kept(store)
        first = log_id(store)
    before, second = all_in(place), begun(tmp_path / "two")
    for _ in range(2):
        with pytest.raises(ConfigError, match=rf"of the log {first}, and this log is {second}\..*STORAGE_ROOT"):
            opened(tmp_path / "two", place)
    assert all_in(place) == before
    with closing(opened(tmp_path / "one", place)) as store:
        assert image_bytes(store, "1", "a.png") == png()
    with closing(opened(tmp_path / "two", None)) as store:
        kept(store)


def test_a_copy_of_a_log_is_let_in(tmp_path: Path, place: ObjectPlace) -> None:
    """Its id is the same, as that of one that was restored, salvaged or carried to another engine; so the note that
    images are in the bucket may be missing.
    """
    with closing(opened(tmp_path / "one", place)) as store:
        kept(store)
    (tmp_path / "two" / "logs").mkdir(parents=True)
    for name in ("events.jsonl", "head", ".key"):
        (tmp_path / "two/logs" / name).write_bytes((tmp_path / "one/logs" / name).read_bytes())
    with closing(opened(tmp_path / "two", place)) as store:
        assert image_bytes(store, "1", "a.png") == png()
    (tmp_path / "two/logs/images-in").unlink()
    [image] = keys_in(place) - {f"{place.prefix}/{OWNER}"}
    Bucket(place_in(place.bucket, prefix="")).delete(image)  # as after a log was brought back to an earlier moment
    with closing(opened(tmp_path / "two", place)) as store:
        assert {note.kind.value for note in readiness_of(store).notes} == {"images_missing"}


def test_no_log_is_begun_where_another_was(tmp_path: Path, place: ObjectPlace) -> None:
    """Also where it has no image; by hand that is given up."""
    own(place, OTHER)
    with pytest.raises(LogMissing, match=rf"that of the log {OTHER}.*remove s3://.*/{OWNER}"):
        opened(tmp_path / "two", place)
    assert not (tmp_path / "two").exists()
    Bucket(place).delete(OWNER)
    assert of_another_log(place)() is None
    opened(tmp_path / "two", place).close()


def test_what_cannot_be_read_lets_nobody_in(tmp_path: Path, place: ObjectPlace) -> None:
    """Whatever stands there; it may be removed by hand."""
    with closing(opened(tmp_path, place)) as store:
        kept(store)
    hidden = b'{"log":"\\u001b[2J","images":"here"}'
    odd = b'{"log":"' + OTHER.encode() + b'","images":"odd"}'
    for data in (b"", b"[]", b'{"log":1,"images":"here"}', odd, hidden, bytes(5_000)):
        Bucket(place).put_over(OWNER, data, "text/plain")
        with pytest.raises(ConfigError, match="none that this program wrote"):
            opened(tmp_path, place)
    Bucket(place).delete(OWNER)
    opened(tmp_path, place).close()
    assert read_owner(Bucket(place)) is not None


def test_images_from_before_there_was_such_an_object_are_known_by_the_log(tmp_path: Path, place: ObjectPlace) -> None:
    """Those of another log are left alone, and so is what nobody knows."""
    with closing(opened(tmp_path / "one", place)) as store:
        kept(store)
    Bucket(place).delete(OWNER)
    before = all_in(place)
    begun(tmp_path / "two")
    with pytest.raises(ConfigError, match="none of which this log names"):
        opened(tmp_path / "two", place)
    assert all_in(place) == before
    with closing(opened(tmp_path / "one", place)) as store:
        assert read_owner(Bucket(place)) == PrefixOwner(log_id(store))


@pytest.mark.parametrize(
    ("images", "told"),
    [(None, "has none of them"), (Kept.COMING, "are only partly in"), (Kept.GONE, "were carried from")],
)
def test_a_log_whose_images_are_not_all_there_is_not_opened(
    tmp_path: Path, place: ObjectPlace, images: Kept | None, told: str
) -> None:
    """Else every download would fail, and nobody would be told why. One that has no image is."""
    log = begun(tmp_path / "full", "a.png", "b.png")
    if images is not None:
        own(place, log, images)
    before = all_in(place)
    with pytest.raises(ConfigError, match=rf"{told}.*`abby migrate --to bucket`"):
        opened(tmp_path / "full", place)
    assert all_in(place) == before
    empty = begun(tmp_path / "empty")
    own(place, empty, images or Kept.HERE)
    with closing(opened(tmp_path / "empty", place)):
        assert read_owner(Bucket(place)) == PrefixOwner(empty, Kept.HERE)


def test_a_root_whose_images_are_in_a_bucket_is_not_opened_as_folders(tmp_path: Path, place: ObjectPlace) -> None:
    """Unless none stands: then images are kept in folders from there on, and the bucket is not taken for where they
    are.
    """
    with closing(opened(tmp_path, place)) as store:
        kept(store)
    with pytest.raises(ConfigError, match=rf"are in {place}, and not below .*--to folders"):
        opened(tmp_path, None)
    with closing(opened(tmp_path, place)) as store:
        delete_image_blocking(store, "1", "a.png")
    with closing(opened(tmp_path, None)) as store:
        kept(store)
    opened(tmp_path, None).close()
    with pytest.raises(ConfigError, match="has none of them"):
        opened(tmp_path, place)


def test_a_note_that_names_another_place_is_written_anew(tmp_path: Path, place: ObjectPlace) -> None:
    """A bucket may be copied to another one."""
    with closing(opened(tmp_path, place)) as store:
        kept(store)
    copied = place_in(new_bucket())
    for key, data in all_in(place).items():
        Bucket(place_in(copied.bucket, prefix="")).put_new(key, data, "image/png")
    for _ in range(2):
        with closing(opened(tmp_path, copied)) as store:
            assert image_bytes(store, "1", "a.png") == png()
    assert (tmp_path / "logs/images-in").read_text().startswith(f"{copied}\n")


def test_an_image_that_is_lost_keeps_nobody_out(tmp_path: Path, place: ObjectPlace) -> None:
    """It is told as missing, also where all are lost; a bucket that was copied before any was put is another matter."""
    with closing(opened(tmp_path, place)) as store:
        kept(store)
    [image] = keys_in(place) - {f"{place.prefix}/{OWNER}"}
    Bucket(place_in(place.bucket, prefix="")).delete(image)
    with closing(opened(tmp_path, place)) as store:
        assert {note.kind.value for note in readiness_of(store).notes} == {"images_missing"}
        copied = place_in(new_bucket())
        own(copied, log_id(store))
    with pytest.raises(ConfigError, match=f"{copied} has none of them"):
        opened(tmp_path, copied)


@pytest.mark.parametrize("fault", [Fault.ERROR, Fault.REFUSED, Fault.SILENT])
def test_a_bucket_that_cannot_say_whose_it_is_is_asked_before_anything_is_put(
    tmp_path: Path, place: ObjectPlace, proxy: FaultyProxy, fault: Fault
) -> None:
    """Figures are served meanwhile. Another log's gets nothing then either."""
    begun(tmp_path)
    proxy.plan = lambda _method, _path: fault
    with closing(by_way_of(proxy, tmp_path, place)) as store:
        assert store.running().state.position > 0
        with pytest.raises(StorageUnavailable, match="Nothing was saved"):
            kept(store)
        own(place, OTHER)
        proxy.settle()
        proxy.plan = nothing_fails
        with pytest.raises(StorageUnavailable, match=f"of the log {OTHER}, and this log is {log_id(store)}"):
            kept(store)
        [note] = readiness_of(store).notes
        assert (note.kind.value, OTHER in note) == ("pictures_not_kept", True)
        assert keys_in(place) == {f"{place.prefix}/{OWNER}"}
        Bucket(place).delete(OWNER)
        kept(store)
        assert read_owner(Bucket(place)) == PrefixOwner(log_id(store))


def test_an_opening_waits_for_one_answer_and_not_long(tmp_path: Path, place: ObjectPlace, proxy: FaultyProxy) -> None:
    """A store that keeps silent would hold it up for as long as all its repeats take."""
    begun(tmp_path)
    proxy.plan = lambda _method, _path: Fault.SILENT
    patient = QUICK._replace(soon=0.2, request=20, retries=5, altogether=60, rest=5)
    begin = monotonic()
    with closing(by_way_of(proxy, tmp_path, place, patient)):
        assert monotonic() - begin < SILENT_SECONDS
        assert len(proxy.asked) == 1


def test_a_store_without_conditions_is_put_to_and_read(tmp_path: Path, place: ObjectPlace, proxy: FaultyProxy) -> None:
    """So that only one of two who come at once goes on."""
    proxy.without_conditions = True
    begun(tmp_path)
    with closing(by_way_of(proxy, tmp_path, place)) as store:
        assert read_owner(Bucket(place)) == PrefixOwner(log_id(store))
        kept(store)


@pytest.mark.parametrize("images", [Kept.HERE, Kept.COMING])
@pytest.mark.parametrize("has_conditions", [True, False])
def test_of_two_that_come_at_once_one_is_let_in(
    tmp_path: Path, place: ObjectPlace, proxy: FaultyProxy, *, images: Kept, has_conditions: bool
) -> None:
    """Whoever was first, or with a store that puts over what is there, last."""
    begun(tmp_path)
    proxy.without_conditions = not has_conditions
    came: list[str] = []

    def plan(method: str, path: str) -> Fault:
        is_theirs = (method == "PUT") if has_conditions else (method == "GET" and "PUT" in came)
        if path.endswith(OWNER) and is_theirs and OTHER not in came:
            own(place, OTHER, images)
            came.append(OTHER)
        came.append(method)
        return Fault.NONE

    proxy.plan = plan
    with pytest.raises(ConfigError, match=f"of the log {OTHER}"):
        by_way_of(proxy, tmp_path, place)
    assert read_owner(Bucket(place)) == PrefixOwner(OTHER, images)


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.ERROR_AFTER])
def test_a_lost_answer_to_it_is_looked_up(tmp_path: Path, place: ObjectPlace, proxy: FaultyProxy, fault: Fault) -> None:
    """What was put is ours."""
    begun(tmp_path)
    proxy.plan = lambda method, _path: fault if method == "PUT" else Fault.NONE
    with closing(by_way_of(proxy, tmp_path, place)) as store:
        assert read_owner(Bucket(place)) == PrefixOwner(log_id(store))
        proxy.plan = nothing_fails
        kept(store)


def test_the_newest_of_what_stands_are_found_however_far_back(
    tmp_path: Path, place: ObjectPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind many that were deleted or saved anew, and temp files among them."""
    monkeypatch.setattr(staged_ids, "FIRST_LOOKED_THROUGH", 3)
    with closing(opened(tmp_path, place)) as store:
        root = store.running()
        ids = StagedIds(root.recorder, lambda: root.state)
        assert ids.newest(8) == []
        kept(store, "a.png")
        kept(store, "b.png")
        asyncio.run(save_image(store, NewImage("2", png(), "t.png", temp=True)))
        staged = {
            name: store.opened().images.address(user, name, temp=temp)
            for user, name, temp in (("1", "a.png", False), ("1", "b.png", False), ("2", "t.png", True))
        }
        in_order = [f"{staged[name]}".rpartition("/")[2] for name in ("t.png", "b.png", "a.png")]
        assert [ids.newest(8), ids.newest(1)] == [in_order, in_order[:1]]
        for _ in range(4):
            kept(store, "c.png")
            delete_image_blocking(store, "1", "c.png")
        assert [ids.newest(8), ids.newest(2)] == [in_order, in_order[:2]]


def test_an_opening_asks_the_bucket_once(tmp_path: Path, place: ObjectPlace, proxy: FaultyProxy) -> None:
    """Whatever stands, and it lists nothing."""
    begun(tmp_path)
    with closing(by_way_of(proxy, tmp_path, place)) as store:
        kept(store)
    proxy.asked.clear()
    by_way_of(proxy, tmp_path, place).close()
    assert [(method, path.rpartition("/")[2]) for method, path, _ in proxy.asked] == [("GET", OWNER)]


def test_a_ledger_below_the_prefix_of_another_is_another(tmp_path: Path, place: ObjectPlace) -> None:
    """Also below its images, which it has no part in."""
    below = place_in(place.bucket, prefix=f"{place.prefix}/images")
    opening: list[Callable[[], Storage]] = [
        lambda: opened(tmp_path / "below", below),
        lambda: opened(tmp_path / "above", place),
    ]
    for _ in range(2):
        for one in opening:
            with closing(one()) as store:
                kept(store)
