"""What would be over at once is not given, whatever it is: a grant, a tier, limits of a user's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.application.governing import override_limits_blocking
from adapters.application.granting import Gift, give_grant_blocking
from adapters.application.storage import Storage
from adapters.application.tiers import assign_tier_blocking, define_tier_blocking
from adapters.engines.opening import open_store
from domain.limits import UserLimits
from domain.refusals import Reason, Refusal
from domain.tiers import Tier

NOW, BEFORE, SOON = (f"2026-03-10T12:00:00.00000{digit}Z" for digit in (1, 0, 2))
LATER = "2026-03-10T12:00:01.000000Z"
Giving = Callable[[Storage, str, str | None], object]
GIVINGS: dict[str, Giving] = {
    "grant": lambda store, end, key: give_grant_blocking(
        store, "1", Gift("generations", 2, "a prize", expires_at=end), idempotency_key=key
    ),
    "rolling grant": lambda store, end, key: give_grant_blocking(
        store,
        "1",
        Gift("credits", 2, "a prize", expires_at=end, rollover=1, rollover_until="2026-04-01T00:00:00.000000Z"),
        idempotency_key=key,
    ),
    "tier": lambda store, end, key: assign_tier_blocking(store, "1", "gold", "a prize", until=end, idempotency_key=key),
    "own limits": lambda store, end, key: override_limits_blocking(
        store, "1", "a prize", UserLimits(daily=9), until=end, idempotency_key=key
    ),
}


@pytest.fixture
def clock() -> list[str]:
    """The present, which a test may change."""
    return [NOW]


@pytest.fixture
def store(tmp_path: Path, clock: list[str]) -> Iterator[Storage]:
    store = open_store(tmp_path, clock=lambda: clock[0])
    define_tier_blocking(store, Tier("gold", UserLimits(daily=9)), "for friends")
    yield store
    store.close()


@pytest.mark.parametrize("giving", GIVINGS.values(), ids=GIVINGS)
def test_an_end_is_yet_to_come(store: Storage, clock: list[str], giving: Giving) -> None:
    """A microsecond before now, now, and after it; a repeat of what was given in time is answered all the same."""
    position = store.running().state.position
    for end in (BEFORE, NOW):
        refused = giving(store, end, "late")
        assert isinstance(refused, Refusal)
        assert (refused.reason, refused.user) == (Reason.MALFORMED, "1")
        assert refused.detail == (
            "The end 2026-03-10 12:00 UTC has passed already. Give a time to come, or no end: for good."
        )
    assert store.running().state.position == position
    given = giving(store, SOON, "in time")
    assert not isinstance(given, Refusal)
    clock[0] = LATER
    assert giving(store, SOON, "in time") == given._replace(replayed=True)  # type: ignore[attr-defined]  # of either kind
