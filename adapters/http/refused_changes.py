"""What is said of a change of limits that the ledger judges as malformed: with the field that it is about."""

from __future__ import annotations

from aiohttp import web

from adapters.http.answers import refusal
from adapters.http.contract.bodies import Body
from adapters.http.contract.governing_bodies import stored_time
from adapters.http.problems import Problem
from adapters.http.services import services_of
from domain.commands import MAX_LIMIT, MAX_TEXT
from domain.limits import SharedLimits
from domain.refusals import Reason, Refusal
from domain.validation import MAX_DAYS

ENDS = ("until", "expires_at")


def refused_change(why: Refusal, request: web.Request, body: Body, *, field: str | None = None) -> Problem:
    """The problem of a refusal; of the field, where it is known which one is wrong."""
    now = services_of(request).clock()
    problem = refusal(why, now)
    if why.reason is Reason.MALFORMED and (field := _passed(body, now) or field or _field_of(body)) is not None:
        problem.members = {**problem.members, "field": field}
    return problem


def _passed(body: Body, now: str) -> str | None:
    """The field with an end that has passed: the ledger's door refuses it first."""
    told = {name: getattr(body, name, None) for name in ENDS}
    return next((name for name, end in told.items() if end and (stored_time(end, name) or now) <= now), None)


def _field_of(body: Body) -> str | None:
    """The first field whose value is beyond what the document has for it."""
    told = body.model_dump()
    for name, most in (*dict.fromkeys(SharedLimits._fields, MAX_LIMIT).items(), ("days", MAX_DAYS)):
        if isinstance(value := told.get(name), int) and not 0 <= value <= most:
            return name
    if any(not 0 <= value <= MAX_LIMIT for value in (told.get("was") or {}).values() if isinstance(value, int)):
        return "was"
    reason = told.get("reason")
    is_text = reason is None or (1 <= len(reason) <= MAX_TEXT and reason.isprintable())
    return None if is_text else "reason"
