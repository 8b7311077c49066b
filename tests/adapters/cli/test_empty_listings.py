"""A listing with nothing in it says so, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.application.governing import reset_daily_blocking
from adapters.engines.opening import open_store
from tests.adapters.cli.conftest import Abby

EMPTY = [
    (["images", "ada"], "ada has no image now"),
    (["images", "ada", "--offset", "7"], "ada has no image now"),
    (["images", "bob"], "knows nothing of bob"),
    (["events", "--after", "99"], "nothing after position 99 yet: the log ends at 2"),
    (["events", "--after", "2"], "nothing after position 2 yet: the log ends at 2"),
    (["events", "--type", "ImageSaved"], "No event of the log is one of these"),
    (["queue"], "Nothing waits."),
    (["queue", "ada"], "Nothing waits."),
    (["events", "--user", "bob"], "knows nothing of bob"),
]


@pytest.fixture
def filled(root: Path) -> Path:
    """A log of two events."""
    store = open_store(root)
    reset_daily_blocking(store, "ada", "a mistake")
    store.close()
    return root


@pytest.mark.parametrize(("words", "sentence"), EMPTY)
@pytest.mark.usefixtures("filled")
def test_an_empty_listing_says_why(words: list[str], sentence: str, abby: Abby) -> None:
    """To people, beside the table; a program has its figures."""
    told = abby(*words)
    assert told.code == 0
    assert sentence in told.err
    assert abby(*words, "--json").err == ""


def test_a_log_without_users_says_so(root: Path, abby: Abby) -> None:
    """Rather than a table without rows alone."""
    open_store(root).close()
    assert "knows no user yet" in abby("users").err
