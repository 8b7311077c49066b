"""Points: what is on each account, who claimed when, what is offered, which pictures are marked.

Every movement takes from one account what it puts on another, so all accounts together are 0; what is bought is given
right after it was paid; what cannot be is refused as ImpossibleFact. The published points are changed in place; a draft
has tables of its own from its first event on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple, assert_never

from domain.events import ClockCorrected, Event, GrantGiven, ImpossibleFact
from domain.grants import BOUGHT
from domain.instants import day_of
from domain.point_commands import Offer
from domain.point_events import (
    BURNED,
    CLAIM,
    FAVOURITE,
    GIFT,
    MARKET,
    MINT,
    MINTED,
    PURCHASE,
    FavouriteSet,
    OfferSet,
    OfferWithdrawn,
    PointEvent,
    PointsMoved,
    account_of,
    user_of,
)
from domain.points import MOST_POINTS, expiry_of
from projections.tables import DraftTable, Table

_USER = ""
_SIDES = {
    MINTED: (MINT, _USER),
    BURNED: (_USER, MINT),
    GIFT: (_USER, _USER),
    CLAIM: (MINT, _USER),
    FAVOURITE: (MINT, _USER),
    PURCHASE: (_USER, MARKET),
}
"""Who pays whom, by what a movement is for."""
_WITH_A_REASON = {MINTED: True, BURNED: True, GIFT: None}
"""What must have a reason, and what may; nothing else has one."""


class PointTables(NamedTuple):
    """Points by account, the day of the last claim by user, offers by id, marks by user and position of a save."""

    accounts: Table[str, int]
    claims: Table[str, str]
    offers: Table[str, Offer]
    favourites: Table[tuple[str, int], bool]


class Owed(NamedTuple):
    """What was paid for and is given by the next event."""

    user: str
    unit: str
    amount: int
    expires_at: str | None
    source: str = BOUGHT
    rollover: int = 0


class Points:
    """The accounts and what else of points decisions read."""

    def __init__(self, tables: PointTables | None = None) -> None:
        self._tables = tables or PointTables(Table(), Table(), Table(), Table())
        marked = Counter(image for (_, image), on in tables.favourites.items() if on) if tables else None
        self._marked: Table[int, int] = Table(marked)
        """How many have marked the picture of each save."""
        self._earned: tuple[int, str] | None = None
        """The position of the first mark of another's picture, where it is the last event, and the picture's owner."""
        self.owed: Owed | None = None
        """What the next event gives, where the last one paid for it."""

    @property
    def are_in_use(self) -> bool:
        """Whether anybody ever had any, or something is offered for them."""
        return len(self._tables.accounts) + len(self._tables.offers) > 0

    @property
    def out(self) -> int:
        """The points on all accounts but the mint's, which is as far below 0."""
        return -self.balance(MINT)

    def balance(self, account: str) -> int:
        """The points on an account."""
        return self._tables.accounts.get(account) or 0

    def claimed(self, user: str) -> str | None:
        """The day of a user's last daily claim."""
        return self._tables.claims.get(user)

    def offer(self, offer: str) -> Offer | None:
        """What is offered under an id."""
        return self._tables.offers.get(offer)

    def offers(self) -> list[Offer]:
        """All that is offered, in the order of their ids."""
        return sorted(offer for _, offer in self._tables.offers.items())

    def favourite(self, user: str, image: int) -> bool | None:
        """Whether a user has marked the picture of a save; None where that never was."""
        return self._tables.favourites.get((user, image))

    def marks(self, images: Collection[int]) -> dict[int, int]:
        """How many users have marked the pictures of these saves, of those that anybody has."""
        return {image: count for image in images if (count := self._marked.get(image))}

    def accounts(self) -> dict[str, int]:
        """Every account that was ever touched."""
        return dict(self._tables.accounts.items())

    def settle(self, event: Event) -> None:
        """Takes points past what is given for what was paid. Raises ImpossibleFact."""
        owed, self.owed = self.owed, None
        given = tuple(getattr(event, name) for name in Owed._fields) if isinstance(event, GrantGiven) else ()
        if given != owed:
            raise ImpossibleFact(f"what was bought is {owed}, and is not given")

    def apply(self, position: int, event: PointEvent) -> None:
        """Takes points past one event. Raises ImpossibleFact."""
        earned, self._earned = self._earned, None
        match event:
            case PointsMoved():
                self._check(event, is_earned=earned == (position - 1, user_of(event.payee)))
                self._move(event)
            case OfferSet():
                offer = Offer(event.offer, event.unit, event.amount, event.price, event.days)
                self._tables.offers.put(event.offer, offer)
            case OfferWithdrawn():
                if self.offer(event.offer) is None:
                    raise ImpossibleFact(f"offer {event.offer} is withdrawn, and is not there")
                self._tables.offers.drop(event.offer)
            case FavouriteSet():
                self._mark(position, event)
            case _:
                assert_never(event)

    def correct(self, event: ClockCorrected) -> None:
        """Claims of days that are yet to come count as of the day that the clock went back to."""
        today = day_of(event.now)
        for user, day in self._tables.claims.items():
            if day > today:
                self._tables.claims.put(user, today)

    def dump(self) -> dict[str, dict[Any, Any]]:
        """The tables at this moment, by name; points that are made of them are these."""
        return {name: table.dump() for name, table in self._tables._asdict().items()}

    def draft(self) -> DraftPoints:
        """An empty draft over these points."""
        return DraftPoints(self)

    def _check(self, event: PointsMoved, *, is_earned: bool) -> None:
        sides = tuple(_USER if user_of(side) is not None else side for side in (event.payer, event.payee))
        if sides != _SIDES.get(event.kind) or event.payer == event.payee or event.amount < 1:
            raise ImpossibleFact(f"{event.kind} of {event.amount} points from {event.payer} to {event.payee}")
        if _WITH_A_REASON.get(event.kind, False) not in {None, event.reason is not None}:
            raise ImpossibleFact(f"{event.kind} of points with the reason {event.reason}")
        offer = None if event.offer is None else self.offer(event.offer)
        if (event.kind == PURCHASE) != (event.offer is not None) or (offer is None) != (event.offer is None):
            raise ImpossibleFact(f"{event.kind} of points for the offer {event.offer}")
        if offer is not None and offer.price != event.amount:
            raise ImpossibleFact(f"{event.amount} points paid for {offer.offer}, which costs {offer.price}")
        if event.kind == CLAIM and (self.claimed(event.users[0]) or "") >= day_of(event.at):
            raise ImpossibleFact(f"{event.users[0]} claims the points of a day twice")
        if event.kind == FAVOURITE and not is_earned:
            raise ImpossibleFact(f"{event.users[0]} is given points for a mark that was not made")

    def _move(self, event: PointsMoved) -> None:
        payer, payee = self.balance(event.payer) - event.amount, self.balance(event.payee) + event.amount
        if payer < (-MOST_POINTS if event.payer == MINT else 0):
            raise ImpossibleFact(f"{event.amount} points of {event.payer}, where {self.balance(event.payer)} are")
        self._tables.accounts.put(event.payer, payer)
        self._tables.accounts.put(event.payee, payee)
        if event.kind == CLAIM:
            self._tables.claims.put(event.users[0], day_of(event.at))
        if offer := self.offer(event.offer) if event.offer else None:
            self.owed = Owed(event.users[0], offer.unit, offer.amount, expiry_of(offer.days, event.at))

    def _mark(self, position: int, event: FavouriteSet) -> None:
        former = self.favourite(event.user, event.image)
        if bool(former) is event.on:
            raise ImpossibleFact(f"{event.user} marks image {event.image} as it is marked")
        self._tables.favourites.put((event.user, event.image), event.on)
        self._marked.put(event.image, (self._marked.get(event.image) or 0) + (1 if event.on else -1))
        if former is None and event.owner != event.user:
            self._earned = position, event.owner


class DraftPoints(Points):
    """The points of a batch that is not durable yet, over the published ones."""

    def __init__(self, base: Points) -> None:
        self._base = base
        self._tables, self._marked = base._tables, base._marked  # noqa: SLF001 - of the same class
        self._earned = base._earned  # noqa: SLF001 - likewise
        self.owed = base.owed
        self._is_changed = False

    def apply(self, position: int, event: PointEvent) -> None:
        """Takes the draft past one event; from the first on its tables are its own."""
        self._part()
        super().apply(position, event)

    def correct(self, event: ClockCorrected) -> None:
        """The same in the draft."""
        self._part()
        super().correct(event)

    def commit(self) -> None:
        """Writes the changes into the base."""
        self._base._earned = self._earned  # noqa: SLF001 - of the same class
        self._base.owed = self.owed
        if self._is_changed:
            for table in (*self._tables, self._marked):
                assert isinstance(table, DraftTable)
                table.commit()

    def _part(self) -> None:
        if not self._is_changed:
            accounts, claims, offers, favourites = self._tables
            self._tables = PointTables(accounts.draft(), claims.draft(), offers.draft(), favourites.draft())
            self._marked = self._marked.draft()
            self._is_changed = True


def of_rows(rows: dict[str, list[Any]]) -> Points:
    """The points of a snapshot's rows, by the names of their tables. Raises ValueError where they do not add up."""
    points = Points(
        PointTables(
            accounts=Table(dict(rows["accounts"])),
            claims=Table(dict(rows["claims"])),
            offers=Table({offer: Offer(*members) for offer, members in rows["offers"]}),
            favourites=Table({(user, image): on for (user, image), on in rows["favourites"]}),
        )
    )
    if sum(points.accounts().values()):
        raise ValueError("points that come from nowhere")
    return points


NAMES = PointTables._fields
"""The names of the tables in a snapshot."""


def rows_of(user: str, rows: dict[str, Iterable[Any]]) -> dict[str, list[Any]]:
    """The rows that a replay of one user's lines goes on from: that user's account, against that of the mint, the
    user's claim and marks, and all offers.
    """
    own = account_of(user)
    balance = next((points for account, points in rows["accounts"] if account == own), 0)
    return {
        "accounts": [[own, balance], [MINT, -balance]] if balance else [],
        "claims": [row for row in rows["claims"] if row[0] == user],
        "offers": list(rows["offers"]),
        "favourites": [row for row in rows["favourites"] if row[0][0] == user],
    }


def own_side(event: PointsMoved, user: str) -> PointsMoved:
    """A movement as one user's account knows it, where nothing is known of other users': what comes from another, or
    from the mark of another, is as minted, and what goes to another as burned.
    """
    if event.kind not in {GIFT, FAVOURITE}:
        return event
    comes = event.payee == account_of(user)
    reason = event.reason or event.kind
    if comes:
        return event._replace(payer=MINT, kind=MINTED, reason=reason)
    return event._replace(payee=MINT, kind=BURNED, reason=reason)
