"""Where images lie as objects: a bucket, a prefix in it, how it is reached; and what its store answers instead of what
was asked for.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

SCHEME = "s3://"
EXAMPLE = "s3://bucket/prefix"
_BUCKET = re.compile(r"[a-z0-9](?:[a-z0-9.-]{1,61})[a-z0-9]", re.ASCII)
_PREFIX = re.compile(r"[A-Za-z0-9!_.*'()-]+(?:/[A-Za-z0-9!_.*'()-]+)*", re.ASCII)
"""Characters that every store of objects takes, and every program writes alike."""
MOST_PREFIX_CHARS = 512
"""A key has at most 1,024 bytes; ours are short."""


@dataclass(frozen=True)
class ObjectPlace:
    """A prefix of a bucket. What is empty here, the store's client finds in the `AWS_*` variables, or as it does on
    the machines of that service.
    """

    bucket: str
    prefix: str = ""
    endpoint: str = ""
    region: str = ""
    access_key_id: str = field(default="", repr=False)
    secret_access_key: str = field(default="", repr=False)
    session_token: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.prefix}".removesuffix("/")


def is_object_address(text: object) -> bool:
    """Whether that is meant as the address of a bucket."""
    return isinstance(text, str) and text.strip().lower().startswith(SCHEME)


def object_place(address: str) -> ObjectPlace:
    """The place that an address such as `s3://bucket/prefix` names. Raises ValueError, which says why it names none."""
    bucket, _, prefix = address.strip()[len(SCHEME) :].partition("/")
    prefix = prefix.strip("/")
    if not _BUCKET.fullmatch(bucket) or ".." in bucket:
        raise ValueError(f"{bucket!r:.80} is no name of a bucket, which has 3 to 63 of a-z, 0-9, dot and dash")
    if prefix and (not _PREFIX.fullmatch(prefix) or len(prefix) > MOST_PREFIX_CHARS):
        raise ValueError(f"{prefix!r:.80} is no prefix: it has letters, digits and !_.*'()- with slashes between them")
    if any(part in {".", ".."} for part in prefix.split("/")):
        raise ValueError(f"{prefix!r:.80} is no prefix: it has a part that means another one")
    return ObjectPlace(bucket, prefix)


class ObjectStoreError(OSError):
    """The store of objects did not do what it was asked for. `sentence` says what it answered, `advice` what to do.

    `is_certain`: it surely did nothing; else it may have done it, and only its answer is missing. `is_silent`: nobody
    answered at all.
    """

    def __init__(
        self,
        sentence: str,
        advice: str,
        *,
        number: int = errno.EIO,
        is_certain: bool = True,
        is_silent: bool = False,
    ) -> None:
        super().__init__(number, f"{sentence} {advice}")
        self.sentence = sentence
        self.advice = advice
        self.is_certain = is_certain
        self.is_silent = is_silent


class BucketFound(NamedTuple):
    """What a look at a bucket found: the last `step` that was tried and why it failed, whether conditions of puts are
    honoured, and how far the store's clock is ahead of ours (behind: below 0).
    """

    step: str
    failure: ObjectStoreError | None
    is_conditional: bool
    ahead_seconds: float


class Kept(StrEnum):
    """How far the images of a log are below its prefix."""

    HERE = "here"
    COMING = "coming"
    """They are being carried there."""
    GONE = "gone"
    """They were carried away."""


class PrefixOwner(NamedTuple):
    """What is said below a prefix of whose it is: the id of its log, empty where that cannot be read."""

    log_id: str
    images: Kept = Kept.HERE


class KeptObject(NamedTuple):
    """An object as a listing tells it: that of the bytes of an id, or `is_details`, of how they were made."""

    key: str
    staged: str
    is_details: bool
    size_bytes: int
    modified: datetime


class KeptObjects(Protocol):
    """The objects of a place, for whoever compares them with the log. Raises ObjectStoreError. Safe from any thread."""

    def all(self) -> Iterator[KeptObject]:
        """Every object, by listing them."""

    def measure(self, staged: str) -> tuple[str, int | None, bytes]:
        """The key of the bytes of an id, how many there are (None: no object is there), and their SHA-256."""

    def is_there(self, key: str) -> bool:
        """Whether there is an object under a key."""

    def belong_to(self, log_id: str) -> bool:
        """Whether it is said there that they are a log's; False where nothing is said. Raises ConfigError where they
        are those of another.
        """


class ObjectNotFoundError(ObjectStoreError, FileNotFoundError):
    """There is no object under that key."""
