"""What is known of a storage: quota figures, galleries, users, one image and its bytes, what the log recorded.

The figures come from memory alone: no disk, no walk, no lock. What reads bytes or the log says so, and is for a worker.
Sizes leave here in MB with two decimals and percentages with one, as the seeds' dictionaries have them.
"""

from __future__ import annotations

from collections.abc import Callable
from errno import EIO
from io import SEEK_END, BufferedIOBase
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from eventsourcing.dcb.api import DCBQuery, DCBQueryItem

from adapters.application.quota_dictionary import Figures, pool_figures, status_of
from adapters.application.quota_figures import (
    GlobalUsage,
    PoolFigures,
    QuotaStatus,
    UserUsage,
)
from adapters.application.results import LIBRARY, GalleryImage
from adapters.ledger.codec import Recorded, decode
from adapters.ledger.projector import Projector
from adapters.ports.event_log import OpenedLog
from adapters.ports.image_store import ImageStore
from domain.commands import ReserveGeneration
from domain.grants import BYTES
from domain.limit_names import GENERATIONS
from domain.limits import NO_OVERRIDE, Limits, Override, megabytes
from domain.names import malformed_guild, malformed_user, name_key
from domain.point_events import account_of
from domain.quota_checks import Demand, Fits, check
from domain.refusals import Refusal
from domain.reservations import OF_A_GUILD
from domain.tiers import benefits_at, sources_of
from domain.usage import CurrentImage
from projections.quota_state import QuotaState
from projections.window_status import grants_left, windows_of

if TYPE_CHECKING:
    from adapters.application.storage import Storage  # late: a replay of the past reads, and opens no storage

T = TypeVar("T")

LOOKS, LOOK_PAUSE_SECONDS = 5, 0.005
"""How often a file of another size than was kept is opened anew, and how far apart."""
READ_TRIES = 1_000
"""Times a reading is taken anew because a batch was being published; publishing takes microseconds."""
READ_PAUSE_SECONDS = 0.0001
MOST_IMAGES = 10_000
"""Images of one user that are looked through at once."""


class ReadableRoot(Protocol):
    """What is published of a root: the figures, the other projections, the bytes of images, the log."""

    @property
    def state(self) -> QuotaState:
        """The published figures."""

    @property
    def projector(self) -> Projector:
        """The published projections."""

    @property
    def images(self) -> ImageStore:
        """Where the bytes lie."""

    @property
    def recorder(self) -> OpenedLog:
        """The log."""

    def now(self) -> str:
        """The present, but never before the last event."""

    @property
    def stale(self) -> str | None:
        """That the figures may be older than that, as a sentence; None where they are not."""


class ReadableStorage(Protocol):
    """A storage that can be read: open for writing, or followed beside its writer."""

    def running(self) -> ReadableRoot:
        """The root, where its figures are up to date. Raises LedgerStopped, StorageUnavailable and LogDamaged."""


def figures_of(storage: ReadableStorage, user: str, guild: str | None = None) -> Figures:
    """The figures of a user now; in a guild, with its limits. Raises ValueError for a malformed id."""
    if sentence := malformed_user(user):
        raise ValueError(sentence)
    root = storage.running()
    state, at = root.state, root.now()

    def read() -> Figures:
        override = state.override(user)
        limits = state.limits_of(user, at)
        grants = grants_left(state, user, at)
        places, more_bytes = (sum(one.left for one in grants if one.grant.unit == of) for of in (GENERATIONS, BYTES))
        return Figures(
            at,
            state.position,
            limits,
            override,
            daily=state.daily.status(user, limits.daily, at, granted=places),
            own=state.users.status(user, limits.user_bytes + more_bytes),
            pool=state.whole.status(state.policy.pool_bytes),
            images=state.gallery.count(user),
            windows=windows_of(state, user, limits, at, guild),
            grants=grants,
            sources=sources_of(state, user, state.policy, at),
            tiers=benefits_at(state, user, at).tiers,
            points=state.points.balance(account_of(user)) if state.points.are_in_use else None,
            stale=root.stale,
        )

    return _together(state, read)


def limit_reached(
    storage: ReadableStorage, user: str, *, credits_each: int | None = None, guild: str | None = None
) -> Refusal | None:
    """The limit that refuses one more picture of a user at this moment, None where none does: as the ledger decides it,
    and nothing is recorded. `credits_each` are thousandths; of a picture whose price is not said the least is asked for
    that costs anything. Raises ValueError for a malformed id.
    """
    if sentence := malformed_user(user) or (None if guild is None else malformed_guild(guild)):
        raise ValueError(sentence)
    root = storage.running()
    state, at = root.state, root.now()
    origin = None if guild is None else f"{OF_A_GUILD}{guild}"

    def judge() -> Fits | Refusal:
        limits = state.limits_of(user, at)
        price = credits_each if credits_each is not None else int(bool(limits.windows))
        picture = ReserveGeneration(user, LIBRARY.by, "", 0, credits_each=price, origin=origin)
        return check(Demand(picture, 1, limits.gen_bytes, limits.gen_bytes, credits=price), state, limits, at)

    judged = _together(state, judge)
    return judged if isinstance(judged, Refusal) else None


def quota_status(storage: ReadableStorage, user: str, guild: str | None = None) -> QuotaStatus:
    """The quota dictionary of a user; its `position` says of when the figures are. Raises ValueError for a malformed
    id.
    """
    return status_of(figures_of(storage, user, guild))


def global_usage(storage: ReadableStorage) -> GlobalUsage:
    """The pool's figures, and what is free on the disk. Raises OSError where the disk cannot say."""
    free = megabytes(storage.running().images.free_bytes())
    return {**pool_usage(storage), "disk_free_mb": free}


def pool_usage(storage: ReadableStorage) -> PoolFigures:
    """The pool's figures."""
    state = storage.running().state
    return _together(state, lambda: pool_figures(state.whole.status(state.policy.pool_bytes)))


def known_users(storage: ReadableStorage) -> list[str]:
    """Every user with images, temp files or places, with limits of their own or a refusal, in order."""
    state = storage.running().state
    seen = {*state.users.users(), *state.gallery.users(), *state.temps.users()}
    return sorted(seen.union(state.overridden_users(), state.refused_users()))


def is_known(storage: ReadableStorage, user: str) -> bool:
    """Whether any event of the log is about a user: a mistyped id has none. Of one it has not met lately it reads the
    log: for a worker.
    """
    root = storage.running()
    state = root.state
    if state.days(user) or state.override(user) or state.gallery.count(user):
        return True
    return any(True for _ in root.recorder.read(events_about(user), limit=1))


def usage_of(storage: ReadableStorage, user: str) -> UserUsage:
    """A user's figures in one row, for lists of users."""
    status = quota_status(storage, user)
    own, daily = status["user"], status["daily"]
    return {
        "user": user,
        "images": own["images"],
        "used_mb": own["used_mb"],
        "reserved_mb": own["reserved_mb"],
        "limit_mb": own["limit_mb"],
        "percentage": own["percentage"],
        "status": own["status"],
        "daily_used": daily["used"],
        "daily_limit": daily["limit"],
    }


def override_of(storage: ReadableStorage, user: str) -> Override:
    """A user's own limits, also those that are over; one of nothing where they have none."""
    return storage.running().state.override(user) or NO_OVERRIDE


def policy_in_force(storage: ReadableStorage) -> Limits:
    """The limits for whoever has none of their own."""
    return storage.running().state.policy


def moderated_is_free(storage: Storage) -> bool:
    """Whether a picture that a provider filtered is given back to the day. A ledger that has stopped answers too."""
    return storage.opened().state.policy.moderated_free


def preference_of(storage: ReadableStorage, user: str, preference: str) -> str | None:
    """What a user chose, such as a default style; None where nothing was chosen."""
    return storage.running().projector.preferences.get(user, preference)


def newest_images(storage: ReadableStorage, user: str, *, offset: int = 0, limit: int = 50) -> list[GalleryImage]:
    """Some of a user's kept images, newest first."""
    return [_row(image) for image in storage.running().state.gallery.newest_first(user, offset, limit)]


def image_names(storage: ReadableStorage, user: str) -> list[str]:
    """The names of a user's kept images, newest first."""
    return storage.running().state.gallery.of(user).names()


def kept_image(storage: ReadableStorage, user: str, name: str) -> GalleryImage | None:
    """What the log knows of a kept image, None where no such name stands."""
    current = storage.running().state.current_image(user, name_key(name), temp=False)
    return _row(current) if current else None


def image_path(storage: ReadableStorage, user: str, name: str) -> Path | None:
    """Where a kept image lies; None where no such name stands, or something stands there that was put in its place."""
    root = storage.running()
    current = root.state.current_image(user, name_key(name), temp=False)
    if current is None:
        return None
    path = root.images.path(user, current.name, temp=False)
    return None if root.images.is_foreign(user, current.name) else path


def image_address(storage: ReadableStorage, user: str, name: str) -> str | None:
    """Where the bytes of a kept image lie, in words: a path, or `s3://bucket/key`. None where no such name stands. May
    read the log: for a worker.
    """
    root = storage.running()
    current = root.state.current_image(user, name_key(name), temp=False)
    return None if current is None else root.images.address(user, current.name, temp=False)


def presigned(storage: ReadableStorage, user: str, name: str, seconds: int) -> str | None:
    """An address that gives a kept image to whoever has it, for so long, from the store where it lies; None where no
    such name stands, or images are files. Whether its object is there is not asked. Raises OSError. May read the log,
    and ask for a key: for a worker.
    """
    root = storage.running()
    current = root.state.current_image(user, name_key(name), temp=False)
    return None if current is None else root.images.presigned(user, current.name, temp=False, seconds=seconds)


def image_details(storage: ReadableStorage, user: str, name: str) -> dict[str, Any] | None:
    """How a kept image was made: prompt, style, seed; None where nothing is known. Reads bytes: for a worker."""
    root = storage.running()
    current = root.state.current_image(user, name_key(name), temp=False)
    return root.images.read_details(user, current.name) if current else None


def open_image(storage: ReadableStorage, user: str, name: str) -> BufferedIOBase | None:
    """The bytes of a kept image, to be read from their start and closed; None where no such name stands.

    Raises OSError: FileNotFoundError where the name stands and its bytes are gone, DamagedFileError where there are
    fewer or more than were kept. For a worker.
    """
    root = storage.running()
    found = kept = 0
    for _ in range(LOOKS):
        current = root.state.current_image(user, name_key(name), temp=False)
        if current is None:
            return None
        file, kept = root.images.open_image(user, current.name), current.bytes
        if (found := file.seek(0, SEEK_END)) == kept:
            file.seek(0)
            return file
        file.close()
        sleep(LOOK_PAUSE_SECONDS)  # the name may just be saved anew: its file is the new one before its figures are
    root.images.is_there(user, name, temp=False, size_bytes=kept)
    raise damaged_file(name, f"has {found:,} bytes where {kept:,} were kept")


def image_bytes(storage: ReadableStorage, user: str, name: str) -> bytes | None:
    """All bytes of a kept image, None where no such name stands. Raises OSError. For a worker."""
    opened = open_image(storage, user, name)
    if opened is None:
        return None
    with opened:
        return opened.read()


def recorded_at(storage: ReadableStorage, position: int) -> str:
    """When the event at a position of the log was recorded. Reads the log: for a worker."""
    return decode(next(iter(storage.running().recorder.read(after=position - 1, limit=1)))).at


def recorded_of(storage: ReadableStorage, user: str, most: int) -> list[Recorded]:
    """The newest events that concern a user, oldest first, with their positions. Reads the log: for a worker."""
    found = storage.running().recorder.newest(events_about(user), most)
    return [(stored.position, decode(stored)) for stored in found]


def events_about(user: str) -> DCBQuery:
    """The log's own question for all that concerns a user."""
    return DCBQuery(items=[DCBQueryItem(tags=[f"user:{user}"])])


class DamagedFileError(FileNotFoundError):
    """The file of a kept image is there, and not as long as it was kept: what was kept is not there."""


def damaged_file(name: str, what: str) -> DamagedFileError:
    """The error for the file of a name; `what` goes on from "it"."""
    return DamagedFileError(EIO, what, name)


def _together(state: QuotaState, read: Callable[[], T]) -> T:
    """Figures that belong together: read again where a batch was published meanwhile."""
    for _ in range(READ_TRIES):
        version = state.version
        if version % 2 == 0:
            figures = read()
            if state.version == version:
                return figures
        sleep(READ_PAUSE_SECONDS)
    return read()


def _row(image: CurrentImage) -> GalleryImage:
    return GalleryImage(
        name=image.name,
        size_bytes=image.bytes,
        at=image.at,
        media_type=image.media_type,
        width=image.width,
        height=image.height,
        operation=image.operation,
    )
