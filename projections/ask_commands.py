"""The commands about asks for more behind recorded events, for `recorded_commands.py`."""

from __future__ import annotations

from collections.abc import Sequence

from domain.ask_commands import AnswerAsk, AskCommand, AskForMore
from domain.ask_events import APPROVED, AskAnswered, AskEvent, MoreAsked
from domain.instants import seconds_between
from domain.points import DAY_SECONDS


def end_of_ask(event: AskEvent, at: int) -> int:
    """Where the events of a command about asks end: of an approval after its grant."""
    return at + 2 if isinstance(event, AskAnswered) and event.answer == APPROVED else at + 1


def ask_command(events: Sequence[object]) -> AskCommand:
    """The command of the events that were recorded for it."""
    event = events[0]
    assert isinstance(event, AskEvent)
    if isinstance(event, MoreAsked):
        return AskForMore(
            user=event.user,
            by=event.by,
            ask=event.ask,
            amount=event.amount,
            limit=event.limit_name,
            reason=event.reason,
            origin=event.origin,
            idempotency_key=event.request,
        )
    return AnswerAsk(
        user=event.user,
        by=event.by,
        ask=event.ask,
        answer=event.answer,
        amount=event.amount,
        grant=event.grant,
        days=_days(event),
        reason=event.reason,
        origin=event.origin,
        idempotency_key=event.request,
    )


def _days(event: AskAnswered) -> int | None:
    """For how long what was approved lasts."""
    return None if event.expires_at is None else int(seconds_between(event.at, event.expires_at)) // DAY_SECONDS
