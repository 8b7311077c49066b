"""Places of requests that ended with the process which worked on them: known by their ids, released by the next start.

A log has one writer, and its lock is free only once that one is gone: so nobody works any more on what the studio of a
former process had reserved. Where several processes write one log, an id begins with the tag of its process: the next
start on that one's root releases what it had reserved, or any of the others, once it has been gone for a while. Places
that a program reserved for itself are its own, and live until their expiry.
"""

from __future__ import annotations

import logging
from time import monotonic

import structlog

from adapters.ledger.ledger import QuotaLedger
from adapters.ports.faults import DiskFull, StorageUnavailable
from adapters.ports.random_hex import random_hex
from adapters.ports.shared_log import SharedLog
from domain.commands import ReleasePlaces
from domain.refusals import Refusal
from domain.reservations import Reservation
from projections.quota_state import QuotaState

GONE_SECONDS = 120.0
"""After this another writer that is not to be seen is gone: one that only lost the database for a moment goes on."""
_VERSION_AT = 12
"""Where a UUID in hex says of which version it is."""
_OWN, _ORDINARY = "8", "4"
"""RFC 9562 leaves version 8 to each program's own meaning; a random one is of version 4."""

_log = structlog.wrap_logger(logging.getLogger(__name__))


def new_reservation_id(*, attended: bool, tag: str = "") -> str:
    """A random id, 32 hex, which begins with a process's tag; `attended`: of a request that this process itself works
    on, so that it ends with it.
    """
    random = tag + random_hex(16)[len(tag) :]
    return random[:_VERSION_AT] + (_OWN if attended else _ORDINARY) + random[_VERSION_AT + 1 :]


def is_attended(reservation: str) -> bool:
    """Whether the id is one of a request that ends with its process."""
    return reservation[_VERSION_AT : _VERSION_AT + 1] == _OWN


def release_abandoned(ledger: QuotaLedger, *, tag: str = "") -> None:
    """Releases what a former process left open, of all that wrote the log or of the one with that tag, before anybody
    of this one reserves. Blocks until it is durable. A full disk leaves it to expire.
    """
    abandoned = [held for held in attended(ledger.state) if held.reservation.startswith(tag)]
    for command in (command for held in abandoned for command in releases_of(held)):
        try:
            outcome = ledger.execute(command)
        except (DiskFull, StorageUnavailable) as error:
            _log.warning("places not released before their expiry", reason=str(error))
            return
        if isinstance(outcome, Refusal):
            _log.warning("places not released before their expiry", user=command.user, reason=outcome.reason.value)
    if abandoned:
        _log.warning("requests that ended with the former process were released", count=len(abandoned))


class Absent:
    """The other writers of a log that are gone, and since when. For the thread of the ledger's writer."""

    def __init__(self, shared: SharedLog) -> None:
        self._shared = shared
        self._since: dict[str, float] = {}

    def releases(self, state: QuotaState) -> list[ReleasePlaces]:
        """What releases the places of those that have been gone for GONE_SECONDS. Where the others cannot be seen now,
        nothing is.
        """
        try:
            there = {*self._shared.others(), self._shared.tag}
        except StorageUnavailable:
            self._since.clear()
            return []
        held_by_tag: dict[str, list[Reservation]] = {}
        for held in attended(state):
            if (tag := held.reservation[: len(self._shared.tag)]) not in there:
                held_by_tag.setdefault(tag, []).append(held)
        now = monotonic()
        self._since = {tag: self._since.get(tag, now) for tag in held_by_tag}
        long_gone = [tag for tag, since in self._since.items() if now - since >= GONE_SECONDS]
        gone = [held for tag in long_gone for held in held_by_tag[tag]]
        if gone:
            _log.warning("requests that ended with another process are released", count=len(gone))
        return [command for held in gone for command in releases_of(held)]


def attended(state: QuotaState) -> list[Reservation]:
    """The open reservations of requests that end with their process."""
    return [held for held in state.open_reservations() if is_attended(held.reservation)]


def releases_of(held: Reservation) -> list[ReleasePlaces]:
    """What gives the places of a request back that nobody works on any more: what was delivered is `not_kept`, and of
    the rest nobody knows whether it was paid for.
    """
    delivered = held.open_delivered
    counts = (("not_kept", delivered), ("unknown", held.open - delivered))
    return [ReleasePlaces(held.user, "system", held.reservation, reason, count) for reason, count in counts if count]
