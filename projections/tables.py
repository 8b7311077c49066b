"""Tables of values by key, and a draft over one: reads fall through to the base, writes stay in the draft until it is
committed.

So one fold serves the published state and the draft of a batch. Values are immutable; a removed key is marked, not
deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import takewhile
from typing import Any, Generic, TypeVar

_NOTHING: frozenset[Any] = frozenset()
"""No key is dropped: most drafts of a table drop none."""
K = TypeVar("K")
V = TypeVar("V")


class Table(Generic[K, V]):
    """A mapping in which a missing key reads as None. `rows` are for a draft of it to read and to commit into."""

    __slots__ = ("rows",)

    def __init__(self, rows: dict[K, V] | None = None) -> None:
        self.rows: dict[K, V] = rows or {}

    def get(self, key: K) -> V | None:
        """The value of a key, None where it has none."""
        return self.rows.get(key)

    def put(self, key: K, value: V) -> None:
        """Sets a key."""
        self.rows[key] = value

    def drop(self, key: K) -> None:
        """Takes a key away, if it is there."""
        self.rows.pop(key, None)

    def items(self) -> Iterator[tuple[K, V]]:
        """All keys with their values, as they are at this moment."""
        return iter(list(self.rows.items()))

    def drop_first(self, fits: Callable[[V], bool]) -> None:
        """Takes away the keys that were put first, up to the first whose value does not fit. They are looked for once:
        a dictionary passes over all that were taken from its beginning, each time that it is begun.
        """
        for key in [key for key, _ in takewhile(lambda row: fits(row[1]), self.rows.items())]:
            del self.rows[key]

    def __len__(self) -> int:
        return len(self.rows)

    def dump(self) -> dict[K, V]:
        """The rows as they are at this moment, in their order; a table made of them is this one."""
        return dict(self.rows)

    def draft(self) -> DraftTable[K, V]:
        """An empty draft over this table."""
        return DraftTable(self)


class DraftTable(Table[K, V]):
    """A table whose changes are its own until `commit`. A key that was dropped and put again stands last in both."""

    __slots__ = ("_base", "_base_rows", "_dropped")

    def __init__(self, base: Table[K, V]) -> None:
        self.rows = {}
        self._base = base
        self._base_rows = base.rows
        self._dropped: frozenset[K] | set[K] = _NOTHING

    def get(self, key: K) -> V | None:
        """The draft's value, else the base's."""
        value = self.rows.get(key)
        return value if value is not None or key in self._dropped else self._base_rows.get(key)

    def put(self, key: K, value: V) -> None:
        """Sets a key in the draft alone."""
        self.rows[key] = value

    def drop(self, key: K) -> None:
        """Hides a key of the base."""
        self.rows.pop(key, None)
        if not isinstance(self._dropped, set):
            self._dropped = set()
        self._dropped.add(key)

    def items(self) -> Iterator[tuple[K, V]]:
        """What `commit` would make of the base at this moment, in that order too."""
        own, base, dropped = self.rows, self._base_rows, self._dropped
        kept = [(key, own.get(key, value)) for key, value in self._base.items() if key not in dropped]
        return iter([*kept, *(row for row in own.items() if row[0] not in base or row[0] in dropped)])

    def __len__(self) -> int:
        return sum(1 for _ in self.items())

    @property
    def is_changed(self) -> bool:
        """Whether there is anything to commit."""
        return bool(self.rows or self._dropped)

    def commit(self) -> None:
        """Writes the changes into the base."""
        for key in self._dropped:
            self._base.drop(key)
        self._base_rows.update(self.rows)
