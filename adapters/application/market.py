"""Points, the community's own currency: what a user has and what became of it, gifts, the daily claim, offers and what
is bought of them, and marks of pictures.

What is earned by what is a setting of the storage, and is recorded with what was given.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from adapters.application.granting import ID_BYTES
from adapters.application.idempotency import Key, with_key
from adapters.application.reading import ReadableStorage
from adapters.application.recorded import Wanted
from adapters.application.results import Actor, StoreSettings, last_position
from adapters.application.storage import Storage
from adapters.ledger.codec import decode
from adapters.ledger.pending import Outcome
from adapters.ports.random_hex import random_hex
from domain.events import GrantGiven
from domain.instants import day_of
from domain.names import name_key
from domain.point_commands import (
    BuyOffer,
    ClaimDaily,
    GivePoints,
    MovePoints,
    Offer,
    SetFavourite,
    SetOffer,
    WithdrawOffer,
)
from domain.point_events import PointsMoved, account_of
from domain.refusals import Reason, Refusal

MOST_MOVEMENTS = 100
"""Movements that are told at once."""
PAID_OUTSIDE = "Offers are paid in {currency} here, and not in {points}."
NOTHING_A_DAY = "Nothing is given by the day here. Whoever runs the service can set EARN_DAILY."


class Movement(NamedTuple):
    """A movement from or to a user's account, at a position of the log."""

    position: int
    event: PointsMoved


class PointsOf(NamedTuple):
    """What a user has, and the latest movements, newest first. `daily` is what a day gives, 0 for nothing; `claimed`:
    that of today was taken. `called` is what points are called here.
    """

    user: str
    balance: int
    called: str
    daily: int
    claimed: bool
    movements: tuple[Movement, ...]


class PointsChanged(NamedTuple):
    """Points moved, or what is offered or marked changed. The position of its last event, 0 where nothing was to be
    changed; the movement, where there was one; what the user whose command it was has now; the grant that was bought.
    """

    position: int
    replayed: bool = False
    moved: PointsMoved | None = None
    balance: int = 0
    given: GrantGiven | None = None


def points_of(storage: Storage, user: str, most: int = MOST_MOVEMENTS) -> PointsOf:
    """A user's points. Reads the log: for a worker. Raises LogDamaged."""
    return read_points(storage, storage.settings, user, most)


def read_points(storage: ReadableStorage, settings: StoreSettings, user: str, most: int = MOST_MOVEMENTS) -> PointsOf:
    """The same, also beside whoever writes; what points are called and what a day gives is as these settings say."""
    root = storage.running()
    points = root.state.points
    movements = []
    for stored in reversed(root.recorder.newest(Wanted(user, (PointsMoved.__name__,)).query, most)):
        event = decode(stored)
        assert isinstance(event, PointsMoved)
        movements.append(Movement(stored.position, event))
    return PointsOf(
        user=user,
        balance=points.balance(account_of(user)),
        called=settings.points_name,
        daily=settings.earn_daily,
        claimed=(points.claimed(user) or "") >= day_of(root.now()),
        movements=tuple(movements),
    )


def offers(storage: ReadableStorage) -> list[Offer]:
    """All that is offered, the cheapest first."""
    return sorted(storage.running().state.points.offers(), key=lambda offer: (offer.price, offer.offer))


def is_favourite(storage: ReadableStorage, user: str, image: int) -> bool:
    """Whether a user has marked the picture of the save at this position."""
    return bool(storage.running().state.points.favourite(user, image))


def marks_of(storage: ReadableStorage, user: str, names: Sequence[str]) -> dict[str, int]:
    """How many users have marked these pictures of a user's as they stand, by name, of those that anybody has."""
    state = storage.running().state
    found = {name: state.current_image(user, name_key(name), temp=False) for name in names}
    positions = {name: image.position for name, image in found.items() if image is not None}
    counts = state.points.marks(set(positions.values()))
    return {name: counts[position] for name, position in positions.items() if position in counts}


async def move_points(  # noqa: PLR0913 - keywords that are given by name
    storage: Storage,
    user: str,
    kind: str,
    amount: int,
    reason: str,
    *,
    actor: Actor,
    idempotency_key: Key | None = None,
) -> PointsChanged | Refusal:
    """A manager makes points for a user (`mint`), or takes them out of the world (`burn`). Raises Faults."""
    command = MovePoints(user=user, by=actor.by, kind=kind, amount=amount, reason=reason, origin=actor.origin)
    opened = storage.opened()
    return _changed(storage, user, await opened.ledger.submit(with_key(command, idempotency_key, opened)))


async def give_points(  # noqa: PLR0913 - keywords that are given by name
    storage: Storage,
    user: str,
    to: str,
    amount: int,
    reason: str | None = None,
    *,
    actor: Actor,
    idempotency_key: Key | None = None,
) -> PointsChanged | Refusal:
    """A user gives points to another one. Raises Faults."""
    command = GivePoints(user=user, by=actor.by, to=to, amount=amount, reason=reason, origin=actor.origin)
    opened = storage.opened()
    return _changed(storage, user, await opened.ledger.submit(with_key(command, idempotency_key, opened)))


async def claim_daily(
    storage: Storage, user: str, *, actor: Actor, idempotency_key: Key | None = None
) -> PointsChanged | Refusal:
    """A user takes what a day gives. Raises Faults."""
    if not storage.settings.earn_daily:
        return Refusal(Reason.MALFORMED, user, NOTHING_A_DAY)
    command = ClaimDaily(user, actor.by, storage.settings.earn_daily, actor.origin)
    opened = storage.opened()
    return _changed(storage, user, await opened.ledger.submit(with_key(command, idempotency_key, opened)))


async def set_favourite(  # noqa: PLR0913 - keywords that are given by name
    storage: Storage,
    user: str,
    owner: str,
    name: str,
    *,
    on: bool,
    actor: Actor,
    image: int | None = None,
    idempotency_key: Key | None = None,
) -> PointsChanged | Refusal:
    """A user marks a kept picture, or no longer; the first mark rewards an owner who is another. Raises Faults."""
    command = SetFavourite(
        user=user,
        by=actor.by,
        owner=owner,
        name=name,
        on=on,
        image=image,
        reward=storage.settings.earn_favourite,
        origin=actor.origin,
    )
    opened = storage.opened()
    return _changed(storage, user, await opened.ledger.submit(with_key(command, idempotency_key, opened)))


async def set_offer(
    storage: Storage, wanted: Offer, reason: str, *, actor: Actor, idempotency_key: Key | None = None
) -> PointsChanged | Refusal:
    """A manager offers something, or something else under the same id. Raises Faults."""
    command, opened = SetOffer(actor.by, wanted, reason, actor.origin), storage.opened()
    return _changed(storage, None, await opened.ledger.submit(with_key(command, idempotency_key, opened)))


async def withdraw_offer(
    storage: Storage, offer: str, reason: str, *, actor: Actor, idempotency_key: Key | None = None
) -> PointsChanged | Refusal:
    """A manager takes an offer back. Raises Faults."""
    command, opened = WithdrawOffer(actor.by, offer, reason, actor.origin), storage.opened()
    return _changed(storage, None, await opened.ledger.submit(with_key(command, idempotency_key, opened)))


async def buy_offer(
    storage: Storage, user: str, offer: str, seen: Offer, *, actor: Actor, idempotency_key: Key | None = None
) -> PointsChanged | Refusal:
    """A user buys what is offered for points, where it still is as it was seen. Raises Faults."""
    settings = storage.settings
    if settings.currency:
        told = PAID_OUTSIDE.format(currency=settings.currency, points=settings.points_name)
        return Refusal(Reason.MALFORMED, user, told)
    grant, opened = random_hex(ID_BYTES), storage.opened()
    command = BuyOffer(user=user, by=actor.by, offer=offer, grant=grant, seen=seen, origin=actor.origin)
    return _changed(storage, user, await opened.ledger.submit(with_key(command, idempotency_key, opened)))


def _changed(storage: Storage, user: str | None, outcome: Outcome) -> PointsChanged | Refusal:
    if isinstance(outcome, Refusal):
        return outcome
    moved = next((event for event in outcome.events if isinstance(event, PointsMoved)), None)
    balance = 0 if user is None else storage.opened().state.points.balance(account_of(user))
    given = next((event for event in outcome.events if isinstance(event, GrantGiven)), None)
    return PointsChanged(last_position(outcome), outcome.replayed, moved, balance, given)
