"""Any trade at all: whatever is minted, given, claimed, marked, offered, bought and sent again, with restarts from a
snapshot or from the log in between, nobody makes or loses a point.

What should come of each command is said by a model of dictionaries, which shares no code with the rules.
"""

from __future__ import annotations

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from domain.instants import later
from domain.point_commands import (
    BuyOffer,
    ClaimDaily,
    GivePoints,
    MovePoints,
    Offer,
    PointCommand,
    SetFavourite,
    SetOffer,
    WithdrawOffer,
)
from tests.adapters.ledger.trade import PICTURES, USERS, Ledger, Model, Step, keyed
from tests.domain.examples import NOON

HISTORIES = 200

users, amounts, ids, cli, why = (
    st.sampled_from(USERS), st.integers(1, 4), st.sampled_from("xy"), st.just("cli"), st.just("why")
)  # fmt: skip
grants = st.integers(1, 10**9).map(lambda number: f"g{number}")
offers = st.tuples(ids, st.just("bytes"), st.integers(1, 2), st.integers(1, 3)).map(lambda told: Offer(*told))
commands: st.SearchStrategy[PointCommand] = st.one_of(
    st.tuples(users, cli, st.just("mint"), st.integers(3, 9), why).map(lambda told: MovePoints(*told)),
    st.tuples(users, cli, st.just("burn"), amounts, why).map(lambda told: MovePoints(*told)),
    st.tuples(users, cli, users, amounts).map(lambda told: GivePoints(*told)),
    st.tuples(users, cli, amounts).map(lambda told: ClaimDaily(*told)),
    st.tuples(users, st.sampled_from([*PICTURES, "none.png"]), st.booleans(), st.integers(0, 3)).map(
        lambda told: SetFavourite(told[0], "cli", PICTURES.get(told[1], "a"), told[1], told[2], reward=told[3])
    ),
    st.tuples(cli, offers, why).map(lambda told: SetOffer(*told)),
    st.tuples(cli, ids, why).map(lambda told: WithdrawOffer(*told)),
    st.tuples(users, cli, ids, grants, st.just(None) | offers).map(lambda told: BuyOffer(*told)),
)
steps = st.builds(
    Step,
    st.sampled_from([0, 0, 60, 43_200, 86_400]),
    commands,
    st.none() | st.integers(0, 3),
    st.sampled_from(["", "", "", "snapshot", "log"]),
)


@settings(max_examples=HISTORIES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(steps, min_size=15, max_size=60))
def test_no_trade_makes_or_loses_a_point(trade: list[Step]) -> None:
    """Every outcome and every account is the model's, after every step; all accounts together are 0."""
    ledger, model, second = Ledger(), Model(), 0
    for step in trade:
        if step.restart:
            ledger.restart(step.restart)
        second += step.wait
        ledger.now = later(NOON, seconds=second)
        outcome = ledger.send(keyed(step.command, step.number))
        assert outcome == model.expects(step, ledger.now[:10], second)
        event(f"{type(step.command).__name__} {outcome}")
        accounts = ledger.state.points.accounts()
        assert sum(accounts.values()) == 0
        assert {user: accounts.get(f"user:{user}", 0) for user in USERS} == model.points
        assert (-accounts.get("mint", 0), accounts.get("market", 0)) == (model.made, model.market)
        assert min([0, *model.points.values()]) == 0
