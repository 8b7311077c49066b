"""Places of requests that ended with the process which worked on them: known by their ids, released by the next start.

A log has one writer, and its lock is free only once that one is gone: so nobody works any more on what the studio of a
former process had reserved. Places that a program reserved for itself are its own, and live until their expiry.
"""

from __future__ import annotations

import logging

import structlog

from adapters.ledger.ledger import QuotaLedger
from adapters.ports.faults import DiskFull, StorageUnavailable
from adapters.ports.random_hex import random_hex
from domain.commands import ReleasePlaces
from domain.refusals import Refusal
from domain.reservations import Reservation

_VERSION_AT = 12
"""Where a UUID in hex says of which version it is."""
_OWN, _ORDINARY = "8", "4"
"""RFC 9562 leaves version 8 to each program's own meaning; a random one is of version 4."""

_log = structlog.wrap_logger(logging.getLogger(__name__))


def new_reservation_id(*, attended: bool) -> str:
    """A random id, 32 hex; `attended`: of a request that this process itself works on, so that it ends with it."""
    random = random_hex(16)
    return random[:_VERSION_AT] + (_OWN if attended else _ORDINARY) + random[_VERSION_AT + 1 :]


def is_attended(reservation: str) -> bool:
    """Whether the id is one of a request that ends with its process."""
    return reservation[_VERSION_AT : _VERSION_AT + 1] == _OWN


def release_abandoned(ledger: QuotaLedger) -> None:
    """Releases what a former process left open, before anybody of this one reserves. Blocks until it is durable.

    What was delivered is `not_kept`; of the rest nobody knows whether it was paid for. A full disk leaves it to expire.
    """
    abandoned = [held for held in ledger.state.open_reservations() if is_attended(held.reservation)]
    for held in abandoned:
        delivered = held.open_delivered
        for reason, count in (("not_kept", delivered), ("unknown", held.open - delivered)):
            if count and not _release(ledger, held, reason, count):
                return
    if abandoned:
        _log.warning("requests that ended with the former process were released", count=len(abandoned))


def _release(ledger: QuotaLedger, held: Reservation, reason: str, count: int) -> bool:
    command = ReleasePlaces(held.user, "system", held.reservation, reason, count)
    try:
        outcome = ledger.execute(command)
    except (DiskFull, StorageUnavailable) as error:
        _log.warning("places not released before their expiry", reason=str(error))
        return False
    if isinstance(outcome, Refusal):
        _log.warning("places not released before their expiry", user=held.user, reason=outcome.reason.value)
    return True
