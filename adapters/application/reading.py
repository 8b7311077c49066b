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
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from eventsourcing.dcb.api import DCBQuery, DCBQueryItem

from adapters.application.quota_figures import (
    DailyFigures,
    GlobalUsage,
    LimitsInForce,
    PoolFigures,
    QuotaStatus,
    StorageFigures,
    UserFigures,
    UserUsage,
)
from adapters.application.results import GalleryImage
from adapters.ledger.codec import Recorded, decode
from adapters.ledger.projector import Projector
from adapters.ports.event_log import OpenedLog
from adapters.ports.image_store import ImageStore
from domain.limits import NO_OVERRIDE, Limits, Override, UserLimits, effective, megabytes
from domain.names import malformed_user, name_key
from domain.usage import CurrentImage
from projections.daily_quota import DailyStatus
from projections.quota_state import QuotaState
from projections.user_quota import StorageStatus

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


class ReadableStorage(Protocol):
    """A storage that can be read: open for writing, or followed beside its writer."""

    def running(self) -> ReadableRoot:
        """The root, where its figures are up to date. Raises LedgerStopped, StorageUnavailable and LogDamaged."""


class Figures(NamedTuple):
    """What a user has used and has left at a time, exactly: places of the day, bytes of their own and of all users
    together; the override is theirs, whether it is over or not.
    """

    at: str
    position: int
    limits: Limits
    override: Override | None
    daily: DailyStatus
    own: StorageStatus
    pool: StorageStatus
    images: int


def figures_of(storage: ReadableStorage, user: str) -> Figures:
    """The figures of a user now. Raises ValueError for a malformed id."""
    if sentence := malformed_user(user):
        raise ValueError(sentence)
    root = storage.running()
    state, at = root.state, root.now()

    def read() -> Figures:
        override = state.override(user)
        limits = effective(state.policy, override, at)
        return Figures(
            at,
            state.position,
            limits,
            override,
            daily=state.daily.status(user, limits.daily, at),
            own=state.users.status(user, limits.user_bytes),
            pool=state.whole.status(state.policy.pool_bytes),
            images=state.gallery.count(user),
        )

    return _together(state, read)


def quota_status(storage: ReadableStorage, user: str) -> QuotaStatus:
    """The quota dictionary of a user; its `position` says of when the figures are. Raises ValueError for a malformed
    id.
    """
    return status_of(figures_of(storage, user))


def status_of(figures: Figures) -> QuotaStatus:
    """The quota dictionary of these figures."""
    whole, own = _global(figures.pool), _user(figures.own, figures.images)
    return {
        "global": whole,
        "user": own,
        "daily": _daily(figures.daily),
        "storage": _brief(own["used_mb"], own["limit_mb"], figures.own, figures.limits),
        "global_storage": _brief(whole["used_mb"], whole["total_mb"], figures.pool, figures.limits),
        "limits": _in_force(figures.override, figures.at),
        "position": figures.position,
    }


def global_usage(storage: ReadableStorage) -> GlobalUsage:
    """The pool's figures, and what is free on the disk. Raises OSError where the disk cannot say."""
    free = megabytes(storage.running().images.free_bytes())
    return {**pool_usage(storage), "disk_free_mb": free}


def pool_usage(storage: ReadableStorage) -> PoolFigures:
    """The pool's figures."""
    state = storage.running().state
    return _together(state, lambda: _global(state.whole.status(state.policy.pool_bytes)))


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


def _global(status: StorageStatus) -> PoolFigures:
    return {
        "used_mb": megabytes(status.used_bytes),
        "reserved_mb": megabytes(status.held_bytes),
        "total_mb": megabytes(status.limit_bytes),
        "remaining_mb": megabytes(status.remaining_bytes),
        "percentage": status.percentage,
        "status": status.status.value,
    }


def _user(status: StorageStatus, images: int) -> UserFigures:
    return {
        "used_mb": megabytes(status.used_bytes),
        "reserved_mb": megabytes(status.held_bytes),
        "limit_mb": megabytes(status.limit_bytes),
        "remaining_mb": megabytes(status.remaining_bytes),
        "percentage": status.percentage,
        "status": status.status.value,
        "images": images,
    }


def _daily(status: DailyStatus) -> DailyFigures:
    return {
        "allowed": status.allowed,
        "used": status.used,
        "remaining": status.remaining,
        "limit": status.limit,
        "reset_hours": status.reset_hours,
        "resets_at": status.resets_at,
    }


def _brief(used_mb: float, limit_mb: float, status: StorageStatus, limits: Limits) -> StorageFigures:
    fits = status.remaining_bytes >= limits.gen_bytes
    return {"used_mb": used_mb, "limit_mb": limit_mb, "allowed": fits}


def _in_force(override: Override | None, at: str) -> LimitsInForce:
    """Whose the limits are at a time; an override that is over is none."""
    is_over = override is None or (override.until is not None and override.until <= at)
    own = UserLimits() if override is None or is_over else override.limits
    return {
        "storage": "everybody" if own.user_bytes is None else "own",
        "daily": "everybody" if own.daily is None else "own",
        "until": None if override is None or own == UserLimits() else override.until,
    }
