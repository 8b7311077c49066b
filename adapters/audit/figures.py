"""What a signed report says of a log at one position: how many events of each type, what each user and the pool has.

The state is that of decisions, folded over the events up to there; nothing is counted in another way.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from adapters.ledger.projector import Projector
from adapters.ports.event_log import VerifiedEvent
from projections.quota_state import QuotaState


class Figures:
    """The figures at a position, taken while a log is verified."""

    def __init__(self, position: int) -> None:
        self._position = position
        self._events: Counter[str] = Counter()
        self._balances = _balances(QuotaState())

    def take(self, found: VerifiedEvent, projector: Projector) -> None:
        """One event, and the projections after it."""
        if found.position <= self._position:
            self._events[found.type] += 1
        if found.position == self._position:
            self._balances = _balances(projector.state)

    def told(self) -> dict[str, Any]:
        """The figures, by the names that a report has for them."""
        return {"events": dict(sorted(self._events.items())), **self._balances}


def _balances(state: QuotaState) -> dict[str, Any]:
    charged = (user for user, _ in state.tables.days.items())
    users = sorted({*state.users.users(), *state.gallery.users(), *state.temps.users(), *charged})
    return {"pool": state.pool._asdict(), "users": {user: _balance(state, user) for user in users}}


def _balance(state: QuotaState, user: str) -> dict[str, Any]:
    """`day` is the last on which the user was charged, with how often; null where none is known."""
    days = state.days(user)
    return {
        "images": state.gallery.count(user),
        "temp_files": state.temps.count(user),
        **state.user(user)._asdict(),
        "day": days[-1].day if days else None,
        "generations": days[-1].count if days else 0,
    }
