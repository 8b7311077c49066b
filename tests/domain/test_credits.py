"""Credits are whole thousandths, and people's spelling of them is exact both ways."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.credits import MOST_THOUSANDTHS, in_credits, of_reported, thousandths

SPELLED = (
    ("0", 0),
    ("0.001", 1),
    ("0.4", 400),
    ("0.999", 999),
    ("1", 1_000),
    ("6.5", 6_500),
    ("16.7", 16_700),
    ("40", 40_000),
    ("9007199254740.99", 9_007_199_254_740_990),
    ("9007199254740.991", MOST_THOUSANDTHS),
)
OTHER_SPELLINGS = (("0.0", 0), ("0.40", 400), ("2.000", 2_000), ("007", 7_000))
REFUSED = (
    "",
    " ",
    " 1",
    "1 ",
    "1.",
    ".5",
    "0.0001",
    "1.2345",
    "0.4000",
    "-1",
    "-0",
    "+1",
    "1e3",
    "1E3",
    "0x10",
    "1_000",
    "1,5",
    "nan",
    "inf",
    "\u0661",
    "1\n",
    "9007199254740.992",
    "9007199254741",
    "9" * 20,
    "9" * 21,
    "9" * 5_000,
)
REPORTED = (
    (0, 0),
    (0.0, 0),
    (-0.0, 0),
    (-1, 0),
    (float("-inf"), 0),
    (0.000_49, 0),
    (0.000_5, 1),
    (0.001, 1),
    (1.000_5, 1_001),
    (2.000_499_9, 2_000),
    (0.1 + 0.2, 300),
    (3 * 16.7, 50_100),
    (3, 3_000),
    (6.5, 6_500),
    (1e-300, 0),
    (1e9, 1_000_000_000_000),
    (9_007_199_254_740.0, 9_007_199_254_740_000),
    (9_007_199_254_741.0, MOST_THOUSANDTHS),
    (1e300, MOST_THOUSANDTHS),
    (float("inf"), MOST_THOUSANDTHS),
)


@pytest.mark.parametrize(("text", "amount"), SPELLED)
def test_people_and_the_ledger_mean_the_same_amount(text: str, amount: int) -> None:
    """What is written is read exactly, and what is shown is the shortest spelling of it."""
    assert thousandths(text) == amount
    assert in_credits(amount) == text


@pytest.mark.parametrize(("text", "amount"), OTHER_SPELLINGS)
def test_zeros_change_nothing(text: str, amount: int) -> None:
    """Zeros before and behind, within three decimals, are no other amount."""
    assert thousandths(text) == amount


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_exact_amount_is_refused(text: str) -> None:
    """More than three decimals, signs, exponents, other digits, and more than can be kept: nothing is rounded."""
    with pytest.raises(
        ValueError, match=r"is not a number of credits|is more than 9007199254740\.991 credits"
    ) as refused:
        thousandths(text)
    assert len(str(refused.value)) < 160


@pytest.mark.parametrize(("told", "amount"), REPORTED)
def test_a_report_is_rounded_half_up(told: float, amount: int) -> None:
    """By the number as it is written, not by what is left of it in a float; held at both ends of what can be kept."""
    assert of_reported(told) == amount


def test_a_report_that_is_no_number_is_refused() -> None:
    """It is no amount at all."""
    with pytest.raises(ValueError, match="no number"):
        of_reported(float("nan"))


@pytest.mark.parametrize(("amount", "text"), [(-1, "-0.001"), (-400, "-0.4"), (-2_000, "-2")])
def test_a_difference_may_be_below_nothing(amount: int, text: str) -> None:
    """It is shown with its sign, and is no spelling of an amount."""
    assert in_credits(amount) == text


@given(st.integers(min_value=0, max_value=MOST_THOUSANDTHS))
def test_every_amount_comes_back(amount: int) -> None:
    """Shown and read, nothing is lost."""
    assert thousandths(in_credits(amount)) == amount


@given(st.integers(min_value=0, max_value=10**12))
def test_every_report_of_thousandths_is_exact(amount: int) -> None:
    """A float of up to a thousand million credits holds every thousandth."""
    assert of_reported(amount / 1_000) == amount
