"""Asks for more in words: for the lines of the log, for whoever asked, and for managers."""

from __future__ import annotations

from adapters.wording.figures import minute
from adapters.wording.limits import amount_in_words, limit_in_general
from domain.ask_events import APPROVED, LAPSED, OPEN_DAYS, Ask, AskEvent, MoreAsked


def about_asks(event: AskEvent) -> str:
    """What was asked or answered, without the time, the user and the type."""
    if isinstance(event, MoreAsked):
        more = amount_in_words(event.amount, event.unit)
        return f"request {event.ask}: {more} beyond {limit_in_general(event.limit_name)}{_why(event.reason)}"
    given = f" as grant {event.grant}" if event.grant else ""
    until = f" until {minute(event.expires_at)}" if event.expires_at else ""
    return f"request {event.ask} {event.answer}{given}{until}{_why(event.reason)}"


def asked_in_words(ask: Ask) -> str:
    """What a user asks for, in the middle of a sentence."""
    return f"{amount_in_words(ask.amount, ask.unit)} beyond {limit_in_general(ask.limit)}"


def answered_in_words(ask: Ask, by: str | None = None) -> str:
    """What became of an ask that is over, a sentence for whoever asked; `by` is who answered, as people know them."""
    what, who = amount_in_words(ask.amount, ask.unit), f" by {by or ask.answered_by}"
    if ask.answer == APPROVED:
        return (
            f"Your request for {what} was approved{who}: {amount_in_words(ask.given, ask.unit)} more.{_said(ask.why)}"
        )
    if ask.answer is None:
        return f"Your request for {what} was not answered within {OPEN_DAYS} days. You can ask again."
    return f"Your request for {what} was {ask.answer}{who}.{_said(ask.why)}"


def closed_in_words(answer: str, by: str) -> str:
    """Why an ask cannot be answered any more."""
    if answer == LAPSED:
        return f"This request was not answered within {OPEN_DAYS} days, and is over. Nothing was changed."
    return f"This request was {answer} already, by {by}. Nothing was changed."


def _why(reason: str | None) -> str:
    return f": {reason}" if reason else ""


def _said(reason: str | None) -> str:
    return f" They wrote: {reason}" if reason else ""
