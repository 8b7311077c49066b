"""Any economy at all: whatever is granted, reserved, delivered at any cost, kept, released, reset, left to expire,
earned, bought and given, with crashes and restarts in between, nobody makes or loses a unit or a point.

What should come of each command is said by a model of dictionaries and lists (`economy.py`), which shares no code with
the rules: it was written from docs/limits.md and docs/log-format.md. Each rule that is taken out is noticed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import domain.grants
import domain.points
import domain.quota_checks
import domain.reservations
from domain.commands import Command
from domain.events import ImpossibleFact
from domain.grants import available
from domain.instants import day_of, later
from domain.point_commands import BuyOffer, ClaimDaily, GivePoints, MovePoints, Offer, SetOffer, WithdrawOffer
from domain.usage import DayCount, find_day
from domain.windows import window_named
from projections.grants import Grants
from tests.adapters.ledger.economy import LIMITS, MODERATED_FREE, Economy
from tests.adapters.ledger.trade import USERS, Ledger, Step, keyed
from tests.domain.examples import BY, NOON, SWEEP, complete, give, policy, release, reserve, reset_daily, save, void

HISTORIES, MANY = 2_000, 20_000
STEPS = 40
HOUR, DAY = 3_600, 86_400
GIGABYTE = 2**30
REASONS = ("failed", "rejected", "moderated", "not_kept", "cancelled", "unknown")


class Wish(NamedTuple):
    """What is asked; `which` counts reservations from the newest, or names a grant or an offer."""

    kind: str
    user: str = "a"
    which: int = 0
    amount: int = 1
    price: int | None = 0
    word: str = ""
    days: int | None = None
    rollover: int = 0


kinds = (
    "reserve", "reserve", "reserve", "complete", "complete", "save", "save", "release", "sweep", "reset", "grant",
    "grant", "void", "mint", "burn", "gift", "claim", "offer", "withdraw", "buy", "buy",
)  # fmt: skip
wishes = st.builds(
    Wish,
    st.sampled_from(kinds),
    st.sampled_from(USERS),
    st.integers(0, 3),
    st.integers(1, 4),
    st.sampled_from([1, 1, 2, 0, 3, 7, None]),
    st.sampled_from(REASONS),
    st.sampled_from([None, None, 1, 2]),
    st.integers(0, 2),
)
steps = st.builds(
    Step,
    st.sampled_from([0, 0, 0, 600, HOUR, DAY // 2, DAY, 6 * DAY]),
    wishes,
    st.sampled_from([None, None, None, None, None, 0, 1]),
    st.sampled_from(["", "", "", "", "snapshot", "log", "lost"]),
)
histories = st.lists(steps, min_size=15, max_size=STEPS)


def command_of(wish: Wish, model: Economy, now: str, number: int) -> Command:  # noqa: C901, PLR0912 - a case for each
    """The command of a wish."""
    kind, user, which, amount, price = wish[:5]
    names = list(model.holds)
    held = names[-1 - which % len(names)] if names else "none"
    whose = model.holds[held]["user"] if held in model.holds else user
    unit = ("generations", "credits")[amount % 2]
    match kind:
        case "reserve":
            origin = "guild:9" if which else None
            return reserve(
                f"r{len(names)}",
                user=user,
                bytes_each=1,
                count=amount,
                credits_each=price,
                origin=origin,
                ttl_seconds=HOUR,
            )
        case "complete":
            return complete(held, user=whose, count=min(amount, 2), cost=price)
        case "save":
            return save(f"p{number}.png", 1, user=whose, reservation=held)
        case "release":
            return release(held, wish.word, user=whose, count=amount if amount < 3 else None)
        case "sweep":
            return SWEEP
        case "reset":
            return reset_daily(user=user)
        case "grant":
            ends = None if wish.days is None else later(now, seconds=wish.days * DAY)
            until = later(now, seconds=(wish.days or 0) * 3 * DAY) if ends and wish.rollover else None
            rollover = min(wish.rollover, amount) if until else 0
            more: Any = {"expires_at": ends, "rollover": rollover, "rollover_until": until, "priority": which % 2}
            return give(f"g{which}", amount, unit, user=user, **more)
        case "void":
            return void(f"g{which}", user=user)
        case "mint" | "burn":
            return MovePoints(user, BY, kind, amount * (4 if kind == "mint" else 1), "why")
        case "gift":
            return GivePoints(user, BY, USERS[(which + amount) % 3], amount)
        case "claim":
            return ClaimDaily(user, BY, amount)
        case "offer":
            return SetOffer(BY, Offer("xy"[which % 2], unit, amount, 1 + which, wish.days), "why")
        case "withdraw":
            return WithdrawOffer(BY, "xy"[which % 2], "why")
        case _:
            return BuyOffer(user, BY, "xy"[which % 2], f"b{number}" if amount > 1 else f"g{which}")


def live(history: list[Step], told: Counter[str] | None = None) -> None:
    """Every outcome and every figure is the model's, after every step."""
    ledger, model, second = Ledger(policy(**POLICY)), Economy(), 0
    for number, step in enumerate(history):
        if step.restart in {"snapshot", "log"}:
            ledger.restart(step.restart)
        second += step.wait
        ledger.now, model.second = later(NOON, seconds=second), second
        command = command_of(step.command, model, ledger.now, number)
        key = None if command is SWEEP else step.number  # whoever sweeps has no request
        asked = keyed(command, key)
        if step.restart == "lost":
            ledger.lose(asked)
        outcome = ledger.send(asked)
        expected = model.expects(step._replace(command=command, number=key), ledger.now[:10], second)
        assert outcome == expected, (command, outcome, expected)
        model.lapse()
        model.check()
        assert figures_of(ledger) == figures_by(model)
        if told is not None:
            told[f"{step.command.kind} {outcome}"] += 1


POLICY: dict[str, Any] = {
    "daily": LIMITS[0][1], "windows": LIMITS[1:], "moderated_free": MODERATED_FREE, "user_bytes": GIGABYTE,
    "pool_bytes": GIGABYTE,
}  # fmt: skip


def figures_of(ledger: Ledger) -> list[object]:
    """Windows, grants and points as the state has them."""
    state, now = ledger.state, ledger.now
    windows: list[object] = []
    for name, _ in LIMITS:
        scope, window, unit = name.split("/")
        for whose in (
            [f"user:{user}" for user in USERS] if scope == "user" else ["guild:9" if scope == "guild" else scope]
        ):
            tally = state.tally(whose, window_named(now, window))
            if unit == "credits":
                windows.append((name, whose, tally.credits, tally.held))
            elif name == LIMITS[0][0]:
                today = find_day(state.days(whose[5:]), day_of(now))
                windows.append((name, whose, today.count if today else 0))
            else:
                windows.append((name, whose, tally.generations))
    grants = sorted((user, one.grant, available(one, now)) for user in USERS for one in state.grants(user))
    accounts = state.points.accounts()
    points = [accounts.get(f"user:{user}", 0) for user in USERS]
    return [*windows, grants, points, -accounts.get("mint", 0), accounts.get("market", 0), sum(accounts.values())]


def figures_by(model: Economy) -> list[object]:
    """The same by the model."""
    windows: list[object] = []
    for name, _ in LIMITS:
        scope, window, unit = name.split("/")
        for whose in (
            [f"user:{user}" for user in USERS] if scope == "user" else ["guild:9" if scope == "guild" else scope]
        ):
            used = model.used(whose, window, unit)
            windows.append(
                (name, whose, used, model.holding(whose, window)) if unit == "credits" else (name, whose, used)
            )
    grants = sorted((user, name, model.can_be_drawn(grant)) for (user, name), grant in model.grants.items())
    return [*windows, grants, [model.points[user] for user in USERS], model.made, model.market, 0]


def lived(count: int, *, only: bool = False) -> Counter[str]:
    """What came of so many histories; `only`: the first that fails ends it, without a search for a shorter one."""
    told: Counter[str] = Counter()
    phases = [Phase.generate] if only else list(Phase)

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=phases,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(histories)
    def run(history: list[Step]) -> None:
        told["histories"] += 1
        live(history, told)

    run()
    return told


def test_no_economy_makes_or_loses_a_unit_or_a_point(thorough: bool) -> None:
    """Against the model, 2,000 histories, and 20,000 in the long form."""
    told = lived(MANY if thorough else HISTORIES)
    print(f"{told.pop('histories'):,} histories, {sum(told.values()):,} steps: {dict(sorted(told.items()))}")  # noqa: T201 - the figures of docs/evidence.md
    for kind in set(kinds):
        assert told[f"{kind} done"] > HISTORIES // 100, kind


def as_never_reset(days: tuple[DayCount, ...], day: str) -> DayCount | None:
    """A day's count, whatever a reset made of it."""
    found = find_day(days, day)
    return found and found._replace(resets=0)


def oldest_first(grants: tuple[domain.grants.Grant, ...], unit: str, at: str) -> list[domain.grants.Grant]:
    """Grants in another order than that in which they are drawn on."""
    return sorted((one for one in grants if one.unit == unit and available(one, at)), key=lambda one: one.number)


TAKEN_OUT: list[tuple[str, object, str, Callable[..., Any]]] = [
    ("a grant never ends", domain.grants, "available", lambda grant, _at: 0 if grant.voided else grant.balance),
    ("a voided grant bears", domain.grants, "available", lambda grant, at: available(grant._replace(voided=False), at)),
    ("the oldest grant bears first", domain.grants, "in_drawing_order", oldest_first),
    ("what goes back goes to whom bears first", domain.reservations, "from_the_back", domain.grants.from_the_front),
    ("nothing goes back to a grant", Grants, "give_back", lambda *_: None),
    ("nothing lapses", domain.grants, "available", lambda grant, at: available(grant._replace(rolled=True), at)),
    ("nobody is short of points", domain.points, "_short", lambda *_: None),
    ("what is bought lasts for ever", domain.points, "expiry_of", lambda _days, _at: None),
    ("a day takes places back after a reset", domain.reservations, "find_day", as_never_reset),
    ("grants lift every limit", domain.quota_checks, "_is_borne", lambda full, unit: full.name.endswith(unit)),
    ("places of the pool are not counted", domain.quota_checks, "_scope_of", lambda whose, command: (
        f"user:{command.user}" if whose == "user" else None)),
]  # fmt: skip
"""Rules of which each, taken out, is noticed."""
RARE = frozenset(
    {
        "the oldest grant bears first",
        "what goes back goes to whom bears first",
        "nothing lapses",
        "grants lift every limit",
    }
)
"""Those that few histories show: they are taken out in the long form."""


@pytest.mark.parametrize(("what", "place", "name", "rule"), TAKEN_OUT, ids=[row[0] for row in TAKEN_OUT])
def test_a_rule_that_is_taken_out_is_noticed(
    what: str, place: object, name: str, rule: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, thorough: bool
) -> None:
    """By a history that the model tells otherwise, or that the fold calls impossible."""
    if what in RARE and not thorough:
        pytest.skip("few histories show it; run with --thorough")
    monkeypatch.setattr(place, name, rule)
    with pytest.raises((AssertionError, ImpossibleFact)):
        lived(MANY if thorough else HISTORIES, only=True)
