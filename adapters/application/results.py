"""What the storage answers, as values: the typed counterpart of the seeds' tuples and dictionaries. Sizes are bytes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from domain.events import LimitsOverridden
from domain.limits import Override, SharedLimits
from domain.refusals import Refusal
from domain.threshold_events import ThresholdCrossed
from domain.tiers import SeenAt

if TYPE_CHECKING:
    from adapters.ledger.pending import Accepted, Outcome  # late: whoever only reads waits for no ledger


class Actor(NamedTuple):
    """Who asks (`discord:1`, `api:NAME`, `cli`, `library`, `system`, `claimed:page`), and from where (`guild:2`,
    `http`). `seen`: in which groups the user is for whom they ask, where that was looked at.
    """

    by: str
    origin: str | None = None
    seen: SeenAt | None = None


HTTP = "http"
"""The origin of what is asked over HTTP."""
LOCAL_PROGRAM = "api:local"
"""Any program of this machine: no credential says more of it, and none may be named so."""
CLAIMED = "claimed:"
"""What follows is a client's own word, which nothing vouches for."""


def claimed(client: str) -> str:
    """Who asks, by its own word alone."""
    return f"{CLAIMED}{client}"


LIBRARY = Actor("library")
SYSTEM = Actor("system")


class SavedImage(NamedTuple):
    """An image that was saved; `replayed`: when this request was first sent. `path` None: it is gone since.

    `taken_off`: what its bytes held that is no part of a picture, and that is not kept.
    """

    user: str
    name: str
    size_bytes: int
    path: Path | None
    media_type: str
    width: int
    height: int
    sha256: str
    position: int
    replayed: bool = False
    taken_off: tuple[str, ...] = ()


class Reserved(NamedTuple):
    """Places held for a user until `expires_at`."""

    reservation: str
    user: str
    count: int  # type: ignore[assignment]  # the word for it everywhere; tuple.count is not needed
    bytes_each: int
    expires_at: str
    position: int
    replayed: bool = False


class Delivery(NamedTuple):
    """What a provider delivered: `seconds` it took, `credits` it cost where that is known."""

    provider: str
    model: str
    seconds: float
    count: int = 1  # type: ignore[assignment]  # the stored name; tuple.count is not needed
    credits: float | None = None
    seed: int | None = None


class Changed(NamedTuple):
    """A change that needs no words of its own: deliveries, releases, limits, resets. The position of its last event; 0
    where it changed nothing, and so is no event.
    """

    position: int
    replayed: bool = False


def changed(outcome: Outcome) -> Changed | Refusal:
    """What the ledger answered to a change, for whoever asked."""
    if isinstance(outcome, Refusal):
        return outcome
    return Changed(last_position(outcome), outcome.replayed)


def last_position(accepted: Accepted) -> int:
    """Where the last event of an answer stands, 0 where nothing was to be changed. What people heard of limits by it is
    none: a repeat gets the answer alone.
    """
    of_answer = (at for at, event in reversed(accepted.recorded) if not isinstance(event, ThresholdCrossed))
    return next(of_answer, 0)


class OverLimits(NamedTuple):
    """Who uses or holds more than limits allow: users in all, by their day's count, by their storage; bytes of all
    together above the limit of all.
    """

    users: int
    daily_users: int
    storage_users: int
    pool_bytes: int


class OwnLimits(NamedTuple):
    """A user's own limits, one of nothing where they have none; `in_force` where they are not over. They were set, or
    taken away, by the event, at its position of the log: 0 and none where they never had any.
    """

    override: Override
    in_force: bool
    position: int = 0
    event: LimitsOverridden | None = None


class PolicyStep(NamedTuple):
    """A change of the limits for everybody, from what to what, and who would be over those that it gives."""

    former: SharedLimits
    limits: SharedLimits
    over: OverLimits


class ChangedForAll(NamedTuple):
    """The limits for everybody were changed, from what to what, as it was recorded: what the manager saw, which was so,
    to what holds since. Position 0 and neither where nothing was to be changed.
    """

    position: int
    replayed: bool = False
    former: SharedLimits | None = None
    limits: SharedLimits | None = None


class DeletedImage(NamedTuple):
    """A name that was taken away and the bytes it freed."""

    user: str
    name: str
    freed_bytes: int
    position: int
    replayed: bool = False


class WhoseFiles(NamedTuple):
    """Files of one kind, or of one user, and their bytes together."""

    of: str
    files: int
    bytes: int


class Cleanable(NamedTuple):
    """What a cleanup would remove: temp files so old, their bytes, by kind and by user those with the most bytes first;
    users beyond those that are named are counted.
    """

    days: int
    files: int
    bytes: int
    kinds: tuple[WhoseFiles, ...]
    users: tuple[WhoseFiles, ...]
    other_users: int


class CleanedUp(NamedTuple):
    """Temp files removed and bytes freed; position 0 where there were none."""

    files: int
    freed_bytes: int
    position: int
    replayed: bool = False


class ImageSave(NamedTuple):
    """One save of a kept image: its name, and the position of its ImageSaved, which tells it from later ones."""

    name: str
    position: int
    size_bytes: int
    at: str
    media_type: str = ""


class GalleryImage(NamedTuple):
    """One row of a gallery."""

    name: str
    size_bytes: int
    at: str
    media_type: str
    width: int
    height: int
    operation: str


class StoreSettings(NamedTuple):
    """What a store needs to know that is no limit of the log."""

    max_image_bytes: int = 20 * 1_048_576
    reservation_seconds: int = 15 * 60
    cleanup_days: int = 7
    check_images: bool = True
    seal_file: Path | None = None
    strip_foreign: bool = False
    earn_daily: int = 0
    earn_favourite: int = 0
    points_name: str = "points"
    presigned_seconds: int = 0
    """How long an address holds that HTTP gives out in place of an image's bytes; 0: it gives out the bytes."""
    currency: str = ""
    """What people call the external currency in which offers are priced; "" where points pay for them."""

    @property
    def strips(self) -> bool:
        """Whether what is kept may be less than what came."""
        return self.strip_foreign and self.check_images
