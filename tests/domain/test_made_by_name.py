"""What is made by names quickly is what its class makes."""

from __future__ import annotations

from typing import Any

import pytest

from domain.made_by_name import made_by_name
from domain.usage import DayCount, day_count


@pytest.mark.parametrize(
    "members",
    [{"day": "2026-03-10", "count": 2}, {"held": 6, "credits": 5, "before": 4, "resets": 3, "count": 2, "day": "x"}],
    ids=["with defaults", "in any order"],
)
def test_it_is_the_value_that_the_class_makes(members: dict[str, Any]) -> None:
    """Of the same class, with its defaults where a member is not named."""
    made = made_by_name(DayCount)(**members)
    assert made == day_count(**members) == DayCount(**members)
    assert type(made) is DayCount


@pytest.mark.parametrize(
    "members",
    [{"day": "2026-03-10"}, {"day": "2026-03-10", "count": 2, "weeks": 1}],
    ids=["one missing", "one unknown"],
)
def test_what_the_class_does_not_take_is_not_taken(members: dict[str, Any]) -> None:
    """Neither a value that lacks something nor one with more than there is."""
    for make in (DayCount, made_by_name(DayCount)):
        with pytest.raises(TypeError):
            make(**members)
