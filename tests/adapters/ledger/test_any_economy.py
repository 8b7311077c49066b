"""Any economy at all: whatever is granted, reserved, delivered at any cost, kept, deleted, released, reset, left to
expire, earned, marked, bought and given, with limits that are only tried out, clocks that stood wrong, crashes and
restarts in between, nobody makes or loses a unit or a point.

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
from domain.commands import ChangePolicy, Command
from domain.events import ImpossibleFact
from domain.grants import available
from domain.instants import day_of, later
from domain.limits import SharedLimits
from domain.point_commands import (
    BuyOffer,
    ClaimDaily,
    GivePoints,
    MovePoints,
    Offer,
    SetFavourite,
    SetOffer,
    WithdrawOffer,
)
from domain.usage import DayCount, find_day
from domain.windows import window_named
from projections.grants import Grants
from projections.points import Points
from tests.adapters.ledger.economy import LIMITS, MODERATED_FREE, POOL_BYTES, USER_BYTES, Economy
from tests.adapters.ledger.trade import PICTURES, USERS, Ledger, Step, keyed
from tests.domain.examples import (
    BY,
    CORRECT_CLOCK,
    NOON,
    SWEEP,
    complete,
    delete,
    give,
    policy,
    release,
    reserve,
    reset_daily,
    save,
    void,
)

HISTORIES, MANY = 2_000, 20_000
LEAST_STEPS, MOST_STEPS = 15, 40
BYTES_A_STEP = 10
HOUR, DAY = 3_600, 86_400
WAITS = (0, 0, 0, 600, HOUR, DAY // 2, DAY, 6 * DAY)
KEYS = (None, None, None, None, None, 0, 1)
RESTARTS = ("", "", "", "", "", "", "snapshot", "log", "lost")
PRICES = (1, 1, 2, 0, 3, 7, None)
REASONS = ("failed", "rejected", "moderated", "not_kept", "cancelled", "unknown")
UNITS = ("generations", "credits", "bytes")
TRIED_OUT = (
    (),
    ("user/month/credits", "pool/week/credits"),
    ("user/day/generations", "guild/day/generations"),
    ("user/week/generations", "user/storage", "pool/storage"),
)
NO_REQUEST = (SWEEP, CORRECT_CLOCK)
"""Whoever sends these has no key for them."""


class Wish(NamedTuple):
    """What is asked; `which` counts reservations and pictures from the newest, or names a grant or an offer."""

    kind: str
    user: str = "a"
    which: int = 0
    amount: int = 1
    price: int | None = 0
    word: str = ""
    unit: str = "generations"
    days: int | None = None
    rollover: int = 0


class Subject(NamedTuple):
    """What a history is about: what is asked, each as often as it stands here; by whom; of what grants are; prices."""

    kinds: tuple[str, ...]
    users: tuple[str, ...] = ("a",)
    units: tuple[str, ...] = UNITS
    prices: tuple[int | None, ...] = PRICES


PICTURES_MADE = ("reserve", "reserve", "reserve", "complete", "complete", "save", "save", "release", "delete")
GRANTS_GIVEN = ("grant", "grant", "void")
POINTS_MOVED = ("mint", "burn", "gift", "claim", "favourite", "offer", "withdraw", "buy", "buy")
OTHERS = ("sweep", "reset", "enforce", "clock")
KINDS = (*PICTURES_MADE, *GRANTS_GIVEN, *POINTS_MOVED, *OTHERS)
EARNED = ("favourite", "favourite", "claim", "claim", "clock", "burn")
KEPT = ("reserve", "reserve", "save", "save", "delete", "grant", "grant", "void", "sweep", "enforce")
DRAWN = ("grant", "grant", "grant", "reserve", "reserve", "reserve", "release", "release", "void")
EVERYTHING = Subject(KINDS, USERS)
SUBJECTS = (
    EVERYTHING,
    EVERYTHING,
    Subject((*PICTURES_MADE, *GRANTS_GIVEN, *OTHERS, "grant", "reserve")),
    Subject(DRAWN, units=("generations",), prices=(0,)),
    Subject(KEPT, units=("bytes",), prices=(0,)),
    Subject(POINTS_MOVED, USERS),
    Subject(EARNED, ("a", "b")),
    Subject((*DRAWN, "complete", "complete"), units=("credits", "credits", "generations"), prices=(1, 2, 3)),
)
"""Most histories are about a part, so that what needs several steps of one kind is come upon."""


def picked(choices: tuple[Any, ...], byte: int) -> Any:
    """The choice that a byte stands for."""
    return choices[byte % len(choices)]


def told_by(raw: bytes) -> list[Step]:
    """The history that bytes tell: the first its subject, each ten more a step. One draw of bytes costs a fiftieth of
    a draw for each choice.
    """
    subject = SUBJECTS[raw[0] % len(SUBJECTS)]
    history = []
    for begin in range(1, len(raw) - BYTES_A_STEP + 1, BYTES_A_STEP):
        kind, user, number, price, word, unit, end, wait, key, restart = raw[begin : begin + BYTES_A_STEP]
        wish = Wish(
            kind=picked(subject.kinds, kind),
            user=picked(subject.users, user),
            which=number & 3,
            amount=1 + (number >> 2 & 3),
            price=picked(subject.prices, price),
            word=picked(REASONS, word),
            unit=picked(subject.units, unit),
            days=(None, None, 1, 2)[end & 3],
            rollover=(end >> 2) % 3,
        )
        history.append(Step(picked(WAITS, wait), wish, picked(KEYS, key), picked(RESTARTS, restart)))
    return history


histories = st.binary(min_size=1 + BYTES_A_STEP * LEAST_STEPS, max_size=1 + BYTES_A_STEP * MOST_STEPS).map(told_by)


def command_of(wish: Wish, model: Economy, now: str, number: int) -> Command:  # noqa: C901, PLR0912 - a case for each
    """The command of a wish."""
    kind, user, which, amount, price = wish[:5]
    names = list(model.holds)
    held = names[-1 - which % len(names)] if names else "none"
    whose = model.holds[held]["user"] if held in model.holds else user
    match kind:
        case "reserve":
            more: Any = {"credits_each": price, "origin": "guild:9" if which else None, "ttl_seconds": HOUR}
            return reserve(f"r{number}", user=user, bytes_each=int(wish.unit == "bytes"), count=amount, **more)
        case "complete":
            return complete(held, user=whose, count=min(amount, 2), cost=price)
        case "save":
            return save(f"p{number}.png", amount, user=whose, reservation=held, own=f"own{number}")
        case "delete":
            kept = [name for name in model.kept if name not in PICTURES] or ["none.png"]
            name = kept[-1 - which % len(kept)]
            return delete(name, user=model.kept.get(name, (user, 0))[0])
        case "release":
            return release(held, wish.word, user=whose, count=amount if amount < 3 else None)
        case "sweep":
            return SWEEP
        case "clock":
            return CORRECT_CLOCK
        case "enforce":
            return ChangePolicy(BY, "why", SharedLimits(unenforced=TRIED_OUT[which]))
        case "reset":
            return reset_daily(user=user)
        case "grant":
            ends = None if wish.days is None else later(now, seconds=wish.days * DAY)
            until = later(now, seconds=(wish.days or 0) * 3 * DAY) if ends and wish.rollover else None
            rollover = min(wish.rollover, amount) if until else 0
            given: Any = {"expires_at": ends, "rollover": rollover, "rollover_until": until, "priority": which % 2}
            return give(f"g{which + 4 * wish.rollover}", amount, wish.unit, user=user, **given)
        case "void":
            return void(f"g{which + 4 * wish.rollover}", user=user)
        case "mint" | "burn":
            return MovePoints(user, BY, kind, amount * (4 if kind == "mint" else 1), "why")
        case "gift":
            return GivePoints(user, BY, USERS[(which + amount) % 3], amount)
        case "claim":
            return ClaimDaily(user, BY, amount)
        case "favourite":
            name = "ab"[which % 2] + ".png"
            return SetFavourite(user, BY, PICTURES[name], name, amount > 2, reward=amount - 1)
        case "offer":
            return SetOffer(BY, Offer("xy"[which % 2], wish.unit, amount, 1 + which, wish.days), "why")
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
        second += -step.wait if step.command.kind == "clock" else step.wait
        ledger.now = later(NOON, seconds=second)
        command = command_of(step.command, model, ledger.now, number)
        key = None if command in NO_REQUEST else step.number
        asked = keyed(command, key)
        if step.restart == "lost":
            ledger.lose(asked)
        outcome = ledger.send(asked)
        expected = model.expects(step._replace(command=command, number=key), ledger.now[:10], second)
        assert outcome == expected, (command, outcome, expected)
        assert ledger.exceeded == model.exceeded, (command, ledger.exceeded, model.exceeded)
        model.check()
        assert figures_of(ledger) == figures_by(model)
        if told is not None:
            told[f"{step.command.kind} {outcome}"] += 1
            told["beyond a limit that is tried out"] += bool(ledger.exceeded)


POLICY: dict[str, Any] = {
    "daily": LIMITS[0][1], "windows": LIMITS[1:], "moderated_free": MODERATED_FREE, "user_bytes": USER_BYTES,
    "pool_bytes": POOL_BYTES,
}  # fmt: skip


SCOPES = {"user": [f"user:{user}" for user in USERS], "guild": ["guild:9"], "pool": ["pool"]}
COUNTED = [
    (whose, window, unit) for name, _ in LIMITS for scope, window, unit in [name.split("/")] for whose in SCOPES[scope]
]
"""Whose windows are looked at: those that are limited."""


def figures_of(ledger: Ledger) -> list[object]:
    """Windows, bytes, grants and points as the state has them."""
    state, now = ledger.state, max(ledger.now, ledger.state.last_at)
    today, windows = day_of(now), []
    for whose, window, unit in COUNTED:
        if (whose[:5], window, unit) == ("user:", "day", "generations"):
            of_day = find_day(state.days(whose[5:]), today)
            windows.append((of_day.count if of_day else 0, 0))
        else:
            tally = state.tally(whose, window_named(now, window))
            windows.append((tally.credits, tally.held) if unit == "credits" else (tally.generations, 0))
    stored: list[object] = [(of.image_bytes, of.held_bytes) for of in map(state.user, USERS)]
    grants = sorted((user, one.grant, available(one, now)) for user in USERS for one in state.grants(user))
    accounts = state.points.accounts()
    points = [accounts.get(f"user:{user}", 0) for user in USERS]
    everything = [*points, -accounts.get("mint", 0), accounts.get("market", 0), sum(accounts.values())]
    return [windows, stored, tuple(state.pool), grants, everything]


def figures_by(model: Economy) -> list[object]:
    """The same by the model."""
    windows = [
        (model.used(whose, window, unit), model.used(whose, window, "held") if unit == "credits" else 0)
        for whose, window, unit in COUNTED
    ]
    stored: list[object] = [model.stored(user) for user in USERS]
    grants = sorted((user, name, model.can_be_drawn(grant)) for (user, name), grant in model.grants.items())
    everything = [*(model.points[user] for user in USERS), model.made, model.market, 0]
    return [windows, stored, model.stored(), grants, everything]


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
    for kind in set(KINDS):
        assert told[f"{kind} done"] > HISTORIES // 100, kind
    assert told["beyond a limit that is tried out"] > HISTORIES // 100


def as_never_reset(days: tuple[DayCount, ...], day: str) -> DayCount | None:
    """A day's count, whatever a reset made of it."""
    found = find_day(days, day)
    return found and found._replace(resets=0)


def oldest_first(grants: tuple[domain.grants.Grant, ...], unit: str, at: str) -> list[domain.grants.Grant]:
    """Grants in another order than that in which they are drawn on."""
    return sorted((one for one in grants if one.unit == unit and available(one, at)), key=lambda one: one.number)


favourite = Points.favourite
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
    ("grants of bytes give no room", domain.quota_checks, "granted_bytes", lambda *_: 0),
    ("a picture is rewarded again after its mark was taken away", Points, "favourite", lambda points, user, image: (
        favourite(points, user, image) or None)),
    ("a claim of a wrong clock stays in its day", Points, "correct", lambda *_: None),
]  # fmt: skip
"""Rules of which each, taken out, is noticed."""


@pytest.mark.parametrize(("place", "name", "rule"), [row[1:] for row in TAKEN_OUT], ids=[row[0] for row in TAKEN_OUT])
def test_a_rule_that_is_taken_out_is_noticed(
    place: object, name: str, rule: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a history that the model tells otherwise, or that the fold calls impossible."""
    monkeypatch.setattr(place, name, rule)
    with pytest.raises((AssertionError, ImpossibleFact)):
        lived(HISTORIES, only=True)
