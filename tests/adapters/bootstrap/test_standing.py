"""How a user stands in the line follows from their tiers, whatever the storage does."""

from __future__ import annotations

import asyncio
from pathlib import Path

from adapters.application.tiers import assign_tier_blocking, define_tier_blocking, see_groups
from adapters.bootstrap.making import standing_by_tiers, studio_settings
from adapters.engines.opening import open_store
from adapters.settings.config import Config
from adapters.settings.sources import Sources
from adapters.studio import Standing
from domain.tiers import SeenAt, Tier


def test_the_line_asks_the_tiers(tmp_path: Path) -> None:
    """A storage that is closed keeps nobody from being told why."""
    store = open_store(tmp_path)
    define_tier_blocking(store, Tier("gold", weight=4, waiting=2), "for the test")
    assign_tier_blocking(store, "1", "gold", "for the test")
    assert (standing_by_tiers(store, "1"), standing_by_tiers(store, "2")) == (Standing(4, 2), Standing())
    assert studio_settings(Config(Sources(())), store).standing_of("1", None) == Standing(4, 2)
    store.close()
    assert standing_by_tiers(store, "1") == Standing()


def test_the_groups_of_a_request_count_for_its_turn(tmp_path: Path) -> None:
    """Where those that come with it are others than those last seen; nothing is recorded by asking."""
    store = open_store(tmp_path)
    define_tier_blocking(store, Tier("gold", weight=4, waiting=2, groups=("group:vip",)), "for the test")
    asyncio.run(see_groups(store, "2", "api:site", ("group:vip",)))
    at = store.running().state.position
    now, gone = SeenAt("api:site", ("group:vip",)), SeenAt("api:site", ())
    assert [standing_by_tiers(store, user, seen) for user, seen in (("1", now), ("2", gone), ("2", None))] == [
        Standing(4, 2),
        Standing(),
        Standing(4, 2),
    ]
    assert store.running().state.position == at
    store.close()
