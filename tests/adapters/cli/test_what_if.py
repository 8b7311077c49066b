"""`abby what-if` and `abby explain`, as a person and a program meet them."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from adapters.application.reserving import WantedPlaces, reserve_places
from adapters.application.saving import NewImage, save_image
from adapters.cli.numbers import days
from adapters.cli.past.charts import Bar, bars
from adapters.engines.opening import open_store
from adapters.eventlog.jsonl import JSONLRecorder
from adapters.ledger.codec import encode
from adapters.ports.clock import utc_now
from domain.commands import SetPolicy
from domain.events import Asked, Event
from tests.adapters.cli.conftest import Abby
from tests.adapters.cli.processes import png
from tests.domain.examples import assigned, completed, overridden, policy, refused, reserved, saved, tier

WIDTHS = (40, 80, 200)


@pytest.fixture
def filled(root: Path) -> Path:
    """Three pictures of ada and one of bob; a fourth of ada was refused."""
    store = open_store(root, limits=SetPolicy(daily=3))
    for user in ("ada", "bob", "ada", "ada"):
        asyncio.run(save_image(store, NewImage(user, png()), idempotency_key=f"key-{user}"))
        asyncio.run(save_image(store, NewImage(user, png())))
    asyncio.run(reserve_places(store, WantedPlaces("ada", 2)))
    store.close()
    return root


def recorded(root: Path, *events: Event) -> Path:
    """A log of these events, each a batch."""
    recorder = JSONLRecorder(root, clock=utc_now)
    for event in events:
        recorder.append([encode(event)])
    recorder.checkpoint(recorder.head)
    recorder.close()
    return root


@pytest.mark.usefixtures("filled")
def test_what_would_have_been_is_told_to_people_and_programs(abby: Abby, fits: Any) -> None:
    """Who would have been refused, how often, and when storage would have been full."""
    told = abby("what-if", "--daily", "1", "--pool-mb", "0.001", "--since", "4w")
    assert told.code == 0
    for words in ("1 generations a day instead of 3", "refused then, allowed here", "Refused by day", "ada"):
        assert words in told.out
    answer = json.loads(abby("what-if", "--daily", "1", "--json").out)
    assert fits("what-if", answer)
    users = {row["user"]: (row["newly_refused"], row["refused_then"]) for row in answer["users"]}
    assert users["bob"] == (1, 0)
    assert answer["limits"]["here"]["daily"] == 1


def test_pictures_and_credits_of_what_is_made_here_are_told_apart(abby: Abby, root: Path) -> None:
    """What is made more here has no price, so that no sum of credits hides it; JSON has the figures of the table."""
    no = refused(limit=1, used=1, asked=Asked(2, 600))
    recorded(root, policy(daily=1), reserved(), completed(credits=0.5), no)
    sums = json.loads(abby("what-if", "--daily", "5", "--json").out)["requests"]
    names = ("pictures_then", "pictures_here", "pictures_of_then", "pictures_more", "pictures_here_without_price")
    assert [sums[name] for name in names] == [1, 3, 1, 2, 2]
    rows = [line.split() for line in abby("what-if", "--daily", "5").out.splitlines()]
    for row in (
        ["pictures", "made", "1", "3"],
        ["of", "those", "made", "then", "1"],
        ["more", "here", "2"],
        ["credits", "0.50", "0.50"],
        ["and", "pictures", "without", "a", "price", "0", "2"],
    ):
        assert row in rows


def test_the_limits_that_were_in_force_are_told_one_after_the_other(abby: Abby, root: Path, fits: Any) -> None:
    """Not only the last; and who keeps limits of their own."""
    recorded(root, policy(daily=5), overridden(daily=3), policy(daily=6))
    told = abby("what-if", "--daily", "6").out
    assert "6 generations a day instead of 5, later 6" in told
    assert "1 user with limits of their own keeps them." in told
    answer = json.loads(abby("what-if", "--daily", "6", "--json").out)
    assert fits("what-if", answer)
    assert (answer["limits"]["given"], answer["limits"]["users_with_their_own"]) == (["daily"], 1)
    assert "instead of" not in abby("what-if", "--pool-mb", str(answer["limits"]["here"]["pool_mb"])).out


@pytest.mark.usefixtures("filled")
def test_the_limits_in_force_give_what_was_recorded_and_it_says_so(abby: Abby, fits: Any) -> None:
    """0, and one sentence with the number of outcomes."""
    told = abby("what-if", "--self-check")
    assert (told.code, "every recorded outcome is decided alike" in told.out) == (0, True)
    assert fits("self-check", json.loads(abby("what-if", "--self-check", "--json").out))


def test_an_outcome_against_the_rules_ends_with_1_and_its_position(abby: Abby, root: Path, fits: Any) -> None:
    """For cron; what differs is named with both values."""
    recorded(root, policy(daily=1), reserved(), reserved("r2"), refused(limit=9, used=2))
    told = abby("what-if", "--self-check")
    assert told.code == 1
    assert "Position 3: recorded is GenerationReserved" in told.out
    assert "by the rules it is refused (DAILY_LIMIT)" in told.out
    assert "limit, 9 where 1 is right" in told.out
    answer = json.loads(abby("what-if", "--self-check", "--json").out)
    assert fits("self-check", answer)
    assert [found["position"] for found in answer["differences"]] == [3, 4]


def test_a_log_that_cannot_be_read_on_ends_with_65(abby: Abby, root: Path, fits: Any) -> None:
    """With what was found before."""
    recorded(root, policy(daily=1), refused(limit=1), completed(), saved(reservation="r1"))
    told = abby("what-if", "--self-check")
    assert told.code == 65
    assert "Position 2: " in told.out
    assert "At position 3 the log cannot be read on" in told.out
    assert fits("self-check", json.loads(abby("what-if", "--self-check", "--json").out))


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--self-check", "--daily", "3"),
        ("--since", "30d"),
        ("--daily", "3", "--since", "soon"),
        ("--tier", "gold"),
        ("--tier", "gold", "--self-check"),
        ("--tier", "no tier", "--daily", "3"),
        ("--tier", "gold", "--pool-mb", "3"),
        ("--tier", "gold", "--limit", "pool/month/credits=3"),
    ],
)
def test_a_question_that_cannot_be_meant_is_a_wrong_use(abby: Abby, words: tuple[str, ...]) -> None:
    """Before anything is opened."""
    assert abby("what-if", *words).code == 2


@pytest.mark.parametrize(("text", "number"), [("30", 30), ("30d", 30), (" 2W ", 14)])
def test_days_back_are_written_as_people_write_them(text: str, number: int) -> None:
    """With a unit or without."""
    assert days(text) == number


@pytest.mark.usefixtures("filled")
def test_a_decision_is_explained_by_position_key_and_user(abby: Abby, fits: Any) -> None:
    """The same answer whichever way it is asked for."""
    for words in (("2",), ("3",), ("key-ada",), ("ada", "--last"), ("1",)):
        assert abby("explain", *words).code == 0
        assert fits("explain", json.loads(abby("explain", *words, "--json").out))
    told = abby("explain", "ada", "--last").out
    for said in (
        "Refused by the daily limit, ",
        "Daily limit reached: 3 of 3",
        "3 generations a day for everybody",
        "3 of 3 generations of 2",
    ):
        assert said in told
    by_key = json.loads(abby("explain", "key-ada", "--json").out)
    assert (by_key["position"], by_key["request"]) == (2, [2, 3])


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("nothing-of-this-name",), 1, "A refusal is recorded without the key"),
        (("ada",), 1, "If that is a user: `abby explain ada --last`."),
        (("99999",), 1, "the log ends at"),
        (("nobody", "--last"), 1, "no request of nobody"),
        (("BAD USER", "--last"), 2, "not allowed"),
        (("0",), 1, "There is no position 0"),
        (("9" * 400,), 1, "There is no position"),
        (("-5",), 2, "No such option"),
        (("--", "-5"), 1, "nothing under the request key"),
        (('k"\\\x1b',), 1, "nothing under the request key"),
        (("1", "--last"), 1, "no request of 1"),
        (("", "--last"), 2, "is empty"),
    ],
)
def test_what_is_not_there_is_told_with_what_to_do(abby: Abby, words: tuple[str, ...], code: int, said: str) -> None:
    """As a refusal, for people and for programs."""
    told = abby("explain", *words)
    assert (told.code, said in told.err) == (code, True)
    assert abby("explain", "--json", *words).code == code


@pytest.mark.parametrize("width", WIDTHS)
def test_bars_fit_any_width(width: int) -> None:
    """The longest fills it, none goes beyond, and each has its figure."""
    screen = io.StringIO()
    rows = [Bar("2026-03-10", 0, "0 (0)"), Bar("2026-03-11", 7, "7 (3)"), Bar("2026-03-12", 14, "14 (3)")]
    bars(Console(file=screen, width=width), "Refused", rows)
    lines = screen.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert [line.count("█") for line in lines[1:4]] == sorted(line.count("█") for line in lines[1:4])
    assert all(row.figure in line for row, line in zip(rows, lines[1:], strict=False))


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("given", ["user/month/credit=2", "user/month/credits", "user/day/generations=2"])
def test_a_limit_that_is_none_is_refused_with_its_place(abby: Abby, given: str) -> None:
    """As it is in LIMITS."""
    told = abby("what-if", "--limit", given)
    assert told.code == 2
    assert "--limit: entry 1" in told.err


def test_other_limits_of_windows_are_told_by_their_names(abby: Abby, root: Path) -> None:
    """To people in words, to programs by name; refusals of each, then and here."""
    recorded(
        root,
        policy(daily=9, windows=(("user/month/credits", 2_000),)),
        reserved(user="ada", credits_each=600),
        completed(user="ada", cost=600),
        reserved("r2", user="ada", credits_each=600),
    )
    told = abby("what-if", "--limit", "user/month/credits=1", "--limit", "pool/week/generations=9")
    words = " ".join(told.out.split())
    assert "1 credit a month for one user instead of 2 credits a month for one user" in words
    assert "9 generations a week for all together instead of no limit of generations a week for all together" in words
    answer = json.loads(abby("what-if", "--limit", "user/month/credits=1", "--json").out)
    assert answer["limits"]["here"]["windows"] == {"user/month/credits": 1.0}
    assert answer["requests"]["refused_by_window"] == {"user/month/credits": 1}
    none = json.loads(abby("what-if", "--limit", "none", "--json").out)
    assert (none["limits"]["here"]["windows"], none["requests"]["refused_here"]) == ({}, 0)


def test_a_tier_with_other_limits_is_told_as_that(abby: Abby, root: Path, fits: Any) -> None:
    """What it gives here beside all that it gave; one that there never was is refused."""
    recorded(root, policy(daily=1), tier(daily=3), assigned(), tier(daily=2), reserved(), reserved("r2"))
    told = abby("what-if", "--tier", "gold", "--daily", "1", "--limit", "user/month/credits=5")
    assert told.code == 0
    gives = (
        "What if: the tier gold gives 1 generation a day and 5 credits a month instead of 3 generations a day, later"
    )
    assert gives in " ".join(told.out.split())
    answer = json.loads(abby("what-if", "--tier", "gold", "--daily", "1", "--json").out)
    assert fits("what-if", answer)
    assert (answer["requests"]["newly_refused"], answer["limits"]["here"]["daily"]) == (1, 1)
    assert [one["daily"] for one in answer["limits"]["tier"]["then"]] == [3, 2]
    none = abby("what-if", "--tier", "silver", "--daily", "1", "--json")
    assert (none.code, none.json["refused"]["reason"]) == (1, "NOT_FOUND")
    assert "There was no tier silver in that time." in none.json["refused"]["message"]
