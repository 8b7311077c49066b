"""A log of people who use all kinds of limits: windows, prices, grants, limits that are tried out, for some weeks.

Each step is decided by the rules and recorded as the ledger records it, a sweep before each command.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from adapters.eventlog.jsonl import JSONLRecorder
from adapters.ledger.codec import encode
from adapters.ports.clock import utc_now
from domain.commands import ChangePolicy, Command
from domain.decisions import StoredAnswer, decide
from domain.events import Event
from domain.instants import later
from domain.limits import SharedLimits
from domain.refusals import Refusal
from projections.quota_state import QuotaState
from tests.domain.examples import SWEEP, complete, give, override, release, reserve, reset_daily, save, set_policy, void

BEGIN = "2026-02-02T06:00:00.000000Z"
WINDOWS = (
    ("user/week/generations", 9),
    ("guild/day/generations", 3),
    ("user/month/credits", 14_000),
    ("pool/month/credits", 60_000),
)
TRIED = ("user/day/generations", "guild/day/generations", "user/month/credits")
PRICES = (0, 400, 400, 1_000, 2_500)
REASONS = ("failed", "rejected", "moderated", "not_kept", "cancelled", "unknown")


class People:
    """The commands of some people, day by day, and what was decided of them."""

    def __init__(self, seed: int) -> None:
        self.state = QuotaState()
        self.events: list[Event] = []
        self._chance = random.Random(seed)
        self._number = 0

    def live(self, days: int) -> list[Event]:
        """So many days, and all events of them."""
        self._decide(set_policy(daily=2, windows=WINDOWS, unenforced=TRIED, moderated_free=True), BEGIN)
        for day in range(days):
            now = later(BEGIN, seconds=86_400 * day)
            for command in self._of_a_day(day):
                now = later(now, seconds=self._chance.randrange(60, 900))
                self._decide(command, now)
        return self.events

    def _of_a_day(self, day: int) -> Iterator[Command]:
        user, pick = f"u{self._chance.randrange(5)}", self._chance.random()
        if day % 2:
            yield self._gift(day, user, pick)
        if day % 11 == 5:
            yield from [void(grant.grant, user=user) for grant in self.state.grants(user)[:1] if not grant.voided]
        if day % 13 == 6:
            yield override(user=user, windows=(("user/month/credits", 15_000),))
        if day == 20:
            yield ChangePolicy("discord:1", "a trial is over", SharedLimits(daily=4, unenforced=TRIED[1:2]))
        if pick < 0.2:
            yield reset_daily(user=user)
        for _ in range(self._chance.randrange(6, 14)):
            yield from self._generation(f"u{self._chance.randrange(5)}")

    def _gift(self, day: int, user: str, pick: float) -> Command:
        """Something beyond the limits, mostly with an end, after which a part of it may stay for some days."""
        ends_at = later(BEGIN, seconds=86_400 * (day + 5))
        unit, amount = self._chance.choice([("generations", 5), ("credits", 2_500)])
        stays_until = later(ends_at, seconds=86_400 * 4) if pick < 0.5 else None
        return give(
            f"g{day}",
            amount,
            unit,
            user=user,
            expires_at=ends_at if pick < 0.8 else None,
            rollover=2 if stays_until else 0,
            rollover_until=stays_until,
        )

    def _generation(self, user: str) -> Iterator[Command]:
        self._number += 1
        name, chance = f"r{self._number}", self._chance
        places, price = chance.choice([1, 1, 1, 2]), chance.choice(PRICES)
        origin = chance.choice([None, "guild:7", "guild:7", "guild:8"])
        yield reserve(
            name, user=user, count=places, bytes_each=1_000, credits_each=price, provider="sketch", origin=origin
        )
        if self.state.reservation(name) is None:
            return
        if chance.random() < 0.25:
            yield release(name, chance.choice(REASONS), user=user, provider="sketch")
        elif chance.random() < 0.9:
            cost = chance.choice([None, None, price * places // 2, price * 3])
            yield complete(name, user=user, count=places, cost=cost)
            for number in range(places):
                yield save(f"{name}-{number}.png", 900, user=user, reservation=name, own=f"own-{name}-{number}")

    def _decide(self, command: Command, now: str) -> None:
        for one in (SWEEP, command):
            decided = decide(one, self.state, self.state.policy, now)
            assert not isinstance(decided, StoredAnswer)
            for event in decided.recorded if isinstance(decided, Refusal) else decided:
                self.events.append(event)
                self.state.apply(len(self.events), event)


def live(root: Path, *, days: int, seed: int = 1) -> People:
    """Such a log in a root, and who made it."""
    people = People(seed)
    recorder = JSONLRecorder(root, clock=utc_now)
    for event in people.live(days):
        recorder.append([encode(event)])
    recorder.checkpoint(recorder.head)
    recorder.close()
    return people
