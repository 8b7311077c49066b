"""Goes through the points of a story, and through what a power cut at each of them leaves, and counts.

A story can be cut off once, by a power cut; or twice, the second time inside the recovery from the first; or first by
the end of its process alone, after which the disk still holds in memory what was not synced, and then by a power cut.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.crash.crash_states import Choice, CrashState, crash_states, end_of
from tests.crash.disk import Disk
from tests.crash.judging import LATER, Promise, violations
from tests.crash.story import Point, Story, told

IMAGES_BEFORE = 1_000
"""More than any story makes, so that the images of another are told from its own."""
ALL = 1_000_000_000
SHOWN = 5
"""Violations that a failing test shows."""

_judged: dict[tuple[bytes, Promise], list[str]] = {}
"""What was found of a state under a promise. Many points leave the same one: six of seven that are looked at."""


_recovered: dict[tuple[bytes, Promise, int], Count] = {}
"""The same of the recovery from a state, which does the same each time."""


class Violation(NamedTuple):
    """A state in which a promise is broken: where the story was, which choice left it, what is wrong."""

    at: tuple[str, ...]
    choice: Choice
    wrong: list[str]


@dataclass
class Count:
    """Points and states looked at, and what was found."""

    points: int = 0
    states: int = 0
    violations: list[Violation] = field(default_factory=list)

    def add(self, other: Count, at: tuple[str, ...] = ()) -> None:
        """Takes in what was counted elsewhere."""
        self.points += other.points
        self.states += other.states
        self.violations += [found._replace(at=(*at, *found.at)) for found in other.violations]

    @property
    def shown(self) -> str:
        """The first violations, a line each."""
        lines = [f"{' / '.join(at)} {choice}: {'; '.join(wrong)}" for at, choice, wrong in self.violations[:SHOWN]]
        return "\n".join([f"{len(self.violations)} violations in {self.states} states:", *lines])


def settled(disk: Disk) -> Disk:
    """A disk of which everything is synced."""
    return end_of(disk).disk


def survey(points: Iterable[Point], limit: int, at: tuple[str, ...] = (), *, enough: int = ALL) -> Count:
    """A power cut at each point, in at most about `limit` ways, until `enough` violations are found."""
    count = Count()
    for point in points:
        count.points += 1
        for state in crash_states(point.disk, limit, seed=point.number):
            count.states += 1
            if wrong := _judge(state, point.promise):
                where = (*at, f"{point.number} {point.operation}")
                count.violations.append(Violation(where, state.choice, wrong))
                if len(count.violations) >= enough:
                    return count
    return count


def _judge(state: CrashState, promise: Promise) -> list[str]:
    """What is wrong with a state: it depends on its tree and contents and on the promise, so each is opened once."""
    judged = (state.key, promise)
    if judged not in _judged:
        _judged[judged] = violations(state.disk, promise)
    return _judged[judged]


def survey_recoveries(points: Iterable[Point], limit: int, again: int) -> Count:
    """A power cut at each point, in at most about `limit` ways, and another at each operation of the recovery from it,
    in `again` ways.
    """
    count = Count()
    for point in points:
        for state in crash_states(point.disk, limit, seed=point.number):
            recovery = (state.key, point.promise, again)
            if recovery not in _recovered:
                _recovered[recovery] = _survey_recovery(state, point.promise, again)
            count.add(_recovered[recovery], (f"{point.number} {point.operation}", str(state.choice)))
    return count


def _survey_recovery(state: CrashState, promise: Promise, limit: int) -> Count:
    recovery = Story(state.disk, promise, now=LATER)
    with told(recovery):
        recovery.open()
        recovery.close()
    return survey(recovery.points, limit)


def survey_kills(points: Iterable[Point], limit: int) -> Count:
    """The process is killed at each point, which leaves the disk as it is in memory; another goes on; then the power
    is cut, at each operation of that, in at most about `limit` ways.
    """
    count = Count()
    for point in points:
        following = Story(point.disk.copy(), point.promise, now=LATER, images=IMAGES_BEFORE)
        with told(following):
            following.open()
            if point.number % 2:
                following.save("zoe", "after.png")
            following.close()
        count.add(survey(following.points[1:], limit, (f"killed at {point.number} {point.operation}",)))
    return count
