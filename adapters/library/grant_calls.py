"""The calls of `StorageManager` about grants: what a user has beyond the limits is given, shown and taken away."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal

from adapters.application.granting import Gift, give_grant_blocking, void_grant_blocking
from adapters.application.quota_figures import GrantFigures
from adapters.application.storage import Storage
from adapters.library.numbers import Credits, days_of, thousandths_of
from adapters.library.quota_manager import QuotaManager
from adapters.ports.faults import Fault
from adapters.wording.figures import echo, minute
from adapters.wording.limits import amount_in_words
from adapters.wording.refusals import sentence_of
from domain.grants import GRANT_UNITS
from domain.limit_names import CREDITS
from domain.refusals import Refusal

BY_DEFAULT = "given by an operator"


class GrantCalls(ABC):
    """Of whoever has a storage and reads its quotas."""

    quota: QuotaManager

    @abstractmethod
    def _writer(self) -> Storage:
        """The storage, open for writing. Raises StorageUnavailable."""

    def give_grant(  # noqa: PLR0913 - each is said of the grant by its name
        self,
        user_id: str,
        unit: Literal["generations", "credits", "bytes"],
        amount: Credits,
        *,
        days: int | None = None,
        expires_at: str | None = None,
        rollover: Credits = 0,
        rollover_until: str | None = None,
        priority: int = 0,
        reason: str = BY_DEFAULT,
        request: str | None = None,
    ) -> tuple[bool, str, str | None]:
        """Gives a user something beyond the limits, that is used up once: `(ok, message, grant)`, with the grant's id.

        It lasts `days`, or until `expires_at` (as 2026-12-01T00:00:00.000000Z), or for good; of what is left then,
        `rollover` stays until `rollover_until`. Of several the one with the highest `priority` is drawn on first. Under
        the same `request` it is given once. Raises ValueError for an amount or a number of days that can be none.
        """
        if unit not in GRANT_UNITS:
            raise ValueError(f"unit is one of {', '.join(GRANT_UNITS)}, and not {echo(unit)}.")
        gift = Gift(
            unit=unit,
            amount=_amount(amount, unit, "amount"),
            reason=reason,
            priority=priority,
            expires_at=expires_at,
            rollover=_amount(rollover, unit, "rollover"),
            rollover_until=rollover_until,
            days=None if days is None else days_of(days, "days", at_least=1),
        )
        try:
            given = give_grant_blocking(self._writer(), user_id, gift, idempotency_key=request)
        except Fault as error:
            return False, f"Error giving a grant: {error}", None
        if isinstance(given, Refusal):
            return False, f"Error giving a grant: {sentence_of(given)}", None
        until = "for good" if given.expires_at is None else f"until {minute(given.expires_at)}"
        return True, f"{user_id} has {amount_in_words(gift.amount, unit)} beyond the limits, {until}.", given.grant

    def void_grant(
        self, user_id: str, grant: str, *, reason: str = "taken away by an operator", request: str | None = None
    ) -> tuple[bool, str]:
        """Lets nothing more be drawn from a grant: `(ok, message)`. What was drawn from it stays."""
        try:
            voided = void_grant_blocking(self._writer(), user_id, grant, reason, idempotency_key=request)
        except Fault as error:
            return False, f"Error taking a grant away: {error}"
        if isinstance(voided, Refusal):
            return False, f"Error taking a grant away: {sentence_of(voided)}"
        if voided.position == 0:
            return True, f"Grant {grant} of {user_id} was taken away before. Nothing was changed."
        return True, f"Grant {grant} of {user_id} is taken away."

    def grants(self, user_id: str) -> list[GrantFigures]:
        """What a user has left of grants, in the order in which they were given. Raises ValueError."""
        return self.quota.get_quota_status(user_id)["grants"]


def _amount(amount: Credits, unit: str, name: str) -> int:
    """Thousandths of credits, or a whole number of anything else. Raises ValueError."""
    if unit == CREDITS:
        return thousandths_of(amount, name) or 0
    if isinstance(amount, bool) or not isinstance(amount, int) or amount < 0:
        raise ValueError(f"{name} is a whole number of {unit} from 0 up, and not {echo(amount)}.")
    return amount
