"""What a bucket answers, and what then is told and done: errors in words, lost answers looked up, parts, addresses."""

from __future__ import annotations

import errno
import os
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from obstore import exceptions

from adapters.disk.files import Files
from adapters.imagestore.local.layout import Layout
from adapters.imagestore.s3 import bucket as bucket_module
from adapters.imagestore.s3.answers import told
from adapters.imagestore.s3.bucket import IN_MEMORY_BYTES, PART_BYTES, RESTS_AFTER, Bucket, Patience
from adapters.imagestore.s3.image_store import S3ImageStore
from adapters.imagestore.s3.keys import image_key
from adapters.imagestore.s3.marks import Marks
from adapters.ports.image_store import ImageStore, Place
from adapters.ports.object_place import ObjectStoreError, object_place
from domain.events import Event
from tests.adapters.imagestore.stores import ToldInTests, ToldS3ImageStore, s3
from tests.adapters.imagestore.test_contract import bytes_of, deleted, keep, saved
from tests.servers.faulty_proxy import Fault, FaultyProxy, Plan, nothing_fails
from tests.servers.s3 import SECRET, new_bucket, place_in, server_port

QUICK = Patience(connect=1, request=0.3, retries=1, altogether=0.5, first_pause=0.005, rest=0)


@pytest.fixture
def bucket(proxy: FaultyProxy) -> Bucket:
    """One that is reached by way of the proxy."""
    return Bucket(place_in(new_bucket(), port=proxy.port), QUICK)


def failing(fault: Fault, method: str, times: int = 1_000) -> Plan:
    """A plan by which so many requests of a method fail."""
    left = [times]

    def plan(asked: str, _path: str) -> Fault:
        if asked != method or left[0] == 0:
            return Fault.NONE
        left[0] -= 1
        return fault

    return plan


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.ERROR_AFTER])
def test_a_put_whose_answer_is_lost_is_looked_up_and_has_succeeded(
    bucket: Bucket, proxy: FaultyProxy, fault: Fault
) -> None:
    """Nothing is told of it, and nothing is put twice."""
    proxy.plan = failing(fault, "PUT", times=1)
    bucket.put_new("images/a", b"cat", "image/png")
    assert bucket.read("images/a", 10) == b"cat"


@pytest.mark.parametrize(
    ("fault", "words", "certain"),
    [
        (Fault.ERROR, "answers with an error of its own (500)", False),
        (Fault.REFUSED, "without an answer", False),
        (Fault.SILENT, "does not answer in time", False),
    ],
)
def test_a_put_that_fails_says_what_happened_and_what_to_do(
    bucket: Bucket, proxy: FaultyProxy, fault: Fault, words: str, certain: bool
) -> None:
    """And shows no secret."""
    proxy.plan = lambda _method, _path: fault
    with pytest.raises(ObjectStoreError) as raised:
        bucket.put_new("images/a", b"cat", "image/png")
    assert words in raised.value.sentence
    assert "AWS_ENDPOINT_URL" in raised.value.advice
    assert raised.value.is_certain is certain
    assert SECRET not in str(raised.value)
    proxy.plan = nothing_fails
    assert bucket.size("images/a") is None


def test_a_silent_store_is_not_asked_for_a_while(proxy: FaultyProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits behind whoever waited in vain; then it is asked again, and all is well."""
    seconds = [0.0]
    monkeypatch.setattr(bucket_module, "monotonic", lambda: seconds[0])
    bucket = Bucket(place_in(new_bucket(), port=proxy.port), QUICK._replace(retries=0, rest=5))
    proxy.plan = lambda _method, _path: Fault.SILENT
    with pytest.raises(ObjectStoreError, match="in time") as raised:
        bucket.put_new("images/a", b"cat", "image/png")
    assert not raised.value.is_certain
    proxy.settle()
    proxy.plan = nothing_fails
    asked, seconds[0] = len(proxy.asked), 4.9
    with pytest.raises(ObjectStoreError, match="in time") as raised:
        bucket.put_new("images/a", b"cat", "image/png")
    assert raised.value.is_certain
    with pytest.raises(ObjectStoreError, match="in time"):
        bucket.delete("images/a")
    assert len(proxy.asked) == asked
    seconds[0] = 5.0
    bucket.put_new("images/a", b"cat", "image/png")
    assert bucket.read("images/a", 10) == b"cat"


@pytest.mark.parametrize("fault", [Fault.ERROR, Fault.REFUSED])
def test_a_store_that_only_fails_is_left_alone_as_a_silent_one_is(
    proxy: FaultyProxy, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    """After some requests in a row; one that is done, or refused with a reason, in between shows that it works."""
    seconds = [0.0]
    monkeypatch.setattr(bucket_module, "monotonic", lambda: seconds[0])
    bucket = Bucket(place_in(new_bucket(), port=proxy.port), QUICK._replace(retries=0, rest=5))
    bucket.put_new("images/a", b"cat", "image/png")
    for well in (lambda: bucket.read("images/a", 10), lambda: bucket.size("images/b")):
        proxy.plan = lambda _method, _path: fault
        for _ in range(RESTS_AFTER - 1):
            with pytest.raises(ObjectStoreError):
                bucket.size("images/a")
        proxy.plan = nothing_fails
        well()
    proxy.plan = lambda _method, _path: fault
    proxy.asked.clear()
    for second in range(60):
        seconds[0] = float(second)
        with pytest.raises(ObjectStoreError) as raised:
            bucket.size("images/a")
        assert raised.value.is_silent is (len(proxy.asked) >= RESTS_AFTER and second % 5 != 4)
    assert len(proxy.asked) == RESTS_AFTER + 11
    proxy.plan = nothing_fails
    seconds[0] = 64.0
    assert bucket.size("images/a") == 3


def test_a_store_that_knows_no_conditions_is_put_to_without(bucket: Bucket, proxy: FaultyProxy) -> None:
    """It is asked with one once."""
    proxy.without_conditions = True
    for key in ("images/a", "images/b"):
        bucket.put_new(key, b"cat", "image/png")
        assert bucket.read(key, 10) == b"cat"
    assert [fault for method, _, fault in proxy.asked if method == "PUT"].count(Fault.NOT_DONE) == 1 + QUICK.retries
    assert not bucket.is_conditional("images/c")


def test_a_bucket_that_is_not_there_and_a_store_that_is_not_there_are_told_apart() -> None:
    """The one is to be made, the other to be started."""
    with pytest.raises(ObjectStoreError, match="There is no bucket 'abby-nowhere'"):
        Bucket(place_in("abby-nowhere"), QUICK).put_new("images/a", b"", "image/png")
    with pytest.raises(ObjectStoreError, match="cannot be reached") as raised:
        Bucket(place_in("abby-nowhere", port=1), QUICK).put_new("images/a", b"", "image/png")
    assert raised.value.is_certain


@pytest.mark.parametrize(
    ("error", "told_so", "number"),
    [
        (exceptions.PermissionDeniedError("403 <Code>AccessDenied</Code>"), "does not let us do that", errno.EACCES),
        (exceptions.UnauthenticatedError("401"), "does not let us do that", errno.EACCES),
        (
            exceptions.GenericError("status code: 403 Forbidden <Code>RequestTimeTooSkewed</Code>"),
            "Skewed",
            errno.EACCES,
        ),
        (exceptions.GenericError("status code: 503 <Code>SlowDown</Code>"), "an error of its own (503)", errno.EIO),
        (exceptions.GenericError("status code: 400 <Code>Odd</Code>"), "answers with 400 (Odd)", errno.EIO),
        (exceptions.GenericError("kind: Timeout, retry_timeout: 3s"), "in time", errno.EIO),
        (exceptions.GenericError("kind: Connect, retry_timeout: 3s"), "cannot be reached", errno.EIO),
        (exceptions.GenericError("https://x/?X-Amz-Signature=1 retry_timeout: 3s"), "without an answer", errno.EIO),
        (FileNotFoundError("404"), "no object under that key", errno.ENOENT),
    ],
)
def test_what_the_client_raises_is_told_in_words_of_ours(error: Exception, told_so: str, number: int) -> None:
    """And nothing of its own text, which may open an object."""
    failure = told(error, place_in("abby"))
    assert told_so in failure.sentence
    assert failure.errno == number
    assert failure.advice
    assert "X-Amz" not in str(failure)
    assert "retry" not in str(failure)


def test_another_object_under_a_key_is_no_success(bucket: Bucket) -> None:
    """Whoever put it there."""
    bucket.put_new("images/a", b"cat", "image/png")
    bucket.put_new("images/a", b"dog", "image/png")  # as long: it cannot be told from ours, and keys are ours alone
    assert bucket.read("images/a", 10) == b"cat"
    with pytest.raises(ObjectStoreError):
        bucket.put_new("images/a", b"another", "image/png")


@pytest.mark.parametrize("size_bytes", [PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES + 5])
def test_what_is_large_goes_up_in_parts_and_comes_whole(size_bytes: int) -> None:
    """Also when one part had to be sent again."""
    proxy = FaultyProxy(server_port())
    bucket = Bucket(place_in(new_bucket(), port=proxy.port), Patience(first_pause=0.005))
    data = os.urandom(size_bytes)
    proxy.plan = failing(Fault.ERROR, "PUT", times=1)
    bucket.put_new("images/large", data, "image/png")
    assert size_bytes > IN_MEMORY_BYTES
    with bucket.open("images/large") as file:
        assert file.read() == data
    assert ("uploads" in " ".join(path for _, path, _ in proxy.asked)) is (size_bytes > PART_BYTES)
    proxy.close()


@pytest.mark.parametrize("size_bytes", [IN_MEMORY_BYTES // 2, IN_MEMORY_BYTES + 5])
def test_an_answer_that_is_cut_is_never_taken_for_an_image(bucket: Bucket, proxy: FaultyProxy, size_bytes: int) -> None:
    """Small ones come at once, large ones by and by."""
    data = os.urandom(size_bytes)
    bucket.put_new("images/a", data, "image/png")
    proxy.plan = failing(Fault.SHORT, "GET")
    with pytest.raises(ObjectStoreError):
        bucket.open("images/a")
    proxy.plan = nothing_fails
    with bucket.open("images/a") as file:
        assert file.read() == data


def test_a_signed_address_gives_the_bytes_for_a_while(tmp_path: Path) -> None:
    """To whoever has it; of what does not stand there is none."""
    images = s3(tmp_path)
    keep(images, 1, "k/a.png", b"cat")
    address = images.presigned("ada", "K/a.png", temp=False, seconds=60)
    assert address is not None
    assert "X-Amz-Expires=60" in address
    assert SECRET not in address
    with urllib.request.urlopen(address, timeout=10) as answer:
        assert answer.read() == b"cat"
    assert images.presigned("ada", "k/b.png", temp=False, seconds=60) is None
    assert images.address("ada", "k/b.png", temp=False) is None


def test_what_a_save_superseded_goes_and_nothing_else(tmp_path: Path) -> None:
    """With its details."""
    images = s3(tmp_path)
    for position, (name, data) in enumerate((("a.png", b"one"), ("b.png", b"two"), ("A.png", b"new")), 1):
        keep(images, position, name, data, prompt=name)
    images.note([(4, deleted("b.png"))])
    images.reconcile("ada", "b.png", temp=False)
    assert _keys(images) == {"images/id3", "images/id3.json"}
    assert bytes_of(images, "a.png") == b"new"


def test_all_that_was_superseded_before_it_was_carried_out_goes(tmp_path: Path) -> None:
    """A name may be saved several times until then."""
    images = s3(tmp_path)
    keep(images, 1, "a.png", b"one")
    for position in (2, 3, 4):
        images.stage(f"id{position}", b"new", {"prompt": "x"})
        images.note([(position, saved("a.png", f"id{position}"))])
    images.reconcile("ada", "a.png", temp=False)
    assert _keys(images) == {"images/id4", "images/id4.json"}


class HalfClosedBucket(Bucket):
    """One that surely takes no image."""

    def put_new(self, key: str, data: bytes, media_type: str) -> bool:
        """Takes details."""
        if media_type != "application/json":
            raise ObjectStoreError("It may not be put.", "Ask.")
        return super().put_new(key, data, media_type)


def test_what_surely_was_not_put_leaves_nothing(tmp_path: Path) -> None:
    """Neither the details before it nor a mark."""
    place, layout = place_in(new_bucket()), Layout(tmp_path)
    images = S3ImageStore(HalfClosedBucket(place), layout, Files())
    with pytest.raises(ObjectStoreError):
        images.stage("id1", b"one", {"prompt": "x"})
    assert list(Bucket(place).all_below("images")) == []
    assert list(layout.staging.iterdir()) == []


@pytest.mark.parametrize("replaced_bytes", [3, 0])
def test_a_start_finds_what_a_killed_program_did_not_delete(tmp_path: Path, replaced_bytes: int) -> None:
    """By the log: of a name that was saved anew, also over a file without bytes, and of one that was deleted. A second
    look changes nothing.
    """
    images = s3(tmp_path)
    keep(images, 1, "a.png", b"one")
    keep(images, 2, "b.png", b"two")
    images.stage("id3", b"new", None)
    again, anew = s3(tmp_path), saved("a.png", "id3")._replace(replaced_bytes=replaced_bytes)
    events: list[tuple[int, Event]] = [(3, anew), (4, deleted("b.png"))]
    assert isinstance(again, ToldS3ImageStore)
    again.told_log.events.update(events)  # at a start the log is read before its events are noted
    for _ in range(2):
        again.start_at(2)
        again.note(events)
        again.reconcile_all()
        assert again.remove_unneeded_staged() == 0
        assert _keys(images) == {"images/id3"}


def test_nothing_that_an_event_names_is_deleted_for_its_mark(tmp_path: Path) -> None:
    """A power cut may bring the mark of what stands back."""
    images = s3(tmp_path)
    keep(images, 1, "a.png", b"one")
    (tmp_path / "images" / ".staged" / "id1").touch()
    assert s3(tmp_path).remove_unneeded_staged() == 0
    assert bytes_of(images, "a.png") == b"one"
    assert not list((tmp_path / "images" / ".staged").iterdir())


def test_what_was_just_staged_is_left_alone(tmp_path: Path) -> None:
    """Another process of this machine may be about to record it."""
    place, layout = place_in(new_bucket()), Layout(tmp_path)
    images = S3ImageStore(Bucket(place), layout, Files(), marks=Marks(layout, Files()))
    images.told_by(ToldInTests())
    images.stage("id1", b"one", None)
    assert images.remove_unneeded_staged() == 0
    os.utime(layout.staged("id1"), (0, 0))
    assert images.remove_unneeded_staged() == 1
    assert list(Bucket(place).all_below("images")) == []


def test_a_probe_puts_and_deletes_and_tells_what_a_save_would_fail_with(tmp_path: Path, proxy: FaultyProxy) -> None:
    """One object for all places."""
    place = place_in(new_bucket(), port=proxy.port)
    images = S3ImageStore(Bucket(place, QUICK), Layout(tmp_path), Files())
    places = [Place("ada"), Place("bob", "upscale"), Place(None)]
    assert images.probe(places, 10, whole=False) == [None] * 3
    assert [method for method, _, _ in proxy.asked] == ["PUT", "DELETE"]
    proxy.plan = lambda _method, _path: Fault.ERROR
    assert all(isinstance(error, ObjectStoreError) for error in images.probe(places, 10, whole=True))


def test_a_store_that_does_not_answer_is_asked_once_for_all_that_is_left(tmp_path: Path, proxy: FaultyProxy) -> None:
    """And all that is left says why."""
    place, layout, log = place_in(new_bucket(), port=proxy.port), Layout(tmp_path), ToldInTests()
    images = ToldS3ImageStore(Bucket(place, QUICK), tmp_path, log)
    for position in range(1, 6):
        keep(images, position, f"{position}.png", b"one")
    images.note([(position + 5, deleted(f"{position}.png")) for position in range(1, 6)])
    proxy.plan = lambda _method, _path: Fault.REFUSED
    proxy.asked.clear()
    images.reconcile_all()
    assert len({path for _, path, _ in proxy.asked}) == 1
    assert [(one.name, one.stands) for one in images.unfinished()] == [(f"{n}.png", False) for n in range(1, 6)]
    assert all("without an answer" in str(one.why) for one in images.unfinished())
    proxy.plan = nothing_fails
    images.reconcile_all()
    assert (images.unfinished(), images.reconciled(), _keys(images)) == ([], 10, set())
    assert layout.staging.exists()


@pytest.fixture
def late(tmp_path: Path, proxy: FaultyProxy) -> Iterator[ToldS3ImageStore]:
    """A store whose first put of an image is not answered, and comes later; its marks grow old in a test."""
    left = [1]

    def plan(method: str, path: str) -> Fault:
        if method == "PUT" and not path.endswith(".json") and left[0]:
            left[0] = 0
            return Fault.LATE
        return Fault.NONE

    proxy.plan = plan
    layout = Layout(tmp_path)
    bucket = Bucket(place_in(new_bucket(), port=proxy.port), QUICK)
    yield ToldS3ImageStore(bucket, tmp_path, ToldInTests(), marks=Marks(layout, Files()))
    assert left == [0], "nothing was late"


def later(images: ToldS3ImageStore, proxy: FaultyProxy, tmp_path: Path) -> set[str]:
    """All that was late came, and an hour later; what is there then. Nothing is marked any more."""
    proxy.settle()
    staging = Layout(tmp_path).staging
    for mark in staging.iterdir():
        os.utime(mark, (0, 0))
    images.remove_unneeded_staged()
    assert list(staging.iterdir()) == []
    return _keys(images)


@pytest.mark.parametrize("is_given_up", [True, False])
def test_what_comes_after_a_probe_goes(
    late: ToldS3ImageStore, proxy: FaultyProxy, tmp_path: Path, *, is_given_up: bool
) -> None:
    """Also where the next probe has deleted what was not there yet."""
    plan = proxy.plan
    proxy.plan = lambda method, path: Fault.ERROR if is_given_up and method == "HEAD" else plan(method, path)
    assert late.probe([Place(None)], 10, whole=True) != [None] or not is_given_up
    proxy.plan = plan
    assert late.probe([Place(None)], 10, whole=True) == [None]
    assert later(late, proxy, tmp_path) == set()


class ClosedBucket(Bucket):
    """One that surely takes no more, once so many puts were tried."""

    puts_left = 0

    def _put(self, key: str, data: bytes, media_type: str) -> None:
        if self.puts_left == 0:
            raise exceptions.PermissionDeniedError("it may not be put")
        self.puts_left -= 1
        super()._put(key, data, media_type)


@pytest.mark.parametrize(("late_put", "puts"), [(".json", 2), (".json", 1), ("id1", 2)])
def test_what_comes_after_the_next_put_was_refused_goes(
    proxy: FaultyProxy, tmp_path: Path, late_put: str, puts: int
) -> None:
    """A refusal says nothing of what was put before it: the details, or the same object."""
    tried: list[str] = []

    def plan(method: str, path: str) -> Fault:
        is_late = method == "PUT" and path.endswith(late_put) and path not in tried
        tried.append(path)
        return Fault.LATE if is_late else Fault.NONE

    proxy.plan = plan
    bucket = ClosedBucket(place_in(new_bucket(), port=proxy.port), QUICK)
    bucket.puts_left = puts
    images = ToldS3ImageStore(bucket, tmp_path, ToldInTests(), marks=Marks(Layout(tmp_path), Files()))
    with pytest.raises(ObjectStoreError):
        images.stage("id1", b"one", {"prompt": "x"})
    assert later(images, proxy, tmp_path) == set()


@pytest.mark.parametrize("ends", ["discarded", "deleted", "saved anew", "stands"])
def test_what_comes_once_more_after_it_was_deleted_goes(
    late: ToldS3ImageStore, proxy: FaultyProxy, tmp_path: Path, ends: str
) -> None:
    """Where a put had no answer and was put again; what stands, stays."""
    late.stage("id1", b"one", {"prompt": "x"})
    if ends == "discarded":
        late.discard("id1")
    else:
        late.note([(1, saved("a.png", "id1"))])
        late.reconcile("ada", "a.png", temp=False)
    if ends == "deleted":
        late.note([(2, deleted("a.png"))])
    elif ends == "saved anew":
        late.stage("id2", b"two", None)
        late.note([(2, saved("a.png", "id2"))])
    late.reconcile("ada", "a.png", temp=False)
    assert late.unfinished() == []
    stands = {"stands": {"images/id1", "images/id1.json"}, "saved anew": {"images/id2"}}
    assert later(late, proxy, tmp_path) == stands.get(ends, set())


@pytest.mark.parametrize(
    "address",
    ["s3://", "s3://ab", "s3://Upper/x", "s3://a..b", "s3://bucket/a b", "s3://bucket/../x", "s3://bucket/x?y"],
)
def test_what_names_no_bucket_is_refused_in_words(address: str) -> None:
    """Before anything is asked."""
    with pytest.raises(ValueError, match=r"is no (name of a bucket|prefix)"):
        object_place(address)


def test_an_address_is_read_with_and_without_a_prefix() -> None:
    """A slash at its end says nothing."""
    assert [str(object_place(address)) for address in ("s3://abc", "s3://abc/", "s3://abc/x/y/")] == [
        "s3://abc",
        "s3://abc",
        "s3://abc/x/y",
    ]


def _keys(images: ImageStore) -> set[str]:
    assert isinstance(images, ToldS3ImageStore)
    return {one.key for one in images.bucket.all_below(image_key("").rstrip("/"))}
