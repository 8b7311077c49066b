"""Since when each limit holds: the event that last gave it another value, whatever else that event said again."""

from __future__ import annotations

from domain.events import PolicyChanged
from domain.limits import Limits
from projections.limit_changes import LimitChange, LimitChanges


def test_each_limit_knows_its_last_change() -> None:
    """An event repeats all limits; only those that it changes are since then."""
    changes = LimitChanges()
    assert changes.last("daily") is None
    for at, daily, user_bytes, source in (
        ("1", 5, 500, "default"),
        ("2", 5, 2, "environment"),
        ("3", 9, 2, "constructor"),
    ):
        changes.apply(1, PolicyChanged(at, f"by {at}", Limits(daily=daily, user_bytes=user_bytes), source))
    assert changes.last("daily") == LimitChange(9, "3", "by 3", "constructor")
    assert changes.last("user_bytes") == LimitChange(2, "2", "by 2", "environment")
    assert changes.last("gen_bytes") == LimitChange(Limits().gen_bytes, "1", "by 1", "default")
    assert LimitChanges(changes.dump()).last("daily") == changes.last("daily")
