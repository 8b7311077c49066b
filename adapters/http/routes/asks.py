"""Asks for more: a user asks the managers, sees how it stands, takes it back; who may all sees them, and answers."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal

from aiohttp import web
from pydantic import Field

from adapters.application.ask_figures import (
    AnsweredAsk,
    LastAsk,
    NewAsk,
    OpenAsks,
    answered_ask,
    ask_figures,
    new_ask,
)
from adapters.application.asking_for_more import (
    Answer,
    More,
    answer_ask_blocking,
    ask_for_more_blocking,
    ask_of,
    open_asks,
    withdraw_ask_blocking,
)
from adapters.http.answers import REPLAYED, json_answer, refusal, replayed
from adapters.http.contract.amounts import stored_amount
from adapters.http.contract.bodies import Body
from adapters.http.contract.route import Answer as Told
from adapters.http.contract.route import Route
from adapters.http.parameters import actor_of, idempotency_key_of, user_of
from adapters.http.problems import BAD_REQUEST, NOT_FOUND, Problem
from adapters.http.services import services_of
from adapters.tokens.token import Scope
from domain.ask_events import LIMITS_ASKED_ABOUT, unit_asked
from domain.commands import MAX_TEXT
from domain.point_commands import MAX_OFFER_DAYS
from domain.refusals import Reason, Refusal

# What the ledger judges is described alone here, so that its sentence is the same wherever it is asked.
Limit = Annotated[str, Field(json_schema_extra={"enum": list(LIMITS_ASKED_ABOUT)})]
Amount = Annotated[float, Field(json_schema_extra={"exclusiveMinimum": 0})]
Words = Annotated[str, Field(json_schema_extra={"maxLength": MAX_TEXT})]
Days = Annotated[int, Field(json_schema_extra={"minimum": 1, "maximum": MAX_OFFER_DAYS})]


class WantedMore(Body):
    """What a user asks the managers for."""

    limit: Limit
    """Beyond which of the user's own limits."""
    amount: Amount
    """Generations, credits with at most three decimals, or bytes, as the limit counts."""
    reason: Words | None = None
    """A few words for the managers."""


class AskAnswer(Body):
    """What a manager answers."""

    answer: Literal["approved", "denied"]
    amount: Amount | None = None
    """Of an approval: how much is given; without it, what was asked for."""
    days: Days | None = None
    """Of an approval: for how many days; without it, for good."""
    reason: Words | None = None
    """A few words for whoever asked."""


async def ask_for_more(request: web.Request, body: WantedMore) -> web.Response:
    """Asks the managers for more than a limit of the user's own gives. One ask is open at a time, for seven days; at
    most five are made on a day.
    """
    if body.limit not in LIMITS_ASKED_ABOUT:
        raise _wrong("limit", f"more can be asked for beyond {', '.join(LIMITS_ASKED_ABOUT)}")
    amount = stored_amount(body.amount, unit_asked(body.limit), "amount")
    more, store = More(body.limit, amount, body.reason), services_of(request).store
    done = await store.workers.changing.run(
        ask_for_more_blocking,
        store,
        user_of(request),
        more,
        actor=actor_of(request),
        idempotency_key=idempotency_key_of(request),
    )
    if isinstance(done, Refusal):
        raise _refused(done, request, body)
    answer: NewAsk = new_ask(done)
    return json_answer(answer, status=HTTPStatus.CREATED, headers=replayed(done.replayed))


async def last_ask(request: web.Request) -> web.Response:
    """The user's last ask, and how it was answered."""
    store = services_of(request).store
    ask = ask_of(store, user_of(request))
    answer: LastAsk = {"ask": None if ask is None else ask_figures(ask, store.running().now())}
    return json_answer(answer)


async def withdraw_ask(request: web.Request) -> web.Response:
    """Takes an open ask of the user back."""
    store = services_of(request).store
    done = await store.workers.changing.run(
        withdraw_ask_blocking,
        store,
        user_of(request),
        request.match_info["ask"],
        actor=actor_of(request),
        idempotency_key=idempotency_key_of(request),
    )
    if isinstance(done, Refusal):
        raise refusal(done, services_of(request).clock())
    answer: AnsweredAsk = answered_ask(done)
    return json_answer(answer, headers=replayed(done.replayed))


async def asks(request: web.Request) -> web.Response:
    """What waits for an answer, the oldest first."""
    store = services_of(request).store
    now = store.running().now()
    answer: OpenAsks = {"asks": [ask_figures(ask, now) for ask in open_asks(store)]}
    return json_answer(answer)


async def answer_ask(request: web.Request, body: AskAnswer) -> web.Response:
    """Approves or denies an ask. An approval gives a grant in the same decision; of two answers the first counts, and
    the other is told whose it was.
    """
    store, ask = services_of(request).store, request.match_info["ask"]
    found = store.running().state.asks.find(ask)
    if found is None:
        members = {"reason": Reason.NOT_FOUND.value}
        raise Problem(
            NOT_FOUND, f"There is no request {ask:.64}: its id is another, or it is forgotten.", members=members
        )
    amount = None if body.amount is None else stored_amount(body.amount, found.unit, "amount")
    done = await store.workers.changing.run(
        answer_ask_blocking,
        store,
        ask,
        Answer(body.answer, amount, body.days, body.reason),
        actor=actor_of(request),
        idempotency_key=idempotency_key_of(request),
    )
    if isinstance(done, Refusal):
        raise _refused(done, request, body)
    answer: AnsweredAsk = answered_ask(done)
    return json_answer(answer, headers=replayed(done.replayed))


def _refused(why: Refusal, request: web.Request, body: WantedMore | AskAnswer) -> Problem:
    """The problem of a refusal; of the member that is wrong, where one is."""
    problem = refusal(why, services_of(request).clock())
    if why.reason is Reason.MALFORMED and (field := _wrong_in(body)) is not None:
        problem.members = {**problem.members, "field": field}
    return problem


def _wrong_in(body: WantedMore | AskAnswer) -> str | None:
    if body.reason is not None and len(body.reason) > MAX_TEXT:
        return "reason"
    if isinstance(body, WantedMore):
        return "amount"
    if body.days is not None and not 1 <= body.days <= MAX_OFFER_DAYS:
        return "days"
    return "amount" if body.amount is not None and body.amount <= 0 else None


def _wrong(field: str, what: str) -> Problem:
    return Problem(BAD_REQUEST, f"In '{field}', {what}.", members={"field": field})


_OWN, _ALL = "/v1/users/{user}/asks", "/v1/admin/asks"
ROUTES = (
    Route(
        "GET",
        _OWN,
        last_ask,
        subject="asks",
        scope=Scope.READ,
        answers={HTTPStatus.OK: Told("The user's last ask.", LastAsk)},
    ),
    Route(
        "POST",
        _OWN,
        ask_for_more,
        subject="asks",
        scope=Scope.WRITE,
        answers={HTTPStatus.CREATED: Told("The ask, and where the log has it.", NewAsk, headers=(REPLAYED,))},
        body=WantedMore,
        is_repeatable=True,
        problems=(HTTPStatus.TOO_MANY_REQUESTS,),
    ),
    Route(
        "DELETE",
        f"{_OWN}/{{ask}}",
        withdraw_ask,
        subject="asks",
        scope=Scope.WRITE,
        answers={HTTPStatus.OK: Told("The ask that is open no longer.", AnsweredAsk, headers=(REPLAYED,))},
        is_repeatable=True,
        may_lack=True,
    ),
    Route(
        "GET",
        _ALL,
        asks,
        subject="admin",
        scope=Scope.ADMIN,
        answers={HTTPStatus.OK: Told("What waits for an answer.", OpenAsks)},
    ),
    Route(
        "PUT",
        f"{_ALL}/{{ask}}",
        answer_ask,
        subject="admin",
        scope=Scope.ADMIN,
        answers={HTTPStatus.OK: Told("The answer, and what it gives.", AnsweredAsk, headers=(REPLAYED,))},
        body=AskAnswer,
        is_repeatable=True,
        may_lack=True,
    ),
)
