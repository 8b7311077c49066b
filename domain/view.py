"""What decisions may read: one interface, answered by the published state and by a draft over it alike."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from domain.ask_events import Ask
from domain.grants import Grant
from domain.limits import Override, TakenIn
from domain.point_commands import Offer
from domain.reservations import Reservation
from domain.threshold_events import Told
from domain.tiers import Member, Tiers
from domain.usage import CurrentImage, DayCount, KeyedAnswer, PoolUsage, UserUsage
from domain.windows import Counts, Tally, Windows


class PointsView(Protocol):
    """What decisions read of points. Accounts are named as in events."""

    @property
    def out(self) -> int:
        """The points on all accounts but the mint's, which is as far below 0."""

    def balance(self, account: str) -> int:
        """The points on an account."""

    def claimed(self, user: str) -> str | None:
        """The day of a user's last daily claim."""

    def offer(self, offer: str) -> Offer | None:
        """What is offered under an id."""

    def offers(self) -> list[Offer]:
        """All that is offered, in the order of their ids."""

    def favourite(self, user: str, image: int) -> bool | None:
        """Whether a user has marked the picture of a save; None where that never was."""


class ToldView(Protocol):
    """What decisions read of what people heard of limits."""

    def told(self, whose: str, limit: str) -> Told | None:
        """What was told last of a limit; `whose` is `user:ID`, `guild:ID` or `pool`."""


class AsksView(Protocol):
    """What decisions read of asks for more."""

    def of(self, user: str) -> Ask | None:
        """A user's last ask."""

    def are_open(self, at: str) -> int:
        """How many asks of all users can be answered at a time."""


class View(Protocol):
    """Everything that decisions read. Keys of names are `name_key`s."""

    @property
    def points(self) -> PointsView:
        """Accounts and offers."""

    @property
    def thresholds(self) -> ToldView:
        """What people heard of limits."""

    @property
    def asks(self) -> AsksView:
        """Who asked for more."""

    @property
    def last_at(self) -> str:
        """The time of the last event; the earliest time where there is none."""

    @property
    def policy_is_recorded(self) -> bool:
        """Whether the log has any PolicyChanged."""

    @property
    def taken_in(self) -> TakenIn:
        """The limits as settings last gave them."""

    @property
    def pool(self) -> PoolUsage:
        """What all users together use."""

    def user(self, user: str) -> UserUsage:
        """A user's bytes."""

    def days(self, user: str) -> tuple[DayCount, ...]:
        """A user's counts of the latest days."""

    def tally(self, scope: str, window: str) -> Tally:
        """What a window counts, by its name; `scope` is `user:ID`, `guild:ID` or `pool`."""

    def tallies(self, scope: str, windows: Windows) -> tuple[Counts, Counts, Counts]:
        """The same of the three windows of a day."""

    def grants(self, user: str) -> tuple[Grant, ...]:
        """What a user was given beyond the limits, also what is used up, over or voided."""

    def grant(self, user: str, grant: str) -> Grant | None:
        """One of them by its id."""

    def override(self, user: str) -> Override | None:
        """A user's own limits."""

    @property
    def tiers(self) -> Tiers:
        """Every tier that there is."""

    def member(self, user: str) -> Member:
        """What a user's tiers follow from."""

    def reservation(self, reservation: str) -> Reservation | None:
        """A reservation to which something can still happen."""

    def due(self, at: str, limit: int) -> list[Reservation]:
        """Reservations of which a deadline has come, the oldest deadline first."""

    def open_reservations(self) -> Iterable[Reservation]:
        """Every reservation with an open place."""

    def current_image(self, user: str, key: str, *, temp: bool) -> CurrentImage | None:
        """The image under a name."""

    def has_folder(self, user: str, folder_key: str, *, temp: bool) -> bool:
        """Whether a name stands in that folder."""

    def next_number(self, user: str, *, temp: bool) -> int:
        """A number above every `image_<n>` that ever stood."""

    def temp_files(self, cutoff: str, limit: int) -> list[tuple[str, CurrentImage]]:
        """Temp files saved at or before `cutoff`, with their users, the oldest first."""

    def answer(self, tag: str) -> KeyedAnswer | None:
        """What was answered to a request."""

    def refusals(self, user: str, reason: str, day: str) -> int:
        """Recorded refusals of a user for one reason on a day."""
