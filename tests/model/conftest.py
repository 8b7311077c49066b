"""What the tests of the state machine share: quiet logs."""

from __future__ import annotations

from collections.abc import Iterator
from logging import CRITICAL

import pytest
import structlog


@pytest.fixture(autouse=True)
def quiet_logs() -> Iterator[None]:
    """Ten thousands of starts, each of which would say what it did."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(CRITICAL))
    yield
    structlog.reset_defaults()
