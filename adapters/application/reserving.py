"""Places for generations: held before a provider is called, then delivered, saved into, or given back."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.application.abandoned import new_reservation_id
from adapters.application.idempotency import Key, spellings, with_key
from adapters.application.results import LIBRARY, Actor, Changed, Delivery, Reserved, changed
from adapters.application.storage import Storage
from adapters.ledger.codec import decode
from adapters.ledger.pending import Accepted
from domain.commands import CompleteGeneration, ReleasePlaces, ReserveGeneration
from domain.credits import of_reported
from domain.decisions import decide
from domain.events import GenerationCompleted, GenerationReserved, idempotency_tag
from domain.refusals import Refusal


@dataclass(frozen=True, slots=True)
class WantedPlaces:
    """Places to be held for a user. `exclusive`: this process itself works on the request. So while it runs, one under
    the same key is refused, and where the process ends first, the next start releases what is open.

    `style` is the key of the one that is asked for. `provider` and `model` would make it, for `credits_each`
    thousandths of credits a picture; None where no price is known.
    """

    user: str
    count: int = 1
    operation: str | None = None
    exclusive: bool = False
    style: str | None = None
    provider: str | None = None
    model: str | None = None
    credits_each: int | None = None


@dataclass(frozen=True, slots=True)
class ReturnedPlaces:
    """Open places of a reservation to be given back, all of them where no count is given. `provider` is who was asked
    to fill them, where anybody was.
    """

    user: str
    reservation: str
    reason: str = "cancelled"
    count: int | None = None
    provider: str | None = None


async def reserve_places(
    storage: Storage,
    wanted: WantedPlaces,
    *,
    actor: Actor = LIBRARY,
    idempotency_key: Key | None = None,
    content: tuple[bytes, ...] = (),
) -> Reserved | Refusal:
    """Holds places before a provider is called. Raises Faults.

    `content` tells requests under one key apart, such as by their prompt and style; its parts are digested aside, as an
    input image of many megabytes would hold the event loop up.
    """
    command = reservation_of(storage, wanted, actor)
    if idempotency_key is not None:
        command = await storage.workers.reading.run(with_key, command, idempotency_key, storage.opened(), content)
    outcome = await storage.opened().ledger.submit(command)
    return outcome if isinstance(outcome, Refusal) else _reserved(outcome)


def reserved_under(storage: Storage, actor: Actor, idempotency_key: Key) -> str | None:
    """The reservation that was made under an idempotency key, None where none was. Raises Faults."""
    root = storage.opened()
    tags = (idempotency_tag(*spelled) for spelled in spellings(actor.by, idempotency_key, secret=root.recorder.secret))
    answers = (root.state.answer(tag) for tag in tags)
    return next((answer.reservation for answer in answers if answer and answer.reservation), None)


def delivered_under(storage: Storage, actor: Actor, key: Key, reservation: str) -> GenerationCompleted | None:
    """What was delivered for a reservation under a key, None where nothing was told. Reads the log: for a worker."""
    root = storage.opened()
    for spelled in spellings(actor.by, key, secret=root.recorder.secret):
        if (answer := root.state.answer(idempotency_tag(*spelled))) is None:
            continue
        for stored in root.recorder.read(after=answer.positions[-1] - 1, limit=1):
            event = decode(stored)
            if isinstance(event, GenerationCompleted) and event.reservation == reservation:
                return event
    return None


async def complete_generation(
    storage: Storage,
    user: str,
    reservation: str,
    delivery: Delivery,
    *,
    actor: Actor = LIBRARY,
    idempotency_key: Key | None = None,
) -> Changed | Refusal:
    """Records that the provider delivered. Raises Faults."""
    opened = storage.opened()
    reported = delivery.credits
    command = CompleteGeneration(
        user,
        actor.by,
        reservation,
        *delivery,
        cost=None if reported is None else of_reported(reported),
        origin=actor.origin,
    )
    command = with_key(command, idempotency_key, opened)
    return changed(await opened.ledger.submit(command))


async def release_places(
    storage: Storage, returned: ReturnedPlaces, *, actor: Actor = LIBRARY, idempotency_key: Key | None = None
) -> Changed | Refusal:
    """Gives open places back. Raises Faults."""
    opened = storage.opened()
    command = ReleasePlaces(
        user=returned.user,
        by=actor.by,
        reservation=returned.reservation,
        reason=returned.reason,
        count=returned.count,
        provider=returned.provider,
        origin=actor.origin,
    )
    command = with_key(command, idempotency_key, opened)
    return changed(await opened.ledger.submit(command))


def refusal_of_places(storage: Storage, wanted: WantedPlaces, *, actor: Actor) -> Refusal | None:
    """Why these places would be refused at this moment, None where they would not; nothing is held by asking. For
    whoever would otherwise fetch what is needed first. Raises Faults.
    """
    opened = storage.running()
    decision = decide(reservation_of(storage, wanted, actor), opened.state, opened.state.policy, opened.now())
    return decision if isinstance(decision, Refusal) else None


async def record_refusal_of_places(storage: Storage, wanted: WantedPlaces, *, actor: Actor) -> None:
    """Has the ledger refuse these places, so that the log knows of it; where they have become free meanwhile, they are
    given back at once. Raises Faults.
    """
    reserved = await reserve_places(storage, wanted, actor=actor)
    if isinstance(reserved, Reserved):
        await release_places(storage, ReturnedPlaces(wanted.user, reserved.reservation), actor=actor)


def reservation_of(storage: Storage, wanted: WantedPlaces, actor: Actor) -> ReserveGeneration:
    """The command that holds these places; it tells the groups that were seen of the user."""
    return ReserveGeneration(
        user=wanted.user,
        by=actor.by,
        reservation=new_reservation_id(attended=wanted.exclusive, tag=storage.running().tag),
        ttl_seconds=storage.settings.reservation_seconds,
        count=wanted.count,
        operation=wanted.operation or "unspecified",
        exclusive=wanted.exclusive,
        style=wanted.style,
        provider=wanted.provider,
        model=wanted.model,
        credits_each=wanted.credits_each,
        groups=actor.seen and actor.seen.groups,
        place=actor.seen and actor.seen.place,
        origin=actor.origin,
    )


def _reserved(accepted: Accepted) -> Reserved:
    position, event = next(one for one in accepted.recorded if isinstance(one[1], GenerationReserved))
    assert isinstance(event, GenerationReserved)
    return Reserved(
        reservation=event.reservation,
        user=event.user,
        count=event.count,
        bytes_each=event.bytes_each,
        expires_at=event.expires_at,
        position=position,
        replayed=accepted.replayed,
    )
