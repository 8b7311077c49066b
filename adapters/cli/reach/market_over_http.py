"""The commands of points and the market through the service that holds the log."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

from adapters.application.market_figures import offer_figures
from adapters.cli.output import Refused
from adapters.cli.reach.service_client import Answered, ServiceClient
from domain.point_commands import Offer


class MarketOverHttp:
    """These operations of a running service."""

    _client: ServiceClient

    def move_points(self, user: str, kind: str, amount: int, reason: str) -> dict[str, Any] | Refused:
        """Makes points, or takes some out of the world."""
        body = {"kind": kind, "amount": amount, "reason": reason}
        return _body(self._client.ask("POST", f"/v1/admin{_of(user)}/points", body, key=uuid4().hex))

    def give_points(self, user: str, to: str, amount: int, reason: str | None) -> dict[str, Any] | Refused:
        """Gives points of a user's to another."""
        body = {"to": to, "amount": amount, "reason": reason}
        return _body(self._client.ask("POST", f"/v1{_of(user)}/points/gifts", body, key=uuid4().hex))

    def claim_points(self, user: str) -> dict[str, Any] | Refused:
        """Takes what a day gives."""
        return _body(self._client.ask("POST", f"/v1{_of(user)}/points/claim", key=uuid4().hex))

    def market(self) -> dict[str, Any] | Refused:
        """All that is offered."""
        return _body(self._client.ask("GET", "/v1/market"))

    def set_offer(self, wanted: Offer, reason: str) -> dict[str, Any] | Refused:
        """Offers something."""
        body = {**_terms(wanted), "reason": reason}
        return _body(self._client.ask("PUT", _offer_path(wanted.offer), body, key=uuid4().hex))

    def withdraw_offer(self, offer: str, reason: str) -> dict[str, Any] | Refused:
        """Takes an offer back."""
        path = f"{_offer_path(offer)}?{urlencode({'reason': reason})}"
        return _body(self._client.ask("DELETE", path, key=uuid4().hex))

    def buy(self, user: str, seen: Offer) -> dict[str, Any] | Refused:
        """Buys an offer, however often the request is sent, once."""
        body = {"offer": seen.offer, "seen": _terms(seen)}
        return _body(self._client.ask("POST", f"/v1{_of(user)}/purchases", body, key=uuid4().hex))


def _terms(offer: Offer) -> dict[str, Any]:
    """An offer without its id, which stands elsewhere."""
    return {name: value for name, value in offer_figures(offer).items() if name != "offer"}


def _body(answer: Answered | Refused) -> dict[str, Any] | Refused:
    return answer if isinstance(answer, Refused) else answer.json


def _of(user: str) -> str:
    return f"/users/{quote(user, safe='')}"


def _offer_path(offer: str) -> str:
    return f"/v1/admin/market/offers/{quote(offer, safe='')}"
