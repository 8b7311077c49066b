"""How the log stands, as the admin view tells it: its length, its last event, a seal outside, and one that fails."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from adapters.application.governing import reset_daily_blocking
from adapters.application.log_health import KeptOutside, log_health
from adapters.application.results import StoreSettings
from adapters.application.storage import Storage
from adapters.engines.opening import open_store
from tests.adapters.application.evidence import events_of

WAIT_SECONDS = 10


def outside_of(store: Storage, is_told: Callable[[KeptOutside], bool]) -> KeptOutside:
    """What is said of the file outside once it was told, or could not be: that is done beside the work."""
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        told = log_health(store).outside
        if told is not None and is_told(told):
            return told
        time.sleep(0.02)
    raise AssertionError("nothing was told")


def test_the_log_tells_its_length_and_its_last_event(tmp_path: Path) -> None:
    """As they are on the disk; without a file outside nothing is said of one."""
    with closing(open_store(tmp_path)) as store:
        reset_daily_blocking(store, "ada", "first")
        told = log_health(store)
        event = events_of(tmp_path, "DailyCountReset")[-1]
        assert (told.position, told.last_event_at) == (event["pos"], event["data"]["at"])
        assert told.size_bytes == (tmp_path / "logs" / "events.jsonl").stat().st_size
        assert told.opened_at <= event["data"]["at"]
        assert (told.outside, told.resumed) == (None, 0)


def test_the_seal_outside_is_told_with_its_position_or_its_trouble(tmp_path: Path) -> None:
    """A folder cannot be written as a file."""
    with closing(open_store(tmp_path / "root", settings=StoreSettings(seal_file=tmp_path / "seals.jsonl"))) as store:
        reset_daily_blocking(store, "ada", "first")
        told = outside_of(store, lambda outside: outside.position > 0)
        assert (told.trouble, told.position <= store.opened().state.position) == (None, True)
    with closing(open_store(tmp_path / "root", settings=StoreSettings(seal_file=tmp_path))) as store:
        reset_daily_blocking(store, "ada", "second")
        assert outside_of(store, lambda outside: outside.trouble is not None).trouble
