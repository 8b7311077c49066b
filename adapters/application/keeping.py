"""Whether a picture could be kept, tried before anybody is paid for one: the way of a save is gone with a few bytes.

After a save has failed each try is as large as that save, until one has succeeded. What is put right is noticed by the
next try, at the next request or when readiness is asked.
"""

from __future__ import annotations

import errno
import logging

import structlog

from adapters.application.idempotency import Key, was_answered
from adapters.application.intake import KINDS
from adapters.application.opening import OpenRoot
from adapters.application.owners import owner_of
from adapters.application.reserving import WantedPlaces, reservation_of
from adapters.application.results import LIBRARY, Actor
from adapters.application.storage import Storage
from adapters.application.troubles import FULL, OF_ALL, Place, fault_of
from adapters.ledger.ledger import NO_SPACE
from adapters.ports.faults import DiskFull, Fault, StorageUnavailable
from domain.names import malformed_user

LOG_ROOM_BYTES = 65_536
"""What the log's disk must have for this account; all events of a picture take a few kilobytes."""
MOST_AT_ONCE = 16
"""Of the pictures that are asked for together, room is asked for so many."""
MOST_TRIED = 5
"""Places of users that are tried when readiness is asked."""

_log = structlog.wrap_logger(logging.getLogger(__name__))


async def refuse_unkeepable(
    storage: Storage,
    wanted: WantedPlaces,
    *,
    actor: Actor = LIBRARY,
    idempotency_key: Key | None = None,
    content: tuple[bytes, ...] = (),
) -> None:
    """Returns where pictures for these places could be kept. Raises DiskFull or StorageUnavailable, and other Faults.

    What was asked under the key before is answered by the log, so nothing is tried for it, nor for whom it refuses.
    """
    root = storage.running()
    if malformed_user(wanted.user):
        return
    asked = reservation_of(storage, wanted, actor)
    if await storage.workers.reading.run(was_answered, asked, idempotency_key, root, content):
        return
    owner = owner_of(storage, wanted.user, actor)
    await storage.workers.keeping.run_in_turn(owner, _try, root, _place_of(wanted), _bounded(wanted.count))


async def refuse_unkeepable_now(storage: Storage, wanted: WantedPlaces) -> None:
    """The same for places that are held already, and so have been promised their room."""
    await storage.workers.keeping.run(_try, storage.running(), _place_of(wanted), 0)


def what_keeps_from_saving(root: OpenRoot) -> list[str]:
    """A sentence for each thing that keeps pictures from being kept at this moment. For a worker."""
    found: dict[str, None] = {}
    for place in (OF_ALL, *root.troubles.places()[:MOST_TRIED]):
        try:
            _try(root, place, 1)
        except (DiskFull, StorageUnavailable) as fault:
            found[str(fault)] = None
    return list(found)


def _place_of(wanted: WantedPlaces) -> Place:
    return Place(wanted.user, wanted.operation if wanted.operation in KINDS else None)


def _bounded(count: object) -> int:
    """How many pictures room is looked for; whether so many may be asked for is the ledger's to say."""
    return max(1, min(count, MOST_AT_ONCE)) if isinstance(count, int) else 1


def _try(root: OpenRoot, place: Place, count: int) -> None:
    """Goes the way of a save there, with room for `count` pictures more. Raises DiskFull or StorageUnavailable."""
    each, failed_bytes = root.state.policy.gen_bytes, root.troubles.largest_bytes
    size_bytes = max(1, failed_bytes, each * max(1, count))
    try:
        _refuse_without_room(root, root.state.pool.held_bytes + each * count)
        _refuse_unrecordable(root)
        root.images.probe(*place, size_bytes, whole=failed_bytes > 0)
    except DiskFull as full:
        _note(root, place, full)
        raise
    except OSError as error:
        fault = fault_of(error, size_bytes=size_bytes, images=root.images)
        _note(root, place, fault)
        raise fault from error
    if root.troubles.overcome(place, failed_bytes):
        _log.info("pictures can be kept again", user=place.user)


def _note(root: OpenRoot, place: Place, fault: Fault) -> None:
    if root.troubles.note(place):  # else it is in the log already
        _log.warning("pictures cannot be kept", user=place.user, reason=str(fault))


def _refuse_without_room(root: OpenRoot, promised_bytes: int) -> None:
    """Raises DiskFull where the disks have less than what open places were promised, or the log has no room."""
    if root.short_of_space():
        raise DiskFull(NO_SPACE)
    if root.images.free_bytes() < promised_bytes or root.free_bytes() < LOG_ROOM_BYTES:
        raise DiskFull(FULL)


def _refuse_unrecordable(root: OpenRoot) -> None:
    """Raises DiskFull or OSError where the log could not take the events of a picture, or its watermark."""
    try:
        root.recorder.probe(LOG_ROOM_BYTES)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DiskFull(FULL) from error
        raise
