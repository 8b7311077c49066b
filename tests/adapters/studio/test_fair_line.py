"""The order of turns by weights, for any arrivals: nobody is passed over without end, and shares are those of the
weights.
"""

from __future__ import annotations

from collections import Counter
from itertools import count, pairwise
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.studio.fair_line import FairLine
from adapters.studio.standing import LEAST_WEIGHT, MOST_WEIGHT

OWNERS = "abcd"
ROUNDS = 150
"""Turns in a row for which all wait."""
Step = tuple[str, int]
WEIGHTS = st.fixed_dictionaries({owner: st.integers(LEAST_WEIGHT, MOST_WEIGHT) for owner in OWNERS})
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(OWNERS), st.integers(1, 40)),
        st.tuples(st.just("turn"), st.integers(1, 40)),
        st.tuples(st.just("leave"), st.integers(0, 99)),
    ),
    max_size=60,
)


class Story:
    """A line with an owner of each weight, and what every request in it has seen."""

    def __init__(self, weights: dict[str, int]) -> None:
        self.line: FairLine[tuple[str, int]] = FairLine()
        self.weights = weights
        self.passed_over: dict[tuple[str, int], Counter[str]] = {}
        self.before: dict[tuple[str, int], int] = {}
        self.turns: list[str] = []
        self._names = count()

    def step(self, what: str, number: int) -> None:
        """So many requests of an owner come, so many turns are given, or one request leaves."""
        if what == "turn":
            for _ in range(number):
                self.turn()
        elif what == "leave":
            self.leave(number)
        else:
            for _ in range(number):
                item = what, next(self._names)
                self.before[item] = sum(owner == what for owner, _ in self.passed_over)
                self.passed_over[item] = Counter()
                self.line.add(item, what, self.weights[what])

    def turn(self) -> None:
        """The first one has its turn; all others see whose it was."""
        item = self.line.first()
        if item is None:
            return
        self.line.remove(item)
        self.line.begin(item[0], self.weights[item[0]])
        del self.passed_over[item]
        self.turns.append(item[0])
        for seen in self.passed_over.values():
            seen[item[0]] += 1

    def leave(self, number: int) -> None:
        """One that waits leaves."""
        if self.passed_over:
            item = list(self.passed_over)[number % len(self.passed_over)]
            assert self.line.remove(item)
            assert not self.line.remove(item), "it waits no longer"
            del self.passed_over[item]


@given(WEIGHTS, STEPS)
def test_no_request_is_passed_over_by_another_owner_more_than_the_weights_say(
    weights: dict[str, int], steps: list[Step]
) -> None:
    """With k of its own before it, each other owner has at most ceil((k + 1) * weight / own weight) + 1 turns first."""
    story = Story(weights)
    for step in steps:
        story.step(*step)
        for (owner, number), seen in story.passed_over.items():
            own = story.before[owner, number] + 1
            for other, times in seen.items():
                if other != owner:
                    assert times <= ceil(own * weights[other] / weights[owner]) + 1


@given(WEIGHTS, STEPS)
def test_the_place_that_is_told_is_the_turn_that_comes(weights: dict[str, int], steps: list[Step]) -> None:
    """Where nobody joins or leaves, in exactly the order that was told."""
    story = Story(weights)
    for step in steps:
        story.step(*step)
    told = story.line.in_order()
    assert set(told) == set(story.passed_over)
    came = []
    while (item := story.line.first()) is not None:
        came.append(item)
        story.turn()
    assert came == told
    assert len(story.line) == 0


@given(WEIGHTS, STEPS)
def test_the_shares_of_turns_are_those_of_the_weights(weights: dict[str, int], steps: list[Step]) -> None:
    """Whatever was before: while all wait, turns by weight of any two owners differ by at most a turn of each."""
    story = Story(weights)
    for step in steps:
        story.step(*step)
    for owner in OWNERS:
        story.step(owner, ROUNDS)
    begun = len(story.turns)
    turns: Counter[str] = Counter()
    for _ in range(ROUNDS):
        story.turn()
        turns[story.turns[-1]] += 1
        for one, other in pairwise(OWNERS):
            apart = abs(turns[one] / weights[one] - turns[other] / weights[other])
            assert apart <= 1 / weights[one] + 1 / weights[other] + 1e-9
    assert len(story.turns) == begun + ROUNDS


@pytest.mark.parametrize(
    ("weights", "asked", "turns", "shares"),
    [
        ({"a": 1, "b": 1}, 10, 10, {"a": 5, "b": 5}),
        ({"a": 3, "b": 1}, 10, 8, {"a": 6, "b": 2}),
        ({"a": 100, "b": 1}, 500, 101, {"a": 100, "b": 1}),
        ({"a": 100, "b": 1}, 500, 505, {"a": 500, "b": 5}),
        ({"a": 100, "b": 100}, 500, 500, {"a": 250, "b": 250}),
    ],
)
def test_owners_with_hundreds_of_requests_share_the_turns(
    weights: dict[str, int], asked: int, turns: int, shares: dict[str, int]
) -> None:
    """However many wait of each: nobody starves beside a weight of 100."""
    story = Story(weights)
    for owner in weights:
        story.step(owner, asked)
    story.step("turn", turns)
    assert Counter(story.turns) == shares


def test_who_leaves_costs_those_behind_nothing() -> None:
    """They move up, and the turns of others stay where they were."""
    story = Story({"a": 1, "b": 1})
    story.step("a", 3)
    story.step("b", 1)
    story.line.remove(("a", 0))
    assert story.line.in_order() == [("a", 1), ("b", 3), ("a", 2)]


def test_a_weight_holds_from_the_next_request_on() -> None:
    """For all that wait of the owner: who is given more weight has it at once."""
    line: FairLine[str] = FairLine()
    for item in ("a1", "a2", "a3", "b1", "b2", "b3"):
        line.add(item, item[0], 1)
    assert line.in_order() == ["a1", "b1", "a2", "b2", "a3", "b3"]
    line.add("b4", "b", 3)
    assert line.in_order() == ["a1", "b1", "b2", "b3", "a2", "b4", "a3"]


def test_what_was_paid_dearly_is_waited_for_longer() -> None:
    """A turn that cost five lets five of another owner's pass."""
    line: FairLine[str] = FairLine()
    line.begin("a", 1)
    line.charge("a", 1, 4.0)
    for item in ("a1", "b1", "b2", "b3", "b4", "b5", "b6"):
        line.add(item, item[0], 1)
    assert line.in_order() == ["b1", "b2", "b3", "b4", "b5", "a1", "b6"]


def test_who_is_passed_over_gets_no_more_for_it_later() -> None:
    """An owner who may not begin yet is next as soon as they may, and then takes turns as all do."""
    line: FairLine[str] = FairLine()
    for item in ("a1", "a2", "b1", "b2", "b3"):
        line.add(item, item[0], 1)
    for _ in range(2):
        other = line.first(passing_over="a")
        assert other is not None
        line.remove(other)
        line.begin("b", 1)
    assert line.first() == "a1"
    assert line.in_order() == ["a1", "a2", "b3"]


def test_what_is_outdated_does_not_pile_up() -> None:
    """A million who come and leave again, and owners who have had their turns, are forgotten."""
    line: FairLine[str] = FairLine()
    line.add("stays", "s", 1)
    for number in range(5_000):
        line.add("x", f"comes{number % 7}", 1)
        line.remove("x")
    for number in range(5_000):
        line.add("x", f"turn{number}", 1)
        line.remove("x")
        line.begin(f"turn{number}", 1)
        line.remove("stays")
        line.begin("s", 1)
        line.add("stays", "s", 1)
    assert len(line._heap) < 1_000
    assert len(line._owners) < 1_000


def test_who_is_passed_over_does_not_come_before_those_who_waited_longer() -> None:
    """The line went on meanwhile: the owner stands where it stands, and of equals the first to come is next."""
    line: FairLine[str] = FairLine()
    for item in ("b1", "b2", "a1"):
        line.add(item, item[0], 1)
    line.remove("b1")
    line.begin("b", 1)
    for _ in range(2):
        line.begin("c", 1)
    assert line.first(passing_over="a") == "b2"
    assert line.in_order() == ["b2", "a1"]
    assert line.first() == "b2"
