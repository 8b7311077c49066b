"""The tiers that there are, and from what each user has some: groups as last seen, and what was given by hand.

What follows from it at a time is `domain/tiers.py`'s.
"""

from __future__ import annotations

from typing import assert_never

from domain.events import ImpossibleFact
from domain.tier_events import GroupsSeen, TierAssigned, TierDefined, TierEvent, TierUnassigned
from domain.tiers import EVERYBODY, MAX_TIERS, NO_MEMBER, NO_TIERS, Assignment, Member, Tier, Tiers, seen_at
from projections.tables import Table


class TierBook:
    """The tiers, and what each user's follow from. `tiers` is replaced by a change; the table is drafted as others."""

    def __init__(self, table: Table[str, Member], tiers: Tiers = NO_TIERS) -> None:
        self._table = table
        self.tiers = tiers

    def member(self, user: str) -> Member:
        """What a user's tiers follow from."""
        return self._table.get(user) or NO_MEMBER

    def members(self) -> list[tuple[str, Member]]:
        """Every user who was given a tier or seen in a group."""
        return list(self._table.items())

    def apply(self, event: TierEvent) -> None:
        """Takes tiers and members past one event. Raises ImpossibleFact."""
        match event:
            case TierDefined():
                self._define(event)
            case TierAssigned():
                if event.tier not in self.tiers.by_key or event.tier == EVERYBODY:
                    raise ImpossibleFact(f"tier {event.tier} is given to {event.user}, and there is none to give")
                others = self._assigned_otherwise(event.user, event.tier)
                self._put_assigned(event.user, (*others, Assignment(event.tier, event.until)))
            case TierUnassigned():
                others = self._assigned_otherwise(event.user, event.tier)
                if len(others) == len(self.member(event.user).assigned):
                    raise ImpossibleFact(f"tier {event.tier} is taken from {event.user}, who was not given it")
                self._put_assigned(event.user, others)
            case GroupsSeen():
                if not set(event.groups) <= self.tiers.by_group.keys():
                    raise ImpossibleFact(f"groups of {event.user} are kept that no tier names")
                self._put(event.user, seen_at(self.member(event.user), event.place, event.groups))
            case _:
                assert_never(event)

    def _define(self, event: TierDefined) -> None:
        if event.limits is not None:
            tier = Tier(
                tier=event.tier,
                limits=event.limits,
                groups=event.groups,
                providers=event.providers,
                models=event.models,
                operations=event.operations,
                weight=event.weight,
                waiting=event.waiting,
            )
            self.tiers = self.tiers.defined(tier)
            if len(self.tiers.by_key) > MAX_TIERS:
                raise ImpossibleFact(f"tier {event.tier} is one more than there can be")
            return
        if event.tier not in self.tiers.by_key:
            raise ImpossibleFact(f"tier {event.tier} is taken away, and there is none")
        self.tiers = self.tiers.without(event.tier)
        for user, member in self.members():
            if any(one.tier == event.tier for one in member.assigned):
                self._put_assigned(user, self._assigned_otherwise(user, event.tier))

    def _assigned_otherwise(self, user: str, tier: str) -> tuple[Assignment, ...]:
        return tuple(one for one in self.member(user).assigned if one.tier != tier)

    def _put_assigned(self, user: str, assigned: tuple[Assignment, ...]) -> None:
        self._put(user, self.member(user)._replace(assigned=assigned))

    def _put(self, user: str, member: Member) -> None:
        if member == NO_MEMBER:
            self._table.drop(user)
        else:
            self._table.put(user, member)
