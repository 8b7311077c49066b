"""Refusals by limits of windows in words: each names the limit, what is used and held, and when it begins anew."""

from __future__ import annotations

import pytest

from adapters.wording.refusals import figures_of, sentence_of
from domain.events import Asked
from domain.limit_names import FURTHER
from domain.refusals import Reason, Refusal

NEW_YEAR = "2027-01-01T00:00:00.000000Z"


def full(name: str, asked: int, limit: int, used: int, held: int = 0, *, pictures: int = 1) -> Refusal:
    """Of a limit of a window; what is asked, used and held in its unit, credits in thousandths."""
    of_credits = name.endswith("credits")
    return Refusal(
        Reason.WINDOW_LIMIT,
        "1",
        asked=Asked(pictures if of_credits else asked, 0, 0, asked if of_credits else 0),
        limit=limit,
        used=used,
        held=held,
        resets_at=NEW_YEAR,
        window=name,
    )


@pytest.mark.parametrize(
    ("refusal", "sentence"),
    [
        (
            full("pool/month/credits", 12_000, 500_000, 480_500, 12_000, pictures=2),
            (
                "Limit reached: this month's credits of all together. 480.5 credits of 500 credits are used, 12 "
                "credits are held for running requests; you asked for 12 credits, and 7.5 credits are left. Ask for at "
                "most 1. It begins anew at 2027-01-01 00:00 UTC."
            ),
        ),
        (
            full("guild/week/generations", 1, 10, 10),
            (
                "Limit reached: this week's generations of one Discord server. 10 generations of 10 generations are "
                "used; you asked for 1 generation, and 0 generations are left. It begins anew at 2027-01-01 00:00 UTC."
            ),
        ),
        (
            full("user/day/credits", 40_000, 20_000, 25_000),
            (
                "Limit reached: today's credits of one user. 25 credits of 20 credits are used; you asked for 40 "
                "credits, and 0 credits are left. That is more than the whole limit: an operator can raise it. It "
                "begins anew at 2027-01-01 00:00 UTC."
            ),
        ),
    ],
    ids=["with what is held", "of places", "used beyond it"],
)
def test_a_window_says_no_with_its_figures(refusal: Refusal, sentence: str) -> None:
    """Whole sentences, as people read them at the command line and over HTTP."""
    assert sentence_of(refusal) == sentence


def test_each_limit_is_named_by_its_own_refusal() -> None:
    """No two are told alike, each with all of it."""
    told = set()
    for name in FURTHER:
        figures = (7_000, 4_000, 2_500) if name.endswith("credits") else (7, 4, 2)
        limit, used, held = ("7 credits", "4 credits", "2.5 credits")
        if name.endswith("generations"):
            limit, used, held = ("7 generations", "4 generations", "2 generations")
        sentence = sentence_of(full(name, figures[0], *figures))
        assert f"{used} of {limit} are used, {held} are held for running requests; " in sentence.lower()
        assert sentence.endswith("It begins anew at 2027-01-01 00:00 UTC.")
        told.add(sentence.partition(".")[0])
    assert len(told) == len(FURTHER)


def test_programs_get_the_figures_in_its_unit() -> None:
    """Credits with their decimals, places as they are."""
    assert figures_of(full("pool/month/credits", 1, 20_000, 19_500, 125)) == {"limit": 20, "used": 19.5, "held": 0.125}
    assert figures_of(full("pool/month/generations", 1, 20, 19)) == {"limit": 20, "used": 19, "held": 0}
