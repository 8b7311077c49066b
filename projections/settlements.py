"""What became of each generation, from its events: reserved, waited for, made, settled or released, counted, paid.

One pure function takes a settlement past an event; whoever shows it (`abby replay`, `/history`, an image's info) folds
the events that it has and shows the same. How it reads is `wording`'s.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from domain.events import Event, GenerationCompleted, GenerationReleased, GenerationReserved, ImageSaved
from domain.grants import Draw, total
from domain.instants import day_of, seconds_between
from domain.limit_names import GENERATIONS
from domain.names import name_key


class Kept(NamedTuple):
    """An image that settled a place. `position` is that of its ImageSaved."""

    position: int
    at: str
    name: str
    bytes: int


class GivenBack(NamedTuple):
    """Places that were released together; `refunded` of them no longer count on the day that was charged."""

    position: int
    at: str
    reason: str
    count: int  # type: ignore[assignment]  # the stored name; tuple.count is not needed
    delivered: int
    refunded: int


class Settlement(NamedTuple):
    """One reservation and what became of its places. `seconds` were spent making; None where nothing was made.

    `style` is the key of the one that was asked for; None where there was none, or a version before had recorded it.
    `provider` made it, or where nothing was made was asked for it. `credits` is what providers said that it cost, None
    where none said anything. `drawn` is what grants bore of it at first, `returned` what went back to them since.
    """

    reservation: str
    user: str
    operation: str
    position: int
    reserved_at: str
    count: int  # type: ignore[assignment]  # the stored name; tuple.count is not needed
    expires_at: str
    style: str | None = None
    made: int = 0
    made_at: str | None = None
    provider: str = ""
    model: str = ""
    seconds: float | None = None
    credits: float | None = None
    kept: tuple[Kept, ...] = ()
    given_back: tuple[GivenBack, ...] = ()
    drawn: tuple[Draw, ...] = ()
    returned: tuple[Draw, ...] = ()

    @property
    def open(self) -> int:
        """Places of which nothing is known yet."""
        return self.count - len(self.kept) - sum(one.count for one in self.given_back)

    @property
    def day(self) -> str:
        """The UTC day that was charged."""
        return day_of(self.reserved_at)

    @property
    def counted(self) -> int:
        """Places that count on that day, as long as it is not reset: those that no grant bore."""
        return self.count - total(self.drawn, GENERATIONS) - sum(one.refunded for one in self.given_back)

    @property
    def borne(self) -> tuple[Draw, ...]:
        """What grants bear of it in the end, each grant and unit once."""
        sums: dict[tuple[str, str], int] = {}
        for draws, sign in ((self.drawn, 1), (self.returned, -1)):
            for draw in draws:
                sums[draw.grant, draw.unit] = sums.get((draw.grant, draw.unit), 0) + sign * draw.amount
        return tuple(Draw(grant, unit, amount) for (grant, unit), amount in sums.items() if amount)

    @property
    def waited_seconds(self) -> float | None:
        """Seconds between the reservation and the delivery that were not spent making; None where nothing was made."""
        if self.made_at is None:
            return None
        return max(0.0, round(seconds_between(self.reserved_at, self.made_at) - (self.seconds or 0.0), 3))

    @property
    def bytes(self) -> int:
        """Bytes of all images that were kept."""
        return sum(image.bytes for image in self.kept)


def settle(former: Settlement | None, position: int, event: Event) -> Settlement | None:
    """The settlement after an event of its reservation; None while its beginning is not known."""
    if isinstance(event, GenerationReserved):
        return Settlement(
            reservation=event.reservation,
            user=event.user,
            operation=event.operation,
            position=position,
            reserved_at=event.at,
            count=event.count,
            expires_at=event.expires_at,
            style=event.style,
            drawn=event.drawn,
        )
    if former is None:
        return None
    match event:
        case GenerationCompleted():
            return former._replace(
                made=former.made + event.count,
                made_at=event.at,
                provider=event.provider,
                model=event.model,
                seconds=(former.seconds or 0.0) + event.seconds,
                credits=former.credits if event.credits is None else (former.credits or 0.0) + event.credits,
                returned=(*former.returned, *event.returned),
            )
        case GenerationReleased():
            tried = former.provider or event.provider or ""
            return former._replace(
                given_back=(*former.given_back, _back(position, event)),
                provider=tried,
                returned=(*former.returned, *event.returned),
            )
        case ImageSaved():
            image = Kept(position, event.at, event.name, event.bytes)
            return former._replace(kept=(*former.kept, image))
        case _:
            return former


def _back(position: int, event: GenerationReleased) -> GivenBack:
    return GivenBack(
        position=position,
        at=event.at,
        reason=event.reason,
        count=event.count,
        delivered=event.delivered,
        refunded=event.refunded,
    )


def reservation_of(event: Event) -> str | None:
    """The reservation that an event belongs to, None where it belongs to none."""
    reservation: str | None = getattr(event, "reservation", None)
    return reservation


class Settlements:
    """The settlements of the events that it was fed, by reservation, in the order in which they were reserved."""

    def __init__(self, recorded: Iterable[tuple[int, Event]] = ()) -> None:
        self._found: dict[str, Settlement] = {}
        for position, event in recorded:
            self.apply(position, event)

    def apply(self, position: int, event: Event) -> Settlement | None:
        """Takes an event in; the settlement that it belongs to, where that is known."""
        reservation = reservation_of(event)
        if reservation is None:
            return None
        after = settle(self._found.get(reservation), position, event)
        if after is not None:
            self._found[reservation] = after
        return after

    def of(self, reservation: str | None) -> Settlement | None:
        """One settlement, None where it is not known."""
        return None if reservation is None else self._found.get(reservation)

    def of_image(self, name: str, position: int | None = None) -> Settlement | None:
        """The settlement of a save of an image: that of a position, else the latest under its name."""
        for found in reversed(self._found.values()):
            for image in found.kept:
                if position == image.position or (position is None and name_key(image.name) == name_key(name)):
                    return found
        return None

    def all(self) -> list[Settlement]:
        """All of them, the earliest reservation first."""
        return list(self._found.values())
