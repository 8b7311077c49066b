"""What one user's figures were after each event that concerned that user, from those events and the policy's alone.

It is the quota state itself, folded over a part of the log: what other users did changes nothing of a user's own
figures, so the pool in it is this user's part of it. Which events these are, `concerns` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from domain.events import CleanupCompleted, ClockCorrected, Event, ImageDeleted, ImageSaved, PolicyChanged
from domain.instants import day_of
from domain.limits import Limits
from domain.names import name_key
from domain.point_events import OfferSet, OfferWithdrawn, PointsMoved
from domain.reservations import Reservation
from domain.tier_events import TierDefined
from domain.usage import find_day
from projections.points import own_side
from projections.quota_state import QuotaState
from projections.settlements import Settlement, Settlements, reservation_of


class Balances(NamedTuple):
    """A user's figures at one moment: places counted on `day`, and bytes of images, of temp files, and held."""

    day: str
    counted: int
    image_bytes: int
    temp_bytes: int
    held_bytes: int


class Line(NamedTuple):
    """One event of a user's story, the balances before and after it, and the limits that hold after it.

    `settlement` is that of its generation as far as this event tells of it; None where it belongs to none.
    """

    position: int
    event: Event
    before: Balances
    after: Balances
    limits: Limits
    settlement: Settlement | None

    @property
    def ends_generation(self) -> bool:
        """Whether this event leaves no place of its generation open."""
        return self.settlement is not None and self.settlement.open == 0


class UserReplay:
    """One user's figures, event by event. The state answers as the published one does, for this user alone."""

    def __init__(self, user: str, state: QuotaState | None = None) -> None:
        """From nothing, or from that user's part of a state."""
        self._user = user
        self._settlements = Settlements()
        self._places: dict[str, Reservation] = {}
        self.state = state or QuotaState()

    def apply(self, position: int, event: Event) -> Line:
        """Takes the state past an event that concerns this user. Raises ImpossibleFact."""
        event = own_part(event, self._user)
        day = self._day_of(event)
        before = self._balances(day)
        if isinstance(event, ClockCorrected):
            self.state.last_at = event.was  # as far as the log had come, by events of others
        self.state.apply(position, own_side(event, self._user) if isinstance(event, PointsMoved) else event)
        self._note(event)
        settlement = self._settlements.apply(position, event)
        limits = self.state.limits_of(self._user, event.at)
        return Line(
            position=position,
            event=event,
            before=before,
            after=self._balances(day),
            limits=limits,
            settlement=settlement,
        )

    def _note(self, event: Event) -> None:
        reservation_id = reservation_of(event)
        found = None if reservation_id is None else self.state.reservation(reservation_id)
        if found is not None:
            self._places[found.reservation] = found

    def _day_of(self, event: Event) -> str:
        """The day whose count an event can change: the one that was charged for its place, else its own."""
        charged = self._places.get(reservation_of(event) or "")
        return day_of(event.at) if charged is None else charged.day

    def _balances(self, day: str) -> Balances:
        usage, counted = self.state.user(self._user), find_day(self.state.days(self._user), day)
        return Balances(
            day=day,
            counted=counted.count if counted else 0,
            image_bytes=usage.image_bytes,
            temp_bytes=usage.temp_bytes,
            held_bytes=usage.held_bytes,
        )


def story(user: str, recorded: Iterable[tuple[int, Event]]) -> Iterator[Line]:
    """The lines of a user's events and the policy's, in their order. Raises ImpossibleFact."""
    replay = UserReplay(user)
    for position, event in recorded:
        yield replay.apply(position, event)


def concerns(event: Event, user: str) -> bool:
    """Whether an event can change a figure of a user, or a limit: the events that a replay of that user needs."""
    if isinstance(event, PolicyChanged | ClockCorrected | OfferSet | OfferWithdrawn | TierDefined):
        return True
    if isinstance(event, PointsMoved):
        return user in event.users
    if isinstance(event, CleanupCompleted):
        return any(file.user == user for file in event.files)
    return event.user == user


def own_part(event: Event, user: str) -> Event:
    """The event without what it says of other users' files."""
    if not isinstance(event, CleanupCompleted):
        return event
    files = tuple(file for file in event.files if file.user == user)
    return event._replace(files=files, freed_bytes=sum(file.bytes for file in files))


def of_image(lines: Iterable[Line], name: str) -> list[Line]:
    """The lines that tell of an image's name: its saves and deletions, and the generations that it came from."""
    lines, key = list(lines), name_key(name)
    told = {line.position for line in lines if key in map(name_key, _names(line.event))}
    settled = {reservation_of(line.event) for line in lines if line.position in told} - {None}
    return [line for line in lines if line.position in told or reservation_of(line.event) in settled]


def of_reservation(lines: Iterable[Line], reservation: str) -> list[Line]:
    """The lines of one generation."""
    return [line for line in lines if reservation_of(line.event) == reservation]


def settlements_of(lines: Iterable[Line]) -> list[Settlement]:
    """What became of each generation that lines tell of, as of the last of them, the earliest first."""
    latest = {line.settlement.reservation: line.settlement for line in lines if line.settlement is not None}
    return list(latest.values())


def _names(event: Event) -> list[str]:
    match event:
        case ImageSaved() | ImageDeleted():
            return [event.name]
        case CleanupCompleted():
            return [file.name for file in event.files]
        case _:
            return []
