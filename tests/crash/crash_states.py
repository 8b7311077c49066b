"""Chooses what a power cut leaves of a disk: every combination where there are few, else the extremes and a sample.

What may be left at all is `disk`'s to say. The extremes are: nothing of what is not synced, all of it, each one of it
alone, all but one.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterator
from hashlib import sha256
from itertools import product
from math import prod
from operator import ne
from random import Random
from typing import Any, NamedTuple

from tests.crash.disk import Change, Directory, Disk, File, Node, Place

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


class CrashState(NamedTuple):
    """What a power cut left, and by which choice; the key is the same for the same tree and contents, of any disk."""

    choice: Choice
    disk: Disk
    key: bytes


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
    seen: set[bytes] = set()
    for choice in product(*map(range, counts)) if prod(counts) <= limit else _some(counts, limit, seed):
        left, key = leave(disk, found, choice)
        if key in seen:
            continue
        if len(seen) >= limit and not _is_extreme(choice, counts):
            return
        seen.add(key)
        yield CrashState(choice, left, key)


def leave(disk: Disk, found: list[Doubt], choice: Choice) -> tuple[Disk, bytes]:
    """The disk that a choice leaves, all of it synced, and a key that is the same for the same tree and contents."""
    chosen: dict[int, dict[Place, int]] = {}
    for doubt, version in zip(found, choice, strict=True):
        chosen.setdefault(doubt.node.number, {})[doubt.place] = version
    _keep_renames(disk, chosen)
    left = Disk()
    made: dict[int, tuple[Node, Any]] = {}
    root, key = _settle(disk.root, chosen, made)
    assert isinstance(root, Directory)
    left.root = root
    left.next_number_after(disk)
    return left, sha256(marshal.dumps(key, MARSHAL_WITHOUT_REFERENCES)).digest()


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


def _keep_renames(disk: Disk, chosen: dict[int, dict[Place, int]]) -> None:
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


def _settle(node: Node, chosen: dict[int, dict[Place, int]], made: dict[int, tuple[Node, Any]]) -> tuple[Node, Any]:
    """A node as a choice leaves it, and its key. Two names of one file stay two names of one file."""
    if node.number in made:
        return made[node.number]
    versions = chosen.get(node.number, {})
    if isinstance(node, File):
        data = node.content(versions)
        made[node.number] = File(node.number, data), data
        return made[node.number]
    directory = Directory(node.number)
    names: dict[str, Node | None] = {**node.names}
    for place, changes in node.maybe.items():
        change: Change = changes[versions.get(place, 0)]
        names[str(place)] = change.node
    keys = []
    for name in sorted(names):
        if (found := names[name]) is not None:
            directory.names[name], key = _settle(found, chosen, made)
            keys.append((name, key))
    made[node.number] = directory, tuple(keys)
    return made[node.number]
