"""The commands about points behind recorded events, for `recorded_commands.py`: what was asked follows from what became
of it, but for an offer as its buyer saw it, which was what stood. What is bought is given by an event of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from domain.events import Event, GrantGiven
from domain.point_commands import (
    BuyOffer,
    ClaimDaily,
    GivePoints,
    MovePoints,
    Offer,
    PointCommand,
    SetFavourite,
    SetOffer,
    WithdrawOffer,
)
from domain.point_events import (
    CLAIM,
    FAVOURITE,
    GIFT,
    PURCHASE,
    FavouriteSet,
    OfferSet,
    OfferWithdrawn,
    PointsMoved,
    account_of,
    user_of,
)


def end_of_points(events: Sequence[Event], at: int) -> int:
    """Where the events of a command about points end: of a mark after the reward of the picture's owner, where there is
    one, of a purchase after the grant.
    """
    marked = events[at]
    if isinstance(marked, PointsMoved) and marked.kind == PURCHASE:
        return at + 2
    rewarded = events[at + 1] if at + 1 < len(events) else None
    is_its_own = (
        isinstance(marked, FavouriteSet)
        and isinstance(rewarded, PointsMoved)
        and (rewarded.kind, rewarded.payee) == (FAVOURITE, account_of(marked.owner))
        and (rewarded.by, rewarded.request) == (marked.by, marked.request)
    )
    return at + 1 + is_its_own


def point_command(events: Sequence[Event]) -> PointCommand:
    """The command of the events that were recorded for it."""
    event, asked = events[0], _asked(events[0])
    match event:
        case PointsMoved():
            return _of_moved(event, events, asked)
        case OfferSet():
            offer = Offer(event.offer, event.unit, event.amount, event.price, event.days)
            return SetOffer(wanted=offer, reason=event.reason, **asked)
        case OfferWithdrawn():
            return WithdrawOffer(offer=event.offer, reason=event.reason, **asked)
        case FavouriteSet():
            rewarded = events[1] if len(events) > 1 else None
            return SetFavourite(
                user=event.user,
                owner=event.owner,
                name=event.name,
                on=event.on,
                image=event.image,
                reward=rewarded.amount if isinstance(rewarded, PointsMoved) else 0,
                **asked,
            )
        case _:
            raise AssertionError(f"{type(event).__name__} is not about points")


def _of_moved(event: PointsMoved, events: Sequence[Event], asked: dict[str, Any]) -> PointCommand:
    payer, payee = user_of(event.payer) or "", user_of(event.payee) or ""
    if event.kind == GIFT:
        return GivePoints(user=payer, to=payee, amount=event.amount, reason=event.reason, **asked)
    if event.kind == PURCHASE:
        given = events[1]
        assert isinstance(given, GrantGiven)  # the fold refuses another
        return BuyOffer(user=payer, offer=event.offer or "", grant=given.grant, **asked)
    if event.kind == CLAIM:
        return ClaimDaily(user=payee, amount=event.amount, **asked)
    return MovePoints(user=payer or payee, kind=event.kind, amount=event.amount, reason=event.reason or "", **asked)


def _asked(event: Any) -> dict[str, Any]:
    """Who asked, from where and under which key."""
    return {"by": event.by, "origin": event.origin, "idempotency_key": event.request}
