"""The view of points: what each account has by it is what the fold says, and all accounts together are 0."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from adapters.engines.opening import open_store
from adapters.reports.querying import ask
from domain.commands import Command
from domain.point_commands import BuyOffer, ClaimDaily, GivePoints, MovePoints, Offer, SetOffer
from domain.refusals import Refusal
from tests.adapters.reports.conftest import opened

TRADED: tuple[Command, ...] = (
    SetOffer("cli", Offer("ten", "generations", 10, 5), "a fair"),
    MovePoints("42", "cli", "mint", 20, "a game"),
    GivePoints("42", "discord:42", "7", 4, "thanks", "guild:9"),
    ClaimDaily("7", "discord:7", 3),
    BuyOffer("42", "discord:42", "ten", "g1"),
    MovePoints("7", "cli", "burn", 1, "a mistake"),
)


def test_what_accounts_have_by_the_view_is_what_they_have(tmp_path: Path) -> None:
    """Each movement is told from both sides."""
    with closing(open_store(tmp_path)) as store:
        for command in TRADED:
            assert not isinstance(store.opened().ledger.execute(command), Refusal)
        accounts = store.opened().state.points.accounts()
    with opened(tmp_path) as log:
        told = ask(log, "SELECT account, sum(change) FROM points GROUP BY account").rows
        gift = ask(
            log, "SELECT user, change, other, reason, guild FROM points WHERE kind = 'gift' ORDER BY change"
        ).rows
    assert {account: int(change) for account, change in told} == accounts
    assert sum(accounts.values()) == 0
    assert [tuple(row) for row in gift] == [("42", -4, "user:7", "thanks", "9"), ("7", 4, "user:42", "thanks", "9")]
