"""A full disk, however little room is left: what is answered holds, deletions are recorded and make room, a start says
what is admitted, and a power cut meanwhile loses nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from adapters.application.deleting import delete_image_blocking
from adapters.application.readiness import readiness_of
from adapters.application.reading import image_names
from adapters.application.reserving import WantedPlaces, reserve_places
from adapters.application.results import DeletedImage, SavedImage
from adapters.application.saving import NewImage, save_image
from adapters.ports.faults import DiskFull, Fault
from tests.crash.disk import Disk
from tests.crash.faulty_files import SmallFiles
from tests.crash.judging import ROOT, violations
from tests.crash.story import RESERVE_BYTES, Story, told
from tests.crash.survey import settled, survey

pytestmark = pytest.mark.xdist_group("full disk")  # a state that was judged once is known

ROOMS = range(0, 3 * RESERVE_BYTES, 47)
"""Bytes that are left, from none to enough for a save."""
LINE_BYTES = 300
"""Fewer than any event takes in the log."""
STATES_OF_A_POINT = 12


class SmallDiskStory(Story):
    """A story on a disk whose room can be set."""

    def __init__(self, disk: Disk, used_root: Story) -> None:
        super().__init__(disk, used_root.promise, make_files=SmallFiles)
        assert isinstance(self._files, SmallFiles)
        self.small = self._files

    def try_to_save(self, name: str) -> SavedImage | None:
        """A save that may find no room, and then says so."""
        try:
            return self.save("ann", name, size_bytes=400)
        except Fault as fault:
            assert "full" in str(fault) or "No space" in str(fault)  # noqa: PT017 - both outcomes are right here
            return None

    def reserve_until_full(self) -> None:
        """Fills the log until the reserve file is given up. Raises DiskFull."""
        for _ in range(ROOMS.stop // LINE_BYTES):
            self.reserve("ben", 1)


@pytest.fixture
def story(used_root: Story) -> SmallDiskStory:
    """On a root that was used before."""
    return SmallDiskStory(settled(used_root.disk), used_root)


@pytest.fixture
def either_story(either_root: Story) -> SmallDiskStory:
    """The same, and one each stop of which leaves a snapshot if it can."""
    return SmallDiskStory(settled(either_root.disk), either_root)


@pytest.mark.parametrize("room_bytes", ROOMS)
def test_deletions_are_recorded_and_make_room(room_bytes: int, story: SmallDiskStory) -> None:
    """Saves that find no room are refused in words; what frees is admitted; with room again, a sweep lets saves in."""
    with told(story):
        story.open()
        story.small.room_bytes = room_bytes
        saved = [name for name in ("1.png", "2.png", "3.png") if story.try_to_save(name)]
        with pytest.raises(DiskFull):
            story.reserve_until_full()
        assert readiness_of(story.store).degraded
        left = story.small.room_bytes
        for name in ("old.png", "kept.png"):
            assert isinstance(delete_image_blocking(story.store, "ann", name), DeletedImage)
        assert story.small.room_bytes > left
        assert story.try_to_save("4.png") is None
        assert image_names(story.store, "ann") == saved[::-1]
        story.small.room_bytes = None
        story.root.sweep()
        assert story.try_to_save("5.png") is not None
        story.close()
    assert violations(settled(story.disk), story.promise) == []


@pytest.mark.parametrize("room_bytes", [0, 100, 700, 1_200])
def test_no_power_cut_on_a_full_disk_breaks_a_promise(room_bytes: int, either_story: SmallDiskStory) -> None:
    """At each operation of refused saves, of the deletions, and of the sweep that makes the reserve file again."""
    story = either_story
    with told(story):
        story.open()
        story.small.room_bytes = room_bytes
        story.try_to_save("1.png")
        with pytest.raises(DiskFull):
            story.reserve_until_full()
        story.delete("ann", "old.png")
        story.checkpoint()
        story.small.room_bytes = None
        story.root.sweep()
        story.try_to_save("2.png")
        story.close()
    counted = survey(story.points, STATES_OF_A_POINT)
    assert not counted.violations, counted.shown


@pytest.mark.parametrize("reserve_file", [True, False], ids=["with the reserve file", "without it"])
def test_a_full_disk_at_start_admits_only_what_frees(reserve_file: bool, either_story: SmallDiskStory) -> None:
    """It starts and says why; nothing is saved, a deletion is recorded, where there are a few bytes for its line. The
    snapshot that its stop has no room for is left out.
    """
    story = either_story
    if not reserve_file:
        SmallFiles(story.disk).unlink(ROOT / "logs" / ".spare")
    story.small.room_bytes = 0 if reserve_file else 500
    with told(story):
        story.open()
        refused(lambda: asyncio.run(save_image(story.store, NewImage("ann", story.image(), name="new.png"))))
        refused(lambda: asyncio.run(reserve_places(story.store, WantedPlaces("ann", 2))))
        readiness = readiness_of(story.store)
        assert readiness.degraded
        assert any("disk is full" in note for note in readiness.notes)
        assert isinstance(delete_image_blocking(story.store, "ann", "old.png"), DeletedImage)
        story.close()
    assert violations(settled(story.disk), story.promise) == []


def refused(call: Callable[[], Any]) -> None:
    """A call that is told that the disk is full, or that nothing could be staged."""
    with pytest.raises(Fault, match=r"No space|disk is full|disk of .* is full"):
        call()
