"""Asks for more as they leave here for programs, member by member: times the ledger's, credits with decimals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from typing_extensions import TypedDict  # on Python 3.11 pydantic reads no other

from adapters.application.asking_for_more import Answered, Asked
from adapters.application.window_figures import told_amount
from domain.ask_events import ANSWERS, LAPSED, OPEN_SECONDS, Ask, is_open, lapses_at
from domain.credits import PER_CREDIT
from domain.instants import later
from domain.limit_names import CREDITS

OPEN = "open"
"""The state of what waits for an answer."""


class AskFigures(TypedDict):
    """An ask for more: generations, credits or bytes beyond a limit of the user's own. `state` is open, approved,
    denied, withdrawn, or lapsed; `given` what an approval gave.
    """

    ask: str
    user: str
    unit: str
    amount: float
    limit: str
    reason: str | None
    asked_at: str
    lapses_at: str
    origin: str | None
    state: str
    answered_by: str | None
    answered_at: str | None
    given: float | None
    why: str | None
    position: int


class OpenAsks(TypedDict):
    """What waits for an answer, the oldest first."""

    asks: list[AskFigures]


class LastAsk(TypedDict):
    """A user's last ask, open or not; None where there is none."""

    ask: AskFigures | None


class NewAsk(TypedDict):
    """An ask that was made, and where the log has it."""

    ask: str
    user: str
    lapses_at: str
    position: int


class AnsweredAsk(TypedDict):
    """An ask that was answered; by an approval so much is given as a grant, until `expires_at` (None: for good)."""

    ask: str
    user: str
    answer: str
    grant: str | None
    expires_at: str | None
    position: int


def ask_figures(ask: Ask, now: str) -> AskFigures:
    """One ask as it stands at a time."""
    return {
        "ask": ask.ask,
        "user": ask.user,
        "unit": ask.unit,
        "amount": told_amount(ask.amount, ask.unit),
        "limit": ask.limit,
        "reason": ask.reason,
        "asked_at": ask.at,
        "lapses_at": lapses_at(ask),
        "origin": ask.origin,
        "state": OPEN if is_open(ask, now) else ask.answer or LAPSED,
        "answered_by": ask.answered_by,
        "answered_at": ask.answered_at,
        "given": told_amount(ask.given, ask.unit) if ask.given else None,
        "why": ask.why,
        "position": ask.number,
    }


def ask_of_figures(told: Mapping[str, Any]) -> Ask:
    """The ask that figures tell, as it stood then; one that lapsed has no answer."""
    each = PER_CREDIT if told["unit"] == CREDITS else 1
    return Ask(
        user=told["user"],
        ask=told["ask"],
        by="",
        unit=told["unit"],
        amount=round(told["amount"] * each),
        limit=told["limit"],
        at=told["asked_at"],
        number=told["position"],
        reason=told["reason"],
        origin=told["origin"],
        answer=told["state"] if told["state"] in ANSWERS else None,
        answered_by=told["answered_by"],
        answered_at=told["answered_at"],
        given=round((told["given"] or 0) * each),
        why=told["why"],
    )


def new_ask(asked: Asked) -> NewAsk:
    """What whoever asked is told."""
    event = asked.event
    lapses = later(event.at, seconds=OPEN_SECONDS)
    return {"ask": event.ask, "user": event.user, "lapses_at": lapses, "position": asked.position}


def answered_ask(answered: Answered) -> AnsweredAsk:
    """What whoever answered is told."""
    event = answered.event
    return {
        "ask": event.ask,
        "user": event.user,
        "answer": event.answer,
        "grant": event.grant,
        "expires_at": event.expires_at,
        "position": answered.position,
    }
