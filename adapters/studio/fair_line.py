"""Whose turn is next: weighted fair queueing as a structure by itself, without a clock, a loop or threads.

It is start-time fair queueing (Goyal, Vin, Cheng 1996) for a server that takes several at once (SFQ(D): Jin, Chase,
Kaur 2004). In the line's own time an owner's next turn begins where the one before ended, or where the line stands now,
whichever is later; a turn lasts what it costs by the owner's weight, and which begins first is next, of equals the one
that has waited longest. So of two owners who both wait, with turns that cost 1, each gets turns by its weight: at any
time turns/weight of the one and of the other differ by at most 1/weight of both. And a request with `k` of its own
owner before it, whose owner owes nothing, is passed over by another owner at most ceil((k + 1) * w / own w) + 1 times.

Adding, taking and removing cost O(log n), the order of all that wait O(n log n).
"""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from itertools import islice
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)

SPARE = 64
"""So much more than needed is kept before what is outdated is swept out."""

_Entry = tuple[float, int, str]
"""Where an owner's next turn begins, the number of its first request, and the owner."""


class _Owner(Generic[T]):
    def __init__(self) -> None:
        self.weight = 1
        self.next_at = 0.0
        """Where the next turn begins, where that is later than the line stands."""
        self.waiting: OrderedDict[int, T] = OrderedDict()
        self.entry: _Entry | None = None
        """That of the first request in the heap; any other of this owner is outdated."""


class FairLine(Generic[T]):
    """Requests that wait, each once. A weight is from 1 on; the latest one of an owner holds for all of theirs."""

    def __init__(self) -> None:
        self._owners: dict[str, _Owner[T]] = {}
        self._seats: dict[T, tuple[str, int]] = {}
        self._heap: list[_Entry] = []
        self._numbers = 0
        self._stands_at = 0.0
        self._sweep_at = SPARE

    def __len__(self) -> int:
        return len(self._seats)

    def __contains__(self, item: T) -> bool:
        return item in self._seats

    def add(self, item: T, owner: str, weight: int) -> None:
        """A request waits, behind all others of its owner."""
        assert item not in self._seats, "a request waits once"
        known = self._known(owner, weight)
        self._numbers += 1
        known.waiting[self._numbers] = item
        self._seats[item] = owner, self._numbers
        self._line_up(owner, known)

    def remove(self, item: T) -> bool:
        """Whether the request waited; it does no longer, and those of its owner behind it move up."""
        if (seat := self._seats.pop(item, None)) is None:
            return False
        owner, number = seat
        known = self._owners[owner]
        del known.waiting[number]
        self._line_up(owner, known)
        return True

    def first(self, passing_over: str | None = None) -> T | None:
        """The request that is next, of any owner but one; None where none waits."""
        aside: list[_Entry] = []
        found: T | None = None
        while self._heap and found is None:
            begin, number, name = entry = self._heap[0]
            owner = self._owners.get(name)
            if owner is None or owner.entry is not entry:
                heapq.heappop(self._heap)
            elif name == passing_over:
                aside.append(heapq.heappop(self._heap))
            elif begin < self._stands_at:  # it was passed over before
                self._line_up(name, owner)
            else:
                found = owner.waiting[number]
        for entry in aside:
            heapq.heappush(self._heap, entry)
        return found

    def begin(self, owner: str, weight: int) -> None:
        """A turn of the owner begins, and costs 1."""
        self._stands_at = self._begin_of(self._known(owner, weight))
        self.charge(owner, weight, 1.0)
        if len(self._owners) > self._sweep_at:
            self._sweep()

    def charge(self, owner: str, weight: int, cost: float) -> None:
        """So much more is to be paid by the owner's next turns."""
        known = self._known(owner, weight)
        known.next_at = self._begin_of(known) + cost / known.weight
        self._line_up(owner, known)

    def forgive(self) -> None:
        """Nobody owes anything any more: for a line in which nobody waits though a turn is free, so that nobody was
        kept waiting by what others had.
        """
        assert not self._seats, "nobody waits"
        self._owners.clear()
        self._heap.clear()

    def in_order(self) -> list[T]:
        """All that wait, as their turns will come if each costs 1 and nobody joins or leaves."""
        heads: list[tuple[float, int, T, float, Iterator[tuple[int, T]]]] = []
        for owner in self._owners.values():
            behind = iter(owner.waiting.items())
            heads += [(self._begin_of(owner), *head, 1 / owner.weight, behind) for head in islice(behind, 1)]
        heapq.heapify(heads)
        ordered = []
        while heads:
            begin, _, item, lasts, behind = heads[0]
            ordered.append(item)
            if (after := next(behind, None)) is None:
                heapq.heappop(heads)
            else:
                heapq.heapreplace(heads, (begin + lasts, *after, lasts, behind))
        return ordered

    def _known(self, owner: str, weight: int) -> _Owner[T]:
        known = self._owners.setdefault(owner, _Owner())
        known.weight = weight
        return known

    def _begin_of(self, owner: _Owner[T]) -> float:
        return max(owner.next_at, self._stands_at)

    def _line_up(self, name: str, owner: _Owner[T]) -> None:
        """Puts the owner's first request into the heap, where it is another one or begins at another time."""
        number = next(iter(owner.waiting), None)
        if number is None:
            owner.entry = None
            return
        entry = self._begin_of(owner), number, name
        if entry != owner.entry:
            owner.entry = entry
            heapq.heappush(self._heap, entry)
        if len(self._heap) > 2 * len(self._owners) + SPARE:
            self._heap = [one.entry for one in self._owners.values() if one.entry is not None]
            heapq.heapify(self._heap)

    def _sweep(self) -> None:
        """Forgets owners who neither wait nor owe anything."""
        self._owners = {
            name: owner for name, owner in self._owners.items() if owner.waiting or owner.next_at > self._stands_at
        }
        self._sweep_at = 2 * len(self._owners) + SPARE
