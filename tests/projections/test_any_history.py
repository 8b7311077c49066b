"""Any history at all: whatever commands come in whatever batches, the state agrees with a naive count over all events.

The commands are random and the naive count shares no code with the folds: it goes through the events from the beginning
each time and adds up what each says.
"""

from __future__ import annotations

from collections import Counter
from itertools import count

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from domain.ask_commands import AnswerAsk, AskForMore
from domain.commands import (
    Command,
    CompleteGeneration,
    FreshName,
    ReleasePlaces,
    ReserveGeneration,
    SaveImage,
)
from domain.decisions import StoredAnswer, decide
from domain.events import (
    CleanupCompleted,
    DailyCountReset,
    Event,
    GenerationCompleted,
    GenerationReleased,
    GenerationReserved,
    ImageDeleted,
    ImageSaved,
)
from domain.grants import total
from domain.instants import EARLIEST, LATEST, later
from domain.limit_names import in_order
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
from domain.refusals import Refusal
from projections.quota_state import QuotaState
from tests.domain.examples import (
    CORRECT_CLOCK,
    NOON,
    SWEEP,
    adopt,
    assign,
    clean_up,
    complete,
    define,
    delete,
    give,
    key,
    on,
    override,
    release,
    reserve,
    reset_daily,
    save,
    see,
    set_policy,
    take_away,
    unassign,
    void,
)
from tests.domain.history import replayed, stored
from tests.projections.state import state_of

users = st.sampled_from(["42", "77"])
names = st.sampled_from(["a", "A", "a/b.png", "A/c.png", "image_1.png", "image_1.png/d.png", "e.png"])
fresh_names = st.builds(FreshName, st.sampled_from([None, "a"]), st.just("png"), st.sampled_from([1, 3]))
ANYBODYS = "4"
ids = st.sampled_from(["0", "0", "1", "2", "3", ANYBODYS])
sizes = st.integers(0, 300)
requests = st.none() | st.builds(key, st.sampled_from(["k", "l"]), st.sampled_from(["a", "b"]))
prices = st.sampled_from([None, 0, 7, 100, 100, 250])
costs = st.sampled_from([None, None, 0, 40, 100, 180, 900])
origins = st.sampled_from([None, "guild:9", "guild:9", "http"])
tiers = st.sampled_from(["gold", "blue"])
seen_groups = st.sampled_from([(), ("guild:9/role:1",), ("guild:9/role:1", "guild:9/role:2")])
few = st.sampled_from([1, 1, 2, 3])
reasons = st.sampled_from(["failed", "rejected", "moderated", "not_kept", "cancelled", "unknown"])

windows = st.fixed_dictionaries(
    {},
    optional={
        "user/week/generations": st.integers(1, 9),
        "guild/day/generations": st.integers(1, 9),
        "user/day/credits": st.integers(0, 600),
        "user/month/credits": st.integers(0, 900),
        "pool/month/credits": st.integers(300, 3_000),
    },
).map(in_order)
tried_out = st.sampled_from([(), (), ("guild/day/generations",), ("user/day/generations", "user/month/credits")])
grants = st.integers(1, 10**9).map(lambda number: f"b{number}")
offers = st.builds(Offer, st.sampled_from(["o", "p"]), st.just("bytes"), few, few, st.none() | few)
about_points: st.SearchStrategy[Command] = st.one_of(
    st.builds(
        lambda user, kind, amount, request: MovePoints(user, "cli", kind, amount, "a game", None, request),
        users, st.sampled_from(["mint", "mint", "burn"]), few, requests,
    ),
    st.builds(
        lambda pair, amount, request: GivePoints(pair[0], "library", pair[1], amount, None, None, request),
        st.sampled_from([("42", "77"), ("77", "42"), ("77", "8")]), few, requests,
    ),
    st.builds(lambda user, amount: ClaimDaily(user, "library", amount), users, few),
    st.builds(
        lambda user, owner, name, on, reward, request: SetFavourite(
            user, "library", owner, name, on, None, reward, None, request
        ),
        users, users, names, st.booleans(), st.sampled_from([0, 1, 3]), requests,
    ),
    st.builds(lambda offer: SetOffer("cli", offer, "a game"), offers),
    st.builds(lambda offer: WithdrawOffer("cli", offer, "it is over"), st.sampled_from(["o", "p"])),
    st.builds(
        lambda user, offer, grant, seen, request: BuyOffer(user, "library", offer, grant, seen, None, None, request),
        users, st.sampled_from(["o", "p"]), grants, st.none() | offers, requests,
    ),
)  # fmt: skip
asked_for = st.sampled_from(["q1", "q2"])
about_asks: st.SearchStrategy[Command] = st.one_of(
    st.builds(
        lambda user, ask, amount, limit, request: AskForMore(user, "library", ask, amount, limit, None, None, request),
        users, asked_for, few, st.sampled_from(["user/day/generations", "user/day/credits", "user/storage"]), requests,
    ),
    st.builds(
        lambda user, ask, answer, amount, grant, days: AnswerAsk(user, "cli", ask, answer, amount, grant, days),
        users, asked_for, st.sampled_from(["approved", "approved", "denied", "withdrawn"]), st.none() | few, grants,
        st.none() | few,
    ),
)  # fmt: skip
granting: st.SearchStrategy[Command] = st.builds(
    lambda user, grant, unit, amount, priority, expires_at, rollover, until: give(
        grant, amount, unit, user=user, priority=priority, expires_at=expires_at,
        rollover=min(rollover, amount) if expires_at and until else 0,
        rollover_until=until if expires_at else None,
    ),
    users, st.sampled_from(["g0", "g1", "g2", "g3", "g4"]), st.sampled_from(["generations", "credits", "bytes"]),
    st.sampled_from([1, 2, 3, 150, 500]), st.sampled_from([0, 0, 5]), st.sampled_from([None, on(10, "18:00"), on(11)]),
    st.sampled_from([0, 1, 200]), st.sampled_from([None, on(12)]),
)  # fmt: skip
generating: st.SearchStrategy[Command] = st.one_of(
    st.builds(
        lambda user, count, size, request, exclusive, price, origin: reserve(
            user=user, count=count, bytes_each=size, idempotency_key=request, exclusive=exclusive,
            credits_each=price, origin=origin,
        ),
        users, few, sizes, requests, st.booleans(), prices, origins,
    ),
    st.builds(
        lambda r, user, count, request, cost: complete(r, user=user, count=count, idempotency_key=request, cost=cost),
        ids, users, few, requests, costs,
    ),
    st.builds(
        lambda r, why, user, count: release(r, why, user=user, count=count),
        ids, reasons, users, st.none() | few,
    ),
    st.builds(
        lambda name, size, user, r, request: save(name, size, user=user, reservation=r, idempotency_key=request),
        names | fresh_names, sizes, users, ids, requests,
    ),
    st.builds(lambda user: reset_daily(user=user), users),
    granting,
    st.builds(lambda grant, user: void(grant, user=user), st.sampled_from(["g0", "g1", "h0", "h1"]), users),
    st.just(SWEEP),
    st.just(CORRECT_CLOCK),
)  # fmt: skip
"""What becomes of places, days and grants."""
commands: st.SearchStrategy[Command] = st.one_of(
    *[generating] * 2,
    st.builds(
        lambda name, size, user, temp, request: save(name, size, user=user, temp=temp, idempotency_key=request),
        names | fresh_names, sizes, users, st.booleans(), requests,
    ),
    st.builds(
        lambda name, size, user, temp: adopt(name, size, user=user, temp=temp),
        names, sizes, users, st.booleans(),
    ),
    st.builds(lambda name, user, temp: delete(name, user=user, temp=temp), names, users, st.booleans()),
    st.builds(clean_up, st.integers(0, 2)),
    st.builds(
        lambda user, size, daily: override(user=user, user_bytes=size, daily=daily),
        users, st.none() | sizes, st.none() | few,
    ),
    st.builds(
        lambda key, daily, size, of, models: define(key, daily=daily, user_bytes=size, groups=of, models=models),
        tiers, st.none() | few, st.none() | sizes, seen_groups, st.none() | st.just(("v1",)),
    ),
    st.builds(take_away, tiers),
    st.builds(
        lambda key, user, until: assign(key, user=user, until=until), tiers, users, st.none() | st.just(on(11))
    ),
    st.builds(lambda key, user: unassign(key, user=user), tiers, users),
    st.builds(lambda user, groups: see(*groups, user=user), users, seen_groups),
    st.builds(
        lambda user, count, size, groups, model: reserve(
            user=user, count=count, bytes_each=size, groups=groups, place="guild:9", model=model
        ),
        users, few, sizes, seen_groups, st.none() | st.sampled_from(["v1", "v2"]),
    ),
    st.builds(
        lambda size, pool, daily, free, limits, tried: set_policy(
            user_bytes=size, pool_bytes=pool, daily=daily, moderated_free=free, windows=limits, unenforced=tried
        ),
        st.integers(300, 900), st.integers(300, 1500), st.integers(2, 6), st.booleans(), windows, tried_out,
    ),
    about_points,
    about_asks,
)  # fmt: skip
waits = st.sampled_from([0, 0, 0, 1, 899, 900, 3_600, 43_200, 86_400, 7 * 86_400, -60, -43_200, -90_000, -10 * 86_400])
tight = st.builds(
    lambda daily, most, free: set_policy(
        daily=daily, windows=(("user/month/credits", most),), moderated_free=free, user_bytes=9_000, pool_bytes=9_000
    ),
    st.integers(0, 3), st.sampled_from([0, 100, 300]), st.booleans(),
)  # fmt: skip
much = st.builds(
    lambda places, thousandths: [
        give(f"h{number}", amount, unit, user=user)
        for user in ("42", "77")
        for number, (unit, amount) in enumerate(
            [("generations", places), ("credits", thousandths), ("generations", 9), ("credits", 5_000)]
        )
    ],
    st.integers(1, 3), st.sampled_from([50, 150, 400]),
)  # fmt: skip
batches = st.lists(st.tuples(waits, st.lists(commands, min_size=2, max_size=6)), min_size=3, max_size=12) | st.builds(
    lambda rule, grants, rest: [(0, [rule, *grants]), *rest],
    tight, much, st.lists(st.tuples(waits, st.lists(generating, min_size=2, max_size=6)), min_size=3, max_size=12),
)  # fmt: skip
"""Histories; of some the limits have little room, and grants bear the rest."""


class World:
    """The real state, fed batch by batch, and every event so far."""

    def __init__(self) -> None:
        self.state = QuotaState()
        self.events: list[Event] = []
        self.now = NOON
        self.made: list[ReserveGeneration] = []
        self.own = count()

    def batch(self, wait: int, batch: list[Command]) -> None:
        """As the ledger does it: a sweep, then each command over one draft, then all of it published at once."""
        self.now = later(self.now, seconds=wait)
        draft = self.state.draft()
        for command in [SWEEP, *batch]:
            decision = decide(self.named(command), draft, draft.policy, self.now)
            if isinstance(decision, Refusal):
                event(decision.reason.name)
                decision = decision.recorded
            elif isinstance(decision, StoredAnswer):
                event("a stored answer")
                assert all(1 <= position <= draft.position for position in decision.positions)
                decision = ()
            for fact in decision:
                event(type(fact).__name__)
                draft.apply(draft.position + 1, stored(fact))
                self.events.append(fact)
        draft.commit()

    def named(self, command: Command) -> Command:
        """New reservations get ids of their own; whoever means one means the latest but n, and mostly is its owner."""
        if isinstance(command, ReserveGeneration):
            self.made.append(command._replace(reservation=f"made{len(self.made)}"))
            return self.made[-1]
        if isinstance(command, SaveImage):
            command = command._replace(new_reservation=f"own{next(self.own)}")
        if isinstance(command, CompleteGeneration | ReleasePlaces | SaveImage) and command.reservation and self.made:
            meant = self.made[-1 - int(command.reservation) % len(self.made)]
            user = command.user if command.reservation == ANYBODYS else meant.user
            return command._replace(reservation=meant.reservation, user=user)
        return command


class Naive:
    """What all events say, added up from the beginning."""

    def __init__(self, events: list[Event]) -> None:
        self.current: dict[tuple[str, bool, str], int] = {}
        self.reserved: dict[str, tuple[int, GenerationReserved]] = {}
        self.settled: Counter[str] = Counter()
        self.released: Counter[str] = Counter()
        self.refunded: Counter[str] = Counter()
        self.delivered: Counter[str] = Counter()
        self.resets: dict[tuple[str, str], int] = {}
        for index, fact in enumerate(events):
            self.add(index, fact)

    def add(self, index: int, fact: Event) -> None:
        match fact:
            case GenerationReserved():
                assert fact.reservation not in self.reserved
                self.reserved[fact.reservation] = (index, fact)
            case GenerationCompleted():
                self.delivered[fact.reservation] += fact.count
            case GenerationReleased():
                self.released[fact.reservation] += fact.count
                self.refunded[fact.reservation] += fact.refunded
            case ImageSaved():
                self.current[fact.user, fact.temp, fact.name.lower()] = fact.bytes
                if fact.reservation:
                    self.settled[fact.reservation] += 1
            case ImageDeleted():
                del self.current[fact.user, fact.temp, fact.name.lower()]
            case CleanupCompleted():
                for file in fact.files:
                    del self.current[file.user, True, file.name.lower()]
            case DailyCountReset():
                self.resets[fact.user, fact.at[:10]] = index
            case _:
                pass

    def open(self, reservation: str) -> int:
        _, made = self.reserved[reservation]
        return made.count - self.settled[reservation] - self.released[reservation]

    def held(self, user: str | None = None) -> int:
        return sum(
            self.open(name) * made.bytes_each for name, (_, made) in self.reserved.items() if user in (made.user, None)
        )

    def used(self, *, user: str | None = None, temp: bool | None = None) -> int:
        return sum(
            size
            for (owner, is_temp, _), size in self.current.items()
            if user in (owner, None) and temp in (is_temp, None)
        )

    def count(self, user: str, day: str) -> int:
        since = self.resets.get((user, day), -1)
        return sum(
            made.count - total(made.drawn, "generations") - self.refunded[name]
            for name, (index, made) in self.reserved.items()
            if made.user == user and made.at[:10] == day and index > since
        )


def played(history: list[tuple[int, list[Command]]]) -> World:
    world = World()
    for wait, batch in history:
        world.batch(wait, batch)
    return world


within_the_time_of_the_suite = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@within_the_time_of_the_suite
@given(batches)
def test_batches_over_drafts_make_the_book_that_the_events_make_one_by_one(
    history: list[tuple[int, list[Command]]],
) -> None:
    """So a restart knows exactly what was known before, and each event passes through its stored shape."""
    world = played(history)
    assert state_of(world.state) == state_of(replayed(world.events))


@within_the_time_of_the_suite
@given(batches)
def test_the_figures_are_what_all_events_add_up_to_and_never_negative(
    history: list[tuple[int, list[Command]]],
) -> None:
    """Bytes, holds and days, of users and of the pool."""
    world = played(history)
    naive = Naive(world.events)
    for user in ("42", "77"):
        usage = world.state.user(user)
        assert usage == (naive.used(user=user, temp=False), naive.used(user=user, temp=True), naive.held(user))
        assert min(usage) >= 0
        for day in {fact.at[:10] for fact in world.events}:
            used = world.state.daily.status(user, 5, day + NOON[10:]).used
            assert used == naive.count(user, day) >= 0
    assert world.state.pool == (naive.used(), naive.held())
    current = {(user, key, image.bytes) for user, key, image in world.state.gallery.all()}
    assert current == {(user, name, size) for (user, temp, name), size in naive.current.items() if not temp}


@within_the_time_of_the_suite
@given(batches)
def test_every_place_is_settled_or_released_at_most_once(history: list[tuple[int, list[Command]]]) -> None:
    """And in the end exactly once: a sweep long after leaves no place open and no byte held."""
    world = played(history)
    naive = Naive(world.events)
    assert all(naive.open(name) >= 0 for name in naive.reserved)
    assert all(naive.delivered[name] <= made.count for name, (_, made) in naive.reserved.items())
    assert all(0 <= naive.refunded[name] <= naive.released[name] for name in naive.reserved)
    world.now = LATEST
    world.batch(0, [])
    naive = Naive(world.events)
    assert all(naive.open(name) == 0 for name in naive.reserved)
    assert world.state.pool.held_bytes == 0


@within_the_time_of_the_suite
@given(batches)
def test_no_folder_and_file_share_a_name_and_no_fresh_name_comes_twice(
    history: list[tuple[int, list[Command]]],
) -> None:
    """Names stand once whatever their case, and the folder of one is never the name of another."""
    world = played(history)
    for temp, index in ((False, world.state.gallery), (True, world.state.temps)):
        for user in index.users():
            keys = {key for _, key, _ in index.all() if world.state.current_image(user, key, temp=temp)}
            assert not {key.split("/")[0] for key in keys if "/" in key} & keys


@within_the_time_of_the_suite
@given(batches)
def test_time_goes_back_by_a_correction_alone(history: list[tuple[int, list[Command]]]) -> None:
    """Every other event is stamped with the time of the one before it, or later."""
    last = EARLIEST
    for fact in played(history).events:
        assert fact.at >= last or type(fact).__name__ == "ClockCorrected"
        last = fact.at
