"""What became of a generation, in one line that reads the same wherever it is shown.

It says what the log says: a cost is what a provider told, and where none was told it says that, never that nothing was
paid.
"""

from __future__ import annotations

from typing_extensions import TypedDict  # on Python 3.11 pydantic reads no other

from adapters.wording.figures import minute, size_in_words, wish
from adapters.wording.grants import draws_in_words
from adapters.wording.releases import RELEASED
from domain.credits import PER_CREDIT
from domain.limit_names import CREDITS
from projections.settlements import GivenBack, Settlement


class KeptOfGeneration(TypedDict):
    """An image that a generation left."""

    position: int
    at: str
    name: str
    bytes: int


class GivenBackPlaces(TypedDict):
    """Places that a generation gave back, and why; `refunded` of them no longer count on the day that was charged."""

    position: int
    at: str
    reason: str
    count: int
    delivered: int
    refunded: int


class BorneByGrant(TypedDict):
    """What a grant bears of a generation: places, or credits with at most three decimals."""

    grant: str
    unit: str
    amount: float


class SettlementData(TypedDict):
    """What became of a generation: what it counted and cost. None: not known, or not there yet."""

    reservation: str
    operation: str
    style: str | None
    reserved_at: str
    places: int
    made: int
    made_at: str | None
    waited_seconds: float | None
    seconds: float | None
    provider: str | None
    model: str | None
    kept: list[KeptOfGeneration]
    given_back: list[GivenBackPlaces]
    open: int
    day: str
    counted: int
    credits: float | None
    borne: list[BorneByGrant]
    sentence: str


def sentence_of_settlement(found: Settlement) -> str:
    """Reserved, waited, made, kept or given back, counted, paid."""
    parts = [f"Reserved {minute(found.reserved_at)} for {wish(found.count, found.operation, found.style)}"]
    parts += [*_made(found), *_kept(found), *_tried(found)]
    parts += [_given_back(found, one) for one in found.given_back]
    if found.open:
        parts.append(f"{_of_several(found, found.open)}not ended yet, open until {minute(found.expires_at)}")
    borne = f" Borne by grants: {draws_in_words(found.borne)}." if found.borne else ""
    return f"{'; '.join(parts)}. {_counted(found)}{borne} {_cost(found)}"


def settlement_as_data(found: Settlement) -> SettlementData:
    """The same for programs, with its sentence."""
    return {
        "reservation": found.reservation,
        "operation": found.operation,
        "style": found.style,
        "reserved_at": found.reserved_at,
        "places": found.count,
        "made": found.made,
        "made_at": found.made_at,
        "waited_seconds": found.waited_seconds,
        "seconds": None if found.seconds is None else round(found.seconds, 3),
        "provider": found.provider or None,
        "model": found.model or None,
        "kept": [
            {"position": image.position, "at": image.at, "name": image.name, "bytes": image.bytes}
            for image in found.kept
        ],
        "given_back": [_as_data(one) for one in found.given_back],
        "open": found.open,
        "day": found.day,
        "counted": found.counted,
        "credits": found.credits,
        "borne": [
            {
                "grant": draw.grant,
                "unit": draw.unit,
                "amount": draw.amount / PER_CREDIT if draw.unit == CREDITS else draw.amount,
            }
            for draw in found.borne
        ],
        "sentence": sentence_of_settlement(found),
    }


def _as_data(one: GivenBack) -> GivenBackPlaces:
    return {
        "position": one.position,
        "at": one.at,
        "reason": one.reason,
        "count": one.count,
        "delivered": one.delivered,
        "refunded": one.refunded,
    }


def _of_several(found: Settlement, count: int) -> str:
    return "" if found.count == 1 else f"{count} "


def _made(found: Settlement) -> list[str]:
    if found.made_at is None:
        return []
    model = f" {found.model}" if found.model and found.model != found.provider else ""
    many = "" if found.made == found.count else f"{found.made} of {found.count} "
    return [
        f"waited {found.waited_seconds or 0:.1f} s",
        f"{many}made by {found.provider}{model} in {found.seconds or 0:.1f} s",
    ]


def _kept(found: Settlement) -> list[str]:
    if not found.kept:
        return []
    names = ", ".join(image.name for image in found.kept)
    more = len(found.kept) - found.made
    unmade = f", {more} more than it is said to have made" if found.made_at is not None and more > 0 else ""
    return [f"kept as {names} ({size_in_words(found.bytes)}){unmade}"]


def _tried(found: Settlement) -> list[str]:
    """Who was asked, where nothing came of it."""
    return [f"{found.provider} was asked"] if found.made_at is None and found.provider else []


def _given_back(found: Settlement, one: GivenBack) -> str:
    return f"{_of_several(found, one.count)}ended {minute(one.at)}: {RELEASED[one.reason]}"


def _counted(found: Settlement) -> str:
    if found.counted == 0:
        return f"Counted nothing on {found.day}."
    of_all = "" if found.counted == found.count else f" of {found.count}"
    return f"Counted {found.counted}{of_all} on {found.day}."


def _cost(found: Settlement) -> str:
    if found.credits is not None:
        return f"Cost {found.credits:g} {'credit' if found.credits == 1 else 'credits'}."
    return "No cost was told."
