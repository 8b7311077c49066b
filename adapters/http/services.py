"""What the routes work with, handed to them once by the composition root."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from adapters.clock import Clock
from adapters.http.bodies import BodyReader
from adapters.storage.service import ImageStore
from adapters.studio import Studio


@dataclass(frozen=True, slots=True)
class Services:
    """`image_bytes` is the largest image that is accepted."""

    store: ImageStore
    studio: Studio
    bodies: BodyReader
    clock: Clock
    image_bytes: int


SERVICES: Final = web.AppKey("services", Services)


def services_of(request: web.Request) -> Services:
    """The services of the application that this request came to."""
    return request.app[SERVICES]
