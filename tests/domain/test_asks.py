"""Asks for more: one open at a time, a few a day, answered once; an approval gives its grant in the same decision."""

from __future__ import annotations

from typing import Any

import pytest

from domain.ask_commands import AnswerAsk, AskForMore
from domain.ask_events import LIMITS_ASKED_ABOUT, AskAnswered, MoreAsked
from domain.asks import MAX_A_DAY, MAX_OPEN, MOST_ASKED
from domain.commands import Command
from domain.decisions import decide
from domain.events import Event, GrantGiven
from domain.refusals import Reason, Refusal
from projections.quota_state import QuotaState
from tests.domain.examples import NOON, OTHER, USER, corrected, give, key, on, saved
from tests.domain.history import given

KEY = key("k")
DAILY, CREDITS, STORAGE = "user/day/generations", "user/month/credits", "user/storage"
A_WEEK_LATER = on(17)


def asked(ask: str = "a1", amount: int = 3, *, at: str = NOON, user: str = USER, **more: Any) -> MoreAsked:
    members = {"unit": "generations", "limit_name": DAILY, "by": "cli", **more}
    return MoreAsked(at=at, user=user, ask=ask, amount=amount, **members)


def answered(answer: str = "denied", ask: str = "a1", *, at: str = NOON, **more: Any) -> AskAnswered:
    return AskAnswered(at=at, user=more.pop("user", USER), by=more.pop("by", "cli"), ask=ask, answer=answer, **more)


def approved(amount: int = 3, grant: str = "g1", **more: Any) -> AskAnswered:
    return answered("approved", amount=amount, grant=grant, **more)


def given_for(amount: int = 3, grant: str = "g1", *, at: str = NOON, **more: Any) -> GrantGiven:
    members = {"unit": "generations", "source": "asked", "reason": "the request a1", "user": USER, "by": "cli", **more}
    return GrantGiven(at=at, grant=grant, amount=amount, **members)


def ask(ask_id: str = "a1", amount: int = 3, *, user: str = USER, **more: Any) -> AskForMore:
    return AskForMore(user, more.pop("by", "cli"), ask_id, amount, more.pop("limit", DAILY), **more)


def answer(what: str = "denied", ask_id: str = "a1", **more: Any) -> AnswerAsk:
    return AnswerAsk(more.pop("user", USER), more.pop("by", "cli"), ask_id, what, **more)


def approve(amount: int | None = None, grant: str | None = "g1", **more: Any) -> AnswerAsk:
    return answer("approved", amount=amount, grant=grant, **more)


WITHDRAW = answer("withdrawn")


@pytest.mark.parametrize("limit", LIMITS_ASKED_ABOUT)
def test_a_user_asks_for_more_of_what_a_limit_of_their_own_counts(limit: str) -> None:
    """Generations, credits or bytes."""
    unit = "bytes" if limit == STORAGE else limit.split("/")[2]
    told = given().when(ask(limit=limit, reason="for the fair", origin="guild:9"))
    told.then(asked(unit=unit, limit_name=limit, reason="for the fair", origin="guild:9"))
    last = told.state.asks.of(USER)
    assert last is not None
    assert (last.ask, last.unit, last.answer, last.number) == ("a1", unit, None, 1)
    assert told.state.asks.open_at(NOON) == [last]


def test_an_approval_gives_a_grant_in_the_same_decision() -> None:
    """What was asked for, or what the manager says, until when they say; with the name of who approved in both."""
    told = given(asked()).when(approve(by="discord:1")).then(approved(by="discord:1"), given_for(by="discord:1"))
    grant, last = told.state.grant(USER, "g1"), told.state.asks.of(USER)
    assert grant is not None
    assert last is not None
    assert (grant.balance, grant.source) == (3, "asked")
    assert (last.answer, last.answered_by, last.given) == ("approved", "discord:1", 3)
    assert told.state.asks.open_at(NOON) == []
    less = {"expires_at": A_WEEK_LATER, "reason": "for today"}
    given(asked()).when(approve(2, days=7, reason="for today")).then(approved(2, **less), given_for(2, **less))
    given(asked()).when(approve(9)).then(approved(9), given_for(9))
    of_credits = asked(unit="credits", limit_name=CREDITS, amount=2_500)
    given(of_credits).when(approve()).then(approved(2_500), given_for(2_500, unit="credits"))


def test_a_denial_and_a_withdrawal_give_nothing() -> None:
    """Whatever amount comes with them."""
    given(asked()).when(answer(reason="not this week")).then(answered(reason="not this week"))
    told = given(asked()).when(WITHDRAW._replace(amount=3, grant="g1", days=3)).then(answered("withdrawn"))
    assert told.state.grants(USER) == ()


@pytest.mark.parametrize("first", [approve(by="discord:1"), answer(by="discord:1"), WITHDRAW._replace(by="discord:1")])
@pytest.mark.parametrize("second", [approve(grant="g2"), answer(), WITHDRAW])
def test_of_two_answers_the_first_counts(first: AnswerAsk, second: AnswerAsk) -> None:
    """The other hears what it was, and whose."""
    told = given(asked()).when(first).then_allowed()
    told.when(second).then_refused(Reason.ASK_CLOSED, user=USER, detail="discord:1", what=first.answer)
    assert len(told.state.grants(USER)) == (first.answer == "approved")


def test_what_was_not_asked_is_not_answered() -> None:
    """An id that is none, another user's, or one before the last."""
    told = given(asked(), answered(), asked("a2"))
    told.when(answer(ask_id="a1")).then_refused(Reason.NOT_FOUND, detail="a1", what="request for more")
    told.when(answer(ask_id="a2", user=OTHER)).then_refused(Reason.NOT_FOUND, user=OTHER)


def test_there_is_one_open_ask_of_a_user_at_a_time() -> None:
    """The second hears which; after an answer there can be another."""
    told = given(asked()).when(ask("a2")).then_refused(Reason.ASK_OPEN, user=USER, detail="a1")
    told.when(ask("a2", user=OTHER)).then_allowed()
    given(asked(), answered()).when(ask("a2")).then(asked("a2"))


def test_an_ask_lapses_after_seven_days() -> None:
    """The last microsecond, the first after it: then it cannot be answered, and there can be another."""
    last = on(17, "11:59:59.999999")
    given(asked()).when(ask("a2"), at=last).then_refused(Reason.ASK_OPEN)
    given(asked()).when(answer(), at=last).then_allowed()
    told = given(asked()).when(answer(), at=A_WEEK_LATER)
    told.then_refused(Reason.ASK_CLOSED, detail="", what="lapsed")
    assert told.state.asks.open_at(A_WEEK_LATER) == []
    told.when(ask("a2"), at=A_WEEK_LATER).then(asked("a2", at=A_WEEK_LATER))


def day_of_asks(times: int, *, at: str = NOON) -> list[Event]:
    return [
        event for number in range(times) for event in (asked(f"d{number}", at=at), answered(ask=f"d{number}", at=at))
    ]


def test_a_user_asks_a_few_times_a_day() -> None:
    """One under the bound, on it, and when the next day begins; an open ask is told before it."""
    given(*day_of_asks(MAX_A_DAY - 1)).when(ask("last")).then_allowed()
    told = given(*day_of_asks(MAX_A_DAY)).when(ask("more"), at=on(10, "23:59:59.999999"))
    told.then_refused(Reason.ASK_LIMIT, user=USER, limit=5, used=5, resets_at=on(11, "00:00"))
    told.when(ask("next"), at=on(11, "00:00")).then_allowed()
    open_one = given(*day_of_asks(MAX_A_DAY - 1), asked("open"))
    open_one.when(ask("more")).then_refused(Reason.ASK_OPEN, detail="open")


def test_so_many_asks_are_open_and_no_more() -> None:
    """Of all users; what is answered or lapsed makes room, and what is over is forgotten once there are so many."""
    state = QuotaState()
    for number in range(1, MAX_OPEN):
        state.apply(number, asked(user=f"u{number}"))
    assert decide(ask(), state, state.policy, NOON) == (asked(),)
    state.apply(MAX_OPEN, asked(user="last"))
    refused = decide(ask(), state, state.policy, NOON)
    assert isinstance(refused, Refusal)
    assert (refused.reason, refused.limit, refused.used, refused.resets_at) == (Reason.ASK_LIMIT, 1_000, 1_000, None)
    state.apply(MAX_OPEN + 1, answered(user="u7"))
    assert decide(ask(), state, state.policy, NOON) == (asked(),)
    state.apply(MAX_OPEN + 2, asked())
    assert state.asks.of("u7") is not None
    assert state.asks.count == MAX_OPEN + 1
    draft = state.draft()
    draft.apply(MAX_OPEN + 3, asked(at=A_WEEK_LATER))
    draft.commit()
    assert state.asks.count == 1


def test_nobody_answers_their_own_request() -> None:
    """A member of Discord or a program for itself; whoever has the command line is the owner."""
    for by in (f"discord:{USER}", f"api:{USER}"):
        given(asked()).when(approve(by=by)).then_refused(Reason.MALFORMED)
        given(asked()).when(answer(by=by)).then_refused(Reason.MALFORMED)
        given(asked()).when(WITHDRAW._replace(by=by)).then_allowed()
    given(asked()).when(approve(by=f"discord:{OTHER}")).then_allowed()


def test_what_cannot_be_given_is_not_approved() -> None:
    """An id that a grant of the user has: the ask stays open."""
    told = given(give("g1"), asked()).when(approve()).then_refused(Reason.NAME_TAKEN, detail="g1")
    told.when(approve(grant="g2")).then_allowed()


def test_a_repeat_is_answered_as_the_first_was() -> None:
    """The ask by its event, an approval by both of its own."""
    told = given().when(ask(idempotency_key=KEY)).then_allowed()
    told.when(ask("a2", idempotency_key=KEY)).then_answered(1)
    told = given(asked()).when(approve(idempotency_key=KEY)).then_allowed()
    told.when(approve(grant="g2", idempotency_key=KEY)).then_answered(2, 3)


def test_a_corrected_clock_leaves_no_ask_open_for_years() -> None:
    """One of a wrong clock is as of the time that it went back to."""
    told = given(asked(at=on(20)), corrected(was=on(20), now=NOON))
    told.when(ask("a2"), at=on(17, "11:59:59.999999")).then_refused(Reason.ASK_OPEN)
    told.when(ask("a2"), at=A_WEEK_LATER).then_allowed()
    untouched = given(asked(at=on(9)), saved("t", temp=True, at=on(12)), corrected(was=on(12), now=NOON))
    untouched.when(ask("a2"), at=on(16)).then_allowed()


MALFORMED: list[Command] = [
    ask(amount=0),
    ask(amount=True),
    ask(amount=1.5),  # type: ignore[arg-type]  # what a caller may hand in
    ask(amount=MOST_ASKED["generations"] + 1),
    ask(limit=CREDITS, amount=MOST_ASKED["credits"] + 1),
    ask(limit=STORAGE, amount=MOST_ASKED["bytes"] + 1),
    ask(limit="pool/month/credits"),
    ask(limit="guild/day/generations"),
    ask(limit="pool/storage"),
    ask(limit=""),
    ask("a b"),
    ask(reason=""),
    ask(reason="a\nb"),
    ask(reason="x" * 201),
    ask(user="A"),
    answer("lapsed"),
    answer(reason=""),
    answer(ask_id=""),
    approve(0),
    approve(grant=None),
    approve(grant="a b"),
    approve(days=0),
    approve(days=36_501),
    give(source="asked"),
]


@pytest.mark.parametrize("command", MALFORMED, ids=repr)
def test_what_cannot_be_asked_or_answered_is_malformed(command: Command) -> None:
    """Whatever stands."""
    past = [] if isinstance(command, AskForMore) else [asked()]
    given(*past).when(command).then_refused(Reason.MALFORMED)


IMPOSSIBLE: list[tuple[str, list[Event], Event, str]] = [
    ("a limit of all", [], asked(limit_name="pool/month/credits", unit="credits"), "beyond pool/month/credits"),
    ("another unit", [], asked(unit="bytes"), "bytes beyond user/day/generations"),
    ("two at once", [asked()], asked("a2"), "while a1 is open"),
    ("answered before it was asked", [], answered(), "is not open"),
    ("answered twice", [asked(), answered()], answered("withdrawn"), "is not open"),
    ("another ask answered", [asked()], answered(ask="a2"), "is not open"),
    ("answered after it lapsed", [asked()], answered(at=A_WEEK_LATER), "is not open"),
    ("approved without an amount", [asked()], answered("approved", grant="g1"), "None given as g1"),
    ("approved without a grant", [asked()], answered("approved", amount=3), "3 given as None"),
    ("denied with an amount", [asked()], answered(amount=3), "3 given as None"),
    ("denied with a grant", [asked()], answered(grant="g1"), "None given as g1"),
    ("denied until a time", [asked()], answered(expires_at=on(12)), "nothing is given until"),
    ("approved, and nothing given", [asked(), approved()], asked("a2"), "is not given"),
    ("given to another", [asked(), approved()], given_for(user=OTHER), "is not given"),
    ("more given than approved", [asked(), approved()], given_for(4), "is not given"),
    ("another unit given", [asked(), approved()], given_for(unit="credits"), "is not given"),
    ("another grant given", [asked(), approved()], given_for(grant="g2"), "is not given"),
    ("given for longer", [asked(), approved(expires_at=on(12))], given_for(), "is not given"),
    ("given as by a manager", [asked(), approved()], given_for(source="manager"), "is not given"),
    ("given with a rollover", [asked(), approved()], given_for(rollover=1, rollover_until=on(30)), "is not given"),
    ("given, and nothing approved", [asked()], given_for(), "is not given"),
    ("given after a denial", [asked(), answered()], given_for(), "is not given"),
]  # fmt: skip


@pytest.mark.parametrize(("_what", "past", "event", "because"), IMPOSSIBLE, ids=[row[0] for row in IMPOSSIBLE])
def test_what_cannot_have_happened_stops_a_replay(_what: str, past: list[Event], event: Event, because: str) -> None:
    """And a draft alike."""
    given(*past).then_impossible(event, because)
