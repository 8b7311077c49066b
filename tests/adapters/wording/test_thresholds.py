"""What people read of a limit that is nearly reached."""

from __future__ import annotations

import pytest

from adapters.wording.events import words
from adapters.wording.thresholds import anew_at, told_to_its_user, told_to_managers
from domain.threshold_events import ThresholdCrossed

MB = 1_048_576


def crossed(
    limit: str, used: int, most: int, window: str | None = None, *, percent: int = 80, guild: str | None = None
) -> ThresholdCrossed:
    return ThresholdCrossed(
        "2026-11-29T12:00:00.000000Z", "system", limit, percent, used, most, None, guild, window, "direct"
    )


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        (
            crossed("user/week/generations", 8, 10, "2026-11-23"),
            "80 % of your generations for this week are used or held: 8 generations of 10 generations.",
        ),
        (
            crossed("user/month/credits", 16_500, 20_000, "2026-11-01"),
            "80 % of your credits for this month are used or held: 16.5 credits of 20 credits.",
        ),
        (
            crossed("user/storage", 8 * MB, 10 * MB),
            (
                "80 % of your storage is used or held: 8.0 MB of 10.0 MB. When it is full, nothing more is kept "
                "until you delete something."
            ),
        ),
        (
            crossed("user/storage", 10 * MB, 10 * MB, percent=100),
            (
                "100 % of your storage is used or held: 10.0 MB of 10.0 MB. Nothing more is kept until you delete "
                "something."
            ),
        ),
    ],
)
def test_a_user_reads_how_much_of_what_is_used(event: ThresholdCrossed, sentence: str) -> None:
    """With its unit, and of a storage what then."""
    assert told_to_its_user(event) == sentence


def test_managers_read_whose_limit_it_is() -> None:
    """A server by its id; or all together."""
    assert told_to_managers(crossed("guild/day/generations", 80, 100, "2026-11-29", guild="9")) == (
        "80 % of today's generations of one Discord server (server 9) is used or held: 80 generations of 100 "
        "generations."
    )
    assert "of all together is used" in told_to_managers(crossed("pool/storage", 8 * MB, 10 * MB))


@pytest.mark.parametrize(
    ("limit", "window", "end"),
    [
        ("user/day/generations", "2026-12-31", "2027-01-01T00:00:00.000000Z"),
        ("user/week/credits", "2026-12-28", "2027-01-04T00:00:00.000000Z"),
        ("user/month/credits", "2028-02-01", "2028-03-01T00:00:00.000000Z"),
        ("user/storage", None, None),
    ],
)
def test_a_window_begins_anew_when_it_ends(limit: str, window: str | None, end: str | None) -> None:
    """Also across New Year; a storage never does."""
    assert anew_at(crossed(limit, 8, 10, window)) == end


def test_a_line_of_the_log_in_words() -> None:
    """Which limit by its name, since when, how much."""
    assert words(crossed("user/day/credits", 800, 1_000, "2026-11-29")) == (
        "80 % of user/day/credits, from 2026-11-29 on: 0.8 credits of 1 credit used or held"
    )
