"""What a power cut may leave of the older snapshots, while they are made, thinned out and given up for room: the log
opens as ever, and of the past nothing is believed that the log does not say.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path

import pytest

from adapters.engines.choice import default_engine
from adapters.eventlog.jsonl import older_snapshots
from adapters.eventlog.jsonl.snapshots import forget_snapshots
from adapters.history.rechecking import recheck
from adapters.ledger import snapshotting
from tests.crash.crash_states import crash_states
from tests.crash.disk import Disk, SimulatedFiles
from tests.crash.judging import ROOT, recorder_of, violations
from tests.crash.omissions import ForgetfulFiles, site_of
from tests.crash.stories import told_used_root
from tests.crash.story import MakeFiles, Point, Story, told
from tests.crash.survey import settled, survey, survey_kills, survey_recoveries

MOST = 2
STOPS = 5
"""The third makes the first older one, the fifth has one too many."""
STATES = 5
STATES_WHERE_THOROUGH = 200
HALF_WRITTEN_STATES = 6


@pytest.fixture(autouse=True)
def snapshots_at_every_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    """And of the older ones two are kept."""
    monkeypatch.setattr(snapshotting, "EVENTS_AT_A_STOP", 1)
    monkeypatch.setattr(older_snapshots, "MOST", MOST)


def thinned_out_and_given_up(story: Story) -> Story:
    """Stops that each leave a snapshot and make the third an older one; then the disk is full and all of them go."""
    with told(story):
        for number in range(STOPS):
            story.open()
            story.save("ann", f"{number}.png")
            story.close()
        story.open()
        recorder = recorder_of(story.root)
        assert forget_snapshots(recorder._files, recorder._log.paths)
        story.save("ann", "last.png")
        story.close()
    return story


def story_of(make_files: MakeFiles) -> Story:
    """On a root that was used before."""
    used = told_used_root()
    return thinned_out_and_given_up(Story(settled(used.disk), used.promise, make_files=make_files))


def of_the_past(story: Story, *, all_of_them: bool) -> list[Point]:
    """Where an older one is written, named, or gone, or has just been; or every point."""
    named = [point.number for point in story.points if point.operation.endswith(".past")]
    near = {number + step for number in named for step in (-4, -3, -2, -1, 0, 1, 2)}
    return [point for point in story.points if all_of_them or point.number in near]


def unlike_the_log(disk: Disk) -> Iterator[tuple[bool, str]]:
    """What a check of the past tells of each kept state: whether a replay would believe it, and what is wrong."""
    found = recheck(ROOT, default_engine(SimulatedFiles(disk)))
    return ((finding.is_believed, finding.location) for finding in found.findings)


def test_no_power_cut_among_older_snapshots_breaks_a_promise(thorough: bool) -> None:
    """Cut off once, and with --thorough at every point, twice, and killed. Each that has its name is whole: all are
    synced before.
    """
    story = story_of(SimulatedFiles)
    operations = {point.operation.partition(" ")[0] for point in story.points if point.operation.endswith(".past")}
    assert operations == {"rename", "unlink"}
    points = of_the_past(story, all_of_them=thorough)
    for point in points:
        for state in crash_states(point.disk, STATES_WHERE_THOROUGH if thorough else STATES, seed=point.number):
            assert list(unlike_the_log(state.disk)) == [], f"{point.number} {point.operation} {state.choice}"
    counted = survey(points, STATES_WHERE_THOROUGH if thorough else STATES)
    if thorough:
        counted.add(survey_recoveries(points, 1, 1))
        counted.add(survey_kills(points, 1))
    assert not counted.violations, counted.shown


def test_a_half_written_older_snapshot_is_never_believed(thorough: bool) -> None:
    """As a disk leaves it that does not sync: named, and not whole. It is told of, passed over, and harms no start."""

    def left_out(kind: str, path: Path) -> bool:
        return site_of(kind, path) == "data logs/snapshots/new"

    story = story_of(partial(ForgetfulFiles, left_out=left_out))
    named = {point.number for point in story.points if point.operation.endswith(".past")}
    points = [point for point in story.points if thorough or point.number - 1 in named]
    told_of = set()
    for point in points:
        states = crash_states(point.disk, STATES_WHERE_THOROUGH, seed=point.number)
        for state in states if thorough else islice(states, HALF_WRITTEN_STATES):
            where = f"{point.number} {point.operation} {state.choice}"
            for is_believed, location in unlike_the_log(state.disk):
                assert not is_believed, f"{where}: {location}"
                told_of.add(location.rpartition(".")[2])
            assert violations(state.disk, point.promise) == [], where
    assert "past" in told_of
