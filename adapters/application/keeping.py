"""Whether a picture could be kept, tried before anybody is paid for one: the way of a save is gone with a few bytes.

After a save has failed each try is as large as that save, until one has succeeded. What is put right is noticed by the
next try, at the next request or when readiness is asked.
"""

from __future__ import annotations

import errno
import logging
from collections.abc import Sequence
from typing import NamedTuple

import structlog

from adapters.application.idempotency import Key, was_answered
from adapters.application.intake import KINDS
from adapters.application.opening import OpenRoot
from adapters.application.reserving import WantedPlaces, reservation_of
from adapters.application.results import LIBRARY, Actor
from adapters.application.storage import Storage
from adapters.application.troubles import FULL, OF_ALL, fault_of
from adapters.ledger.hooks import NO_SPACE
from adapters.ports.faults import DiskFull, Fault, StorageUnavailable
from adapters.ports.image_store import Place
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
    if idempotency_key is not None:
        asked = reservation_of(storage, wanted, actor)
        if await storage.workers.reading.run(was_answered, asked, idempotency_key, root, content):
            return
    await storage.workers.keeping.run_together(_try_together, _Try(root, _place_of(wanted), _bounded(wanted.count)))


async def refuse_unkeepable_now(storage: Storage, wanted: WantedPlaces) -> None:
    """The same for places that are held already, and so have been promised their room."""
    await storage.workers.keeping.run_together(_try_together, _Try(storage.running(), _place_of(wanted), 0))


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


class _Try(NamedTuple):
    """Whether so many pictures more could be kept in a place of a root."""

    root: OpenRoot
    place: Place
    pictures: int


def _try_together(tries: Sequence[_Try]) -> list[Fault | None]:
    """Each is tried alone where together they do not succeed: so each hears of their own place. The room that one is
    found is not found for the next once more.
    """
    well = _tried_well(tries) if len(tries) > 1 else frozenset()
    found: list[Fault | None] = []
    pictures = 0
    for one in tries:
        fault = None if one.place in well else _fault_in(one, beside=pictures)
        pictures += 0 if fault else one.pictures
        found.append(fault)
    return found


def _tried_well(tries: Sequence[_Try]) -> frozenset[Place]:
    """The places where all could be kept that is asked for together. One that is not named may be as well."""
    root, places = tries[0].root, list(dict.fromkeys(one.place for one in tries))
    if root.troubles.largest_bytes:
        return frozenset()  # each must be as large as what failed
    try:
        _refuse_without_room(root, sum(one.pictures for one in tries))
        _refuse_unrecordable(root)
        found = root.images.probe(places, _size_of(root, max(one.pictures for one in tries)), whole=False)
    except (DiskFull, StorageUnavailable, OSError):
        return frozenset()
    well = frozenset(place for place, error in zip(places, found, strict=True) if error is None)
    for place in well:
        _note_well(root, place, 0)
    return well


def _fault_in(one: _Try, *, beside: int) -> Fault | None:
    try:
        _try(one.root, one.place, one.pictures, beside=beside)
    except (DiskFull, StorageUnavailable) as fault:
        return fault
    return None


def _try(root: OpenRoot, place: Place, pictures: int, *, beside: int = 0) -> None:
    """Goes the way of a save there, with room for so many pictures more than `beside`. Raises DiskFull or
    StorageUnavailable.
    """
    failed_bytes = root.troubles.largest_bytes
    size_bytes = max(failed_bytes, _size_of(root, pictures))
    try:
        _refuse_without_room(root, beside + pictures)
        _refuse_unrecordable(root)
        [error] = root.images.probe([place], size_bytes, whole=failed_bytes > 0)
        if error is not None:
            raise error
    except DiskFull as full:
        _note(root, place, full)
        raise
    except OSError as error:
        fault = fault_of(error, size_bytes=size_bytes, images=root.images)
        _note(root, place, fault)
        raise fault from error
    _note_well(root, place, failed_bytes)


def _size_of(root: OpenRoot, pictures: int) -> int:
    return max(1, root.state.policy.gen_bytes * max(1, pictures))


def _note_well(root: OpenRoot, place: Place, written_bytes: int) -> None:
    if root.troubles.overcome(place, written_bytes):
        _log.info("pictures can be kept again", user=place.user)


def _note(root: OpenRoot, place: Place, fault: Fault) -> None:
    if root.troubles.note(place):  # else it is in the log already
        _log.warning("pictures cannot be kept", user=place.user, reason=str(fault))


def _refuse_without_room(root: OpenRoot, pictures: int) -> None:
    """Raises DiskFull where the disks have less than what open places were promised and so many pictures more need, or
    the log has no room.
    """
    if root.short_of_space():
        raise DiskFull(NO_SPACE)
    promised_bytes = root.state.pool.held_bytes + root.state.policy.gen_bytes * pictures
    if not root.images.has_room_for(promised_bytes) or root.free_bytes() < LOG_ROOM_BYTES:
        raise DiskFull(FULL)


def _refuse_unrecordable(root: OpenRoot) -> None:
    """Raises DiskFull or OSError where the log could not take the events of a picture, or its watermark."""
    try:
        root.recorder.probe(LOG_ROOM_BYTES)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DiskFull(FULL) from error
        raise
