"""The market: what is offered, and what managers offer or take back."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Annotated, Literal

from aiohttp import web
from pydantic import Field

from adapters.application.market import PointsChanged, set_offer, withdraw_offer
from adapters.application.market_figures import ChangedOffer, OffersOfMarket, market_figures
from adapters.http.answers import REPLAYED, json_answer, refusal, replayed
from adapters.http.contract.amounts import stored_amount
from adapters.http.contract.bodies import Body
from adapters.http.contract.governing_bodies import Why
from adapters.http.contract.query import Words
from adapters.http.contract.route import Answer, Route
from adapters.http.parameters import actor_of, idempotency_key_of
from adapters.http.refused_changes import refused_change
from adapters.http.routes.grants import Amount
from adapters.http.routes.points import Points
from adapters.http.routes.reservations import CALLED
from adapters.http.services import services_of
from adapters.tokens.token import Scope
from domain.commands import MAX_LIMIT, MAX_TEXT
from domain.point_commands import MAX_OFFER_DAYS, Offer
from domain.refusals import Reason, Refusal

Days = Annotated[int, Field(json_schema_extra={"minimum": 1, "maximum": MAX_OFFER_DAYS})]


class OfferTerms(Body):
    """What is had for how much."""

    unit: Literal["generations", "credits", "bytes"]
    amount: Amount
    """Generations, credits with at most three decimals, or bytes."""
    price: Points
    """Whole points, or whole units of the external currency."""
    days: Days | None = None
    """For so many days what is bought lasts; without it, for good."""

    def offer(self, offer: str, field: str = "amount") -> Offer:
        """As the use case takes it; 400 for an amount that is none, which names the `field`."""
        return Offer(offer, self.unit, stored_amount(self.amount, self.unit, field), self.price, self.days)

    @property
    def wrong(self) -> str | None:
        """The member that the ledger does not take, if it is one of these."""
        if self.amount <= 0:
            return "amount"
        if not 1 <= self.price <= MAX_LIMIT:
            return "price"
        return None if self.days is None or 1 <= self.days <= MAX_OFFER_DAYS else "days"


class WantedOffer(OfferTerms, Why):
    """What is offered from now on, and why."""


WHY = Words(
    "reason",
    "For the log, and for whoever asks later; without it, that a manager withdrew it.",
    rf"^[^\x00-\x1f\x7f-\x9f]{{1,{MAX_TEXT}}}$",
    f"1 to {MAX_TEXT} printable characters",
)
NOT_SAID = "withdrawn by a manager"


async def market(request: web.Request) -> web.Response:
    """All that is offered, the cheapest first, and in what its prices are."""
    store = services_of(request).store
    return json_answer(market_figures(store, store.settings))


async def put_offer(request: web.Request, body: WantedOffer) -> web.Response:
    """Offers something, or something else under the same id; what was bought before stands."""
    offer = request.match_info["offer"]
    changed = await set_offer(
        services_of(request).store,
        body.offer(offer),
        body.reason,
        actor=actor_of(request),
        idempotency_key=idempotency_key_of(request),
    )
    if isinstance(changed, Refusal):
        is_id = re.fullmatch(CALLED, offer) is not None
        raise refused_change(changed, request, body, field=body.wrong if is_id else "offer")
    return _answer(offer, changed)


async def delete_offer(request: web.Request) -> web.Response:
    """Takes an offer back; what was bought of it stands. 412 where it is not there."""
    offer, why = request.match_info["offer"], WHY.of(request) or NOT_SAID
    changed = await withdraw_offer(
        services_of(request).store, offer, why, actor=actor_of(request), idempotency_key=idempotency_key_of(request)
    )
    if isinstance(changed, Refusal):
        problem = refusal(changed, services_of(request).clock())
        if changed.reason is Reason.MALFORMED:
            problem.members = {**problem.members, "field": "offer" if why.isprintable() else "reason"}
        raise problem
    return _answer(offer, changed)


def _answer(offer: str, changed: PointsChanged) -> web.Response:
    answer: ChangedOffer = {"offer": offer, "changed": changed.position > 0}
    return json_answer(answer, headers=replayed(changed.replayed))


_ONE = "/v1/admin/market/offers/{offer}"
_CHANGED = Answer("Whether that changed anything.", ChangedOffer, headers=(REPLAYED,))
ROUTES = (
    Route(
        "GET",
        "/v1/market",
        market,
        subject="market",
        scope=Scope.READ,
        answers={HTTPStatus.OK: Answer("What is offered.", OffersOfMarket)},
    ),
    Route(
        "PUT",
        _ONE,
        put_offer,
        subject="admin",
        scope=Scope.ADMIN,
        answers={HTTPStatus.OK: _CHANGED},
        body=WantedOffer,
        is_repeatable=True,
    ),
    Route(
        "DELETE",
        _ONE,
        delete_offer,
        subject="admin",
        scope=Scope.ADMIN,
        answers={HTTPStatus.OK: _CHANGED},
        query=(WHY,),
        is_repeatable=True,
        problems=(HTTPStatus.PRECONDITION_FAILED,),
    ),
)
