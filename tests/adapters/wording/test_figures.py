"""Figures as people read them: a unit that says something, a noun that fits, a time to the minute."""

from __future__ import annotations

import pytest

from adapters.wording.figures import about, counted, in_mb, minute, size_in_words
from domain.limits import MEGABYTE


@pytest.mark.parametrize(
    ("size_bytes", "told"),
    [
        (0, "0 bytes"),
        (1_023, "1023 bytes"),
        (1_024, "1 kB"),
        (MEGABYTE // 10 - 1, "102 kB"),
        (MEGABYTE // 10, "0.1 MB"),
        (MEGABYTE, "1.0 MB"),
        (1_500 * MEGABYTE + MEGABYTE // 4, "1500.25 MB"),
    ],
)
def test_a_size_has_the_unit_that_says_something(size_bytes: int, told: str) -> None:
    """The next smaller one where it would be nearly nothing of a unit."""
    assert size_in_words(size_bytes) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.0, "about 1 second"),
        (1.4, "about 1 second"),
        (89.4, "about 89 seconds"),
        (90.0, "about 2 minutes"),
        (600.0, "about 10 minutes"),
    ],
)
def test_a_time_that_nobody_knows_is_told_roughly(seconds: float, told: str) -> None:
    """In seconds up to a minute and a half, then in minutes; never as none."""
    assert about(seconds) == told


@pytest.mark.parametrize(("size_mb", "told"), [(0.0, "0.00 MB"), (45.2, "45.20 MB"), (1234.567, "1,234.57 MB")])
def test_a_size_in_mb_stands_under_others(size_mb: float, told: str) -> None:
    """Two decimals always."""
    assert in_mb(size_mb) == told


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (counted(0, "image"), "0 images"),
        (counted(1, "image"), "1 image"),
        (counted(2, "image"), "2 images"),
        (counted(1_000, "byte"), "1,000 bytes"),
        (counted(1, "entry", "entries"), "1 entry"),
        (counted(2, "entry", "entries"), "2 entries"),
    ],
)
def test_a_number_has_its_noun(told: str, expected: str) -> None:
    """One is one; a plural of its own is given."""
    assert told == expected


def test_a_time_is_told_to_the_minute() -> None:
    """In UTC, which is what the log has."""
    assert minute("2026-03-10T12:34:56.789000Z") == "2026-03-10 12:34 UTC"
