"""Decisions about places: reserve them, hear of deliveries, release them by hand, by time or after a wrong clock.

A place is settled by a save (`images.py`) or released here, exactly once. What goes back to the charged day is decided
here and written into the event, so that no fold has to guess.
"""

from __future__ import annotations

from domain.commands import CompleteGeneration, CorrectClock, ReleasePlaces, ReserveGeneration
from domain.events import ClockCorrected, Event, GenerationCompleted, GenerationReleased, GenerationReserved
from domain.instants import later
from domain.limits import Limits
from domain.made_by_name import made_by_name
from domain.quota_checks import Demand, check, price_is_needed
from domain.refusals import Reason, Refusal
from domain.reservations import Reservation, delivered, refundable, released
from domain.tiers import NO_BENEFITS, Benefits, benefits_at, benefits_of, limits_of, seen_at
from domain.tiers_given import groups_seen, not_allowed
from domain.view import View

MAX_EXPIRED_A_BATCH = 1_000
"""Reservations that one sweep looks at."""

_OF_DELIVERED = ("moderated", "not_kept")

_demand = made_by_name(Demand)
_generation_reserved = made_by_name(GenerationReserved)
_generation_completed = made_by_name(GenerationCompleted)
_generation_released = made_by_name(GenerationReleased)


def reserve(command: ReserveGeneration, view: View, policy: Limits, at: str) -> tuple[Event, ...] | Refusal:
    """GenerationReserved, if the user's tiers allow what is asked, the places and what they cost fit their windows, and
    their bytes the user's storage and the pool. Groups that come with the command are seen first, whatever is decided.
    """
    seen = None if command.groups is None else groups_seen(command, view, at)
    if seen is None:
        return _reserve(command, view, policy, at, benefits_at(view, command.user, at))
    member = seen_at(view.member(command.user), seen.place, seen.groups)
    decided = _reserve(command, view, policy, at, benefits_of(view.tiers, member, at))
    return decided._replace(seen=seen) if isinstance(decided, Refusal) else (seen, *decided)


def _reserve(
    command: ReserveGeneration, view: View, policy: Limits, at: str, benefits: Benefits
) -> tuple[Event, ...] | Refusal:
    if benefits is not NO_BENEFITS and (detail := not_allowed(command, benefits)):
        return Refusal(Reason.NOT_ALLOWED, command.user, detail, estimated=True)
    limits = limits_of(view, command.user, policy, at, benefits)
    bytes_each = limits.gen_bytes if command.bytes_each is None else command.bytes_each
    if command.credits_each is None and limits.windows and price_is_needed(command, limits):
        return Refusal(Reason.PRICE_UNKNOWN, command.user, command.model or "", estimated=True)
    size = command.count * bytes_each
    price = command.count * (command.credits_each or 0)
    demand = _demand(command=command, places=command.count, bytes=size, growth=size, credits=price)
    fits = check(demand, view, limits, at)
    if isinstance(fits, Refusal):
        return fits
    return (
        *fits.exceeded,
        _generation_reserved(
            at=at,
            user=command.user,
            by=command.by,
            reservation=command.reservation,
            operation=command.operation,
            count=command.count,
            bytes_each=bytes_each,
            expires_at=later(at, seconds=command.ttl_seconds),
            style=command.style,
            provider=command.provider,
            model=command.model,
            credits_each=command.credits_each,
            drawn=fits.drawn,
            origin=command.origin,
            request=command.idempotency_key,
        ),
    )


def complete(command: CompleteGeneration, view: View, at: str) -> tuple[Event, ...] | Refusal:
    """GenerationCompleted; also after a release, because the provider was paid all the same."""
    reservation = known(view, command.user, command.reservation, at)
    if reservation is None or reservation.completed + command.count > reservation.count:
        return Refusal(Reason.UNKNOWN_RESERVATION, command.user, command.reservation)
    cost = command.cost
    if cost is None and reservation.credits_each:
        cost = command.count * reservation.credits_each
    return (
        _generation_completed(
            at=at,
            user=command.user,
            by=command.by,
            reservation=command.reservation,
            count=command.count,
            provider=command.provider,
            model=command.model,
            seconds=command.seconds,
            credits=command.credits,
            seed=command.seed,
            cost=cost,
            returned=delivered(reservation, command.count, cost or 0).returned,
            origin=command.origin,
            request=command.idempotency_key,
        ),
    )


def release_places(command: ReleasePlaces, view: View, policy: Limits, at: str) -> tuple[Event, ...] | Refusal:
    """GenerationReleased for the places asked, or for all that are open.

    `moderated` and `not_kept` take delivered places first, every other reason takes undelivered ones first.
    """
    reservation = known(view, command.user, command.reservation, at)
    are_open = reservation.open if reservation else 0
    count = command.count or are_open
    if reservation is None or are_open == 0 or count > are_open:
        return Refusal(Reason.UNKNOWN_RESERVATION, command.user, command.reservation)
    delivered_ones = reservation.open_delivered
    if command.reason in _OF_DELIVERED:
        made = min(count, delivered_ones)
    else:
        made = max(0, count - (are_open - delivered_ones))
    back = released(reservation, count, made, command.reason, moderated_free=policy.moderated_free)
    return (
        _generation_released(
            at=at,
            user=command.user,
            by=command.by,
            reservation=command.reservation,
            count=count,
            delivered=made,
            reason=command.reason,
            refunded=refundable(reservation, view.days(command.user), -back.own.generations),
            provider=command.provider,
            cost=back.cost,
            returned=back.returned,
            origin=command.origin,
            request=command.idempotency_key,
        ),
    )


def release_expired(view: View, at: str) -> tuple[Event, ...]:
    """The releases that are due: undelivered places at their expiry, delivered ones a day after it."""
    return tuple(
        release for reservation in view.due(at, MAX_EXPIRED_A_BATCH) for release in _releases_due(reservation, view, at)
    )


def correct_clock(command: CorrectClock, view: View, now: str) -> tuple[Event, ...]:
    """ClockCorrected and the cancellation of every open reservation; nothing where the clock is not behind."""
    if now >= view.last_at:
        return ()
    corrected = ClockCorrected(
        at=now, by=command.by, was=view.last_at, now=now, origin=command.origin, request=command.idempotency_key
    )
    return (
        corrected,
        *(
            _automatic(reservation, view, reservation.open, reservation.open_delivered, "cancelled", now)
            for reservation in view.open_reservations()
        ),
    )


def known(view: View, user: str, reservation_id: str, at: str) -> Reservation | None:
    """The user's reservation, open or closed, while something can still happen to it."""
    reservation = view.reservation(reservation_id)
    if reservation is None or reservation.user != user or (reservation.open == 0 and reservation.forgotten_at <= at):
        return None
    return reservation


def _releases_due(reservation: Reservation, view: View, at: str) -> list[Event]:
    due: list[Event] = []
    undelivered = reservation.open_undelivered
    if undelivered and reservation.expires_at <= at:
        due.append(_automatic(reservation, view, undelivered, 0, "expired", at))
    if reservation.open_delivered and reservation.forgotten_at <= at:
        due.append(
            _automatic(reservation, view, reservation.open_delivered, reservation.open_delivered, "not_kept", at)
        )
    return due


def _automatic(reservation: Reservation, view: View, count: int, made: int, reason: str, at: str) -> GenerationReleased:
    back = released(reservation, count, made, reason, moderated_free=False)
    return _generation_released(
        at=at,
        user=reservation.user,
        by="system",
        reservation=reservation.reservation,
        count=count,
        delivered=made,
        reason=reason,
        refunded=refundable(reservation, view.days(reservation.user), -back.own.generations),
        cost=back.cost,
        returned=back.returned,
    )
