"""A whole service for one test: real storage in a fresh folder, real studio, the offline provider, a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import orjson
import pytest

from adapters.application.results import StoreSettings
from adapters.application.storage import Storage
from adapters.disk.files import Files
from adapters.engines.opening import open_store
from adapters.generation.generator import Generator
from adapters.generation.prices import PriceBook
from adapters.generation.provider import Provider
from adapters.generation.sketch.provider import SketchProvider
from adapters.http.access import Door
from adapters.http.bodies import BodyBounds
from adapters.http.connection import ConnectionBounds
from adapters.http.people.sign_in import DiscordSignIn
from adapters.http.service import HttpService, make_app
from adapters.market.market import Market
from adapters.market.paid_outside import PaidOutside
from adapters.network.reach import Reach
from adapters.ports.currency import Currency
from adapters.ports.object_place import ObjectPlace
from adapters.studio import Studio
from adapters.tokens.judging import KnownTokens
from adapters.tokens.kept import KeptTokens
from adapters.tokens.sessions import Sessions
from domain.commands import SetPolicy
from tests.adapters.http.promised import check
from tests.adapters.http.wire import GenerationOutcome, once, request

JSON = "application/json"


class Running(NamedTuple):
    """A service that listens, its storage and studio, and its end before the test's."""

    address: str
    store: Storage
    studio: Studio
    stop: Callable[[], Coroutine[Any, Any, None]]

    async def ask(
        self, method: str, path: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None, kind: str = ""
    ) -> GenerationOutcome:
        """One request, whose answer is as the document says; `kind` is the media type of its body."""
        typed = {"Content-Type": kind} if kind else {}
        answer = await once(self.address, request(method, path, headers={**typed, **(headers or {})}, body=body))
        check(method, path, answer)
        return answer

    async def send_json(
        self, method: str, path: str, body: object, *, headers: Mapping[str, str] | None = None
    ) -> GenerationOutcome:
        """One request with a JSON body."""
        return await self.ask(method, path, body=orjson.dumps(body), headers=headers, kind=JSON)

    async def upload(
        self, user: str, data: bytes, name: str | None = None, *, headers: Mapping[str, str] | None = None
    ) -> GenerationOutcome:
        """Saves an image under a name, by its raw bytes."""
        query = "" if name is None else f"?name={quote(name, safe='')}"
        return await self.ask("POST", f"/v1/users/{user}/images{query}", body=data, headers=headers, kind="image/png")

    async def quota(self, user: str) -> Any:
        """The status dictionary of a user."""
        return (await self.ask("GET", f"/v1/users/{user}/quota")).json

    def files(self) -> list[str]:
        """Every file below the images and temp folders, as relative paths."""
        found = (path for kind in ("images", "temp") for path in (self.store.root / kind).rglob("*") if path.is_file())
        return sorted(path.relative_to(self.store.root).as_posix() for path in found)


Serve = Callable[..., Any]


@pytest.fixture
async def serve(tmp_path: Path) -> AsyncIterator[Serve]:
    """Starts services, with limits and bounds as a test wants them, and stops them after it."""
    async with AsyncExitStack() as stack:

        async def start(
            limits: SetPolicy = SetPolicy(),  # noqa: B008  # an immutable value
            *,
            settings: StoreSettings = StoreSettings(),  # noqa: B008  # an immutable value
            provider: Provider | None = None,
            bounds: ConnectionBounds = ConnectionBounds(),  # noqa: B008  # an immutable value
            body_bounds: BodyBounds = BodyBounds(),  # noqa: B008  # an immutable value
            files: Files | None = None,
            needs_token: bool = False,
            discord: DiscordSignIn | None = None,
            port: int = 0,
            reach: Reach = Reach(),  # noqa: B008  # an immutable value
            prices: PriceBook = PriceBook(),  # noqa: B008  # an immutable value
            currency: Currency | None = None,
            objects: ObjectPlace | None = None,
        ) -> Running:
            store = open_store(tmp_path / "root", limits=limits, settings=settings, files=files, objects=objects)
            stack.callback(store.close)
            used = provider or SketchProvider()
            stack.push_async_callback(used.close)
            studio = Studio(store, Generator(used))
            stack.push_async_callback(studio.close)
            tokens = KnownTokens(KeptTokens(store.root, Files()))
            sessions = Sessions(store.root, files or Files())
            door = Door(tokens, sessions, needs_token=needs_token, discord=discord, reach=reach)
            paid_outside = None if currency is None else PaidOutside(store, currency, Files())
            if paid_outside is not None:
                paid_outside.start()
                stack.push_async_callback(paid_outside.stop)
            market = Market(store, paid_outside)
            app = make_app(store, studio, door=door, body_bounds=body_bounds, prices=prices, market=market)
            service = HttpService(app, host="127.0.0.1", port=port, bounds=bounds)
            stack.push_async_callback(service.stop)
            return Running(await service.start(), store, studio, service.stop)

        yield start


@pytest.fixture
async def service(serve: Serve) -> Running:
    """A service with the usual limits: 5 generations a day, 500 MB, 5,000 MB."""
    running: Running = await serve()
    return running
