"""A crash and the start after it: what was answered stands, and what was under way happened whole or not at all.

Which of the two, the log says, and the model goes on from there. A recovery may be cut off itself.
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from hypothesis import strategies as st

from tests.crash.crash_states import doubts, leave
from tests.model.asks import Limits
from tests.model.model import Model
from tests.model.rig import Left, Rig
from tests.model.tally import tally

MOST_CALLS = 30
"""Calls of a command that change the disk, and some more: then it is answered before the crash."""
NOTHING, EVERYTHING = 0, 1
"""Choices of a power cut: of what was not synced, nothing is left, or all."""


class Cut(NamedTuple):
    """A crash after so many calls: a power cut, which leaves something by `choice`, or for None the end of the process
    alone. `again`: the recovery is cut off too, likewise.
    """

    calls: int
    choice: int | None
    again: int | None


cuts = st.builds(
    Cut,
    st.integers(0, MOST_CALLS),
    st.none() | st.integers(NOTHING, 1_000),
    st.none() | st.none() | st.integers(1, MOST_CALLS),
)


def recovered(rig: Rig, cut: Cut, *, before: Model, after: Model, given: Limits) -> Model:
    """The model of what the program found when it was started again after a crash."""
    left = rig.crash()
    _tally(rig, cut, left)
    possible = [after] if left.done else [before, after]
    rig.go_on_with(_survivor(left, cut.choice))
    if cut.again is not None:
        rig.cut_after(cut.again)
        rig.open(given)
        left = rig.crash()
        possible = [*(started for model in possible for started in _started(model, given)), *possible]
        rig.go_on_with(_survivor(left, cut.choice))
        tally["a recovery was cut off"] += not left.done
    rig.open(given)
    assert rig.log_bytes().startswith(left.promised), "an acknowledged event is not in the log"
    rig.promise()
    for model in possible:
        for started in _started(model, given):
            if (started.trail, started.short) == (rig.log.trail, rig.root.short_of_space()):
                _tally_outcome(left, grown=len(after.trail) > len(before.trail), lost=model is before)
                return started
    trails = "\n".join(str(model.trail.facts[len(before.trail) - 1 :]) for model in possible)
    raise AssertionError(
        f"the log goes on with {rig.log.trail.facts[len(before.trail) - 1 :]}, which is none of\n{trails}"
    )


def _started(model: Model, given: Limits) -> list[Model]:
    """What a start makes of a model. On a full disk an opening may need the reserve file, and a power cut may bring it
    back.
    """
    found = []
    for short in (True, False) if model.full else (False,):
        started = model.copy()
        started.short = short
        started.start(given)
        found.append(started)
    return found


def _survivor(left: Left, choice: int | None) -> Left:
    """What the next process finds: after a power cut, of all that is not synced any part."""
    if choice is None:
        return left
    found = doubts(left.disk)
    random = Random(choice)
    lean = {NOTHING: 0.0, EVERYTHING: 1.0}.get(choice, random.random())
    versions = tuple((doubt.versions - 1) * (random.random() < lean) for doubt in found)
    if choice > EVERYTHING and choice % 2:
        versions = tuple(random.randrange(doubt.versions) for doubt in found)
    return left._replace(disk=leave(left.disk, found, versions))


def _tally(rig: Rig, cut: Cut, left: Left) -> None:
    tally["a process was killed" if cut.choice is None else "the power was cut"] += 1
    tally["a crash after the answer" if left.done else "a crash in a command"] += 1
    tally["a crash on a full disk"] += rig.files.room_bytes is not None


def _tally_outcome(left: Left, *, grown: bool, lost: bool) -> None:
    if grown and not left.done:
        tally["nothing of an unanswered batch was left" if lost else "an unanswered batch was whole"] += 1
