"""Whatever fails when: money outside and purchases in the log agree once everybody answers again.

A Hypothesis state machine over real parts: exchanges, their journal on a disk and a service on loopback. A rule orders
failures for the calls to come, buys, lets time pass, or kills the process at any of its steps. At the end everything
works again, and each purchase that stands is paid exactly once, each other not at all.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from adapters.generation import calls as calls_module
from adapters.ports.purchases import Bought, NotBought, Purchase, Unpaid
from tests.adapters.market.shop import KEY, Shop, purchase
from tests.emulators.currency import CurrencyEmulator
from tests.emulators.emulator import After, CutOff, Drop, Hang, Reply, Scripted, Wire

T = TypeVar("T")

BEGIN_WITH = 60
GARBLED = Reply(200, b'{"hold": "x", "state": "committed", "account": "bob", "amount": -1}')
UNSURE: list[Wire] = [Drop(), CutOff(), Reply(500), Reply(503), GARBLED]
SURE: list[Wire] = [Reply(429), Reply(400), Reply(401)]
"""With these nothing was done; a service that says so after the work breaks its promise, and its hold lapses."""
SCRIPTS: st.SearchStrategy[list[Scripted]] = st.lists(
    st.sampled_from([*UNSURE, *SURE, *(After(one) for one in UNSURE)]), max_size=6
)
KEYS = st.sampled_from([f"k-{number}" for number in range(6)])
USERS = st.sampled_from(["ann", "bob"])
AMOUNTS = st.sampled_from([1, 25, 60, 61])
FAULTS = st.lists(st.sampled_from(["", "before", "after"]), max_size=3)
OFFERS = st.sampled_from(["good", "good", "gone"])
PLACES = ["standing", "reserve", "record", "commit or release"]
"""Who is asked when a process is killed."""


class Market(RuleBasedStateMachine):
    """One ledger, one service, any number of processes."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.bank = CurrencyEmulator(KEY, BEGIN_WITH)
        self.does(self.stack.enter_async_context(self.bank.serving()))
        self.shop = Shop(self.folder, self.bank)
        self.shop.ledger.refuses.add("gone")
        self.asked: dict[str, Purchase] = {}

    def does(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs something to its end."""
        return self.runner.run(work)

    def wanted(self, key: str, user: str, amount: int, offer: str) -> Purchase:
        """A purchase: what was first asked for under its key."""
        return self.asked.setdefault(key, purchase(key, user, offer, amount))

    @rule(script=SCRIPTS, faults=FAULTS)
    def fails(self, script: list[Scripted], faults: list[str]) -> None:
        """The next calls of the service, and of the ledger, go wrong."""
        self.bank.script.extend(script)
        self.shop.ledger.faults.extend(faults)

    @rule(key=KEYS, user=USERS, amount=AMOUNTS, offer=OFFERS)
    def buys(self, key: str, user: str, amount: int, offer: str) -> None:
        """Once, or once more."""
        outcome = self.does(self.shop.exchanges.buy(self.wanted(key, user, amount, offer)))
        stands = key in self.shop.ledger.log and key not in self.shop.ledger.undone
        assert not isinstance(outcome, Bought) or stands
        assert not isinstance(outcome, NotBought) or not stands or outcome.why is Unpaid.LAPSED

    @rule(key=KEYS, user=USERS, amount=AMOUNTS, offer=OFFERS, at=st.sampled_from(PLACES), after=st.booleans())
    def crashes_while_buying(self, key: str, user: str, amount: int, offer: str, at: str, *, after: bool) -> None:
        """The process ends at one of its steps, before or after the work of whoever was asked; the next one starts."""
        bank, ledger = self.bank, self.shop.ledger
        bank.script.clear()
        ledger.faults.clear()
        hang = After(Hang()) if after else Hang()
        stuck = f"stuck {'after' if after else 'before'}"
        if at == "reserve":
            bank.script.append(hang)
        elif at == "commit or release":
            ledger.meanwhile = lambda: bank.script.append(hang)
        else:
            ledger.faults.extend([stuck] if at == "standing" else ["", stuck])
        self.does(self._killed(self.wanted(key, user, amount, offer), begins_hung=at == "reserve"))
        bank.script.clear()
        ledger.faults.clear()

    async def _killed(self, wanted: Purchase, *, begins_hung: bool) -> None:
        bank, ledger = self.bank, self.shop.ledger
        hung = begins_hung
        buying = asyncio.create_task(self.shop.exchanges.buy(wanted))
        while not buying.done() and not ledger.stuck and not (hung and not bank.script):
            hung = hung or bool(bank.script)
            await asyncio.sleep(0)
        await asyncio.sleep(0.002)  # the work before an answer that never comes is done
        ledger.stuck, ledger.meanwhile = False, lambda: None
        ledger.faults.clear()
        bank.script.clear()
        await self.shop.crash()
        await asyncio.gather(buying, return_exceptions=True)

    @rule()
    def crashes(self) -> None:
        """Between two requests."""
        self.does(self.shop.crash())

    @rule()
    def waits(self) -> None:
        """A pass over what is open."""
        self.does(self.shop.later())

    @rule()
    def lapses(self) -> None:
        """The service gives back what it holds, and remembers it."""
        self.bank.holds_lapse()

    @invariant()
    def nothing_is_made_or_lost_outside(self) -> None:
        """What was taken, what is held and what is left are what there was."""
        accounts = self.bank.service.accounts
        assert sum(accounts.values()) + self.bank.held + self.bank.paid == BEGIN_WITH * len(accounts)
        assert min(accounts.values(), default=0) >= 0

    @invariant()
    def nothing_is_paid_that_is_not_recorded(self) -> None:
        """At any moment: it is taken after it is in the log, and what was undone never is."""
        names = {self._hold(key) for key in self.shop.ledger.log if key not in self.shop.ledger.undone}
        assert {name for name, kept in self.bank.service.holds.items() if kept.state == "committed"} <= names

    def teardown(self) -> None:
        """Everybody answers again: a start and a pass settle all."""
        self.bank.script.clear()
        self.shop.ledger.faults.clear()
        self.shop.breaker_now += 10_000
        self.does(self.shop.crash())
        assert self.does(self.shop.later()) == 0
        self.nothing_is_made_or_lost_outside()
        stands = {self._hold(key) for key in self.shop.ledger.log if key not in self.shop.ledger.undone}
        paid = {name for name, kept in self.bank.service.holds.items() if kept.state == "committed"}
        assert paid == stands
        assert (self.bank.held, self.shop.notes, self.bank.complaints) == (0, [], [])
        assert self.bank.paid == self.shop.ledger.standing_amount
        self.does(self.shop.exchanges.close())
        self.does(self.stack.aclose())
        self.runner.close()
        shutil.rmtree(self.folder)

    def _hold(self, key: str) -> str:
        return self.shop.journal.hold_of(self.asked[key]).name


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits between tries are short; how long they are is tested apart."""
    monkeypatch.setattr(calls_module, "FIRST_BACKOFF_SECONDS", 0.0)


@pytest.mark.parametrize(
    "histories", [60, pytest.param(2_000, marks=pytest.mark.thorough)], ids=["in the suite", "thorough"]
)
def test_whatever_fails_what_stands_is_paid_once_and_nothing_else(histories: int) -> None:
    """Any drops, failures, lapses, faults of the ledger, crashes and repeats, in any order."""
    run_state_machine_as_test(
        Market,
        settings=settings(
            max_examples=histories,
            stateful_step_count=15,
            deadline=None,
            database=None,
            print_blob=True,
            report_multiple_bugs=False,
            suppress_health_check=[HealthCheck.too_slow],  # each step waits for a service on loopback
        ),
    )
