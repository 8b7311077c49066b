"""Limits of a manager and limits of settings, over any sequence of restarts and changes: a setting that is as it was
when it was last taken in leaves a manager's limit standing, one that is another wins, and one that is left out says
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.ledger.codec import encode
from adapters.ledger.projector import Projector
from adapters.ledger.snapshot_state import encode_state
from domain.commands import ChangePolicy, SetPolicy
from domain.decisions import StoredAnswer, decide
from domain.limits import Limits, SharedLimits
from domain.refusals import Refusal
from projections.recorded_commands import commands_of
from projections.self_check import SelfCheck
from tests.domain.examples import NOON

NAMES = SharedLimits._fields
LISTS: dict[str, list[Any]] = {
    "windows": [(), (("user/month/credits", 1),), (("user/month/credits", 2), ("pool/month/credits", 0))],
    "unenforced": [(), ("user/month/credits",), ("user/day/generations", "pool/storage")],
}
NUMBERS: list[Any] = [0, 1, 2, Limits().daily]
values = st.fixed_dictionaries({}, optional={name: st.sampled_from(LISTS.get(name, NUMBERS)) for name in NAMES})
steps = st.lists(st.tuples(st.sampled_from(["start", "manager", "snapshot"]), values), max_size=8)


@dataclass
class Model:
    """The rule, in its own words: what holds, and how settings last gave each limit."""

    holds: dict[str, Any] = field(default_factory=lambda: Limits()._asdict())
    last_given: dict[str, Any] = field(default_factory=dict)

    def start(self, given: Mapping[str, Any]) -> None:
        """Settings that are others than they were win."""
        for name, value in given.items():
            if self.last_given.get(name) != value:
                self.holds[name] = self.last_given[name] = value


def given_by_settings(limits: dict[str, Any]) -> SetPolicy:
    """What a start brings."""
    return SetPolicy("system", "environment" if limits else "default", **limits)


def restored(projector: Projector) -> Projector:
    """What a start goes on from, where it goes on from a snapshot."""
    again = Projector()
    assert again.restore(b"".join(encode_state(projector.dump())))
    return again


@settings(max_examples=60)
@given(steps)
def test_the_settings_win_where_they_changed_and_the_manager_elsewhere(steps: list[tuple[str, dict[str, Any]]]) -> None:
    """And a start that takes nothing in records nothing; each event is the decision of what it was recorded for."""
    model, projector, recorded = Model(), Projector(), []

    def carry_out(command: SetPolicy | ChangePolicy) -> int:
        decided = decide(command, projector.state, projector.state.policy, NOON)
        assert not isinstance(decided, Refusal | StoredAnswer)
        for event in decided:
            encode(event)
            recorded.append(event)
            projector.state.apply(len(recorded), event)
            projector.feed(len(recorded), event)
        return len(decided)

    for what, limits in [("start", {}), *steps]:
        if what == "start":
            is_news = any(model.last_given.get(name) != value for name, value in limits.items()) or not recorded
            model.start(limits)
            assert carry_out(given_by_settings(limits)) == is_news
            assert carry_out(given_by_settings(limits)) == 0
        elif what == "manager" and limits:
            seen = SharedLimits(**{name: model.holds[name] for name in limits})
            made = carry_out(ChangePolicy("discord:7", "why not", SharedLimits(**limits), seen))
            assert made == any(model.holds[name] != value for name, value in limits.items())
            model.holds |= limits
        else:
            projector = restored(projector)
        assert projector.state.policy._asdict() == model.holds
    check = SelfCheck(Projector().state)
    for position, event in enumerate(recorded, 1):
        check.take([(position, event)])
        assert [asked.events for asked in commands_of([event])] == [(event,)]
    assert check.differences == []
