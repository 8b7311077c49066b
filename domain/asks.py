"""Decisions about asks for more: who may ask when, and what an answer leaves.

A user has one open ask, and asks at most `MAX_A_DAY` times a day, so that nobody floods the managers. An ask is
answered once: of two who answer, the first counts. An approval and its grant are one decision.
"""

from __future__ import annotations

from typing import assert_never

from domain.ask_commands import AnswerAsk, AskCommand, AskForMore
from domain.ask_events import APPROVED, LAPSED, Ask, AskAnswered, MoreAsked, is_open, unit_asked
from domain.commands import GiveGrant
from domain.credits import in_credits
from domain.events import Event
from domain.grants import ASKED, BYTES
from domain.grants_given import give
from domain.instants import day_of, next_midnight
from domain.limit_names import CREDITS, GENERATIONS
from domain.points import expiry_of
from domain.refusals import Reason, Refusal
from domain.view import View

ASK = "request for more"
"""What was not found, in a refusal."""
MAX_A_DAY = 5
"""Asks of one user on a day, from 00:00 UTC."""
MAX_OPEN = 1_000
"""Open asks of all users."""
MOST_ASKED = {GENERATIONS: 1_000, CREDITS: 1_000_000, BYTES: 10 * 2**30}
"""What one ask may be for: places, thousandths of credits, bytes."""
_MOST_IN_WORDS = {
    GENERATIONS: f"{MOST_ASKED[GENERATIONS]} generations",
    CREDITS: f"{in_credits(MOST_ASKED[CREDITS])} credits",
    BYTES: f"{MOST_ASKED[BYTES] // 2**30} GB ({MOST_ASKED[BYTES]} bytes)",
}


def decide_asks(command: AskCommand, view: View, at: str) -> tuple[Event, ...] | Refusal:
    """What follows from a command about asks."""
    match command:
        case AskForMore():
            return _ask(command, view, at)
        case AnswerAsk():
            return _answer(command, view, at)
        case _:
            assert_never(command)


def _ask(command: AskForMore, view: View, at: str) -> tuple[Event, ...] | Refusal:
    unit, last = unit_asked(command.limit), view.asks.of(command.user)
    if command.amount > MOST_ASKED[unit]:
        return Refusal(Reason.MALFORMED, command.user, f"At most {_MOST_IN_WORDS[unit]} can be asked for at once.")
    if last is not None and is_open(last, at):
        return Refusal(Reason.ASK_OPEN, command.user, last.ask)
    if last is not None and day_of(last.at) == day_of(at) and last.nth >= MAX_A_DAY:
        return Refusal(Reason.ASK_LIMIT, command.user, limit=MAX_A_DAY, used=last.nth, resets_at=next_midnight(at))
    if (are_open := view.asks.are_open(at)) >= MAX_OPEN:
        return Refusal(Reason.ASK_LIMIT, command.user, limit=MAX_OPEN, used=are_open)
    return (
        MoreAsked(
            at=at,
            user=command.user,
            by=command.by,
            ask=command.ask,
            unit=unit,
            amount=command.amount,
            limit_name=command.limit,
            reason=command.reason,
            origin=command.origin,
            request=command.idempotency_key,
        ),
    )


def _answer(command: AnswerAsk, view: View, at: str) -> tuple[Event, ...] | Refusal:
    ask = view.asks.of(command.user)
    if ask is None or ask.ask != command.ask:
        return Refusal(Reason.NOT_FOUND, command.user, command.ask, what=ASK)
    if not is_open(ask, at):
        return Refusal(Reason.ASK_CLOSED, command.user, ask.answered_by or "", what=ask.answer or LAPSED)
    if command.answer != APPROVED:
        return (_answered(command, at),)
    amount = ask.amount if command.amount is None else command.amount
    gift = _granted(command, ask, amount, at)
    given = give(gift, view, at)
    return given if isinstance(given, Refusal) else (_answered(command, at, gift), *given)


def _answered(command: AnswerAsk, at: str, gift: GiveGrant | None = None) -> AskAnswered:
    return AskAnswered(
        at=at,
        user=command.user,
        by=command.by,
        ask=command.ask,
        answer=command.answer,
        amount=None if gift is None else gift.amount,
        grant=None if gift is None else gift.grant,
        expires_at=None if gift is None else gift.expires_at,
        reason=command.reason,
        origin=command.origin,
        request=command.idempotency_key,
    )


def _granted(command: AnswerAsk, ask: Ask, amount: int, at: str) -> GiveGrant:
    """What an approval gives."""
    return GiveGrant(
        user=command.user,
        by=command.by,
        grant=command.grant or "",
        unit=ask.unit,
        amount=amount,
        reason=command.reason or f"the request {ask.ask}",
        source=ASKED,
        expires_at=expiry_of(command.days, at),
        origin=command.origin,
        idempotency_key=command.idempotency_key,
    )
