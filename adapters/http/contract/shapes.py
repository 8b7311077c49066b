"""What is answered, member by member: the types that the handlers fill and that the OpenAPI document describes.

Sizes are bytes where a name says so, else MB of 1,048,576 bytes; times are UTC with microseconds and a `Z`.
"""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from adapters.application.notes import NoteKind
from adapters.application.quota_figures import QuotaStatus, UserUsage
from adapters.application.recorded import Json
from adapters.wording.settlements import SettlementData

Count = Annotated[int, Field(ge=0)]
Bytes = Annotated[int, Field(ge=0)]
Credits = Annotated[float, Field(ge=0)]
"""With at most three decimals."""
WindowAmounts = dict[str, Credits]
"""Limits of windows by their names (`user/month/credits`): generations, or credits with at most three decimals."""
Position = Annotated[int, Field(ge=0)]
"""Of a line of the log; 0 where it stands before the first."""
Instant = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")]
PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f]*$"
"""Texts without control characters; the ledger refuses a few more that no pattern tells."""
JobId = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
"""Random: it tells nothing of the job."""
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


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
    """Whether commands are admitted, and what is to be looked at: its kinds, and for whoever may read what is of all
    users the sentences too, when temp files were last cleaned up and where the log stands.
    """

    status: Literal["ready", "degraded", "not ready"]
    kinds: list[NoteKind]
    notes: NotRequired[list[str]]
    last_cleanup: NotRequired[Instant | None]
    position: NotRequired[Position]


class Policy(TypedDict):
    """The limits of whoever has none of their own, in bytes and places a day. A day begins at 00:00 UTC."""

    user_bytes: Bytes
    pool_bytes: Bytes
    daily: Count
    generation_bytes: Bytes
    """Held for a picture until it is kept."""
    moderated_is_free: bool
    """Whether a picture that its provider filtered counts nothing."""
    largest_image_bytes: Bytes
    temp_days: Count
    """Temp files are removed at this age."""
    windows: WindowAmounts
    unenforced: list[str]
    """Limits that are only tried out: what they would refuse is recorded, and goes on."""


class Session(TypedDict):
    """Who asks. `signed_in`: by a cookie of the page. `needed`: without that, or a token, nothing else is answered.
    `scope` None: nobody asks; `user`: whose things are theirs, and with `is_bound` they see no others.
    """

    signed_in: bool
    needed: bool
    ways: list[Literal["token", "discord"]]
    by: Literal["token", "discord"] | None
    name: str | None
    scope: Literal["read", "write", "admin"] | None
    user: str | None
    is_bound: bool
    ends_at: Instant | None


class EndedSessions(TypedDict):
    """How many sessions have ended."""

    ended: Count


class UsersPage(TypedDict):
    """Some of the users that are asked for, and how many of them there are in all."""

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
    `seed` are None. `thumbnail_url` gives a small copy, which a browser may keep for a year. `favourite`: the user
    marked it.
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
    favourite: bool


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
    """One picture: kept, or shown with the reason why it is not. A job shows it for a while, as there is memory."""

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


class NamedSize(TypedDict):
    """A size that every provider can make, or comes near to; pixels."""

    name: str
    width: Count
    height: Count


class ProviderLimits(TypedDict):
    """What is accepted: sides and widths in pixels, an input's bytes and pixels."""

    prompt_characters: Count
    side_min: Count
    side_max: Count
    upscale_width_max: Count
    upscale_pixels: Count
    steps_min: Count
    steps_max: Count
    cfg_scale_max: float
    count_max: Count
    image_bytes: Bytes
    image_pixels: Count


class WhoMakes(TypedDict):
    """The provider. `is_sketch`: its pictures are offline sketches, not those of an image service; `unavailable`: why
    there is none; `unused`: what of a request it has no use for.
    """

    name: str
    is_sketch: bool
    unavailable: str | None
    operations: list[Literal["text_to_image", "image_to_image", "upscale"]]
    sizes: list[NamedSize]
    limits: ProviderLimits
    unused: list[str]


class WouldCost(TypedDict):
    """What pictures would cost. `model` "": it is told only afterwards; a side null: the service chooses it, or it
    follows from the input. Credits have at most three decimals, and are null where the price is not known.
    """

    provider: str
    model: str
    operation: Literal["text_to_image", "image_to_image", "upscale"]
    width: Annotated[int, Field(ge=1)] | None
    height: Annotated[int, Field(ge=1)] | None
    count: Annotated[int, Field(ge=1)]
    credits_each: Annotated[float, Field(ge=0)] | None
    credits: Annotated[float, Field(ge=0)] | None
    sentence: str


class ChangedQuota(QuotaStatus):
    """A user's quota as it is now, and whether anything was changed by this request when it was first sent."""

    changed: bool


Problem = TypedDict(
    "Problem",
    {
        "type": str,
        "title": str,
        "status": Annotated[int, Field(ge=400, le=599)],
        "detail": str,
        "instance": NotRequired[str],
        "reason": NotRequired[str],
        "field": NotRequired[str],
        "violated-policies": NotRequired[list[str]],
        "window": NotRequired[str],
        "limit": NotRequired[Count | Credits | None],
        "used": NotRequired[Count | Credits | None],
        "held": NotRequired[Count | Credits | None],
        "resets_at": NotRequired[Instant],
        "reference": NotRequired[str],
    },
)
"""An answer other than the one asked for (RFC 9457): the kind of problem, this occurrence, and what programs need."""


class Job(TypedDict):
    """A request that is not waited for: what was asked, how far it is, and what came of it. `queue_position` is null
    while its place is not known, and once it waits no longer; `fraction` where its provider does not tell.
    """

    id: JobId
    state: Literal["waiting", "making", "done", "refused", "failed", "cancelled"]
    operation: Literal["text_to_image", "image_to_image", "upscale"]
    prompt: str
    asked_at: Instant
    queue_position: Annotated[int, Field(ge=1)] | None
    fraction: Annotated[float, Field(ge=0, le=1)] | None
    result: Made | None
    problem: Problem | None


class JobsList(TypedDict):
    """A user's jobs, newest first. Pictures that are kept nowhere are shown by the job itself alone."""

    jobs: list[Job]


class ReservedPlaces(TypedDict):
    """Places that are held, each with so many bytes, and until when."""

    reservation: str
    count: Count
    bytes_each: Bytes
    expires_at: Instant
    position: Position


class Completed(TypedDict):
    """What was told of a reservation, and the picture that took its place, where one came with it."""

    reservation: str
    position: Position
    image: KeptImage | None


class Released(TypedDict):
    """Places that were given back."""

    reservation: str
    position: Position
