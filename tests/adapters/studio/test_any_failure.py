"""Never an unreleased reservation: whatever fails at whatever moment, each user's count and bytes end right.

Hypothesis draws the wishes of an evening with their fates at the provider, who goes away when, when the service is told
to stop, which call of the disk fails and how, and after which call the process dies. Then the log is added up by the
test itself, and compared with what callers were told, with what the provider made, and with the status.
"""

from __future__ import annotations

import asyncio
from collections.abc import Container
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from adapters.application.reading import quota_status
from adapters.application.storage import Storage
from adapters.eventlog.jsonl import reserve_file
from adapters.ports.faults import Fault
from adapters.studio import Generated
from domain.refusals import Refusal
from tests.adapters.studio.troubles import (
    FATES,
    LIMITS,
    TODAY,
    Account,
    CrashingDisk,
    Evening,
    OnFraction,
    Wish,
    account,
    kept,
)
from tests.crash.disk import Disk
from tests.crash.faulty_files import KINDS, Kind
from tests.crash.judging import ROOT

USERS = ("1", "2")
EXAMPLES, LONG_EXAMPLES = 150, 5_000
RESERVE_BYTES = 65_536
HEALTH = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]


@pytest.fixture(autouse=True)
def small_reserve_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is written at each start, which at its full size takes an eighth of all that is done here."""
    monkeypatch.setattr(reserve_file, "RESERVE_BYTES", RESERVE_BYTES)


class FromThere:
    """Every call from one on: a disk that stays broken."""

    def __init__(self, first: int) -> None:
        self.first = first

    def __contains__(self, turn: object) -> bool:
        return isinstance(turn, int) and turn >= self.first


class Trouble(NamedTuple):
    """What goes wrong besides the provider."""

    closes_after: int | None = None
    kind: Kind | None = None
    turn: int = 0
    for_ever: bool = False
    crash_at: int | None = None

    @property
    def turns(self) -> Container[int]:
        """The calls of the disk that fail."""
        return FromThere(self.turn) if self.for_ever else {self.turn}


WISHES = st.lists(
    st.builds(
        Wish,
        st.sampled_from(USERS),
        st.integers(1, 3),
        st.sampled_from(FATES),
        st.sampled_from([None, "a", "b"]),
        st.none() | st.integers(0, 60),
    ),
    min_size=1,
    max_size=6,
)
NEVER, FINE = st.none(), st.just(0)
TROUBLES = st.one_of(
    st.just(Trouble()),
    st.builds(Trouble, st.integers(0, 80), NEVER, FINE, st.just(False), NEVER),
    st.builds(Trouble, NEVER, st.sampled_from(KINDS), st.integers(1, 150), st.booleans(), NEVER),
    st.builds(Trouble, NEVER, NEVER, FINE, st.just(False), st.integers(1, 250)),
)


def log_of(disk: Disk) -> bytes:
    """The log on a disk; what comes after its last whole line was never answered for."""
    whole = disk.files_below(ROOT / "logs")["events.jsonl"]
    return whole[: whole.rfind(b"\n") + 1]


def begin(disk: CrashingDisk, wishes: list[Wish]) -> Evening | None:
    """The service over this disk, None where it fails while it starts, which is another test's story."""
    try:
        evening = Evening(disk, wishes)
    except Fault:
        return None
    try:
        evening.store.opened()
    except Fault:
        evening.end()
        return None
    return evening


def compare_with_status(store: Storage, accounts: dict[str, Account]) -> None:
    """The projection says what the lines say."""
    for user, mine in accounts.items():
        status = quota_status(store, user)
        assert status["daily"]["used"] == mine.charged
        assert status["user"]["images"] == mine.images
        assert mine.charged <= (LIMITS.daily or 0)


def judge_undisturbed(evening: Evening, told: list[OnFraction], accounts: dict[str, Account]) -> None:
    """Where nothing but the provider failed, nothing is left open, and every count is what was made."""
    for user, mine in accounts.items():
        made = sum(
            evening.provider.delivered[evening.prompt(number)]
            for number, wish in enumerate(evening.wishes)
            if wish.user == user
        )
        gone = any(one.wish.user == user and isinstance(one.answer, asyncio.CancelledError) for one in told)
        assert mine.open_places == 0
        assert kept(told, user) <= mine.images <= mine.charged <= made
        assert gone or mine.charged == made
        assert gone or kept(told, user) == mine.images


def judge_after_all(disk: Disk, wishes: list[Wish]) -> None:
    """A new process over what is left: after their time no place is open, and a repeat makes no second picture."""
    again = [wish._replace(fate="kept", leaves_after=None) for wish in wishes]
    evening = Evening(CrashingDisk(disk, None, (), None), again)
    try:
        before = {user: account(log_of(disk), user, TODAY[:10]) for user in USERS}
        evening.all_expires()
        for user in USERS:
            after = account(log_of(disk), user, TODAY[:10])
            assert after.open_places == 0
            assert (after.images, after.image_bytes) == (before[user].images, before[user].image_bytes)
            assert after.charged <= before[user].charged
            status = quota_status(evening.store, user)
            assert (status["user"]["reserved_mb"], status["user"]["images"]) == (0, after.images)
            assert status["user"]["used_mb"] == round(after.image_bytes / 1_048_576, 2)
        for one in asyncio.run(evening.pass_()):
            assert isinstance(one.answer, Generated | Refusal), f"a repeat is made anew, or found: {one.answer}"
        for user in USERS:
            for attempts in account(log_of(disk), user, TODAY[:10]).saved_under.values():
                assert len(set(attempts)) == 1 or "" in attempts, f"one key made pictures in {attempts}"
    finally:
        evening.end()


def evening_of(wishes: list[Wish], trouble: Trouble) -> None:
    """One evening, judged."""
    disk = CrashingDisk(Disk(), trouble.kind, trouble.turns, trouble.crash_at)
    evening = begin(disk, wishes)
    if evening is None:
        event("did not start")
        return
    try:
        told = asyncio.run(evening.pass_(closes_after=trouble.closes_after))
        accounts = {user: account(log_of(disk.disk), user, TODAY[:10]) for user in USERS}
        if trouble.kind is None:
            compare_with_status(evening.store, accounts)
            judge_undisturbed(evening, told, accounts)
        for user in USERS:
            assert kept(told, user) <= accounts[user].images
    finally:
        evening.end()
    if disk.left is not None:
        event("crashed")
    judge_after_all(disk.left or disk.disk.copy(), wishes)


@given(WISHES, TROUBLES)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=HEALTH)
def test_whatever_fails_count_and_bytes_end_right(wishes: list[Wish], trouble: Trouble) -> None:
    """The short form, at each change."""
    evening_of(wishes, trouble)


@pytest.mark.thorough
@pytest.mark.timeout(7200)
@given(WISHES, TROUBLES)
@settings(max_examples=LONG_EXAMPLES, deadline=None, suppress_health_check=HEALTH)
def test_whatever_fails_in_many_evenings_count_and_bytes_end_right(wishes: list[Wish], trouble: Trouble) -> None:
    """The long form."""
    evening_of(wishes, trouble)
