"""The commands of points and the market on a log that this process has opened itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from adapters.application.market import (
    PointsChanged,
    buy_offer,
    claim_daily,
    give_points,
    move_points,
    set_offer,
    withdraw_offer,
)
from adapters.application.market_figures import changed_figures, market_figures
from adapters.application.results import Actor
from adapters.application.storage import Storage
from adapters.cli.exits import Exit
from adapters.cli.output import Refused, refused_of
from adapters.market.sale_figures import sale_figures
from adapters.ports.faults import Fault
from domain.point_commands import Offer
from domain.refusals import Refusal

CLI = Actor("cli")
NEEDS_SERVICE = (
    "Offers are paid in {name} here, for which the service asks. Start it with `abby serve`, then run the command "
    "again. Nothing was bought."
)


class NoServiceRuns(Fault):
    """What only a service that runs can do."""

    exit_code = int(Exit.UNAVAILABLE)


class MarketOnLog:
    """These operations on an open store."""

    _store: Storage

    def move_points(self, user: str, kind: str, amount: int, reason: str) -> Mapping[str, Any] | Refused:
        """Makes points, or takes some out of the world."""
        return _moved(asyncio.run(move_points(self._store, user, kind, amount, reason, actor=CLI)))

    def give_points(self, user: str, to: str, amount: int, reason: str | None) -> Mapping[str, Any] | Refused:
        """Gives points of a user's to another."""
        return _moved(asyncio.run(give_points(self._store, user, to, amount, reason, actor=CLI)))

    def claim_points(self, user: str) -> Mapping[str, Any] | Refused:
        """Takes what a day gives."""
        return _moved(asyncio.run(claim_daily(self._store, user, actor=CLI)))

    def market(self) -> Mapping[str, Any] | Refused:
        """All that is offered."""
        return market_figures(self._store, self._store.settings)

    def set_offer(self, wanted: Offer, reason: str) -> Mapping[str, Any] | Refused:
        """Offers something."""
        return _offered(wanted.offer, asyncio.run(set_offer(self._store, wanted, reason, actor=CLI)))

    def withdraw_offer(self, offer: str, reason: str) -> Mapping[str, Any] | Refused:
        """Takes an offer back."""
        return _offered(offer, asyncio.run(withdraw_offer(self._store, offer, reason, actor=CLI)))

    def buy(self, user: str, seen: Offer) -> Mapping[str, Any] | Refused:
        """Buys an offer. Raises NoServiceRuns where it is paid outside."""
        settings = self._store.settings
        if settings.currency:
            raise NoServiceRuns(NEEDS_SERVICE.format(name=settings.currency))
        sold = asyncio.run(buy_offer(self._store, user, seen.offer, seen, actor=CLI))
        return refused_of(sold) if isinstance(sold, Refusal) else sale_figures(sold, seen, settings.points_name)


def _moved(changed: PointsChanged | Refusal) -> Mapping[str, Any] | Refused:
    return refused_of(changed) if isinstance(changed, Refusal) else changed_figures(changed)


def _offered(offer: str, changed: PointsChanged | Refusal) -> Mapping[str, Any] | Refused:
    return refused_of(changed) if isinstance(changed, Refusal) else {"offer": offer, "changed": changed.position > 0}
