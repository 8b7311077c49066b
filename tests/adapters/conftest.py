"""Tests above the disk do not wait until it has what it was given: only a power cut shows the difference, and that is
simulated in tests/crash. The tests of the disk's own rooms, and every program in a process of its own, do wait.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from adapters.disk.platforms import Posix

HERE = Path(__file__).parent
WHERE_SYNCS_ARE_TESTED = {"disk", "eventlog", "ledger"}


def _at_once(_platform: Posix, _fd: int) -> None:
    """A sync of a file, or of the names in a folder, that takes no time."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """For a test and its fixtures."""
    with pytest.MonkeyPatch.context() as patch:
        if item.path.is_relative_to(HERE) and item.path.relative_to(HERE).parts[0] not in WHERE_SYNCS_ARE_TESTED:
            patch.setattr(Posix, "sync_data", _at_once)
            patch.setattr(Posix, "_sync_names", _at_once)
        return (yield)
