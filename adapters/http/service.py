"""The HTTP service: the application made of guards and routes, and the socket it listens on.

Answers for what is put together and how it starts and stops. Each request is the routes' business, each connection
`connection`'s, and who may ask `guards`'.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from types import MappingProxyType

import structlog
from aiohttp import web

from adapters.application.storage import Storage
from adapters.generation.prices import PriceBook
from adapters.http.access import Access, Door
from adapters.http.asking import REACH
from adapters.http.bodies import BodyBounds, BodyReader
from adapters.http.connection import ConnectionBounds, Connections
from adapters.http.failed_sign_ins import FailedSignIns
from adapters.http.guards import answer_and_log, expect_later, finish_headers
from adapters.http.jobs import JobBounds, Jobs
from adapters.http.long_answers import LongAnswers
from adapters.http.pace import Pace
from adapters.http.routes import ALL_ROUTES
from adapters.http.routes.archives import ALL_SENT, ARCHIVES
from adapters.http.routes.charts import offer_charts
from adapters.http.routes.documentation import offer_document
from adapters.http.routes.page import PAGE, read_page
from adapters.http.routes.reading import offer_page
from adapters.http.services import SERVICES, Services
from adapters.http.streaming import STREAMS, Streams
from adapters.http.taken_out import TakingOut
from adapters.market.market import Market
from adapters.network.loopback import is_this_machine
from adapters.network.open_files import most_open_files
from adapters.network.reach import Reach
from adapters.ports.clock import Clock, utc_now
from adapters.ports.faults import ConfigError
from adapters.studio import Studio

BACKLOG = 512
"""Connections that the system keeps until they are accepted; who finds no place there tries again a second later."""
ACCEPTED_AT_ONCE = 16
"""Of those so many between two looks at the open ones: whoever comes in a flood takes a part of the time alone."""
_BODY_BOUNDS = BodyBounds()
_BOUNDS = ConnectionBounds()
_NO_DOOR = Door()
_PRICES = PriceBook()
_EVERYWHERE = MappingProxyType({"0.0.0.0": "127.0.0.1", "::": "::1"})  # noqa: S104  # looked up, not listened on
"""What stands for all addresses, and how this machine asks there."""

_log = structlog.wrap_logger(logging.getLogger(__name__))


def make_app(  # noqa: PLR0913 - keywords that are given by name
    store: Storage,
    studio: Studio,
    *,
    clock: Clock = utc_now,
    door: Door = _NO_DOOR,
    body_bounds: BodyBounds = _BODY_BOUNDS,
    prices: PriceBook = _PRICES,
    market: Market | None = None,
) -> web.Application:
    """The application, ready to be served. `prices` are those of pictures that programs make themselves; without a
    market it is that of the storage, where points pay.
    """
    app = web.Application(middlewares=[answer_and_log])
    jobs = Jobs(studio, clock, JobBounds())
    app[SERVICES] = Services(
        access=Access(store, door, clock=clock),
        store=store,
        market=market or Market(store),
        studio=studio,
        jobs=jobs,
        prices=prices,
        taking_out=TakingOut(),
        bodies=BodyReader(body_bounds),
        pace=Pace(),
        failed_sign_ins=FailedSignIns(),
        clock=clock,
    )
    app[STREAMS] = streams = Streams()
    app.on_shutdown.append(streams.end)
    app[REACH] = door.reach
    app[PAGE] = read_page()
    app[ARCHIVES] = LongAnswers(ALL_SENT)
    offer_document(app, ALL_ROUTES)
    offer_page(app, ALL_ROUTES)
    offer_charts(app)
    for route in ALL_ROUTES:
        app.router.add_route(route.method, route.pattern, route.handle, expect_handler=expect_later)
        if route.method == "GET":
            app.router.add_route("HEAD", route.pattern, route.handle, expect_handler=expect_later)
    app.on_response_prepare.append(finish_headers)
    _end_jobs_with(app, jobs)
    return app


def _end_jobs_with(app: web.Application, jobs: Jobs) -> None:
    """Jobs have their time to end beside the requests that are waited for."""

    async def stop(_: web.Application) -> None:
        jobs.stop()

    async def drain(_: web.Application) -> None:
        await jobs.drain()

    app.on_shutdown.append(stop)
    app.on_cleanup.append(drain)


class HttpService:
    """Listens on one address, from `start` to `stop`."""

    def __init__(self, app: web.Application, *, host: str, port: int, bounds: ConnectionBounds = _BOUNDS) -> None:
        needs_token = SERVICES in app and app[SERVICES].access.is_needed
        if why := app.get(REACH, Reach())._replace(host=host).why_not(needs_token=needs_token):
            raise ConfigError(why)
        self._host, self._port, self._bounds = host, port, bounds
        # aiohttp waits this long twice: for a request to end by itself, and again before it cancels its handler.
        self._runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=bounds.shutdown_seconds / 2)
        self._listener: asyncio.Server | None = None
        self._connections: Connections | None = None

    async def start(self) -> str:
        """Begins to listen; the answer is the address of the page, such as `http://127.0.0.1:8080`."""
        await self._runner.setup()
        assert self._runner.server is not None, "a runner that is set up has a server"
        self._connections = Connections(self._runner.server, self._bounds.within(most_open_files()))
        try:
            self._listener = await asyncio.get_running_loop().create_server(
                self._connections, _hosts(self._host), self._port, backlog=ACCEPTED_AT_ONCE
            )
            for one in self._listener.sockets:
                with one.dup() as listening:  # asyncio takes one number for what is kept and what is accepted at once
                    listening.listen(BACKLOG)
        except OSError as error:
            await self._runner.cleanup()
            raise ConfigError(
                f"The service cannot listen on {self._host} port {self._port}: {error.strerror or error}. "
                "Another program may be using it; set HTTP_PORT to a free one."
            ) from error
        return self.address

    @property
    def address(self) -> str:
        """Where it listens for this machine; the port is the real one, also where 0 was asked for."""
        assert self._listener is not None, "the service has not been started"
        places = [one.getsockname()[:2] for one in self._listener.sockets]
        host, port = next((place for place in places if is_this_machine(place[0])), places[0])
        host = _EVERYWHERE.get(host, host)
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    async def stop(self) -> None:
        """Takes no more connections, lets requests under way end within `shutdown_seconds`, cancels the rest."""
        if self._connections is not None:
            self._connections.end()
        if self._listener is not None:
            await _accept_no_more(self._listener)
        await self._runner.cleanup()


def _hosts(host: str) -> list[str]:
    """Where to listen: for the commands of this machine on loopback too, where another address is asked for."""
    return [host] if is_this_machine(host) or host in _EVERYWHERE else [host, "127.0.0.1"]


async def _accept_no_more(listener: asyncio.Server) -> None:
    """Closes the listener once what it has accepted is made: Python (3.11) drops a connection that is half made by
    then, with its socket open, and its client waits.
    """
    loop = asyncio.get_running_loop()
    with suppress(NotImplementedError):  # Windows' loop accepts one by one, and knows no readers
        for one in listener.sockets:
            loop.remove_reader(one)
    await asyncio.sleep(0)
    listener.close()
