"""Limits as people write them, and the sentence about each mistake."""

from __future__ import annotations

import re

import pytest

from domain.limit_grammar import limits_in_text, limits_of, percentages_of, unenforced_in_text, unenforced_of
from domain.limit_names import ALL_LIMITS, FURTHER, OF_A_USER


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("", ()),
        (" , ", ()),
        (
            "user/month/credits=20, pool/month/credits=500, guild/day/generations=100",
            (("guild/day/generations", 100), ("user/month/credits", 20_000), ("pool/month/credits", 500_000)),
        ),
        ("POOL/Week/Credits = 0.125", (("pool/week/credits", 125),)),
        ("pool / month / credits = 00000000000000000000000500", (("pool/month/credits", 500_000),)),
        (
            "user/week/generations=0;user/month/generations=3\n",
            (("user/week/generations", 0), ("user/month/generations", 3)),
        ),
    ],
)
def test_limits_are_written_in_any_order_and_kept_in_the_one(text: str, limits: tuple[tuple[str, int], ...]) -> None:
    """Credits with up to three decimals, generations whole."""
    assert limits_of(text) == limits
    assert limits_of(limits_in_text(limits)) == limits


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("user/month/credits", "entry 1, 'user/month/credits', has no value"),
        ("pool/month/credits=5, user/month/credits=", "entry 2, 'user/month/credits=', has no value"),
        ("member/month/credits=5", "no such scope: 'member'. It is one of user, guild, pool"),
        ("user/fortnight/credits=5", "no such window: 'fortnight'. It is one of day, week, month"),
        ("user/month/dollars=5", "no such unit: 'dollars'. It is one of generations, credits"),
        ("monthly=5", "names no limit; one is user|guild|pool/day|week|month/generations|credits"),
        ("user/day/generations=5", "a setting of its own, MAX_USER_DAILY_GENS"),
        ("pool/storage=5", "a setting of its own, MAX_GLOBAL_STORAGE_MB"),
        ("user/month/credits=5, user/month/credits=5", "entry 2, 'user/month/credits=5', names this limit once more"),
        ("user/month/credits=0.0001", "not a number of credits from 0 up, with at most three decimals"),
        ("user/month/credits=-1", "not a number of credits"),
        ("user/week/generations=1.5", "not a whole number of generations"),
        ("user/week/generations=9007199254740992", "not a whole number of generations from 0 to 9007199254740991"),
        ("user/month/credits=9007199254740.992", "more than 9007199254740.991 credits, the most there can be"),
        ("user/month/credits=" + "9" * 5_000, "more than 9007199254740.991 credits, the most there can be"),
        ("user/month/credits=1e3", "not a number of credits"),
        ("user/month/credits=\uff12", "not a number of credits"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_what_is_right(text: str, sentence: str) -> None:
    """One row for each."""
    with pytest.raises(ValueError, match=re.escape(sentence)):
        limits_of(text)


BAD = (
    "user/month/credits",
    "member/month/credits=5",
    "user/fortnight/credits=5",
    "user/month/dollars=5",
    "monthly=5",
    "user/day/generations=5",
    "pool/storage=5",
    "pool/day/credits=1",
    "user/month/credits=0.0001",
    "user/week/generations=1.5",
)


@pytest.mark.parametrize("text", BAD)
@pytest.mark.parametrize(("before", "place"), [("pool/day/credits=2, ", 2), ("pool/day/credits=2,, ;\n", 5)])
def test_every_mistake_names_its_entry(before: str, place: int, text: str) -> None:
    """Counted as people do, empty ones too, and as it was written."""
    with pytest.raises(ValueError, match=f"^entry {place}, {re.escape(repr(text))},? "):
        limits_of(before + text)


@pytest.mark.parametrize("text", ["pool/storage=no", "pool/storage", "pool/storages=false", "user/storage=false"])
def test_every_mistake_about_what_is_tried_out_names_its_entry(text: str) -> None:
    """The second."""
    with pytest.raises(ValueError, match=f"^entry 2, {re.escape(repr(text))},? "):
        unenforced_of(f"user/storage=true, {text}")


def test_one_users_limits_are_of_a_user() -> None:
    """A guild's is nobody's own."""
    assert limits_of("user/month/credits=1", OF_A_USER) == (("user/month/credits", 1_000),)
    with pytest.raises(ValueError, match="no limit that one user can have"):
        limits_of("guild/month/credits=1", OF_A_USER)


def test_any_limit_can_be_tried_out() -> None:
    """Those that have settings of their own too; true is as if it were not named."""
    assert unenforced_of("pool/storage=false, user/day/generations=FALSE") == ("user/day/generations", "pool/storage")
    assert unenforced_of("pool/storage=true") == ()
    assert unenforced_of(unenforced_in_text(ALL_LIMITS)) == ALL_LIMITS
    assert len(FURTHER) == len(ALL_LIMITS) - 3


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("pool/storage=no", "neither true"),
        ("pool/storage", "has no value; write it as user/month/credits=false"),
        ("false", "has no value; write it as user/month/credits=false"),
        ("pool/storages=false", "names no limit"),
        ("pool/storage=true, pool/storage=false", "once more"),
    ],
)
def test_a_mistake_about_what_is_tried_out_is_told(text: str, sentence: str) -> None:
    """With its place."""
    with pytest.raises(ValueError, match=sentence):
        unenforced_of(text)


@pytest.mark.parametrize(
    ("text", "percentages"),
    [
        ("", ()),
        ("80", (80,)),
        ("95, 80,100", (80, 95, 100)),
        ("80 %; 95%", (80, 95)),
        ("80,80,", (80,)),
        ("1,100", (1, 100)),
    ],
)
def test_percentages_are_read_in_their_order(text: str, percentages: tuple[int, ...]) -> None:
    """Each once, whatever stands between them."""
    assert percentages_of(text) == percentages


@pytest.mark.parametrize("text", ["0", "101", "80.5", "eighty", "-5", "080", "80 90", "\u0661", "80, x", "%"])
def test_what_is_no_percentage_is_named_with_its_place(text: str) -> None:
    """From 1 to 100, whole."""
    with pytest.raises(ValueError, match=r"entry \d+, .*, is no whole percentage from 1 to 100"):
        percentages_of(text)


def test_percentages_are_not_many() -> None:
    """Each is asked at every decision."""
    assert len(percentages_of(",".join(map(str, range(1, 21))))) == 20
    with pytest.raises(ValueError, match="21 percentages"):
        percentages_of(",".join(map(str, range(1, 22))))
