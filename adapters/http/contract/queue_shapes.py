"""What routes answer of the line in front of the provider."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from adapters.http.contract.shapes import Instant, JobId

Place = Annotated[int, Field(ge=1)]
"""1 is next."""
Pictures = Annotated[int, Field(ge=1)]
About = Annotated[float, Field(ge=0)] | None
"""About so many seconds until its turn comes, by the latest turns; null while nothing is known of that."""


class _Waiting(TypedDict):
    id: JobId
    place: Place
    operation: Literal["text_to_image", "image_to_image", "upscale"]
    count: Pictures
    since: Instant
    about_seconds: About
    origin: str | None


class UsersRequest(_Waiting):
    """A request of one user that waits; `origin` is where it was asked for, such as `http` or `guild:9`."""

    prompt: str


class UsersLine(TypedDict):
    """What waits of one user, the first one first."""

    waiting: list[UsersRequest]


class SomebodysRequest(_Waiting):
    """A request that waits, and whose it is."""

    user: str


class WholeLine(TypedDict):
    """What waits of all users, the first one first."""

    waiting: list[SomebodysRequest]


class TakenOut(TypedDict):
    """The ids of requests that waited, and do no longer."""

    taken_out: list[JobId]
