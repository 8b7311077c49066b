"""The bound on open files: raised as far as the system lets a program, and what a service does with few."""

from __future__ import annotations

import subprocess
import sys

import pytest

from adapters.http.connection import OTHER_FILES, ConnectionBounds
from adapters.http.doorstep import MOST_SENT_AWAY
from adapters.network.open_files import most_open_files

ASKING = """
import resource, sys
from adapters.network.open_files import allow_open_files, most_open_files
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
allow_open_files(4096)
print(most_open_files())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such bound")
@pytest.mark.parametrize(
    ("soft", "hard", "most"),
    [(1_024, 8_192, 4_096), (1_024, 2_000, 2_000), (5_000, 8_192, 5_000), (1_024, 1_024, 1_024)],
)
def test_the_bound_is_raised_as_far_as_it_may(soft: int, hard: int, most: int) -> None:
    """And never lowered."""
    told = subprocess.run([sys.executable, "-c", ASKING, str(soft), str(hard)], capture_output=True, check=True)
    assert int(told.stdout) == most


@pytest.mark.parametrize(("open_files", "waiting"), [(1_000_000, 1_024), (1_024, 256), (700, 0), (10, 0)])
def test_with_few_files_fewer_wait_before_the_door(open_files: int, waiting: int) -> None:
    """What the storage opens is not to fail because clients wait."""
    bounds = ConnectionBounds()
    assert bounds.connections + MOST_SENT_AWAY + OTHER_FILES == 768
    assert bounds.within(open_files).waiting == waiting


def test_this_process_has_a_bound() -> None:
    """Whatever it is, a service can work with it."""
    assert most_open_files() > OTHER_FILES
