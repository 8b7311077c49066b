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
from adapters.http.contract.market_shapes import Funds
from adapters.http.contract.route import Answer, Route
from adapters.http.parameters import actor_of, idempotency_key_of, user_of
from adapters.http.routes.offers import OfferTerms
from adapters.http.routes.reservations import CALLED
from adapters.http.services import services_of
from adapters.http.unbought import unbought
from adapters.market.sale_figures import BoughtOffer, sale_figures
from adapters.ports.purchases import Bought
from adapters.tokens.token import Scope
from adapters.wording.purchases import TROUBLES
from domain.refusals import Reason, Refusal

OfferId = Annotated[str, Field(json_schema_extra={"pattern": CALLED})]


class WantedPurchase(Body):
    """Which offer is bought, and what it was seen to be."""

    offer: OfferId
    """Its id."""
    seen: OfferTerms
    """As `/v1/market` told it: 412 where it is another by now, or gone."""


async def funds(request: web.Request) -> web.Response:
    """What a user has of what offers are paid in. The service of an external currency is asked, and where it does not
    tell, nobody knows; buying is not held up by that.
    """
    user, market = user_of(request), services_of(request).market
    has = await market.balance(user)
    answer: Funds = {
        "called": market.called,
        "outside": market.is_paid_outside,
        "balance": has if isinstance(has, int) else None,
        "sentence": None if isinstance(has, int) else TROUBLES[has.trouble].format(name=market.called),
    }
    return json_answer(answer)


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
        "GET",
        "/v1/users/{user}/funds",
        funds,
        subject="market",
        scope=Scope.READ,
        answers={HTTPStatus.OK: Answer("What the user can pay with.", Funds)},
    ),
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
