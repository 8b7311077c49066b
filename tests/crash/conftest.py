"""What the tests on a simulated disk share: quiet logs, a small spare room, and a root that was used before."""

from __future__ import annotations

from collections.abc import Iterator
from logging import CRITICAL

import pytest
import structlog

from adapters.eventlog import spare
from tests.crash.stories import told_used_root
from tests.crash.story import SPARE_BYTES, Story


@pytest.fixture(autouse=True)
def quiet_logs() -> Iterator[None]:
    """Ten thousands of recoveries, each of which would say what it did."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(CRITICAL))
    yield
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def small_spare_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """A spare room whose every crash state can be looked at."""
    monkeypatch.setattr(spare, "SPARE_BYTES", SPARE_BYTES)


@pytest.fixture(scope="session")
def used_root() -> Story:
    """A root with some images, stopped in order. Not to be told on: take a settled copy of its disk."""
    return told_used_root()
