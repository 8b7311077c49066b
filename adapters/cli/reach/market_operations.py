"""What the commands of points and the market ask for, whoever carries it out: a log of their own, or the service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from adapters.cli.output import Refused
from domain.point_commands import Offer


class MarketOperations(Protocol):
    """The changes that these commands make. Each answers for programs or is Refused; Faults are raised."""

    def move_points(self, user: str, kind: str, amount: int, reason: str) -> Mapping[str, Any] | Refused:
        """Makes points for a user (`mint`) or takes some out of the world (`burn`): a ChangedPoints."""

    def give_points(self, user: str, to: str, amount: int, reason: str | None) -> Mapping[str, Any] | Refused:
        """Gives points of a user's to another: the same."""

    def claim_points(self, user: str) -> Mapping[str, Any] | Refused:
        """Takes what a day gives: the same."""

    def market(self) -> Mapping[str, Any] | Refused:
        """All that is offered: an OffersOfMarket."""

    def set_offer(self, wanted: Offer, reason: str) -> Mapping[str, Any] | Refused:
        """Offers something: a ChangedOffer."""

    def withdraw_offer(self, offer: str, reason: str) -> Mapping[str, Any] | Refused:
        """Takes an offer back: the same."""

    def buy(self, user: str, seen: Offer) -> Mapping[str, Any] | Refused:
        """Buys an offer for a user, where it still is as it was seen: a BoughtOffer."""
