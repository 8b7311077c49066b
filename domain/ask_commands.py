"""What callers ask about asks for more: see `commands.py` for what all commands have."""

from __future__ import annotations

from typing import NamedTuple

from domain.idempotency import IdempotencyKey


class AskForMore(NamedTuple):
    """A user asks the managers for `amount` places, thousandths of credits or bytes, as the unit of `limit` is; `limit`
    is one of the user's own, by its name. `ask` is a new id, `reason` a few words of the user.
    """

    user: str
    by: str
    ask: str
    amount: int
    limit: str
    reason: str | None = None
    origin: str | None = None
    idempotency_key: IdempotencyKey | None = None


class AnswerAsk(NamedTuple):
    """A manager answers a user's open ask, or the user withdraws it. An approval gives `amount`, or what was asked for
    where that is None, as a grant of a new id that lasts for `days`, or for ever.
    """

    user: str
    by: str
    ask: str
    answer: str
    amount: int | None = None
    grant: str | None = None
    days: int | None = None
    reason: str | None = None
    origin: str | None = None
    idempotency_key: IdempotencyKey | None = None


AskCommand = AskForMore | AnswerAsk
"""The closed union of these commands."""
