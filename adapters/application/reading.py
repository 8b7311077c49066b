"""The figures of the storage, read from memory alone: quota status, galleries, users. No disk, no walk, no lock.

Sizes leave here in MB with two decimals and percentages with one, as the seeds' dictionaries have them.
"""

from __future__ import annotations

from collections.abc import Callable
from time import sleep
from typing import Any, TypeVar

from adapters.application.opening import OpenRoot
from adapters.application.results import GalleryImage, Readiness
from adapters.ledger.ledger import NO_SPACE
from domain.limits import megabytes
from domain.names import name_key
from domain.usage import CurrentImage
from projections.quota_state import QuotaState
from projections.user_quota import StorageStatus

T = TypeVar("T")

READ_TRIES = 1_000
"""Times a reading is taken anew because a batch was being published; publishing takes microseconds."""
READ_PAUSE_SECONDS = 0.0001
NAMED_MISSING = 5
"""Images without a file that readiness names."""
CLOCK_BEHIND = (
    "The clock is more than a day behind the log: one of the two is wrong, and commands are refused. "
    "If the clock is right now, stop the service and run `abby clock-corrected`; else set the clock."
)


def together(state: QuotaState, read: Callable[[], T]) -> T:
    """Figures that belong together: read again where a batch was published meanwhile."""
    for _ in range(READ_TRIES):
        version = state.version
        if version % 2 == 0:
            figures = read()
            if state.version == version:
                return figures
        sleep(READ_PAUSE_SECONDS)
    return read()


def quota_status(state: QuotaState, user: str, at: str) -> dict[str, Any]:
    """The dictionary of a user's quotas at a time; the ledger's position says of when the figures are."""
    return together(state, lambda: _quota_status(state, user, at))


def global_usage(state: QuotaState) -> dict[str, Any]:
    """The `global` part of the status."""
    return together(state, lambda: _global(state.whole.status(state.policy.pool_bytes)))


def gallery(state: QuotaState, user: str, offset: int, limit: int) -> list[GalleryImage]:
    """Some of a user's kept images, newest first."""
    return [_row(image) for image in state.gallery.newest_first(user, offset, limit)]


def names(state: QuotaState, user: str) -> list[str]:
    """The names of a user's kept images, newest first."""
    return [image.name for image in state.gallery.newest_first(user)]


def known_users(state: QuotaState) -> list[str]:
    """Every user with images, temp files or places, in order."""
    return sorted({*state.users.users(), *state.gallery.users(), *state.temps.users()})


def _row(image: CurrentImage) -> GalleryImage:
    return GalleryImage(image.name, image.bytes, image.at, image.media_type, image.width, image.height, image.operation)


def _quota_status(state: QuotaState, user: str, at: str) -> dict[str, Any]:
    limits = state.limits_of(user, at)
    own = state.users.status(user, limits.user_bytes)
    pool = state.whole.status(state.policy.pool_bytes)
    daily = state.daily.status(user, limits.daily, at)
    whole = _global(pool)
    user_figures = _figures(own, "limit_mb")
    user_figures["images"] = state.gallery.count(user)
    return {
        "global": whole,
        "user": user_figures,
        "daily": daily._asdict(),
        "storage": _brief(user_figures, "limit_mb", fits=own.remaining_bytes >= limits.gen_bytes),
        "global_storage": _brief(whole, "total_mb", fits=pool.remaining_bytes >= limits.gen_bytes),
        "position": state.position,
    }


def _global(status: StorageStatus) -> dict[str, Any]:
    return _figures(status, "total_mb")


def _figures(status: StorageStatus, limit_name: str) -> dict[str, Any]:
    return {
        "used_mb": megabytes(status.used_bytes),
        "reserved_mb": megabytes(status.held_bytes),
        limit_name: megabytes(status.limit_bytes),
        "remaining_mb": megabytes(status.remaining_bytes),
        "percentage": status.percentage,
        "status": status.status.value,
    }


def _brief(figures: dict[str, Any], limit_name: str, *, fits: bool) -> dict[str, Any]:
    """The seeds' other shape of the same figures. `allowed`: the estimate of one generation fits, holds counted."""
    return {"used_mb": figures["used_mb"], "limit_mb": figures[limit_name], "allowed": fits}


def gallery_image(state: QuotaState, user: str, name: str) -> GalleryImage | None:
    """What the log knows of one kept image, None where no such name stands."""
    current = state.current_image(user, name_key(name), temp=False)
    return _row(current) if current else None


def readiness(opened: OpenRoot, last_cleanup: str | None) -> Readiness:
    """Whether an open root admits commands, and what an operator should look at."""
    ledger, position = opened.ledger, opened.ledger.state.position
    if ledger.fault is not None:
        return Readiness(False, True, (str(ledger.fault),), last_cleanup, position)
    if ledger.clock_is_behind():
        return Readiness(False, True, (CLOCK_BEHIND,), last_cleanup, position)
    notes = []
    if opened.short_of_space():
        notes.append(NO_SPACE)
    if opened.images.missing:
        some = ", ".join(f"{key.user}/{key.key}" for key in sorted(opened.images.missing)[:NAMED_MISSING])
        notes.append(f"{len(opened.images.missing)} images have no file, among them {some}. They stay charged.")
    return Readiness(True, bool(notes), tuple(notes), last_cleanup, position)
