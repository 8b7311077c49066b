"""A log that nobody reads holds nobody up, and says later what is missing."""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from adapters.observability import aside as module
from adapters.observability.aside import aside
from adapters.observability.logs import RedactingHandler, configure_logging
from adapters.settings.config import Config

ENTRY = "x" * 1_000
ENTRIES = 300
MOST_WAITING_BYTES = 100_000


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, int]]:
    """A reader's and a writer's end, with smaller bounds; logging is as before afterwards."""
    monkeypatch.setattr(module, "MOST_WAITING_BYTES", MOST_WAITING_BYTES)
    monkeypatch.setattr(module, "CLOSE_SECONDS", 0.1)
    ends = os.pipe()
    before = list(logging.getLogger().handlers)
    yield ends
    logging.getLogger().handlers[:] = [one for one in before if not isinstance(one, RedactingHandler)]
    for end in ends:
        with suppress(OSError):
            os.close(end)


def test_entries_wait_then_are_left_out_and_counted(pipe: tuple[int, int]) -> None:
    """Those that are written are whole and in order; the first that fits again says how many are not there."""
    reader, writer = pipe
    with os.fdopen(writer, "w", encoding="utf-8", closefd=False) as stream:
        configure_logging(Config(), stream, is_service=True)
        for number in range(ENTRIES):
            logging.getLogger("abby").warning("%d %s", number, ENTRY)
        told: list[str] = []
        with os.fdopen(reader, encoding="utf-8", closefd=False) as lines:
            for line in lines:
                told.append(json.loads(line)["event"])
                if told[-1] == "log entries left out":
                    missing = json.loads(line)["count"]
                    break
    numbers = [int(event.split()[0]) for event in told[:-1]]
    assert numbers == sorted(numbers)
    assert len(numbers) + missing <= ENTRIES
    assert len(numbers) < ENTRIES


def test_the_end_of_the_program_does_not_wait_for_a_reader(pipe: tuple[int, int]) -> None:
    """It waits a little; a reader that has gone is no fault."""
    reader, writer = pipe
    with os.fdopen(writer, "w", encoding="utf-8", closefd=False) as stream:
        lines = aside(stream)
        assert lines is not None
        lines.write("y" * 90_000 + "\n")
        closing = threading.Thread(target=lines.close)
        closing.start()
        closing.join(30)
        assert not closing.is_alive()
        os.close(reader)
        lines.write("to nobody\n")
        lines.close()


def test_a_terminal_is_written_to_directly() -> None:
    """Its colours are the console's own affair on Windows, and its person sees that it stands still."""
    main, terminal = os.openpty() if hasattr(os, "openpty") else pytest.skip("no terminals of this kind here")
    with os.fdopen(terminal, "w", encoding="utf-8") as stream:
        assert aside(stream) is None
    os.close(main)
