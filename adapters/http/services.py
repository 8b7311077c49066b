"""What the routes work with, handed to them once by the composition root."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from adapters.application.storage import Storage
from adapters.generation.prices import PriceBook
from adapters.http.access import Access
from adapters.http.bodies import BodyReader
from adapters.http.failed_sign_ins import FailedSignIns
from adapters.http.jobs import Jobs
from adapters.http.pace import Pace
from adapters.http.taken_out import TakingOut
from adapters.market.market import Market
from adapters.ports.clock import Clock
from adapters.studio import Studio


@dataclass(frozen=True, slots=True)
class Services:
    """Who may ask, the storage, its market, the studio over it and its jobs, the prices of pictures, what was taken out
    of its line, the reader of bodies, the paces of refusals and of failed sign-ins, and the clock that waits are
    counted by.
    """

    access: Access
    store: Storage
    market: Market
    studio: Studio
    jobs: Jobs
    prices: PriceBook
    taking_out: TakingOut
    bodies: BodyReader
    pace: Pace
    failed_sign_ins: FailedSignIns
    clock: Clock


SERVICES: Final = web.AppKey("services", Services)


def services_of(request: web.Request) -> Services:
    """The services of the application that this request came to."""
    return request.app[SERVICES]
