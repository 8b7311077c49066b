"""Everything that decisions read, as one fold over all events. Publishing it is `quota_state.py`'s."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import NamedTuple, assert_never

from domain.ask_events import AskAnswered, MoreAsked
from domain.events import (
    CleanupCompleted,
    ClockCorrected,
    DailyCountReset,
    Event,
    GenerationCompleted,
    GenerationReleased,
    GenerationReserved,
    GrantGiven,
    GrantVoided,
    ImageDeleted,
    ImageSaved,
    ImpossibleFact,
    LimitExceeded,
    LimitsOverridden,
    PolicyChanged,
    PreferenceSet,
    RequestRefused,
)
from domain.grants import ASKED, Grant, total
from domain.instants import day_of
from domain.limit_names import CREDITS, GENERATIONS, GUILD, POOL, USER
from domain.limits import Limits, Override, TakenIn
from domain.names import name_key
from domain.point_events import FavouriteSet, OfferSet, OfferWithdrawn, PointsMoved
from domain.policies import taken_in_after
from domain.reservations import Evolved, Reservation, evolve_reservation, reserve
from domain.threshold_events import ThresholdCrossed
from domain.tier_events import GroupsSeen, TierAssigned, TierDefined, TierUnassigned
from domain.tiers import Member, Tiers, limits_of
from domain.usage import CurrentImage, DayCount, KeyedAnswer, PoolUsage, UserUsage, current_image
from domain.windows import NOTHING, Counts, Tally, Windows
from projections.answers import Answers
from projections.asks import Asks
from projections.daily_quota import DailyQuota
from projections.global_quota import GlobalQuota
from projections.grants import Grants
from projections.image_index import ImageIndex
from projections.points import Points
from projections.tables import Table
from projections.temp_files import older_than
from projections.thresholds import Thresholds
from projections.tiers import TierBook
from projections.user_quota import UserQuota
from projections.windows import WindowTallies


class Tables(NamedTuple):
    """The tables of a state: bytes of users, their day counts, reservations, overrides, recorded refusals, answers,
    grants, what users' tiers follow from.
    """

    users: Table[str, UserUsage]
    days: Table[str, tuple[DayCount, ...]]
    reservations: Table[str, Reservation]
    overrides: Table[str, Override]
    refusals: Table[tuple[str, str], tuple[str, int]]
    answers: Table[str, KeyedAnswer]
    grants: Table[str, tuple[Grant, ...]]
    members: Table[str, Member]


class QuotaFold(ABC):
    """The state that decisions read and events change; `domain.view.View` describes the reading side."""

    position: int
    last_at: str
    policy: Limits
    policy_is_recorded: bool
    taken_in: TakenIn
    """The limits as settings last gave them."""
    to_cancel: int
    """Reservations that a corrected clock leaves to be cancelled, by the very next events."""
    whole: GlobalQuota
    ranks: TierBook
    points: Points
    thresholds: Thresholds
    asks: Asks

    def __init__(self, tables: Tables, images: ImageIndex, temp_files: ImageIndex, windows: WindowTallies) -> None:
        """What is over tables; the rest is the state's or the draft's to begin with."""
        self._tables = tables
        self.windows = windows
        self._images = images
        self._temp_files = temp_files
        self.users = UserQuota(tables.users)
        self.daily = DailyQuota(tables.days)
        self.granted = Grants(tables.grants)
        self.answers = Answers(tables.answers)

    @property
    def pool(self) -> PoolUsage:
        """What all users together use."""
        return self.whole.pool

    def user(self, user: str) -> UserUsage:
        """A user's bytes."""
        return self.users.usage(user)

    def days(self, user: str) -> tuple[DayCount, ...]:
        """A user's counts of the latest days."""
        return self.daily.days(user)

    def tally(self, scope: str, window: str) -> Tally:
        """What a window counts, by its name; `scope` is `user:ID`, `guild:ID` or `pool`."""
        whose, _, user = scope.partition(":")
        return self.daily.tally(user, window) if whose == USER else self.windows.tally(scope, window)

    def tallies(self, scope: str, windows: Windows) -> tuple[Counts, Counts, Counts]:
        """The same of the three windows of a day."""
        whose, _, user = scope.partition(":")
        return self.daily.tallies(user, windows) if whose == USER else self.windows.tallies(scope, windows)

    def grants(self, user: str) -> tuple[Grant, ...]:
        """What a user was given beyond the limits, also what is used up, over or voided."""
        return self.granted.of(user)

    def grant(self, user: str, grant: str) -> Grant | None:
        """One of them by its id."""
        return self.granted.find(user, grant)

    def override(self, user: str) -> Override | None:
        """A user's own limits."""
        return self._tables.overrides.get(user)

    def overridden_users(self) -> list[str]:
        """Every user with limits of their own, also those that are over."""
        return [user for user, _ in self._tables.overrides.items()]

    def refused_users(self) -> list[str]:
        """Every user whom a recorded refusal is about."""
        return [user for (user, _), _ in self._tables.refusals.items()]

    def limits_of(self, user: str, at: str) -> Limits:
        """The limits of a user at a time."""
        return limits_of(self, user, self.policy, at)

    @property
    def tiers(self) -> Tiers:
        """Every tier that there is."""
        return self.ranks.tiers

    def member(self, user: str) -> Member:
        """What a user's tiers follow from."""
        return self.ranks.member(user)

    def reservation(self, reservation: str) -> Reservation | None:
        """A reservation to which something can still happen."""
        return self._tables.reservations.get(reservation)

    def open_reservations(self) -> Iterable[Reservation]:
        """Every reservation with an open place."""
        return [reservation for _, reservation in self._tables.reservations.items() if reservation.open]

    def current_image(self, user: str, key: str, *, temp: bool) -> CurrentImage | None:
        """The image under a name."""
        return self._index(temp).current_image(user, key)

    def has_folder(self, user: str, folder_key: str, *, temp: bool) -> bool:
        """Whether a name stands in that folder."""
        return self._index(temp).has_folder(user, folder_key)

    def next_number(self, user: str, *, temp: bool) -> int:
        """A number above every `image_<n>` that ever stood."""
        return self._index(temp).next_number(user)

    def temp_files(self, cutoff: str, limit: int) -> list[tuple[str, CurrentImage]]:
        """Temp files saved at or before `cutoff`, with their users, the oldest first."""
        return older_than(self._temp_files, cutoff, limit)

    def answer(self, tag: str) -> KeyedAnswer | None:
        """What was answered to a request."""
        return self.answers.get(tag)

    def refusals(self, user: str, reason: str, day: str) -> int:
        """Recorded refusals of a user for one reason on a day."""
        recorded = self._tables.refusals.get((user, reason))
        return recorded[1] if recorded and recorded[0] == day else 0

    def apply(self, position: int, event: Event) -> None:
        """Takes the state past one event. Raises ImpossibleFact for what cannot have happened."""
        if event.at < self.last_at and not isinstance(event, ClockCorrected):
            raise ImpossibleFact(f"an event of {event.at} after one of {self.last_at}: time never goes back in a log")
        if self.to_cancel and not isinstance(event, GenerationReleased):
            raise ImpossibleFact("reservations that were open when the clock was corrected are not cancelled")
        if self.points.owed:
            self.points.settle(event)
        if self.asks.owed or (isinstance(event, GrantGiven) and event.source == ASKED):
            self.asks.settle(event)
        self._fold(position, event)
        if self.thresholds.is_in_use:
            user = getattr(event, "user", None)
            self.thresholds.note(event, self.pool, None if user is None else self.user(user))
        self.answers.apply(position, event)
        self.last_at = event.at
        self.position = position

    def _fold(self, position: int, event: Event) -> None:  # noqa: C901, PLR0912 - one line for each event is the clearest form
        match event:
            case GenerationReserved():
                self._reserved(event)
            case ImageSaved():
                self._saved(position, event)
            case GenerationCompleted():
                self._completed(event)
            case GenerationReleased():
                self._released(event)
            case ImageDeleted():
                self._remove(event.user, event.name, event.bytes, temp=event.temp)
            case CleanupCompleted():
                self._cleaned(event)
            case RequestRefused():
                self._refused(event)
            case PolicyChanged():
                self.policy = event.limits
                self.policy_is_recorded = True
                self.taken_in = taken_in_after(event, self.taken_in)
            case LimitsOverridden():
                self._overridden(event)
            case GrantGiven() | GrantVoided():
                self.granted.apply(position, event, self._tables.reservations)
            case TierDefined() | TierAssigned() | TierUnassigned() | GroupsSeen():
                self.ranks.apply(event)
            case DailyCountReset():
                self.daily.apply(event)
            case ClockCorrected():
                self._clock_corrected(event)
            case PreferenceSet() | LimitExceeded():
                pass  # no decision reads it; `preferences.py` and reports do
            case PointsMoved() | OfferSet() | OfferWithdrawn() | FavouriteSet():
                self.points.apply(position, event)
            case ThresholdCrossed():
                self.thresholds.apply(event, self.pool, self.user(event.user or ""))
            case MoreAsked() | AskAnswered():
                self.asks.apply(position, event)
            case _:
                assert_never(event)

    def _refused(self, event: RequestRefused) -> None:
        day = day_of(event.at)
        self._tables.refusals.put((event.user, event.reason), (day, self.refusals(event.user, event.reason, day) + 1))

    def _index(self, temp: bool) -> ImageIndex:
        return self._temp_files if temp else self._images

    def _reserved(self, event: GenerationReserved) -> None:
        if self.reservation(event.reservation) is not None:
            raise ImpossibleFact(f"reservation {event.reservation} is made twice")
        if event.drawn:
            self._draw(event)
        reservation = reserve(event, resets=self.daily.apply(event).resets)
        price = event.count * reservation.credits_each
        self._count(reservation, (event.count, price, price), begins=True)
        self._tables.reservations.put(event.reservation, reservation)
        self._note_deadline(reservation)
        self.users.apply(event.user, held_change=reservation.held_bytes)
        self.whole.apply(used_change=0, held_change=reservation.held_bytes)

    def _saved(self, position: int, event: ImageSaved) -> None:
        held_change = 0
        if event.reservation is not None:
            if event.temp or event.operation == "adopted":
                raise ImpossibleFact(f"{event.name} took a place, as no temp file and no adopted image does")
            reservation = self.reservation(event.reservation)
            evolved = evolve_reservation(reservation, event)
            held_change = -evolved.reservation.bytes_each
            self._take_on(evolved, event.at)
        elif not event.temp and event.operation != "adopted":
            raise ImpossibleFact(f"{event.name} was kept without a place")
        key = name_key(event.name)
        index = self._index(event.temp)
        current = index.current_image(event.user, key)
        if event.replaced_bytes != (current.bytes if current else 0):
            raise ImpossibleFact(f"{event.name} replaces {event.replaced_bytes} bytes that are not there")
        image = current_image(
            name=event.name,
            bytes=event.bytes,
            at=event.at,
            position=position,
            media_type=event.media_type,
            width=event.width,
            height=event.height,
            operation=event.operation,
        )
        index.put(event.user, key, image)
        growth = event.bytes - event.replaced_bytes
        image_change, temp_change = (0, growth) if event.temp else (growth, 0)
        self.users.apply(event.user, image_change=image_change, temp_change=temp_change, held_change=held_change)
        self.whole.apply(used_change=growth, held_change=held_change)

    def _released(self, event: GenerationReleased) -> None:
        reservation = self.reservation(event.reservation)
        evolved = evolve_reservation(reservation, event, moderated_free=self.policy.moderated_free)
        after = evolved.reservation
        if self.to_cancel:
            if event.reason != "cancelled" or after.open:
                raise ImpossibleFact("it does not cancel what was open when the clock was corrected")
            self.to_cancel -= 1
        self._take_on(evolved, event.at, event.refunded)
        held_change = -event.count * after.bytes_each
        self.users.apply(event.user, held_change=held_change)
        self.whole.apply(used_change=0, held_change=held_change)

    def _completed(self, event: GenerationCompleted) -> None:
        evolved = evolve_reservation(self.reservation(event.reservation), event)
        if event.returned != evolved.returned:
            raise ImpossibleFact(f"{event.returned} given back to grants, where {evolved.returned} is right")
        self._take_on(evolved, event.at)

    def _draw(self, event: GenerationReserved) -> None:
        """Takes what grants bear of a reservation, which is no more than there is to bear."""
        for unit, most in ((GENERATIONS, event.count), (CREDITS, event.count * (event.credits_each or 0))):
            if total(event.drawn, unit) > most:
                raise ImpossibleFact(f"reservation {event.reservation} draws more {unit} than it needs")
        self.granted.draw(event.user, event.drawn, event.at)

    def _take_on(self, evolved: Evolved, at: str, refunded: int = 0) -> None:
        """Keeps a reservation as it is after an event, and counts what that changes."""
        reservation = evolved.reservation
        if evolved.returned:
            self.granted.give_back(reservation.user, evolved.returned, at)
        if evolved.own is not NOTHING:
            self.daily.change(reservation, evolved.own, refunded)
        if evolved.whole is not NOTHING:
            self._count(reservation, evolved.whole)
        self._keep(reservation)

    def _count(self, reservation: Reservation, whole: Counts, *, begins: bool = False) -> None:
        """Counts what guild and pool bear in the windows of the day that was charged."""
        if reservation.guild is not None:
            self.windows.charge(f"{GUILD}:{reservation.guild}", reservation.day, whole, begins=begins)
        self.windows.charge(POOL, reservation.day, whole, begins=begins)

    def _cleaned(self, event: CleanupCompleted) -> None:
        if event.freed_bytes != sum(file.bytes for file in event.files):
            raise ImpossibleFact("a cleanup whose files do not add up")
        for file in event.files:
            self._remove(file.user, file.name, file.bytes, temp=True)

    def _overridden(self, event: LimitsOverridden) -> None:
        if event.limits is None:
            self._tables.overrides.drop(event.user)
        else:
            self._tables.overrides.put(event.user, Override(event.limits, event.until))

    def _clock_corrected(self, event: ClockCorrected) -> None:
        if not event.was == self.last_at > event.now == event.at:
            raise ImpossibleFact(
                f"the clock was corrected from {event.was} to {event.now} at {event.at}, and the ledger stood at "
                f"{self.last_at}"
            )
        for reservation_id, reservation in self._tables.reservations.items():
            if reservation.open == 0:
                self._tables.reservations.drop(reservation_id)
        self.to_cancel = len(self._tables.reservations)
        self.points.correct(event)
        self.asks.correct(event)

    def _keep(self, reservation: Reservation) -> None:
        """Keeps a reservation while something can still happen to it: one wholly settled is over."""
        if reservation.open == 0 and reservation.released == 0:
            self._tables.reservations.drop(reservation.reservation)
        else:
            self._tables.reservations.put(reservation.reservation, reservation)

    def _remove(self, user: str, name: str, size_bytes: int, *, temp: bool) -> None:
        index = self._index(temp)
        current = index.current_image(user, name_key(name))
        if current is None or current.bytes != size_bytes:
            raise ImpossibleFact(f"{name} of {user} with {size_bytes} bytes is removed, and does not stand")
        index.remove(user, name_key(name))
        if temp:
            self.users.apply(user, temp_change=-size_bytes)
        else:
            self.users.apply(user, image_change=-size_bytes)
        self.whole.apply(used_change=-size_bytes, held_change=0)

    @abstractmethod
    def due(self, at: str, limit: int) -> list[Reservation]:
        """Reservations of which a deadline has come, the oldest first."""

    @abstractmethod
    def _note_deadline(self, reservation: Reservation) -> None:
        """Remembers when a new reservation expires."""
