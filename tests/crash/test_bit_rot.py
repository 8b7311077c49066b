"""Bits that change by themselves and ends that go missing: in the log that the real store wrote, none is silent at or
below the watermark.

The same of small logs, of the watermark itself and above it is in `tests/adapters/eventlog/test_every_byte.py`; image
files are `abby audit`'s.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from adapters.eventlog import JSONLRecorder
from adapters.faults import LogDamaged
from tests.crash.disk import Disk, File, SimulatedFiles
from tests.crash.judging import LATER, ROOT
from tests.crash.stories import STORIES
from tests.crash.story import Story, told
from tests.crash.survey import settled

BITS = (0, 3, 6)
LONG_STORIES = ("batches", "overwrites", "cleanups")


class Rotting:
    """A stopped root whose log can be given other bytes."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        found = disk.find(ROOT / "logs" / "events.jsonl")
        assert isinstance(found, File)
        self._file, self.log = found, found.data
        files = SimulatedFiles(disk)
        for name in files.list_directory(ROOT / "logs" / "snapshots"):
            files.unlink(ROOT / "logs" / "snapshots" / name)

    def silent(self, changed: bytes) -> bool:
        """Whether a start takes these bytes for the log."""
        self._file.data = changed
        try:
            recorder = JSONLRecorder(ROOT, files=SimulatedFiles(self._disk), clock=lambda: LATER)
        except LogDamaged:
            return False
        finally:
            self._file.data = self.log
        recorder.close()
        return True

    def silent_flips(self, bits: Iterable[int]) -> list[tuple[int, int]]:
        """Bytes and bits whose flip nobody would see."""
        found = []
        for bit in bits:
            changed = bytearray(self.log)
            for place in range(len(changed)):
                changed[place] ^= 1 << bit
                if self.silent(bytes(changed)):
                    found.append((place, bit))
                changed[place] ^= 1 << bit
        return found


@pytest.fixture
def rotting(used_root: Story) -> Rotting:
    """The root that other stories begin with."""
    return Rotting(settled(used_root.disk))


def test_the_log_as_it_was_written_is_taken(rotting: Rotting) -> None:
    """Else every change of it would be refused for another reason."""
    assert rotting.silent(rotting.log)


def test_no_flipped_bit_of_an_acknowledged_log_is_silent(rotting: Rotting, thorough: bool) -> None:
    """Three bits of every byte; with --thorough all eight."""
    assert rotting.silent_flips(range(8) if thorough else BITS) == []


def test_no_cut_of_an_acknowledged_log_is_silent(rotting: Rotting) -> None:
    """The log cut at every byte."""
    assert [size for size in range(len(rotting.log)) if rotting.silent(rotting.log[:size])] == []


@pytest.mark.thorough
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("name", LONG_STORIES)
def test_no_flipped_bit_of_a_longer_log_is_silent(name: str, used_root: Story) -> None:
    """Every bit and every cut of the logs of longer stories."""
    story = Story(settled(used_root.disk), used_root.promise)
    with told(story):
        STORIES[name](story)
    rotting = Rotting(settled(story.disk))
    assert rotting.silent_flips(range(8)) == []
    assert [size for size in range(len(rotting.log)) if rotting.silent(rotting.log[:size])] == []
