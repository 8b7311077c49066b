"""The HTTP service: the application made of guards and routes, and the socket it listens on.

Answers for what is put together and how it starts and stops. Each request is the routes' business, each connection
`connection`'s, and who may ask `guards`'.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

import structlog
from aiohttp import web

from adapters.application.storage import Storage
from adapters.http.access import Access
from adapters.http.bodies import BodyBounds, BodyReader
from adapters.http.connection import ConnectionBounds, Connections
from adapters.http.guards import answer_and_log, expect_later, finish_headers, refuse_unauthorised
from adapters.http.pace import Pace
from adapters.http.routes import ALL_ROUTES
from adapters.http.routes.archives import ARCHIVES, Archives
from adapters.http.routes.documentation import offer_document
from adapters.http.routes.page import PAGE, read_page
from adapters.http.services import SERVICES, Services
from adapters.network.loopback import is_this_machine
from adapters.ports.clock import Clock, utc_now
from adapters.ports.faults import ConfigError
from adapters.studio import Studio
from adapters.tokens.judging import KnownTokens

BACKLOG = 128
_BODY_BOUNDS = BodyBounds()
_BOUNDS = ConnectionBounds()

_log = structlog.wrap_logger(logging.getLogger(__name__))


def make_app(
    store: Storage,
    studio: Studio,
    *,
    clock: Clock = utc_now,
    tokens: KnownTokens | None = None,
    needs_token: bool = False,
    body_bounds: BodyBounds = _BODY_BOUNDS,
) -> web.Application:
    """The application, ready to be served. `needs_token`: on this machine too."""
    app = web.Application(middlewares=[answer_and_log, refuse_unauthorised])
    app[SERVICES] = Services(
        access=Access(store, tokens, is_needed=needs_token, clock=clock),
        store=store,
        studio=studio,
        bodies=BodyReader(body_bounds),
        pace=Pace(),
        clock=clock,
    )
    app[PAGE] = read_page()
    app[ARCHIVES] = Archives()
    offer_document(app, ALL_ROUTES)
    for route in ALL_ROUTES:
        app.router.add_route(route.method, route.pattern, route.handle, expect_handler=expect_later)
        if route.method == "GET":
            app.router.add_route("HEAD", route.pattern, route.handle, expect_handler=expect_later)
    app.on_response_prepare.append(finish_headers)
    return app


def not_for_this_machine(host: str) -> str:
    """What to tell where the service is to listen for other machines."""
    return (
        f"HTTP_HOST={host!r} would open the service to other machines, and it has no tokens yet to tell "
        "who may ask. Use 127.0.0.1, ::1 or localhost."
    )


class HttpService:
    """Listens on one address, from `start` to `stop`."""

    def __init__(self, app: web.Application, *, host: str, port: int, bounds: ConnectionBounds = _BOUNDS) -> None:
        if not is_this_machine(host):
            raise ConfigError(not_for_this_machine(host))
        self._host, self._port, self._bounds = host, port, bounds
        # aiohttp waits this long twice: for a request to end by itself, and again before it cancels its handler.
        self._runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=bounds.shutdown_seconds / 2)
        self._listener: asyncio.Server | None = None
        self._connections: Connections | None = None

    async def start(self) -> str:
        """Begins to listen; the answer is the address of the page, such as `http://127.0.0.1:8080`."""
        await self._runner.setup()
        assert self._runner.server is not None, "a runner that is set up has a server"
        self._connections = Connections(self._runner.server, self._bounds)
        try:
            self._listener = await asyncio.get_running_loop().create_server(
                self._connections, self._host, self._port, backlog=BACKLOG
            )
        except OSError as error:
            await self._runner.cleanup()
            raise ConfigError(
                f"The service cannot listen on {self._host} port {self._port}: {error.strerror or error}. "
                "Another program may be using it; set HTTP_PORT to a free one."
            ) from error
        return self.address

    @property
    def address(self) -> str:
        """Where it listens; the port is the real one, also where 0 was asked for."""
        assert self._listener is not None, "the service has not been started"
        host, port = self._listener.sockets[0].getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    async def stop(self) -> None:
        """Takes no more connections, lets requests under way end within `shutdown_seconds`, cancels the rest."""
        if self._connections is not None:
            self._connections.is_over = True
        if self._listener is not None:
            await _accept_no_more(self._listener)
        await self._runner.cleanup()


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
