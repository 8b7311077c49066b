"""A route, written down once: what it takes, what it answers, who may ask.

The router, the checks before a handler and the OpenAPI document (`openapi.py`) are made of it, so none of them can
differ from another.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from http import HTTPStatus
from typing import Any, NamedTuple

from aiohttp import web

from adapters.http.bodies import read_json
from adapters.http.contract.bodies import Body, fitted
from adapters.http.contract.query import Parameter, refuse_unknown
from adapters.http.parameters import user_of
from adapters.http.rate_limits import LIMITED_USER
from adapters.http.services import services_of
from adapters.tokens.token import Scope

Handler = Callable[..., Awaitable[web.StreamResponse]]

JSON = "application/json"
_IN_PATH: Mapping[str, str] = {"user": "[^/]*", "id": "[^/]*", "name": r"[\s\S]*"}
"""All are judged after decoding, so that a malformed one has its sentence; an image name may hold a folder."""


class Answer(NamedTuple):
    """What comes with a status. `shape` None: bytes of the media types; where these are a row of objects, `item` is the
    shape of each.
    """

    says: str
    shape: Any = None
    media_types: tuple[str, ...] = (JSON,)
    headers: tuple[str, ...] = ()
    item: Any = None


class Upload(NamedTuple):
    """A body that is read by its handler: bytes of these media types, a form, or a JSON object."""

    media_types: tuple[str, ...]
    form: type[Body] | None = None
    json: type[Body] | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """One method on one path, whose `handler` says in its docstring what it does. A `body` that is a model is read and
    checked before, and handed to the handler.

    `subject` groups routes for readers; `is_repeatable`: it takes an Idempotency-Key; `may_be_job`: it need not be
    waited for (`Prefer: respond-async`); `may_lack`: what it names may not exist; `scope` None: anybody may ask, as for
    the page's files and whether the service lives; `error`: the shape of its problems, where that is another than
    everybody's; `query` None: it is for the page's own script, and not looked at.
    """

    method: str
    path: str
    handler: Handler
    _: KW_ONLY
    subject: str
    scope: Scope | None
    answers: Mapping[HTTPStatus, Answer]
    query: tuple[Parameter, ...] | None = ()
    body: type[Body] | Upload | None = None
    is_repeatable: bool = False
    may_be_job: bool = False
    may_lack: bool = False
    problems: tuple[HTTPStatus, ...] = ()
    error: Any = None

    @property
    def pattern(self) -> str:
        """The path as aiohttp's router takes it."""
        return re.sub(r"\{(\w+)\}", lambda found: f"{{{found[1]}:{_IN_PATH.get(found[1], '[^/]+')}}}", self.path)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The answer to a request that the router brought here."""
        if self.scope is not None:
            await services_of(request).access.let_in(request, self.scope)
        if self.query is not None:
            refuse_unknown(request, self.query)
        if "user" in request.match_info:
            request[LIMITED_USER] = user_of(request)
        if isinstance(self.body, type):
            given = await read_json(request, services_of(request).bodies)
            return await self.handler(request, fitted(self.body, given))
        return await self.handler(request)
