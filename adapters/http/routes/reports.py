"""What was made, refused, stored and paid for, as `abby report --format json` tells it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from aiohttp import web

from adapters.application.storage import Storage
from adapters.http.answers import json_answer
from adapters.http.connection import connection_of
from adapters.http.contract.past_shapes import ReportChart, ReportData
from adapters.http.contract.query import WholeNumber, Words
from adapters.http.contract.route import Answer, Route
from adapters.http.problems import NOT_INSTALLED, TOO_BUSY, Problem
from adapters.http.services import services_of
from adapters.ports.faults import ConfigError
from adapters.reports.charts import is_empty
from adapters.reports.looks import ON_THE_PAGE, Look
from adapters.reports.pictures import alone
from adapters.reports.querying import NotAnswered
from adapters.reports.reporting import KEYS, Report, Terms
from adapters.reports.reporting import report as tell
from adapters.reports.wording import described
from adapters.tokens.token import Scope
from domain.instants import day_of

BY = Words("by", "By what it is told; without it, by day.", f"^(?:{'|'.join(KEYS)})$", f"one of {', '.join(KEYS)}")
DAYS = WholeNumber("days", "Of the last so many days; without it, of all.", lowest=1, highest=36_500, default=0)
CHARTS = Words(
    "charts",
    "With the charts of it, described in Vega-Lite, in colours for a light or a dark ground.",
    f"^(?:{'|'.join(ON_THE_PAGE)})$",
    f"one of {', '.join(ON_THE_PAGE)}",
)


async def report(request: web.Request) -> web.Response:
    """What was made, refused, stored and paid for, by day or by something else, and when storage is full at this
    pace: what `abby report --format json` tells, and the charts of it where they are asked for. One is made at a time,
    for whoever still waits. It needs the extra `reports`.
    """
    services = services_of(request)
    store, today = services.store, day_of(services.clock())
    ground = CHARTS.of(request)
    terms = Terms(BY.of(request) or "day", DAYS.of(request) or None, today)
    try:
        making = store.workers.surveying.run_in_turn("report", _made, store, terms, ground)
        made = await connection_of(request).while_open(making, for_stranger=False)
    except ConfigError as error:
        raise Problem(NOT_INSTALLED, str(error)) from None
    except NotAnswered as error:
        raise Problem(TOO_BUSY, str(error)) from None
    return json_answer(made)


def _made(store: Storage, terms: Terms, ground: str | None) -> dict[str, Any]:
    """For a worker."""
    told = tell(store.running().recorder, terms)
    return described(told) | ({} if ground is None else {"charts": _charts(told, ON_THE_PAGE[ground])})


def _charts(told: Report, look: Look) -> list[ReportChart]:
    return [
        {"name": name, "says": chart["description"], "is_empty": is_empty(chart), "description": chart}
        for name, chart in alone(told, look).items()
    ]


ROUTES = (
    Route(
        "GET",
        "/v1/admin/report",
        report,
        subject="history",
        scope=Scope.ADMIN,
        answers={HTTPStatus.OK: Answer("The report.", ReportData)},
        query=(BY, DAYS, CHARTS),
        problems=(HTTPStatus.NOT_IMPLEMENTED,),
    ),
)
