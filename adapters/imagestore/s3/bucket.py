"""The verbs of a bucket that images need, each bounded in time: put what is new, look, read, delete, list, sign.

An object is put once and never changed, so a key that is taken has what was put there: that is asked whenever the
answer to a put was lost, or says that there is something already.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from io import BufferedIOBase, BytesIO
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple, cast

import obstore
from obstore import exceptions
from obstore.store import S3Store

from adapters.imagestore.s3.answers import is_without_conditions, told
from adapters.imagestore.s3.tallies import RequestTallies
from adapters.ports.object_place import ObjectNotFoundError, ObjectPlace, ObjectStoreError

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config  # the package has them for checkers alone

PART_BYTES = 8 * 1024 * 1024
"""What is larger goes up in parts of so many bytes, each within the time of a request."""
PARTS_AT_ONCE = 4
PUT_TRIES = 2
RESTS_AFTER = 5
"""After so many requests in a row that ended with an error of its own, or were cut, a store is as good as silent: more
than one save and one look ask for, and one object that it cannot give is seldom asked for so often alone."""
_RAISED = (exceptions.BaseError, FileNotFoundError, ValueError)
"""What the client raises; all of its own ends in `told`."""
IN_MEMORY_BYTES = 1024 * 1024
"""Of an image that is being given out so much is held in memory; a larger one lies in a file without a name."""


class Patience(NamedTuple):
    """How long a request waits, and how often it is asked again; all in seconds but `retries`."""

    connect: float = 3.0
    request: float = 10.0
    retries: int = 2
    altogether: float = 12.0
    """After so long nothing is asked again."""
    first_pause: float = 0.1
    soon: float = 3.0
    """So long for a whole request of which an answer now is all that is of use; it is asked once."""
    rest: float = 5.0
    """For so long a store that did not answer at all, or only fails, is not asked: whoever asks is refused at once."""


class Found(NamedTuple):
    """An object of a listing."""

    key: str
    size_bytes: int
    modified: datetime


class Bucket:
    """A prefix of a bucket. Keys are below the prefix. Raises ObjectStoreError. Safe from any thread."""

    def __init__(self, place: ObjectPlace, patience: Patience | None = None) -> None:
        self.place = place
        self._patience = patience = patience or Patience()
        self.tallies = RequestTallies()
        self._has_conditions = True
        self._not_done = 0
        self._silence: tuple[float, ObjectStoreError] | None = None
        self._store = _client(place, patience)

    @contextmanager
    def _asking(self, verb: str) -> Iterator[None]:
        """One request: what the client raises is told in our words. After a silence nobody is asked for a while, so
        that callers do not wait one after the other; nor where one request after another is not done.
        """
        silence = self._silence
        if silence is not None and monotonic() < silence[0]:
            failure = silence[1]
            raise ObjectStoreError(failure.sentence, failure.advice, is_silent=True)
        begun = monotonic()
        try:
            yield
        except _RAISED as error:
            failure = told(error, self.place)
            self._not_done = 0 if failure.is_certain else self._not_done + 1  # one that says why, does its work
            if failure.is_silent or self._not_done >= RESTS_AFTER:
                self._silence = (monotonic() + self._patience.rest, failure)
            self.tallies.add(verb, failure, monotonic() - begun)
            raise failure from error
        self._not_done = 0
        self.tallies.add(verb, None, monotonic() - begun)

    def put_new(self, key: str, data: bytes, media_type: str) -> bool:
        """Puts an object where there is none: all of it, or nothing. Where the answer is lost, the object is looked
        for before it is put once more; gives whether one was, so that what was put may yet come, once more.
        """
        is_lost = False
        for tries_left in reversed(range(PUT_TRIES)):
            try:
                with self._asking("put"):
                    self._put(key, data, media_type)
            except ObjectStoreError as lost:
                is_taken = isinstance(lost.__cause__, exceptions.AlreadyExistsError)
                if lost.is_certain and not is_taken:
                    lost.is_certain = not is_lost  # of what was put before nobody knows
                    raise
                is_lost = True
                if self._is_there_after_all(key, len(data), lost):
                    break
                if tries_left == 0:  # also of a put that was refused for another one under way, which left nothing
                    raise
            else:
                break
        return is_lost

    def put_over(self, key: str, data: bytes, media_type: str) -> None:
        """Puts an object, whatever is there: only where nobody else puts under that key."""
        with self._asking("put"):
            obstore.put(self._store, key, data, attributes={"Content-Type": media_type}, use_multipart=False)

    def _is_there_after_all(self, key: str, size_bytes: int, lost: ObjectStoreError) -> bool:
        """Whether an object is as long as what was put. Raises what was lost, where that cannot be asked either."""
        try:
            return self.size(key) == size_bytes
        except ObjectStoreError as error:
            raise lost from error

    def _put(self, key: str, data: bytes, media_type: str) -> None:
        attributes = {"Content-Type": media_type}
        if len(data) > PART_BYTES:  # in parts there is no condition; nobody else has the key
            obstore.put(
                self._store, key, data, attributes=attributes, chunk_size=PART_BYTES, max_concurrency=PARTS_AT_ONCE
            )
            return
        if self._has_conditions:
            try:
                obstore.put(self._store, key, data, attributes=attributes, mode="create")
                return
            except exceptions.BaseError as error:
                if not is_without_conditions(error):
                    raise
                self._has_conditions = False  # the key is ours alone all the same
        obstore.put(self._store, key, data, attributes=attributes, use_multipart=False)

    def is_conditional(self, key: str) -> bool:
        """Whether a second put under a key is refused, as a condition says. Leaves the object."""
        try:
            with self._asking("put"):
                obstore.put(self._store, key, b"", mode="create")
        except ObjectStoreError as error:
            cause = error.__cause__
            if isinstance(cause, exceptions.AlreadyExistsError):
                return True
            if cause is None or not is_without_conditions(cause):
                raise
        return False

    def size(self, key: str) -> int | None:
        """How many bytes an object has; None where there is none."""
        try:
            with self._asking("look"):
                return int(obstore.head(self._store, key)["size"])
        except ObjectNotFoundError:
            return None

    def read(self, key: str, most_bytes: int) -> bytes:
        """All of an object that is not larger; of a larger one nothing."""
        with self._asking("get"):
            found = obstore.get(self._store, key)
            return b"" if found.meta["size"] > most_bytes else bytes(found.bytes())

    def read_soon(self, key: str, most_bytes: int) -> bytes:
        """The same, where nobody can wait for a store that is slow: asked once."""
        patience = self._patience
        hasty = patience._replace(connect=min(patience.connect, patience.soon), request=patience.soon, retries=0)
        with self._asking("get"):
            found = obstore.get(_client(self.place, hasty), key)
            return b"" if found.meta["size"] > most_bytes else bytes(found.bytes())

    def chunks(self, key: str) -> Iterator[bytes]:
        """All of an object, by and by."""
        with self._asking("get"):
            for chunk in obstore.get(self._store, key).stream(min_chunk_size=IN_MEMORY_BYTES):
                yield bytes(chunk)

    def open(self, key: str) -> BufferedIOBase:
        """A copy of an object, to be read from its start and closed."""
        with self._asking("get"):
            found = obstore.get(self._store, key)
            if found.meta["size"] <= IN_MEMORY_BYTES:
                return BytesIO(bytes(found.bytes()))
            file = tempfile.TemporaryFile()  # noqa: SIM115 - whoever asked closes it
            try:
                for chunk in found.stream(min_chunk_size=IN_MEMORY_BYTES):
                    file.write(chunk)
                file.seek(0)
            except BaseException:
                file.close()
                raise
        return cast("BufferedIOBase", file)

    def delete(self, key: str) -> None:
        """Takes an object away; it may be gone already."""
        with suppress(ObjectNotFoundError), self._asking("delete"):
            obstore.delete(self._store, key)

    def all_below(self, prefix: str) -> Iterator[Found]:
        """Every object whose key begins with `prefix` and a slash."""
        with self._asking("list"):
            for some in obstore.list(self._store, prefix):
                for one in some:
                    yield Found(str(one["path"]), int(one["size"]), one["last_modified"])

    def signed(self, key: str, seconds: int) -> str:
        """An address that gives the object to whoever has it, for so long. Asks nobody, but for credentials."""
        with self._asking("sign"):
            return obstore.sign(self._store, "GET", key, timedelta(seconds=seconds))


def _client(place: ObjectPlace, patience: Patience) -> S3Store:
    return S3Store(
        place.bucket,
        prefix=place.prefix or None,
        config=_config_of(place),
        client_options=_client_of(place, patience),
        retry_config=_retries_of(patience),
    )


def _config_of(place: ObjectPlace) -> S3Config:
    """What is given; the rest the client finds in the environment."""
    given = {
        "endpoint": place.endpoint,
        "region": place.region,
        "access_key_id": place.access_key_id,
        "secret_access_key": place.secret_access_key,
        "session_token": place.session_token,
    }
    config = cast("S3Config", {name: value for name, value in given.items() if value})
    config["disable_bulk_delete"] = True  # every store takes one at a time, and it may be asked again
    return config


def _client_of(place: ObjectPlace, patience: Patience) -> ClientConfig:
    options: ClientConfig = {
        "connect_timeout": timedelta(seconds=patience.connect),
        "timeout": timedelta(seconds=patience.request),
    }
    if place.endpoint.startswith("http://"):  # the settings have asked whether that may be
        options["allow_http"] = True
    return options


def _retries_of(patience: Patience) -> RetryConfig:
    return {
        "max_retries": patience.retries,
        "retry_timeout": timedelta(seconds=patience.altogether),
        "backoff": {
            "init_backoff": timedelta(seconds=patience.first_pause),
            "max_backoff": timedelta(seconds=1),
            "base": 2,
        },
    }
