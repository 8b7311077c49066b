"""What limits are called, and so much of one."""

from __future__ import annotations

import pytest

from adapters.wording.limits import amount_in_words, limit_in_general, limit_in_words
from domain.limit_names import ALL_LIMITS


@pytest.mark.parametrize(
    ("name", "words", "general"),
    [
        ("user/day/generations", "today's generations of one user", "generations a day for one user"),
        (
            "guild/week/generations",
            "this week's generations of one Discord server",
            "generations a week for one Discord server",
        ),
        ("pool/month/credits", "this month's credits of all together", "credits a month for all together"),
        ("user/storage", "storage of one user", "storage for one user"),
        ("pool/storage", "storage of all together", "storage for all together"),
    ],
)
def test_a_limit_is_called_by_what_it_is_of(name: str, words: str, general: str) -> None:
    """Of now, and of whichever time."""
    assert (limit_in_words(name), limit_in_general(name)) == (words, general)


def test_no_two_limits_are_called_alike() -> None:
    """Whoever reads of one knows which."""
    assert len({limit_in_words(name) for name in ALL_LIMITS}) == len(ALL_LIMITS)
    assert len({limit_in_general(name) for name in ALL_LIMITS}) == len(ALL_LIMITS)


@pytest.mark.parametrize(
    ("amount", "unit", "words"),
    [
        (1, "generations", "1 generation"),
        (3, "generations", "3 generations"),
        (1, "credits", "0.001 credits"),
        (999, "credits", "0.999 credits"),
        (1_000, "credits", "1 credit"),
        (1_001, "credits", "1.001 credits"),
        (2_500, "credits", "2.5 credits"),
        (0, "credits", "0 credits"),
        (20 * 1_048_576, "bytes", "20.0 MB"),
        (512, "storage", "512 bytes"),
    ],
)
def test_an_amount_has_its_unit(amount: int, unit: str, words: str) -> None:
    """Thousandths of a credit are told in credits, one of a thing in the singular."""
    assert amount_in_words(amount, unit) == words
