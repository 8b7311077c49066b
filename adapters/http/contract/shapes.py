"""What is answered, member by member: the types that the handlers fill and that the OpenAPI document describes.

Sizes are bytes where a name says so, else MB of 1,048,576 bytes; times are UTC with microseconds and a `Z`.
"""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypeAliasType, TypedDict

from adapters.application.quota_figures import QuotaStatus, UserUsage
from adapters.wording.settlements import SettlementData

Count = Annotated[int, Field(ge=0)]
Bytes = Annotated[int, Field(ge=0)]
Position = Annotated[int, Field(ge=0)]
"""Of a line of the log; 0 where it stands before the first."""
Instant = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")]
PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f]*$"
"""Texts without control characters; the ledger refuses a few more that no pattern tells."""
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


Json = TypeAliasType("Json", "str | int | float | bool | list[Json] | dict[str, Json] | None")
"""What a line of the log may hold."""


class OpenApi(TypedDict):
    """An OpenAPI document."""

    openapi: str
    info: dict[str, Json]
    paths: dict[str, Json]
    components: dict[str, Json]


class Alive(TypedDict):
    """The process answers."""

    status: Literal["alive"]


class Ready(TypedDict):
    """Whether commands are admitted, and what is to be looked at."""

    status: Literal["ready", "degraded", "not ready"]
    notes: list[str]
    last_cleanup: Instant | None
    position: Position


class UsersPage(TypedDict):
    """Some of the users, in the order of their ids, and how many there are in all."""

    users: list[UserUsage]
    total: Count
    offset: Count
    limit: Count


class KeptImage(TypedDict):
    """An image as it is kept. `taken_off`: what its bytes held that is no part of a picture, and that is not kept."""

    name: str
    url: str
    size_bytes: Bytes
    media_type: str
    width: Count
    height: Count
    sha256: Sha256
    position: Position
    taken_off: NotRequired[list[str]]


class Kept(TypedDict):
    """The answer to a save."""

    image: KeptImage


class ListedImage(TypedDict):
    """One row of a gallery; sides are 0 and the operation is empty where nobody knows them, and `prompt`, `style` and
    `seed` are None. `thumbnail_url` gives a small copy, which a browser may keep for a year.
    """

    name: str
    size_bytes: Bytes
    at: Instant
    media_type: str
    width: Count
    height: Count
    operation: str
    prompt: str | None
    style: str | None
    seed: int | None
    sha256: Sha256
    url: str
    thumbnail_url: str


class ImagesPage(TypedDict):
    """Some of the images that are asked for, and how many of them there are in all. `next_cursor` gives the next page,
    as `cursor`; None at the end.
    """

    images: list[ListedImage]
    total: Count
    offset: Count
    limit: Count
    next_cursor: str | None


class ImageDetails(TypedDict):
    """How an image was made: prompt, style, seed and what else is known; and what its generation came to."""

    name: str
    url: str
    details: dict[str, str | int | float | bool | None] | None
    generation: SettlementData | None


class DeletedImage(TypedDict):
    """A name that was taken away."""

    user: str
    name: str
    freed_bytes: Bytes
    position: Position
    replayed: bool


class NameDeleted(TypedDict):
    """What became of one name. `not_there`: no image had it, perhaps any more; `refused`: it stays, and why."""

    name: str
    outcome: Literal["deleted", "not_there", "refused"]
    freed_bytes: Bytes
    position: Position
    reason: str | None
    detail: str | None


class ManyDeleted(TypedDict):
    """What became of each name, in the order in which they were given, and what was freed in all."""

    images: list[NameDeleted]
    deleted: Count
    freed_bytes: Bytes


class Deleted(TypedDict):
    """The answer to a deletion."""

    deleted: DeletedImage


class ShownOnce(TypedDict):
    """The bytes of a picture that may not be kept, in base64."""

    media_type: str
    data: str


class MadePicture(TypedDict):
    """One picture: kept, or shown once with the reason why it is not."""

    image: KeptImage | None
    seed: int | None
    not_kept: str | None
    shown: NotRequired[ShownOnce]


class Made(TypedDict):
    """What a generation gave. `note` is empty where all was done as asked."""

    pictures: list[MadePicture]
    provider: str
    model: str
    seconds: float
    note: str


class Styles(TypedDict):
    """The words that a request may name as its style, and who makes the pictures."""

    styles: list[str]
    provider: str


class ChangedQuota(QuotaStatus):
    """A user's quota after a change, and whether anything was changed."""

    changed: bool


class CleanedUp(TypedDict):
    """Temp files that were removed."""

    files: Count
    freed_bytes: Bytes


Problem = TypedDict(
    "Problem",
    {
        "type": str,
        "title": str,
        "status": Annotated[int, Field(ge=400, le=599)],
        "detail": str,
        "instance": NotRequired[str],
        "reason": NotRequired[str],
        "violated-policies": NotRequired[list[str]],
        "limit": NotRequired[Count | None],
        "used": NotRequired[Count | None],
        "held": NotRequired[Count | None],
        "resets_at": NotRequired[Instant],
        "reference": NotRequired[str],
    },
)
"""An answer other than the one asked for (RFC 9457): the kind of problem, this occurrence, and what programs need."""


class ExplainedEvent(TypedDict):
    """A line of the log: its type, and its members as `docs/log-format.md` has them."""

    type: str
    data: dict[str, Json]


class LimitsThen(TypedDict):
    """The limits that were in force for the user."""

    daily: Count
    user_bytes: Bytes
    pool_bytes: Bytes
    own_until: Instant | None
    is_own: bool


class LimitStep(TypedDict):
    """A limit as it was set: by whom, when and why."""

    position: Position
    at: Instant | None
    by: str
    limit: Literal["daily", "user_bytes", "pool_bytes"]
    value: Count | None
    is_own: bool
    why: str
    until: Instant | None


class DayLine(TypedDict):
    """A line that changed how many places of the day are used."""

    position: Position
    at: Instant | None
    type: str
    places: int


class DayThen(TypedDict):
    """What was used of the day, and by which lines."""

    day: str
    used: Count
    lines: list[DayLine]


class StandingImage(TypedDict):
    """An image that took room then."""

    position: Position
    name: str
    bytes: Bytes
    at: Instant | None


class Hold(TypedDict):
    """Places and room that were held for a generation under way."""

    position: Position
    reservation: str
    places: Count
    bytes: Bytes
    until: Instant | None


class StorageThen(TypedDict):
    """What was stored and held."""

    image_bytes: Bytes
    temp_bytes: Bytes
    held_bytes: Bytes
    images: Count
    standing: list[StandingImage]
    holds: list[Hold]


class UnrecordedRefusals(TypedDict):
    """Where refusals were no longer recorded: as the log tells, so it stood until then."""

    since: Instant | None
    until: Instant | None
    position: Position | None
    of_others: bool


class ExplanationData(TypedDict):
    """Why a decision fell as it did: the limits in force, what was used and held, and the sentence that was told."""

    position: Position
    at: Instant | None
    user: str | None
    by: str
    events: list[ExplainedEvent]
    sentence: str
    limits: LimitsThen
    limits_set: list[LimitStep]
    day: DayThen
    storage: StorageThen
    agrees: bool | None
    unrecorded: UnrecordedRefusals | None
    told: list[str]
