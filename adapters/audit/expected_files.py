"""What files the log wants to be there: every current name with its hash, taken from one pass over the log, and kept
up with it. For one user only the lines with that user's tag are read.

It is read beside a running writer, beyond the watermark: a file is moved into place as soon as its event is durable,
which the watermark tells up to a second later. No lock is taken and nothing is changed. Whether the files are there is
`audit`'s to ask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple, TypeVar

from eventsourcing.dcb.api import DCBQuery, DCBQueryItem

from adapters.ledger.codec import decode, event_of
from adapters.ports.event_log import EventLogEngine, VerifiedEvent
from adapters.ports.image_store import Key
from domain.events import CleanupCompleted, Event, ImageDeleted, ImageSaved
from domain.names import name_key

K = TypeVar("K")
V = TypeVar("V")

_FILE_EVENTS = frozenset({ImageSaved.__name__, ImageDeleted.__name__, CleanupCompleted.__name__})


class Expected(NamedTuple):
    """A file that stands by the log. `position` is that of its event, `sha256` are the 32 bytes of its hash. `adopted`:
    it was there before the log knew it.
    """

    position: int
    name: str
    size_bytes: int
    sha256: bytes
    staged: str
    adopted: bool = False


class Known(NamedTuple):
    """What the log says of a name at one moment.

    `latest` is the position of the last event that used the name, 0 where all its file work is long done and the name
    does not stand. `unfinished`: not all of its file work is known to be done.
    """

    expected: Expected | None
    latest: int
    unfinished: bool


class ExpectedFiles:
    """The current names of a log. `follow` moves on; close it in the end."""

    def __init__(self, root: Path, *, engine: EventLogEngine, reconciled: int, user: str | None) -> None:
        """Reads the whole log; the lines of `user` alone where one is given. `reconciled` is a position up to which all
        file work was done at some time, such as `verify` tells.

        Raises LogDamaged, LogMissing or StorageUnavailable.
        """
        self._user = user
        self._reconciled = reconciled
        self._current: dict[Key, Expected] = {}
        self._gone: dict[Key, int] = {}
        self._staged: dict[str, tuple[int, Key]] = {}
        self._ids: set[str] | None = None
        if user is None:
            self._recorder = engine.open_for_reading(root, beyond_watermark=True, on_event=self._take)
        else:
            self._recorder = engine.open_for_reading(root, beyond_watermark=True, at_end=True)
            self._take_in(DCBQuery(items=[DCBQueryItem(tags=[f"user:{user}"])]))
        self._forget_what_is_done()

    @property
    def position(self) -> int:
        """How far the log was read."""
        return self._recorder.head

    def __len__(self) -> int:
        return len(self._current)

    def keys(self) -> Iterator[Key]:
        """Every name that stands now; the log may be followed meanwhile."""
        return iter(list(self._current))

    def known(self, key: Key) -> Known:
        """What the log says of a name, as far as it was read."""
        expected = self._current.get(key)
        latest = self._gone.get(key, 0) if expected is None else expected.position
        return Known(expected, latest, latest > self._reconciled)

    def needs(self, staged: str) -> bool:
        """Whether the writer may still move a staged file into place or, where its image was replaced or deleted before
        that, remove it: until the file work of the event that named it is done.
        """
        return staged in self._staged

    def has(self, staged: str) -> bool:
        """Whether an image stands whose bytes were staged under an id."""
        if self._ids is None:
            self._ids = {expected.staged for expected in self._current.values()}
        return staged in self._ids

    def stands(self, staged: str) -> bool:
        """Whether a staged file that is needed holds the bytes of an image that stands; else it is to be removed."""
        current = self._current.get(self._staged[staged][1])
        return current is not None and current.staged == staged

    def follow(self) -> None:
        """Takes in what was recorded since. Raises LogDamaged or StorageUnavailable."""
        before = self._recorder.head
        self._recorder.follow()
        self._take_in(after=before)
        self._forget_what_is_done()

    def close(self) -> None:
        """Gives the log back."""
        self._recorder.close()

    def _take_in(self, query: DCBQuery | None = None, *, after: int = 0) -> None:
        for stored in self._recorder.read(query, after=after):
            if stored.event.type in _FILE_EVENTS:
                self._note(stored.position, decode(stored))

    def _take(self, found: VerifiedEvent) -> None:
        if found.type in _FILE_EVENTS:
            self._note(found.position, event_of(found))

    def _note(self, position: int, event: Event) -> None:
        self._ids = None
        match event:
            case ImageSaved():
                key = Key(event.user, event.temp, name_key(event.name))
                self._gone.pop(key, None)
                if position > self._reconciled:
                    self._staged[event.staged] = (position, key)
                if self._user in (None, event.user):
                    self._current[key] = Expected(
                        position=position,
                        name=event.name,
                        size_bytes=event.bytes,
                        sha256=bytes.fromhex(event.sha256),
                        staged=event.staged,
                        adopted=event.operation == "adopted",
                    )
            case ImageDeleted():
                self._remove(Key(event.user, event.temp, name_key(event.name)), position)
            case CleanupCompleted():
                for file in event.files:
                    self._remove(Key(file.user, True, name_key(file.name)), position)
            case _:
                pass  # no other event touches a file

    def _remove(self, key: Key, position: int) -> None:
        self._current.pop(key, None)
        if position > self._reconciled:
            self._gone[key] = position

    def _forget_what_is_done(self) -> None:
        """Drops what was kept for file work that is done by now; only what is kept for the newest events stays."""
        self._reconciled = max(self._reconciled, self._recorder.reconciled)
        _drop_first(self._gone, lambda key: self._gone[key] <= self._reconciled)
        _drop_first(self._staged, lambda staged: self._staged[staged][0] <= self._reconciled)


def _drop_first(kept: dict[K, V], is_done: Callable[[K], bool]) -> None:
    """Drops the first entries, which are in the order of their positions."""
    for key in list(takewhile(is_done, kept)):
        del kept[key]
