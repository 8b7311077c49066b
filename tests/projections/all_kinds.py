"""Commands of all kinds: those of `test_any_history`, and prices, windows, limits that are tried out, grants."""

from __future__ import annotations

from hypothesis import strategies as st

from domain.commands import ChangePolicy, Command
from domain.instants import later
from domain.limit_names import ALL_LIMITS, CREDITS, FURTHER, OF_A_USER, in_order
from domain.limits import SharedLimits, Windows
from tests.domain.examples import DAY_SECONDS, NOON, complete, give, override, reserve, set_policy, void
from tests.projections.test_any_history import commands, few, ids, requests, sizes, users, waits

origins = st.sampled_from([None, None, "guild:7", "guild:7", "guild:8", "page"])
prices = st.sampled_from([None, 0, 1, 400, 1_000, 2_500])
grant_ids = st.sampled_from(["g0", "g1", "g2", "g3", "g4", "g5"])
ends = st.none() | st.sampled_from([later(NOON, seconds=DAY_SECONDS * days) for days in (1, 3, 30)])


def windows(names: tuple[str, ...], most: int) -> st.SearchStrategy[Windows]:
    """Some limits of windows, each low enough to be met."""
    limits = st.integers(0, most)
    chosen = st.dictionaries(st.sampled_from(names), limits, max_size=4)
    return chosen.map(
        lambda found: in_order({name: limit * (500 if name.endswith(CREDITS) else 1) for name, limit in found.items()})
    )


tried_out = st.sets(st.sampled_from(ALL_LIMITS), max_size=6).map(
    lambda names: tuple(name for name in ALL_LIMITS if name in names)
)
shared = st.builds(
    SharedLimits,
    user_bytes=st.none() | st.integers(300, 900),
    daily=st.none() | st.integers(0, 6),
    windows=st.none() | windows(FURTHER, 8),
    unenforced=st.none() | tried_out,
).filter(lambda limits: bool(limits.given))
reservations = st.builds(
    lambda user, places, size, price, origin, asked, ttl: reserve(
        user=user,
        count=places,
        bytes_each=size,
        credits_each=price,
        origin=origin,
        provider="sketch",
        model="v1" if price else None,
        ttl_seconds=ttl,
        idempotency_key=asked,
    ),
    users,
    few,
    st.sampled_from([0, 0, 20, 90]),
    prices,
    origins,
    requests,
    st.sampled_from([900, 900, 0]),
)
grants = st.builds(
    lambda user, grant, amount, unit, priority, end, rolls: give(
        grant,
        amount * {"generations": 1, "credits": 700, "bytes": 90}[unit],
        unit,
        user=user,
        priority=priority,
        expires_at=end,
        rollover=1 if end and rolls else 0,
        rollover_until=later(end, seconds=DAY_SECONDS * 3) if end and rolls else None,
    ),
    users,
    grant_ids,
    st.integers(1, 4),
    st.sampled_from(["generations", "generations", "credits", "credits", "bytes"]),
    st.integers(0, 2),
    ends,
    st.booleans(),
)

costs = st.sampled_from([None, None, 0, 300, 900, 1_100, 3_000])
completions = st.builds(
    lambda r, user, places, cost: complete(r, user=user, count=places, cost=cost), ids, users, few, costs
)

limits_set: st.SearchStrategy[Command] = st.one_of(
    st.builds(
        lambda limits, names, daily, told: set_policy(windows=limits, unenforced=names, daily=daily, tell_at=told),
        st.none() | windows(FURTHER, 8),
        st.none() | tried_out,
        st.none() | st.integers(0, 6),
        st.sampled_from([None, (), (50,), (30, 60, 80, 100)]),
    ),
    st.builds(lambda wanted: ChangePolicy("discord:1", "a trial", wanted), shared),
    st.builds(
        lambda user, size, limits, end: override(user=user, user_bytes=size, windows=limits, until=end),
        users,
        st.none() | sizes,
        windows(OF_A_USER, 8),
        ends,
    ),
)
voids = st.builds(lambda user, grant: void(grant, user=user), users, grant_ids)
kinds: list[st.SearchStrategy[Command]] = [
    *[reservations] * 6,
    *[commands] * 4,
    *[completions] * 3,
    *[grants] * 3,
    *[limits_set] * 2,
    voids,
]
all_kinds: st.SearchStrategy[Command] = st.sampled_from(kinds).flatmap(lambda kind: kind)
batches_of_all_kinds = st.lists(st.tuples(waits, st.lists(all_kinds, min_size=2, max_size=8)), min_size=3, max_size=12)
