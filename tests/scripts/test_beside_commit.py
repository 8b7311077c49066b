"""A decision in this tree beside another commit's: the script runs, and gives figures of both."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def is_clone() -> bool:
    """Whether git knows these files."""
    if shutil.which("git") is None:
        return False
    return (
        subprocess.run(["git", "-C", str(ROOT), "rev-parse", "HEAD"], capture_output=True, check=False).returncode == 0
    )


of_a_clone = pytest.mark.skipif(
    not is_clone(), reason="no git clone here: clone the repository to compare with a commit of it"
)


@of_a_clone
def test_both_trees_are_measured_in_one_run() -> None:
    """The last commit beside what is in the folder; its tree does not stay."""
    script = [sys.executable, str(ROOT / "scripts" / "beside_commit.py"), "HEAD", "--rounds", "2", "--json"]
    done = subprocess.run(script, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert sorted(found) == ["here_us", "least", "pairs", "there_us"]
    assert min(found.values()) > 0
    trees = subprocess.run(["git", "-C", str(ROOT), "worktree", "list"], capture_output=True, text=True, check=True)
    assert "/tree " not in trees.stdout


@of_a_clone
def test_a_commit_that_is_none_is_said_to_be_none() -> None:
    """In words, and nothing is left."""
    script = [sys.executable, str(ROOT / "scripts" / "beside_commit.py"), "no-such-commit"]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("There is no tree of no-such-commit: ")
