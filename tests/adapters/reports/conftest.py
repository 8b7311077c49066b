"""A simulated month, small, made once for all tests of queries and reports."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.engines.choice import default_engine
from adapters.ports.event_log import FollowedLog
from scripts.month.life import Shape
from scripts.simulate_month import simulate


@contextmanager
def opened(root: Path) -> Iterator[FollowedLog]:
    """The log of a root, beside whoever writes it."""
    log = default_engine().open_for_reading(root, at_end=True)
    yield log
    log.close()


@pytest.fixture(scope="session")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with 3,000 events of 25 users."""
    root = tmp_path_factory.mktemp("reported") / "root"
    simulate(root, Shape(users=25, events=3_000, days=30))
    return root
