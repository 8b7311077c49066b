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


class Model:
    """What everybody has, by plain dictionaries."""

    def __init__(self) -> None:
        self.points = dict.fromkeys(USERS, 0)
        self.made = self.market = 0
        self.claimed: set[tuple[str, str]] = set()
        self.marks: dict[tuple[str, str], bool] = {}
        self.offers: dict[str, Offer] = {}
        self.sent: dict[int, tuple[PointCommand, int]] = {}

    def expects(self, step: Step, day: str, second: int) -> str:
        """What comes of a step: done, nothing, answered, or the reason of a refusal."""
        if isinstance(step.command, GivePoints) and step.command.user == step.command.to:
            return "MALFORMED"
        former, at = self.sent.get(step.number, (None, 0)) if step.number is not None else (None, 0)
        if former is not None and second < at + KEPT_SECONDS:
            return ANSWERED if former == step.command else "REQUEST_CONFLICT"
        outcome = self._carry_out(step.command, day)
        if outcome == DONE and step.number is not None:
            self.sent[step.number] = step.command, second
        return outcome

    def _carry_out(self, command: PointCommand, day: str) -> str:  # noqa: C901, PLR0912 - a case for each command
        match command:
            case MovePoints(user, _, "mint", amount):
                self.made += amount
                self.points[user] += amount
            case MovePoints(user, _, _, amount):
                if self.points[user] < amount:
                    return "POINTS_SHORT"
                self.made -= amount
                self.points[user] -= amount
            case GivePoints(user, _, to, amount):
                if self.points[user] < amount:
                    return "POINTS_SHORT"
                self.points[user] -= amount
                self.points[to] += amount
            case ClaimDaily(user, _, amount):
                if (user, day) in self.claimed:
                    return "CLAIMED_TODAY"
                self.claimed.add((user, day))
                self.made += amount
                self.points[user] += amount
            case SetFavourite(user, _, owner, name, on):
                if name not in PICTURES:
                    return "NOT_FOUND"
                former = self.marks.get((user, name))
                if bool(former) == on:
                    return NOTHING
                self.marks[user, name] = on
                if former is None and owner != user:
                    self.made += command.reward
                    self.points[owner] += command.reward
            case SetOffer(_, offer):
                if self.offers.get(offer.offer) == offer:
                    return NOTHING
                self.offers[offer.offer] = offer
            case WithdrawOffer(_, name):
                if self.offers.pop(name, None) is None:
                    return "OFFER_CHANGED"
            case BuyOffer(user, offer=name, seen=seen):
                stands = self.offers.get(name)
                if stands is None or seen not in (None, stands):
                    return "OFFER_CHANGED"
                if self.points[user] < stands.price:
                    return "POINTS_SHORT"
                self.points[user] -= stands.price
                self.market += stands.price
        return DONE


class Ledger:
    """The real state and all its events, which a restart is made from."""

    def __init__(self) -> None:
        self.projector = Projector()
        self.events: list[Event] = []
        self.now = NOON
        self._record(tuple(adopted(name, user=owner) for name, owner in PICTURES.items()))

    @property
    def state(self) -> QuotaState:
        """The published figures."""
        return self.projector.state

    def send(self, command: Command) -> str:
        """Decides and records; says what came of it, as the model does."""
        draft = self.state.draft()
        decided = decide(command, draft, draft.policy, self.now)
        if isinstance(decided, Refusal):
            return decided.reason.value
        if isinstance(decided, StoredAnswer):
            return ANSWERED
        self._record(decided)
        return DONE if decided else NOTHING

    def restart(self, how: str) -> None:
        """From a snapshot, or from the first event on."""
        again = Projector()
        if how == "snapshot":
            assert again.restore(b"".join(encode_state(self.projector.dump())))
        for position, fact in enumerate(self.events, 1) if how == "log" else ():
            again.state.apply(position, stored(fact))
            again.feed(position, stored(fact))
        self.projector = again

    def _record(self, facts: tuple[Event, ...]) -> None:
        draft = self.state.draft()
        for fact in facts:
            draft.apply(draft.position + 1, stored(fact))
        draft.commit()
        for position, fact in enumerate(facts, len(self.events) + 1):
            self.projector.feed(position, fact)
        self.events += facts


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
