"""How a user stands in the line follows from their tiers, whatever the storage does."""

from __future__ import annotations

from pathlib import Path

from adapters.application.tiers import assign_tier_blocking, define_tier_blocking
from adapters.bootstrap.making import standing_by_tiers
from adapters.engines.opening import open_store
from adapters.studio import Standing
from domain.tiers import Tier


def test_the_line_asks_the_tiers(tmp_path: Path) -> None:
    """A storage that is closed keeps nobody from being told why."""
    store = open_store(tmp_path)
    define_tier_blocking(store, Tier("gold", weight=4, waiting=2), "for the test")
    assign_tier_blocking(store, "1", "gold", "for the test")
    assert (standing_by_tiers(store, "1"), standing_by_tiers(store, "2")) == (Standing(4, 2), Standing())
    store.close()
    assert standing_by_tiers(store, "1") == Standing()
