"""Reservations as immutable values, each past one event: which of its places are open, and who bears what of it.

A place and its price are borne by the user's own windows first and by grants after; so what is used up is taken from
the front of that order, and what is not needed goes back from its end. Whole windows, those of guild and pool, bear
everything. These functions hold no rules: an event says what it does. Credits are in thousandths.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple, assert_never

from domain.credits import of_reported
from domain.events import GenerationCompleted, GenerationReleased, GenerationReserved, ImageSaved, ImpossibleFact
from domain.grants import Draw, from_the_back, from_the_front, total
from domain.instants import day_of, later
from domain.limit_names import CREDITS, GENERATIONS
from domain.made_by_name import made_by_name
from domain.usage import DayCount, day_count, find_day, own_price, with_day
from domain.windows import NOTHING, Tally

DELIVERED_KEPT_SECONDS = 86_400
"""How long after its reservation's expiry a delivered place stays held, and a released one may still be reported as
delivered.
"""

OF_A_GUILD = "guild:"
"""How the origin of what is asked in a guild begins."""
MODERATED = "moderated"
UNKNOWN = "unknown"
"""Reasons of releases that say who bears what."""


class Reservation(NamedTuple):
    """A hold on places. `day` and `resets` say which count was charged; the other counts say what became of the
    places.

    `credits_each`: what a place is held to cost, in thousandths. `own_credits`: what of the credits held the user's
    windows bear. `drawn`: what grants bear of the open places and of the credits held. `unreported` places were settled
    at that price, and no delivery was told of them.
    """

    reservation: str
    user: str
    operation: str
    count: int  # type: ignore[assignment]  # the stored name; tuple.count is not needed
    bytes_each: int
    expires_at: str
    day: str
    resets: int = 0
    completed: int = 0
    settled: int = 0
    released: int = 0
    released_delivered: int = 0
    expired: int = 0
    guild: str | None = None
    credits_each: int = 0
    own_credits: int = 0
    drawn: tuple[Draw, ...] = ()
    unreported: int = 0

    @property
    def open(self) -> int:
        """Places neither settled nor released."""
        return self.count - self.settled - self.released

    @property
    def open_delivered(self) -> int:
        """Open places for which the provider has delivered."""
        made = self.completed - self.settled - self.released_delivered
        return min(self.open, made) if made > 0 else 0

    @property
    def open_undelivered(self) -> int:
        """Open places for which nothing was delivered yet."""
        return self.open - self.open_delivered

    @property
    def own_places(self) -> int:
        """Open places that the user's own windows bear: those that no grant does."""
        return self.open - total(self.drawn, GENERATIONS)

    @property
    def held_bytes(self) -> int:
        """Bytes that the open places keep from others."""
        return self.open * self.bytes_each

    @property
    def forgotten_at(self) -> str:
        """From this time on nothing more can happen to the reservation."""
        return later(self.expires_at, seconds=DELIVERED_KEPT_SECONDS)


_reservation = made_by_name(Reservation)


class Evolved(NamedTuple):
    """A reservation after an event, what of it goes back to grants, and what changes of windows: of the user's own, and
    of the whole ones of guild and pool.
    """

    reservation: Reservation
    returned: tuple[Draw, ...] = ()
    own: Tally = NOTHING
    whole: Tally = NOTHING


def reserve(event: GenerationReserved, *, resets: int) -> Reservation:
    """The new reservation; `resets` numbers the resets that its day had had."""
    if event.count < 1 or event.bytes_each < 0:
        raise ImpossibleFact(f"a reservation of {event.count} places of {event.bytes_each} bytes")
    each = event.credits_each or 0
    return _reservation(
        reservation=event.reservation,
        user=event.user,
        operation=event.operation,
        count=event.count,
        bytes_each=event.bytes_each,
        expires_at=event.expires_at,
        day=day_of(event.at),
        resets=resets,
        guild=guild_of(event.origin),
        credits_each=each,
        own_credits=own_price(event),
        drawn=event.drawn,
    )


def guild_of(origin: str | None) -> str | None:
    """The guild that a request came from, None where it came from none."""
    return origin.removeprefix(OF_A_GUILD) if origin is not None and origin.startswith(OF_A_GUILD) else None


def evolve_reservation(
    reservation: Reservation | None,
    event: GenerationCompleted | GenerationReleased | ImageSaved,
    *,
    moderated_free: bool = False,
) -> Evolved:
    """The reservation after a delivery, a release or a settlement."""
    if reservation is None:
        raise ImpossibleFact(f"there is no reservation {event.reservation}")
    if reservation.user != event.user:
        raise ImpossibleFact(f"reservation {reservation.reservation} belongs to another user than {event.user}")
    match event:
        case GenerationCompleted():
            if event.count < 1 or reservation.completed + event.count > reservation.count:
                raise ImpossibleFact(
                    f"{event.count} more delivered than reservation {reservation.reservation} has places"
                )
            if event.cost is None and reservation.credits_each:
                raise ImpossibleFact(f"a delivery for {reservation.reservation}, which has a price, tells no cost")
            return delivered(reservation, event.count, cost_of(event))
        case GenerationReleased():
            return _release(reservation, event, moderated_free=moderated_free)
        case ImageSaved():
            if reservation.open < 1:
                raise ImpossibleFact(f"reservation {reservation.reservation} has no open place to settle")
            return _settle(reservation)
        case _:
            assert_never(event)


def cost_of(event: GenerationCompleted) -> int:
    """Thousandths of credits that a delivery cost, 0 where nobody knows. Versions before 0.3 stored only what was
    reported, as a number with a point.
    """
    if event.cost is not None:
        return event.cost
    return of_reported(event.credits) if event.credits else 0


def delivered(reservation: Reservation, count: int, cost: int) -> Evolved:
    """After `count` pictures that cost so much in all. What was held for them is used up as far as they cost it, and
    the rest goes back; what they cost beyond it the windows bear.
    """
    after = reservation._replace(completed=reservation.completed + count)
    each = reservation.credits_each
    if not each and not cost:
        return Evolved(after)
    places = reservation.open_undelivered - after.open_undelivered
    late = min(count - places, reservation.unreported)
    held, before = places * each, late * each
    used = min(held, max(0, cost - before))
    own_used = min(reservation.own_credits, used)
    drawn = from_the_front(reservation.drawn, CREDITS, used - own_used).left
    back = from_the_back(drawn, CREDITS, held - used)
    after = after._replace(
        own_credits=reservation.own_credits - own_used - back.missing,
        drawn=back.left,
        unreported=reservation.unreported - late,
    )
    beyond = cost - before - used
    own = Tally(0, beyond - back.missing, -own_used - back.missing)
    return Evolved(after, back.taken, own, Tally(0, cost - before - held, -held))


def _settle(reservation: Reservation) -> Evolved:
    """After a picture took a place. One of which no delivery was told is used up at its price."""
    after = reservation._replace(settled=reservation.settled + 1)
    if reservation.drawn and reservation.own_places < 1:
        after = after._replace(drawn=from_the_front(reservation.drawn, GENERATIONS, 1).left)
    held = reservation.credits_each if after.open_undelivered < reservation.open_undelivered else 0
    if not held:
        return Evolved(after)
    own_used = min(reservation.own_credits, held)
    after = after._replace(
        own_credits=reservation.own_credits - own_used,
        drawn=from_the_front(after.drawn, CREDITS, held - own_used).left,
        unreported=reservation.unreported + 1,
    )
    return Evolved(after, (), Tally(0, 0, -own_used), Tally(0, 0, -held))


def _release(reservation: Reservation, event: GenerationReleased, *, moderated_free: bool) -> Evolved:
    are_open, made = reservation.open, reservation.open_delivered
    if not 1 <= event.count <= are_open:
        raise ImpossibleFact(f"{event.count} places released of {are_open} open in {reservation.reservation}")
    if not 0 <= event.delivered <= min(event.count, made):
        raise ImpossibleFact(f"{event.delivered} delivered places released of {made}")
    if event.count - event.delivered > are_open - made:
        raise ImpossibleFact(f"{event.count - event.delivered} undelivered places released, fewer are open")
    right = released(reservation, event.count, event.delivered, event.reason, moderated_free=moderated_free)
    if event.returned != right.returned or event.cost != right.cost:
        raise ImpossibleFact(
            f"{event.returned} given back to grants and {event.cost} spent, where {right.returned} and {right.cost} "
            "is right"
        )
    after = reservation._replace(
        released=reservation.released + event.count,
        released_delivered=reservation.released_delivered + event.delivered,
        expired=reservation.expired + (event.count if event.reason == "expired" else 0),
        own_credits=reservation.own_credits + right.own.held,
        drawn=right.drawn,
    )
    return Evolved(after, right.returned, right.own, right.whole)


class Released(NamedTuple):
    """What a release gives back: what changes of the user's own windows and of the whole ones of guild and pool, and
    what goes back to grants. `cost` is spent all the same; `drawn` is what grants bear from there on.
    """

    own: Tally
    whole: Tally
    cost: int = 0
    returned: tuple[Draw, ...] = ()
    drawn: tuple[Draw, ...] = ()


def released(reservation: Reservation, count: int, delivered: int, reason: str, *, moderated_free: bool) -> Released:
    """What a release of so many places, `delivered` of them so, gives back and to whom. Delivered places are used up, a
    moderated one is not where it is free. Of a service of which nobody knows whether it was paid the price is spent.
    """
    places = count if moderated_free and reason == MODERATED else count - delivered
    held = (count - delivered) * reservation.credits_each
    cost = held if reason == UNKNOWN else 0
    if not reservation.drawn:
        return _undrawn(places, held, cost)
    own_used = min(reservation.own_places, count - places)
    rest = from_the_front(reservation.drawn, GENERATIONS, count - places - own_used).left
    generations = from_the_back(rest, GENERATIONS, places)
    credits_back = from_the_back(generations.left, CREDITS, held)
    return Released(
        own=Tally(-generations.missing, -credits_back.missing, -credits_back.missing),
        whole=Tally(-places, cost - held, -held),
        cost=cost,
        returned=(*generations.taken, *credits_back.taken),
        drawn=credits_back.left,
    )


@lru_cache(maxsize=64)
def _undrawn(places: int, held: int, cost: int) -> Released:
    """The same where the user's own windows bear everything. Remembered for a while: nearly all releases are alike, and
    each is asked for twice.
    """
    whole = Tally(-places, cost - held, -held)
    return Released(own=Tally(-places, -held, -held) if cost else whole, whole=whole, cost=cost)


def refundable(reservation: Reservation, days: tuple[DayCount, ...], places: int) -> int:
    """Of places that a release gives back to the user's own windows, those of the day that was charged: none where it
    was reset since, or is no longer kept.
    """
    charged = find_day(days, reservation.day)
    return places if charged is not None and charged.resets == reservation.resets else 0


def changed_day(
    days: tuple[DayCount, ...], reservation: Reservation, own: Tally, refunded: int
) -> tuple[DayCount, ...]:
    """A user's counts after something became of a reservation: what changes of their own windows falls on the day that
    was charged, and of its places `refunded` on those since its last reset: all, where it was not reset since. A
    day that is no longer kept takes nothing.
    """
    charged = find_day(days, reservation.day)
    if charged is None or (refunded and charged.resets != reservation.resets) or charged.count < refunded:
        if refunded:
            raise ImpossibleFact(f"{refunded} places given back to {reservation.day}, where they are not charged")
        return days
    right = -own.generations if charged.resets == reservation.resets else 0
    if refunded != right:
        raise ImpossibleFact(f"{refunded} places given back to {reservation.day}, where {right} is right")
    after = day_count(
        day=charged.day,
        count=charged.count - refunded,
        resets=charged.resets,
        before=charged.before + own.generations + refunded,
        credits=charged.credits + own.credits,
        held=charged.held + own.held,
    )
    return with_day(days, charged, after)
