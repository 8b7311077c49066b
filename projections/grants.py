"""The grants of every user, each with what is left of it."""

from __future__ import annotations

from domain.events import GrantGiven, GrantVoided, ImpossibleFact
from domain.grants import Draw, Grant, available, touched
from domain.reservations import Reservation
from projections.tables import Table

TIDIED_ABOVE = 64
"""Grants of one user above which those are forgotten that nothing can be drawn from and nothing comes back to."""


class Grants:
    """Every user's grants, in the order in which they were given."""

    def __init__(self, table: Table[str, tuple[Grant, ...]]) -> None:
        self._table = table

    def of(self, user: str) -> tuple[Grant, ...]:
        """A user's grants."""
        return self._table.get(user) or ()

    def find(self, user: str, grant_id: str) -> Grant | None:
        """One of them by its id."""
        return next((grant for grant in self.of(user) if grant.grant == grant_id), None)

    def apply(self, position: int, event: GrantGiven | GrantVoided, reservations: Table[str, Reservation]) -> None:
        """Takes grants past one event. Raises ImpossibleFact."""
        if isinstance(event, GrantVoided):
            self.void(event)
        else:
            self.give(position, event, reservations)

    def give(self, position: int, event: GrantGiven, reservations: Table[str, Reservation]) -> None:
        """A new grant; those of which `reservations` still have something are kept."""
        if self.find(event.user, event.grant) is not None:
            raise ImpossibleFact(f"grant {event.grant} is given twice")
        if event.amount < 1:
            raise ImpossibleFact(f"grant {event.grant} is of nothing")
        new = Grant(
            grant=event.grant,
            user=event.user,
            unit=event.unit,
            amount=event.amount,
            number=position,
            at=event.at,
            priority=event.priority,
            expires_at=event.expires_at,
            rollover=event.rollover,
            rollover_until=event.rollover_until,
            source=event.source,
            balance=event.amount,
        )
        former = self.of(event.user)
        if len(former) >= TIDIED_ABOVE and not all(available(grant, event.at) for grant in former):
            drawn = _drawn_by(event.user, reservations)
            former = tuple(grant for grant in former if available(grant, event.at) or grant.grant in drawn)
        self._table.put(event.user, (*former, new))

    def void(self, event: GrantVoided) -> None:
        """Nothing more can be drawn from a grant."""
        grant = self._known(event.user, event.grant)
        if grant.voided:
            raise ImpossibleFact(f"grant {event.grant} is voided twice")
        self._put(grant, grant._replace(voided=True))

    def draw(self, user: str, draws: tuple[Draw, ...], at: str) -> None:
        """Takes what a reservation draws."""
        for draw in draws:
            grant = self._known(user, draw.grant)
            if grant.unit != draw.unit or not 1 <= draw.amount <= available(grant, at):
                raise ImpossibleFact(f"{draw.amount} {draw.unit} drawn from grant {draw.grant}, which has not so many")
            self._put(grant, touched(grant, -draw.amount, at))

    def give_back(self, user: str, draws: tuple[Draw, ...], at: str) -> None:
        """Puts back what was drawn and is not needed."""
        for draw in draws:
            grant = self._known(user, draw.grant)
            self._put(grant, touched(grant, draw.amount, at))

    def _known(self, user: str, grant_id: str) -> Grant:
        grant = self.find(user, grant_id)
        if grant is None:
            raise ImpossibleFact(f"{user} has no grant {grant_id}")
        return grant

    def _put(self, former: Grant, after: Grant) -> None:
        self._table.put(former.user, tuple(after if one is former else one for one in self.of(former.user)))


def _drawn_by(user: str, reservations: Table[str, Reservation]) -> set[str]:
    """The grants of which a user's reservations still have something."""
    theirs = [reservation for _, reservation in reservations.items() if reservation.user == user]
    return {draw.grant for reservation in theirs for draw in reservation.drawn}
