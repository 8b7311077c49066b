"""Never an unreleased reservation, never paid without a hold: whatever fails at whatever moment, each user's count and
bytes end right, and so do credits, grants and points.

Hypothesis draws the wishes of an evening with their fates at the provider, who goes away when, when the service is told
to stop, which call of the disk fails and how, and after which call the process dies. The provider looks into the log
each time that it is asked. Then the log is added up by the test itself, and compared with what callers were told, with
what the provider made and took, and with the figures of the service.
"""

from __future__ import annotations

import asyncio
from collections.abc import Container
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from adapters.application.market import PointsChanged
from adapters.application.reading import quota_status
from adapters.application.storage import Storage
from adapters.eventlog.jsonl import reserve_file
from adapters.ports.faults import Fault
from adapters.studio import Generated
from domain.refusals import Refusal
from domain.windows import Tally
from tests.adapters.studio.books import Books, books_of
from tests.adapters.studio.troubles import (
    ACTORS,
    BUYS,
    FATES,
    LIMITS,
    OFFER,
    POINTS,
    TODAY,
    Account,
    CrashingDisk,
    Evening,
    OnFraction,
    Paid,
    Wish,
    account,
    begun,
    kept,
    log_of,
)
from tests.crash.disk import Disk
from tests.crash.faulty_files import KINDS, Kind

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


def judge_undisturbed(evening: Evening, told: list[OnFraction], accounts: dict[str, Account], books: Books) -> None:
    """Where nothing but the provider failed, nothing is left open, and every count is what was made."""
    for user, mine in accounts.items():
        made = sum(
            evening.provider.delivered[evening.prompt(number)]
            for number, wish in enumerate(evening.wishes)
            if wish.user == user
        )
        gone = any(one.wish.user == user and isinstance(one.answer, asyncio.CancelledError) for one in told)
        assert mine.open_places == 0
        counted = mine.charged + books.by_grants(user, "generations")
        assert kept(told, user) <= mine.images <= counted <= made
        assert gone or counted == made
        assert gone or kept(told, user) == mine.images


def judge_credits(evening: Evening, told: list[OnFraction], books: Books, before: Books, *, undisturbed: bool) -> None:
    """Nothing was asked for without a hold. Pool and guild have spent what the provider took, or perhaps took; each
    user and their grants what it took for them. Of whoever went away it may have been taken, or not.
    """
    assert evening.provider.unheld == []
    for scope in ("pool", "guild:9", *USERS):
        took = [
            (one, evening.provider.paid.get(evening.prompt(number), Paid()))
            for number, one in enumerate(told)
            if scope in {"pool", ACTORS[one.wish.user].origin, one.wish.user}
        ]
        lost = 0 if scope in USERS else 1
        spent = books.spent(scope) - before.spent(scope)
        assert spent <= sum(max(paid.told, paid.by_price) + lost * paid.perhaps for _, paid in took)
        if undisturbed:
            stayed = [paid for one, paid in took if not isinstance(one.answer, asyncio.CancelledError)]
            assert sum(paid.told + lost * paid.perhaps for paid in stayed) <= spent
            assert spent <= sum(paid.told + lost * paid.perhaps for _, paid in took)


def judge_points(told: list[OnFraction], books: Books, *, undisturbed: bool) -> None:
    """Each purchase took its price and gave one grant, whoever was told of it; one key buys once."""
    keys = [bought for bought in books.bought if bought[1] is not None]
    assert len(keys) == len(set(keys)), "one key bought twice"
    for user in USERS:
        answers = [one.answer for one in told if one.wish.user == user]
        known = sum(isinstance(answer, PointsChanged) and not answer.replayed for answer in answers)
        bought = sum(buyer == user for buyer, _ in books.bought)
        assert bought == known if undisturbed else bought >= known
        assert books.points[f"user:{user}"] == POINTS - bought * OFFER.price


def judge_figures(store: Storage, books: Books) -> None:
    """The figures that decisions are made by are those of the lines, where nothing is open."""
    state, month = store.opened().state, TODAY[:7]
    assert state.tally("pool", month) == Tally(*books.whole("pool"))
    assert state.tally("guild:9", month) == Tally(*books.whole("guild:9"))
    for user in USERS:
        assert state.tally(f"user:{user}", month) == Tally(*books.own(user))
        left = {(user, grant.grant): grant.balance for grant in state.grants(user)}
        assert left == {key: balance for key, balance in books.grants.items() if key[0] == user}
        assert state.points.balance(f"user:{user}") == books.points[f"user:{user}"]


def judge_after_all(disk: Disk, wishes: list[Wish]) -> None:
    """A new process over what is left: after their time no place is open, and a repeat makes no second picture."""
    again = [wish if wish.fate == BUYS else wish._replace(fate="kept") for wish in wishes]
    evening = Evening(CrashingDisk(disk, None, (), None), [wish._replace(leaves_after=None) for wish in again])
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
        books = books_of(log_of(disk))
        judge_figures(evening.store, books)
        told = asyncio.run(evening.pass_())
        for one in told:
            assert isinstance(one.answer, Generated | Refusal | PointsChanged), f"made anew, or found: {one.answer}"
        for user in USERS:
            for attempts in account(log_of(disk), user, TODAY[:10]).saved_under.values():
                assert len(set(attempts)) == 1 or "" in attempts, f"one key made pictures in {attempts}"
        judge_credits(evening, told, books_of(log_of(disk)), books, undisturbed=True)
        judge_points([], books_of(log_of(disk)), undisturbed=False)
        judge_figures(evening.store, books_of(log_of(disk)))
    finally:
        evening.end()


def evening_of(wishes: list[Wish], trouble: Trouble) -> None:
    """One evening, judged."""
    disk = CrashingDisk(begun().copy(), trouble.kind, trouble.turns, trouble.crash_at)
    before = books_of(log_of(disk.disk))
    evening = begin(disk, wishes)
    if evening is None:
        event("did not start")
        return
    try:
        told = asyncio.run(evening.pass_(closes_after=trouble.closes_after))
        accounts = {user: account(log_of(disk.disk), user, TODAY[:10]) for user in USERS}
        books = books_of(log_of(disk.disk))
        is_fine = trouble.kind is None
        if is_fine:
            compare_with_status(evening.store, accounts)
            judge_undisturbed(evening, told, accounts, books)
            judge_figures(evening.store, books)
        gone = any(isinstance(one.answer, asyncio.CancelledError) for one in told)
        judge_credits(evening, told, books, before, undisturbed=is_fine)
        judge_points(told, books, undisturbed=is_fine and not gone)
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
