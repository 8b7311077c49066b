"""`abby points`, `abby market` and `abby buy`, on the log itself and through a service: the same words and answers.

| what is wrong | the command |
|---|---|
| fewer points than it takes, another price than was said, no such offer | 1, the reason, and nothing is moved |
| a user of whom the log knows nothing gets points | 1, unless somebody says yes |
| what is written means nothing | 2, and nothing is recorded |
| offers are paid outside, and no service runs | 69, and how to go on |
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.application.evidence import events_of
from tests.adapters.cli.conftest import Abby
from tests.adapters.cli.processes import LOOK_SECONDS, SMALL

SET = ("market", "set", "ten", "--generations", "10", "--price", "5", "--days", "30")
LOOKS = 200
OF_POINTS = ("PointsMoved", "OfferSet", "OfferWithdrawn")


@pytest.fixture
def known(abby: Abby) -> Abby:
    """The commands, on a log that knows ada and bob."""
    for user in ("ada", "bob"):
        assert abby("generate", "a fox", "--user", user, *SMALL).code == 0
    return abby


def all_of_it(abby: Abby, root: Path, fits: Any) -> None:
    """Points are made, given, taken; an offer is set, bought and withdrawn; and everything is told."""

    def told(schema: str, *words: str) -> Any:
        answer = abby(*words, "--json")
        assert answer.code == 0, answer.err
        assert fits(schema, answer.json)
        return answer.json

    def shown(words: str, *asked: str) -> str:
        """What a command shows once these words are there: beside a service it is what is surely on the disk."""
        for _ in range(LOOKS):
            if words in (out := abby(*asked).out):
                return str(out)
            time.sleep(LOOK_SECONDS)
        raise AssertionError(out)

    assert "ada has 0 points." in abby("points", "ada").out
    assert told("points", "points", "ada")["movements"] == []
    assert "Nothing is offered." in abby("market").out
    assert told("points", "points", "mint", "ada", "50", "--reason", "a game")["balance"] == 50
    assert "bob was given 6 by ada. ada has 44 now." in abby("points", "give", "ada", "bob", "6", "--reason", "thx").out
    assert told("points", "points", "burn", "ada", "34")["moved"]["reason"] == "by an operator"
    lines = shown("ada has 10 points.", "points", "ada")
    assert all(words in lines for words in ("+50", "-6", "from ada to bob: thx", "-34"))
    assert len(told("points", "points", "ada", "--limit", "1")["movements"]) == 1
    assert told("market", *SET, "--reason", "a fair") == {"offer": "ten", "changed": True}
    assert "Nothing was changed." in abby(*SET).out
    assert "is offered now: 2.5 credits for 9." in abby("market", "set", "c", "--credits", "2.5", "--price", "9").out
    assert shown("10 generations for 30 days", "market")
    assert [one["offer"] for one in told("market", "market")["offers"]] == ["ten", "c"]
    bought = told("buy", "buy", "ada", "ten", "--price", "5")
    assert (bought["sentence"], bought["paid"]) == ("Bought for 5 points.", True)
    assert shown(bought["grant"], "grants", "ada")
    assert "Bought for 5 points. Grant " in abby("buy", "ada", "ten").out
    for words, reason in (
        (("buy", "ada", "ten"), "POINTS_SHORT"),
        (("buy", "ada", "ten", "--price", "4"), "OFFER_CHANGED"),
        (("buy", "ada", "none"), "OFFER_CHANGED"),
        (("points", "give", "ada", "bob", "1"), "POINTS_SHORT"),
        (("market", "withdraw", "none"), "OFFER_CHANGED"),
        (("points", "mint", "typo", "5"), "NOT_FOUND"),
        (("points", "give", "bob", "typo", "5"), "NOT_FOUND"),
    ):
        refused = abby(*words, "--json")
        assert (refused.code, refused.json["refused"]["reason"]) == (1, reason), words
        assert fits("refused", refused.json)
    assert abby("points", "mint", "typo", "5", "--yes").code == 0
    assert "is no longer offered" in abby("market", "withdraw", "ten", "--reason", "over").out
    assert [event["data"].get("reason") for event in events_of(root, "OfferSet", "OfferWithdrawn")] == [
        *("a fair", "by an operator", "over"),
    ]
    assert len(events_of(root, "PointsMoved")) == 6


def test_on_the_log(known: Abby, root: Path, fits: Any) -> None:
    """Where no service runs."""
    all_of_it(known, root, fits)


def test_through_a_service(known: Abby, root: Path, fits: Any, request: pytest.FixtureRequest) -> None:
    """That holds the log."""
    request.getfixturevalue("service")
    all_of_it(known, root, fits)


WRONG = [
    (("points", "mint", "ada"), "abby points USER"),
    (("points", "ada", "5"), "abby points USER"),
    (("points", "mint", "ada", "0"), "less than 1"),
    (("points", "mint", "ada", "1.5"), "not a whole number"),
    (("points", "mint", "ada", "-3"), "No such option"),
    (("points", "give", "ada", "ada", "1"), "Nobody gives points to themselves"),
    (("points", "mint", "CON", "1"), "not allowed"),
    (("points", "give", "ada", "CON", "1"), "not allowed"),
    (("points", "CON"), "not allowed"),
    (("points", "mint", "ada", "5", "--reason", ""), "reason"),
    (("points", "claim", "ada"), "EARN_DAILY"),
    (("market", "set"), "Write it as: abby market set OFFER."),
    (("market", "list", "ten"), "Write it as: abby market list."),
    (("market", "withdraw"), "Write it as: abby market withdraw OFFER."),
    (("market", "withdraw", "ten", "--price", "3"), "are for `set`"),
    (("market", "set", "ten", "--price", "3"), "Write one of --credits"),
    (("market", "set", "ten", "--mb", "1", "--credits", "1", "--price", "3"), "Write one of --credits"),
    (("market", "set", "ten", "--mb", "0", "--price", "3"), "An offer of nothing"),
    (("market", "set", "ten", "--mb", "1"), "Write what it costs"),
    (("market", "set", "ten", "--mb", "1", "--price", "0"), "less than 1"),
    (("market", "set", "-x", "--mb", "1", "--price", "1"), "No such option"),
    (("market", "set", "no id", "--mb", "1", "--price", "1"), "1 to 64"),
    (("buy", "CON", "ten"), "not allowed"),
]


@pytest.mark.parametrize(("words", "sentence"), WRONG, ids=[" ".join(words) for words, _ in WRONG])
def test_what_is_written_wrong_is_told(known: Abby, root: Path, words: tuple[str, ...], sentence: str) -> None:
    """With exit code 2, and nothing is recorded."""
    answer = known(*words)
    said = " ".join(answer.err.replace("│", " ").split())
    assert (answer.code, answer.out, sentence in said) == (2, "", True), answer.err
    assert events_of(root, *OF_POINTS) == []


def test_a_day_gives_what_the_setting_says(known: Abby, env_file: Path) -> None:
    """Once, under the name that points have here."""
    with env_file.open("a", encoding="utf-8") as file:
        file.write("EARN_DAILY=3\nPOINTS_NAME=stars\n")
    assert "A day gives 3; that of today was not yet claimed." in known("points", "ada").out
    assert "ada took 3 for today. ada has 3 now." in known("points", "claim", "ada").out
    assert "that of today was claimed." in known("points", "ada").out
    assert "ada has 3 stars." in known("points", "ada").out
    assert known("points", "claim", "ada", "--json").json["refused"]["reason"] == "CLAIMED_TODAY"


def test_what_is_paid_outside_is_bought_by_the_service_alone(known: Abby, env_file: Path, root: Path) -> None:
    """Without one nothing is bought, and points pay for none of it."""
    assert known("points", "mint", "ada", "9").code == 0
    assert known(*SET).code == 0
    with env_file.open("a", encoding="utf-8") as file:
        file.write("CURRENCY_URL=http://127.0.0.1:9\n")
    assert "coins" in known("market").out
    assert "\n9 points\n" in known("status", "ada").out
    told = known("buy", "ada", "ten", "--json")
    assert (told.code, "abby serve" in told.json["error"]["message"]) == (69, True)
    assert events_of(root, "GrantGiven") == []


def test_of_a_stranger_it_is_said_that_nothing_is_known(known: Abby) -> None:
    """A mistyped id has no points either."""
    answer = known("points", "typo")
    assert (answer.code, "The log knows nothing of typo" in answer.err) == (0, True)
