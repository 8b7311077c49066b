"""What an ask of the machine means in one history: which name, which reservation, and who asks.

The machine draws small numbers and kinships, so that what it draws for one history means something in another.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.model.asks import Ask, Delete, Deliver, Kin, Release, Save
from tests.model.model import Model

NO_RESERVATION = 0
"""No reservation has this number."""
LATE = 4
"""Whoever means a reservation by this number means one with an expired place, where there is one."""
STRANGER = 5
"""Whoever means a reservation by this number asks for it as it comes, though it may be another user's."""


def meant(ask: Ask, model: Model, owners: Mapping[int, str]) -> Ask:
    """Names are of kin to those that stand. A reservation is the latest but so many, those with open places first, and
    mostly it is its owner who asks; `owners` are those of all reservations that callers ever heard of.
    """
    if isinstance(ask, Save | Delete) and isinstance(ask.name, Kin):
        names = model.person(ask.user).names(temp=isinstance(ask, Save) and ask.temp)
        ask = ask._replace(name=ask.name.of([kept.name for kept in names.values()]))
    if not isinstance(ask, Save | Deliver | Release) or ask.reservation is None:
        return ask
    if not owners:
        return ask._replace(reservation=NO_RESERVATION)
    number = _reservation(ask.reservation, model, owners)
    return ask._replace(reservation=number, user=ask.user if ask.reservation == STRANGER else owners[number])


def _reservation(back: int, model: Model, owners: Mapping[int, str]) -> int:
    held = model.held
    with_open_places = {number for number in held if held[number].open()}
    numbers = sorted(owners, key=lambda number: (number in with_open_places, number))
    if back == LATE:
        expired = (number for number in held if any(place.state == "expired" for place in held[number].places))
        return next(expired, numbers[-1])
    return numbers[-1 - back % len(numbers)]
