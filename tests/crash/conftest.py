"""What the tests on a simulated disk share: quiet logs, a small reserve file, no check by itself, and roots that were
used before.
"""

from __future__ import annotations

from collections.abc import Iterator
from logging import CRITICAL

import pytest
import structlog

from adapters.eventlog.jsonl import rechecking, reserve_file
from adapters.ledger import snapshotting
from tests.crash.stories import told_used_root
from tests.crash.story import NEVER_SECONDS, RESERVE_BYTES, Story


@pytest.fixture(autouse=True)
def quiet_logs() -> Iterator[None]:
    """Ten thousands of recoveries, each of which would say what it did."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(CRITICAL))
    yield
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def small_reserve_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reserve file whose every crash state can be looked at."""
    monkeypatch.setattr(reserve_file, "RESERVE_BYTES", RESERVE_BYTES)


@pytest.fixture(autouse=True)
def no_check_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a snapshot spared is verified when a test says so: else its calls would come at any time, or not."""
    monkeypatch.setattr(rechecking, "BEGIN_AFTER_SECONDS", NEVER_SECONDS)


@pytest.fixture(scope="session")
def used_root() -> Story:
    """A root with some images, stopped in order. Not to be told on: take a settled copy of its disk."""
    return told_used_root()


@pytest.fixture(scope="session")
def kept_root() -> Story:
    """The same, and its stop left a snapshot."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(snapshotting, "EVENTS_AT_A_STOP", 1)
        return told_used_root()


@pytest.fixture
def snapshot_root(kept_root: Story, monkeypatch: pytest.MonkeyPatch) -> Story:
    """The same, and each later stop leaves one too, however little is new."""
    monkeypatch.setattr(snapshotting, "EVENTS_AT_A_STOP", 1)
    return kept_root


@pytest.fixture(params=["used_root", "snapshot_root"], ids=["few snapshots", "a snapshot at every stop"])
def either_root(request: pytest.FixtureRequest) -> Story:
    """The one, and then the other."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Story)
    return found
