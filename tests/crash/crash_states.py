"""Chooses what a power cut leaves of a disk: every combination where there are few, else the extremes and a sample.

What may be left at all is `disk`'s to say. The extremes are: nothing of what is not synced, all of it, each one of it
alone, all but one.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import product
from math import prod
from operator import ne
from random import Random
from typing import NamedTuple

from tests.crash.disk import Directory, Disk, File, Node, Place

MARSHAL_WITHOUT_REFERENCES = 2
"""The last version of the form in which equal values are equal bytes."""
TRIES_PER_STATE = 4
"""Draws for each state that is still wanted: many draws make a state that was had before."""

Choice = tuple[int, ...]
"""Which version each doubtful place takes, in the order of `doubts`."""


class Doubt(NamedTuple):
    """A place that may hold one of some versions; the first is what was synced, the last what memory has."""

    node: Node
    place: Place
    versions: int


Chosen = dict[int, dict[Place, int]]
"""The same by the numbers of the nodes."""


@dataclass(frozen=True)
class CrashState:
    """What a power cut leaves of a disk, by which choice; the key is the same for the same tree and contents, of any
    disk. The disk it leaves is made where somebody looks at it: most states were judged before, by their key.
    """

    choice: Choice
    key: bytes
    of: Disk
    chosen: Chosen

    @cached_property
    def disk(self) -> Disk:
        """What is left, all of it synced."""
        return _left(self.of, self.chosen)


def doubts(disk: Disk) -> list[Doubt]:
    """Every doubtful place of a disk, always in the same order."""
    found = [
        Doubt(node, place, len(versions))
        for node in sorted(disk.nodes(), key=lambda node: node.number)
        for place, versions in node.maybe.items()
    ]
    return [doubt for doubt in found if doubt.versions > 1]


def crash_states(disk: Disk, limit: int, seed: int) -> Iterator[CrashState]:
    """Different states that a power cut may leave of a disk: all, or where there are more than `limit` the extremes,
    and a sample up to the limit.
    """
    found = doubts(disk)
    counts = [doubt.versions for doubt in found]
    keys = _Keys()
    seen: set[bytes] = set()
    had: set[Choice] = set()
    for choice in product(*map(range, counts)) if prod(counts) <= limit else _some(counts, limit, seed):
        if choice in had:
            continue
        had.add(choice)
        chosen = _chosen(disk, found, choice)
        key = keys.of(disk.root, chosen)
        if key in seen:
            continue
        if len(seen) >= limit and not _is_extreme(choice, counts):
            return
        seen.add(key)
        yield CrashState(choice, key, disk, chosen)


def end_of(disk: Disk) -> CrashState:
    """What stands there where only the process ended: all that memory has."""
    found = doubts(disk)
    choice = tuple(doubt.versions - 1 for doubt in found)
    chosen = _chosen(disk, found, choice)
    return CrashState(choice, _Keys().of(disk.root, chosen), disk, chosen)


def leave(disk: Disk, found: list[Doubt], choice: Choice) -> Disk:
    """The disk that a choice leaves, all of it synced."""
    return _left(disk, _chosen(disk, found, choice))


def _chosen(disk: Disk, found: list[Doubt], choice: Choice) -> Chosen:
    chosen: Chosen = {}
    for doubt, version in zip(found, choice, strict=True):
        chosen.setdefault(doubt.node.number, {})[doubt.place] = version
    _keep_renames(disk, chosen)
    return chosen


def _left(disk: Disk, chosen: Chosen) -> Disk:
    left = Disk()
    root = _settle(disk.root, chosen, {})
    assert isinstance(root, Directory)
    left.root = root
    left.next_number_after(disk)
    return left


def _some(counts: list[int], limit: int, seed: int) -> Iterator[Choice]:
    """The extremes, then draws."""
    none, everything = (0,) * len(counts), tuple(count - 1 for count in counts)
    yield none
    yield everything
    for index, count in enumerate(counts):
        for version in range(1, count):
            yield (*none[:index], version, *none[index + 1 :])
        for version in range(count - 1):
            yield (*everything[:index], version, *everything[index + 1 :])
    random = Random(seed)
    for _ in range(TRIES_PER_STATE * limit):
        lean = random.random()  # to one side, else hardly any draw would have almost nothing or almost everything
        yield tuple(
            (count - 1) * (random.random() < lean) if random.random() < 0.75 else random.randrange(count)
            for count in counts
        )


def _is_extreme(choice: Choice, counts: list[int]) -> bool:
    """Whether at most one place differs from having nothing, or from having everything."""
    return sum(map(bool, choice)) <= 1 or sum(map(ne, choice, (count - 1 for count in counts))) <= 1


def _keep_renames(disk: Disk, chosen: Chosen) -> None:
    """Where a choice has a renamed file's old name gone and the new one not there, the new one is there."""
    for rename in disk.renames:
        gone = rename.source.maybe.get(rename.source_name)
        given = rename.target.maybe.get(rename.target_name)
        if gone is None or given is None:
            continue
        version = chosen.get(rename.source.number, {}).get(rename.source_name, 0)
        if gone[version].number < rename.number:
            continue
        mine = chosen.setdefault(rename.target.number, {})
        first = next(number for number, change in enumerate(given) if change.number >= rename.number)
        mine[rename.target_name] = max(mine.get(rename.target_name, 0), first)


class _Keys:
    """The keys of what choices leave of one disk. What no choice changes is gone through once."""

    def __init__(self) -> None:
        self._still: dict[int, bytes] = {}
        self._files: dict[tuple[int, ...], bytes] = {}

    def of(self, node: Node, chosen: Chosen) -> bytes:
        """The key of a node with all below it."""
        if node.number in self._still:
            return self._still[node.number]
        versions = chosen.get(node.number, {})
        if isinstance(node, File):
            return self._of_file(node, versions)
        below = _names(node, versions)
        keys = [(name, self.of(below[name], chosen)) for name in sorted(below)]
        key = sha256(marshal.dumps(keys, MARSHAL_WITHOUT_REFERENCES)).digest()
        if not node.maybe and all(found.number in self._still for found in below.values()):
            self._still[node.number] = key
        return key

    def _of_file(self, file: File, versions: dict[Place, int]) -> bytes:
        """Apart from the key of a directory, whatever the file holds."""
        known = (file.number, *versions.values())
        if known not in self._files:
            self._files[known] = b"file " + sha256(file.content(versions)).digest()
        if not file.maybe:
            self._still[file.number] = self._files[known]
        return self._files[known]


def _names(directory: Directory, versions: dict[Place, int]) -> dict[str, Node]:
    """Where the names of a directory lead that a choice leaves."""
    names: dict[str, Node | None] = {**directory.names}
    for place, changes in directory.maybe.items():
        names[str(place)] = changes[versions.get(place, 0)].node
    return {name: node for name, node in names.items() if node is not None}


def _settle(node: Node, chosen: Chosen, made: dict[int, Node]) -> Node:
    """A node as a choice leaves it. Two names of one file stay two names of one file."""
    if node.number in made:
        return made[node.number]
    versions = chosen.get(node.number, {})
    if isinstance(node, File):
        made[node.number] = File(node.number, node.content(versions))
        return made[node.number]
    directory = made[node.number] = Directory(node.number)
    below = _names(node, versions)
    for name in sorted(below):
        directory.names[name] = _settle(below[name], chosen, made)
    return directory
