"""The rules of a purchase that is paid outside, as one table: what is done in each state, and what follows from what is
heard. It calls nobody; `exchanges` does, and keeps the note by which a start finds what is not settled.

An amount is taken only for what is recorded, and given back only of what is not: no exchange does both. A state that
follows itself waits and is tried again. docs/market-currency.md has the same table in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from types import MappingProxyType

from adapters.ports.currency import HoldState


class State(Enum):
    """How far an exchange has come."""

    NEW = auto()  # asked for; perhaps a repeat
    PLANNED = auto()  # the log knows nothing of it
    BEGUN = auto()  # noted on the disk; the service may be asked from now on
    HELD = auto()  # the service keeps the amount back
    RECORDED = auto()  # in the log: to be paid, whatever it takes
    LEAVING = auto()  # not in the log, and never will be: to be given back
    UNPAID = auto()  # in the log, and the hold ended without being taken: to be undone
    REPEATED = auto()  # was in the log before; the ledger answers as it did
    FOUND = auto()  # noted by a former process
    DISPUTED = auto()  # what was heard contradicts itself: the log is asked anew, and then the service

    BOUGHT = auto()
    NOT_BOUGHT = auto()
    UNDONE = auto()


class Act(Enum):
    """What is done in a state."""

    ASK_LOG = auto()
    NOTE = auto()
    RESERVE = auto()
    RECORD = auto()
    COMMIT = auto()
    RELEASE = auto()
    UNDO = auto()


class Heard(Enum):
    """What an act brings that is no state of a hold."""

    ABSENT = auto()
    RECORDED = auto()
    REFUSED = auto()
    UNDONE = auto()
    NOTED = auto()
    NOT_DONE = auto()  # the service has surely done nothing
    NO_ANSWER = auto()  # whether it was done is not known


Answer = Heard | HoldState

OF_LOG = frozenset({Heard.ABSENT, Heard.RECORDED, Heard.UNDONE, Heard.NO_ANSWER})
OF_SERVICE = frozenset({*HoldState, Heard.NOT_DONE, Heard.NO_ANSWER})
ANSWERS: Mapping[Act, frozenset[Answer]] = MappingProxyType(
    {
        Act.ASK_LOG: OF_LOG,
        Act.NOTE: frozenset({Heard.NOTED}),
        Act.RESERVE: OF_SERVICE,
        Act.RECORD: frozenset({Heard.RECORDED, Heard.REFUSED, Heard.NO_ANSWER}),
        Act.COMMIT: OF_SERVICE,
        Act.RELEASE: OF_SERVICE,
        Act.UNDO: frozenset({Heard.UNDONE, Heard.NO_ANSWER}),
    }
)
"""All that each act can bring."""

ACTS: Mapping[State, Act] = MappingProxyType(
    {
        State.NEW: Act.ASK_LOG,
        State.PLANNED: Act.NOTE,
        State.BEGUN: Act.RESERVE,
        State.HELD: Act.RECORD,
        State.RECORDED: Act.COMMIT,
        State.LEAVING: Act.RELEASE,
        State.UNPAID: Act.UNDO,
        State.REPEATED: Act.RECORD,
        State.FOUND: Act.ASK_LOG,
        State.DISPUTED: Act.ASK_LOG,
    }
)
"""What is done in each state; the others are ends."""

_BY_LOG: Mapping[Answer, State] = {
    Heard.RECORDED: State.RECORDED,
    Heard.ABSENT: State.LEAVING,
    Heard.UNDONE: State.UNDONE,
}

NEXT: Mapping[State, Mapping[Answer, State]] = MappingProxyType(
    {
        State.NEW: {
            Heard.ABSENT: State.PLANNED,
            Heard.RECORDED: State.REPEATED,
            Heard.UNDONE: State.UNDONE,
            Heard.NO_ANSWER: State.NEW,
        },
        State.PLANNED: {Heard.NOTED: State.BEGUN},
        State.BEGUN: {
            HoldState.HELD: State.HELD,
            HoldState.INSUFFICIENT: State.NOT_BOUGHT,
            HoldState.RELEASED: State.NOT_BOUGHT,
            HoldState.LAPSED: State.NOT_BOUGHT,
            HoldState.COMMITTED: State.DISPUTED,
            HoldState.UNKNOWN: State.LEAVING,
            Heard.NOT_DONE: State.NOT_BOUGHT,
            Heard.NO_ANSWER: State.LEAVING,
        },
        State.HELD: {
            Heard.RECORDED: State.RECORDED,
            Heard.REFUSED: State.LEAVING,
            Heard.NO_ANSWER: State.HELD,
        },
        State.RECORDED: {
            HoldState.COMMITTED: State.BOUGHT,
            HoldState.RELEASED: State.UNPAID,
            HoldState.LAPSED: State.UNPAID,
            HoldState.HELD: State.RECORDED,
            HoldState.INSUFFICIENT: State.DISPUTED,
            HoldState.UNKNOWN: State.DISPUTED,
            Heard.NOT_DONE: State.RECORDED,
            Heard.NO_ANSWER: State.RECORDED,
        },
        State.LEAVING: {
            HoldState.RELEASED: State.NOT_BOUGHT,
            HoldState.LAPSED: State.NOT_BOUGHT,
            HoldState.INSUFFICIENT: State.NOT_BOUGHT,
            HoldState.UNKNOWN: State.NOT_BOUGHT,
            HoldState.HELD: State.LEAVING,
            HoldState.COMMITTED: State.DISPUTED,
            Heard.NOT_DONE: State.LEAVING,
            Heard.NO_ANSWER: State.LEAVING,
        },
        State.UNPAID: {Heard.UNDONE: State.UNDONE, Heard.NO_ANSWER: State.UNPAID},
        State.REPEATED: {
            Heard.RECORDED: State.BOUGHT,
            Heard.REFUSED: State.NOT_BOUGHT,
            Heard.NO_ANSWER: State.REPEATED,
        },
        State.FOUND: {**_BY_LOG, Heard.NO_ANSWER: State.FOUND},
        State.DISPUTED: {**_BY_LOG, Heard.NO_ANSWER: State.DISPUTED},
    }
)
"""Which state follows, for each answer that a state's act can bring."""

UNBEGUN = frozenset({State.NEW, State.PLANNED, State.REPEATED})
"""Nothing was asked outside: what stops here is forgotten."""
ENDS = frozenset(State) - frozenset(ACTS)


def rests(before: State, after: State) -> bool:
    """Whether nothing more is done for now: it has ended, waits, or contradicts itself."""
    return after in ENDS or after is before or after is State.DISPUTED
