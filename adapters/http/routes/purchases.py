"""What a user buys at the market: an offer as it was seen, paid with points or with an external currency."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Annotated

from aiohttp import web
from pydantic import Field

from adapters.application.market import PointsChanged
from adapters.http.answers import REPLAYED, json_answer, replayed
from adapters.http.contract.bodies import Body
from adapters.http.contract.route import Answer, Route
from adapters.http.parameters import actor_of, idempotency_key_of, user_of
from adapters.http.routes.offers import OfferTerms
from adapters.http.routes.reservations import CALLED
from adapters.http.services import services_of
from adapters.http.unbought import unbought
from adapters.market.sale_figures import BoughtOffer, sale_figures
from adapters.ports.purchases import Bought
from adapters.tokens.token import Scope
from domain.refusals import Reason, Refusal

OfferId = Annotated[str, Field(json_schema_extra={"pattern": CALLED})]


class WantedPurchase(Body):
    """Which offer is bought, and what it was seen to be."""

    offer: OfferId
    """Its id."""
    seen: OfferTerms
    """As `/v1/market` told it: 412 where it is another by now, or gone."""


async def buy(request: web.Request, body: WantedPurchase) -> web.Response:
    """Buys an offer, which gives the user a grant. It is paid and given together, or neither; `paid` is false where an
    external currency has not confirmed the payment yet, which is asked for until it has.
    """
    user, services, seen = user_of(request), services_of(request), body.seen.offer(body.offer, "seen")
    market = services.market
    sold = await market.buy(
        user, body.offer, seen, actor=actor_of(request), idempotency_key=idempotency_key_of(request)
    )
    if not isinstance(sold, PointsChanged | Bought):
        problem = unbought(sold, services.clock(), amount=seen.price, name=market.called)
        if isinstance(sold, Refusal) and sold.reason is Reason.MALFORMED:
            problem.members = {**problem.members, "field": "seen" if re.fullmatch(CALLED, body.offer) else "offer"}
        raise problem
    is_replayed = isinstance(sold, PointsChanged) and sold.replayed
    answer = sale_figures(sold, seen, market.called)
    return json_answer(answer, status=HTTPStatus.CREATED, headers=replayed(is_replayed))


ROUTES = (
    Route(
        "POST",
        "/v1/users/{user}/purchases",
        buy,
        subject="market",
        scope=Scope.WRITE,
        answers={HTTPStatus.CREATED: Answer("What was bought.", BoughtOffer, headers=(REPLAYED,))},
        body=WantedPurchase,
        is_repeatable=True,
        problems=(HTTPStatus.PRECONDITION_FAILED, HTTPStatus.BAD_GATEWAY),
    ),
)
