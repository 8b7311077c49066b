"""What is answered where an offer was not bought, or nobody can say yet whether it was."""

from __future__ import annotations

from adapters.http.answers import refusal
from adapters.http.problems import MAX_RETRY_AFTER_SECONDS, PURCHASES, Problem
from adapters.ports.currency import CurrencyFailure
from adapters.ports.purchases import NotBought, Unclear, Unpaid
from adapters.wording.purchases import sentence_of_purchase
from domain.refusals import Reason, Refusal

_REASONS = {
    Unpaid.INSUFFICIENT: Reason.POINTS_SHORT,
    Unpaid.OTHER_PURCHASE: Reason.REQUEST_CONFLICT,
    Unpaid.TOO_MANY_OPEN: Reason.BUSY,
}
"""What is the same for programs, whichever way is paid."""


def unbought(outcome: NotBought | Unclear | Refusal, now: str, *, amount: int, name: str) -> Problem:
    """The problem at `now`; `amount` is the price in units that people call `name`."""
    if isinstance(outcome, Refusal):
        return refusal(outcome, now)
    sentence = sentence_of_purchase(outcome, amount=amount, name=name)
    if isinstance(outcome, Unclear):
        return Problem(PURCHASES[outcome], sentence, members={"reason": f"PURCHASE_{outcome.name}"})
    match outcome.why:
        case Refusal() as why:
            problem = refusal(why, now)
            problem.detail = sentence
            return problem
        case CurrencyFailure() as failure:
            wait = failure.retry_after_seconds
            seconds = None if wait is None else min(MAX_RETRY_AFTER_SECONDS, max(1, round(wait)))
            headers = {} if seconds is None else {"Retry-After": str(seconds)}
            members = {"reason": f"CURRENCY_{failure.trouble.name}"}
            return Problem(PURCHASES[failure.trouble], sentence, members=members, headers=headers)
        case why:
            return Problem(PURCHASES[why], sentence, members={"reason": _REASONS.get(why, f"PURCHASE_{why.name}")})
