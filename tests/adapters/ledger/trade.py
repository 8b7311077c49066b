"""Trades against a model: the steps of a history, what everybody has by plain dictionaries, and the real decisions and
figures, which are restarted from what is kept of them.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any, NamedTuple

from adapters.ledger.projector import Projector
from adapters.ledger.snapshot_state import encode_state
from domain.commands import Command
from domain.decisions import StoredAnswer, decide
from domain.event_data import from_data, to_data
from domain.events import Event, IdempotencyKey, LimitExceeded
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
from tests.domain.examples import NOON, adopted

USERS = ("a", "b", "c")
PICTURES = {"a.png": "a", "b.png": "b"}
KEPT_SECONDS = 7 * 86_400
NOTHING = "nothing"
ANSWERED = "answered"
DONE = "done"


class Step(NamedTuple):
    """A wait, a command, whether it is sent under a key, and what is restarted before it."""

    wait: int
    command: Any
    number: int | None
    restart: str


class Model:
    """What everybody has, by plain dictionaries."""

    def __init__(self) -> None:
        self.points = dict.fromkeys(USERS, 0)
        self.made = self.market = 0
        self.claimed: dict[str, str] = {}
        """The day of each user's last claim."""
        self.marks: dict[tuple[str, str], bool] = {}
        self.offers: dict[str, Offer] = {}
        self.sent: dict[int, tuple[Any, int]] = {}
        self.given: set[tuple[str, str]] = set()

    def expects(self, step: Step, day: str, second: int) -> str:
        """What comes of a step: done, nothing, answered, or the reason of a refusal."""
        if isinstance(step.command, GivePoints) and step.command.user == step.command.to:
            return "MALFORMED"
        former, at = self.sent.get(step.number, (None, 0)) if step.number is not None else (None, 0)
        if former is not None and second < at + KEPT_SECONDS:
            return ANSWERED if former == step.command else "REQUEST_CONFLICT"
        outcome = self.carry_out(step.command, day)
        if outcome == DONE and step.number is not None:
            self.sent[step.number] = step.command, second
        return outcome

    def carry_out(self, command: Any, day: str) -> str:  # noqa: C901, PLR0912 - a case for each command
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
                if self.claimed.get(user, "") >= day:
                    return "CLAIMED_TODAY"
                self.claimed[user] = day
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
            case BuyOffer(user, _, name, grant, seen):
                stands = self.offers.get(name)
                if stands is None or seen not in (None, stands):
                    return "OFFER_CHANGED"
                if self.points[user] < stands.price:
                    return "POINTS_SHORT"
                if (user, grant) in self.given:
                    return "NAME_TAKEN"
                self.given.add((user, grant))
                self.points[user] -= stands.price
                self.market += stands.price
        return DONE


class Ledger:
    """The real state and all lines of its events, which a restart is made from."""

    def __init__(self, *first: Event) -> None:
        self.projector = Projector()
        self.lines: list[str] = []
        self.now = NOON
        self.exceeded: list[str] = []
        """Which limits that are tried out the last command was beyond."""
        self._record((*first, *(adopted(name, 1, user=owner) for name, owner in PICTURES.items())))

    @property
    def state(self) -> QuotaState:
        """The published figures."""
        return self.projector.state

    def send(self, command: Command) -> str:
        """Decides and records; says what came of it, as the model does."""
        draft, self.exceeded = self.state.draft(), []
        decided = decide(command, draft, draft.policy, self.now)
        if isinstance(decided, Refusal):
            return decided.reason.value
        if isinstance(decided, StoredAnswer):
            return ANSWERED
        self.exceeded = [fact.window or fact.reason for fact in decided if isinstance(fact, LimitExceeded)]
        self._record(decided)
        return DONE if decided else NOTHING

    def restart(self, how: str) -> None:
        """From a snapshot, or from the first event on."""
        again = Projector()
        if how == "snapshot":
            assert again.restore(b"".join(encode_state(self.projector.dump())))
        for position, line in enumerate(self.lines, 1) if how == "log" else ():
            fact = from_data(*json.loads(line))
            again.state.apply(position, fact)
            again.feed(position, fact)
        self.projector = again

    def lose(self, command: Command) -> None:
        """A crash between a decision and the disk: of what was decided and folded in a draft nothing stays."""
        draft = self.state.draft()
        decided = decide(command, draft, draft.policy, self.now)
        for fact in () if isinstance(decided, Refusal | StoredAnswer) else decided:
            draft.apply(draft.position + 1, fact)

    def _record(self, facts: tuple[Event, ...]) -> None:
        draft = self.state.draft()
        lines = [json.dumps([type(fact).__name__, to_data(fact)]) for fact in facts]
        read = [from_data(*json.loads(line)) for line in lines]
        for fact in read:
            draft.apply(draft.position + 1, fact)
        draft.commit()
        for position, fact in enumerate(read, len(self.lines) + 1):
            self.projector.feed(position, fact)
        self.lines += lines


def keyed(command: Any, number: int | None) -> Any:
    """The command under a key of its own, where it has one."""
    digest = sha256(repr(command).encode()).hexdigest()
    return command if number is None else command._replace(idempotency_key=IdempotencyKey(f"k{number}", digest))
