"""What became of an exchange, for whoever asked for it: from its state and what was heard of why."""

from __future__ import annotations

from typing import assert_never

from adapters.market.exchange import State
from adapters.ports.currency import CurrencyFailure, HoldState
from adapters.ports.purchases import Bought, NotBought, Outcome, Unclear, Unpaid
from domain.refusals import Refusal

Why = Refusal | CurrencyFailure | HoldState | None


def outcome_of(state: State, grant: str, why: Why) -> Outcome:
    """What is told of an exchange that rests in this state."""
    match state:
        case State.BOUGHT:
            return Bought(grant, paid=True)
        case State.RECORDED:
            return Bought(grant, paid=False)
        case State.NOT_BOUGHT:
            return NotBought(_told(why))
        case State.LEAVING:
            return NotBought(_told(why), held=True)
        case State.UNPAID | State.UNDONE:
            return NotBought(Unpaid.LAPSED)
        case State.DISPUTED:
            return Unclear.DISPUTED
        case State.NEW | State.PLANNED | State.BEGUN | State.HELD | State.REPEATED | State.FOUND:
            return Unclear.LEDGER
        case _:
            assert_never(state)


def _told(why: Why) -> Refusal | CurrencyFailure | Unpaid:
    if isinstance(why, Refusal | CurrencyFailure):
        return why
    return Unpaid.INSUFFICIENT if why is HoldState.INSUFFICIENT else Unpaid.ENDED
