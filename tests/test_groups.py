"""Tests of one group run in one worker."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.groups import group_of

PROJECT = Path(__file__).parents[1]
GROUPED = """
import pytest

@pytest.mark.xdist_group("two words")
@pytest.mark.parametrize("number", ["[a]", "b@c", "d", "e", "f", "g"])
def test_grouped(number): pass

@pytest.mark.parametrize("number", range(4))
def test_alone(number): pass
"""


def test_each_test_of_a_group_says_so_where_tests_are_shared_out(request: pytest.FixtureRequest) -> None:
    """By its id, of which whoever shares them out knows it; of all tests that run now."""
    if not request.config.getoption("loadgroup", default=False):
        pytest.skip("nothing is shared out by groups")
    grouped = {item.nodeid: group for item in request.session.items if (group := group_of(item)) is not None}
    assert grouped
    assert [nodeid for nodeid, group in grouped.items() if not nodeid.endswith(f"@{group}")] == []


@pytest.mark.thorough
def test_a_group_runs_in_one_worker(tmp_path: Path) -> None:
    """As pytest-xdist shares them out."""
    (tmp_path / "test_shared.py").write_text(GROUPED)
    (tmp_path / "conftest.py").write_text("from tests.conftest import *\n")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadgroup", "-v", "--rootdir", tmp_path, tmp_path],
        cwd=tmp_path, env=kept | {"PYTHONPATH": str(PROJECT)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    workers = re.findall(r"\[(gw\d)\].* PASSED .*::test_grouped", done.stdout)
    assert (len(workers), len(set(workers))) == (6, 1), done.stdout
