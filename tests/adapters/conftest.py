"""Tests above the disk do not wait until it has what it was given: only a power cut shows the difference, and that is
simulated in tests/crash. The tests of the disk's own rooms, and every program in a process of its own, do wait.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from adapters.disk.platforms import Posix

if TYPE_CHECKING:
    from tests.servers.faulty_proxy import FaultyProxy

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


@pytest.fixture
def proxy() -> Iterator[FaultyProxy]:
    """Between whoever is tested and the server of buckets."""
    from tests.servers.faulty_proxy import FaultyProxy  # late: most tests need no bucket
    from tests.servers.s3 import server_port

    with closing(FaultyProxy(server_port())) as found:
        yield found
