"""Bits that change by themselves and ends that go missing: in the log that the real store wrote, none is silent at or
below the watermark; where a snapshot spared the opening a part, the background check of that part is counted.

The same of small logs, of the watermark itself and above it is in `tests/adapters/eventlog/jsonl/test_every_byte.py`;
image files are `abby audit`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from adapters.eventlog.jsonl import JSONLRecorder
from adapters.ledger.projector import Projector
from adapters.ports.faults import LogDamaged
from tests.crash.disk import Disk, File, SimulatedFiles
from tests.crash.judging import LATER, ROOT
from tests.crash.stories import STORIES
from tests.crash.story import Story, told
from tests.crash.survey import settled

BITS = (0, 3, 6)
LEAST_BYTES = 3_000
"""Of the log that is looked at, at each change."""
LONG_STORIES = ("batches", "overwrites", "cleanups")


class Rotting:
    """A stopped root whose log can be given other bytes. `resumed` is where the last start went on from."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        found = disk.find(ROOT / "logs" / "events.jsonl")
        assert isinstance(found, File)
        self._file, self.log = found, found.data
        self.resumed = 0

    def without_snapshots(self) -> Rotting:
        """The same, and every start reads all of the log."""
        files = SimulatedFiles(self._disk)
        for name in files.list_directory(ROOT / "logs" / "snapshots"):
            files.unlink(ROOT / "logs" / "snapshots" / name)
        return self

    def silent(self, changed: bytes) -> bool:
        """Whether a start takes these bytes for the log, and the check behind its snapshot too."""
        self._file.data = changed
        try:
            recorder = JSONLRecorder(
                ROOT, files=SimulatedFiles(self._disk), clock=lambda: LATER, restore=Projector().restore
            )
            self.resumed = recorder.resumed
            if recorder.resumed:
                recorder._recheck.carry_out()
            finding = recorder._finding
            recorder.close()
        except LogDamaged:
            return False
        finally:
            self._file.data = self.log
        return finding is None

    def silent_flips(self, bits: Iterable[int]) -> tuple[list[tuple[int, int]], int]:
        """Bytes and bits whose flip nobody would see, and how many flips were tried."""
        found, flips = [], 0
        for bit in bits:
            changed = bytearray(self.log)
            for place in range(len(changed)):
                changed[place] ^= 1 << bit
                flips += 1
                if self.silent(bytes(changed)):
                    found.append((place, bit))
                changed[place] ^= 1 << bit
        return found, flips

    def silent_cuts(self) -> list[int]:
        """Sizes to which the log is cut and nobody would see it."""
        return [size for size in range(len(self.log)) if self.silent(self.log[:size])]


@pytest.fixture(params=["used_root", "kept_root"], ids=["without a snapshot", "with a snapshot"])
def rotting(request: pytest.FixtureRequest) -> Rotting:
    """The root that other stories begin with."""
    found = Rotting(settled(request.getfixturevalue(request.param).disk))
    assert found.silent(found.log), "the log as it was written is taken, else every change would be refused for it"
    assert (found.resumed > 0) == (request.param == "kept_root")
    assert len(found.log) >= LEAST_BYTES
    return found


def test_no_flipped_bit_of_an_acknowledged_log_is_silent(
    rotting: Rotting, thorough: bool, record_property: Callable[[str, object], None]
) -> None:
    """Three bits of every byte; with --thorough all eight."""
    silent, flips = rotting.silent_flips(range(8) if thorough else BITS)
    record_property("flips", flips)
    assert silent == []
    assert flips == len(rotting.log) * (8 if thorough else 3)


def test_no_cut_of_an_acknowledged_log_is_silent(rotting: Rotting) -> None:
    """The log cut at every byte."""
    assert rotting.silent_cuts() == []


@pytest.mark.thorough
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("name", LONG_STORIES)
def test_no_flipped_bit_of_a_longer_log_is_silent(
    name: str, used_root: Story, record_property: Callable[[str, object], None]
) -> None:
    """Every bit and every cut of the logs of longer stories."""
    story = Story(settled(used_root.disk), used_root.promise)
    with told(story):
        STORIES[name](story)
    rotting = Rotting(settled(story.disk)).without_snapshots()
    silent, flips = rotting.silent_flips(range(8))
    record_property("flips", flips)
    record_property("cuts", len(rotting.log))
    assert silent == []
    assert flips == 8 * len(rotting.log)
    assert rotting.silent_cuts() == []
