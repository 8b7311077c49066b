"""A storage that closes leaves how far its log is in the file outside, whatever was just being done there."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from adapters.application.governing import reset_daily_blocking
from adapters.application.outside_seals import OutsideSeals
from adapters.application.results import StoreSettings
from adapters.engines.opening import open_store

SLOW_SECONDS = 0.3
WAIT_SECONDS = 10


@pytest.mark.parametrize("fails", [False, True], ids=["slow", "failed before"])
def test_the_end_waits_for_what_is_being_added_and_tries_anew_what_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    """Once, by whichever of the two; the thread that adds it would end with the program."""
    begun, add = threading.Event(), OutsideSeals._add

    def at_first_slow(seals: OutsideSeals, line: bytes) -> None:
        is_first = not begun.is_set()
        begun.set()
        if is_first:
            time.sleep(SLOW_SECONDS)
            if fails:
                raise OSError("the disk is away")
        add(seals, line)

    monkeypatch.setattr(OutsideSeals, "_add", at_first_slow)
    outside = tmp_path / "seals.jsonl"
    store = open_store(tmp_path / "root", settings=StoreSettings(seal_file=outside))
    reset_daily_blocking(store, "ada", "first")
    assert begun.wait(WAIT_SECONDS), "by the first checkpoint"
    store.close()
    assert len(outside.read_bytes().splitlines()) == 1
