"""What a power cut may leave, at each operation of each story, is opened again by the real program: nothing that was
promised is lost.

In each state: nothing acknowledged is lost, nothing deleted returns, nothing is charged without its file, the figures
are the sums of the log, nothing stays staged, and a start is never refused. The model of the disk is `disk`'s, what is
looked at `survey`'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain, product
from pathlib import Path
from typing import NamedTuple

import orjson
import pytest

from adapters.application.results import SavedImage
from adapters.application.saving import NewImage, save_image
from adapters.application.storage import Storage
from tests.crash.crash_states import crash_states
from tests.crash.judging import ROOT, violations
from tests.crash.omissions import NEEDED_BY_NOTHING, OMISSIONS, SITES, ForgetfulFiles, LeftOut, Omission, Site, site_of
from tests.crash.stories import STORIES, empty_disk, first_start, mixed, snapshots
from tests.crash.story import NOTHING, Point, Story, told
from tests.crash.survey import ALL, IMAGES_BEFORE, Count, settled, survey, survey_kills, survey_recoveries

pytestmark = pytest.mark.xdist_group("power cuts")  # a state that was judged once is known

POINTS_WANTED = 150
STATES_WANTED = 50_000
LONG_STATES_WANTED = 1_000_000
"""By the design: at each change, and with --thorough."""


class Part(NamedTuple):
    """A part of the enumeration: how a story is cut off, every `step`th of its points from `first` on, and how many
    states there are at least.
    """

    kind: str
    story: str
    first: int
    step: int
    least: int

    def __str__(self) -> str:
        return f"{self.kind}-{self.story}-{self.first}"


STATES_OF_A_POINT = {"once": (1_000, 60_000), "twice": (4, 12), "killed": (6, 40)}
"""Looked at, and looked at with --thorough."""
STATES_OF_A_RECOVERY = (6, 12)

STATES_WITH_SNAPSHOTS = 24
LEAST_WITH_SNAPSHOTS = 400
MANY_POINTS = 200

LEAST_OF_LONG = {
    ("once", "first_start"): 460,
    ("once", "saves"): 380,
    ("once", "overwrites"): 490,
    ("once", "deletes"): 440,
    ("once", "cleanups"): 190,
    ("once", "reservations"): 230,
    ("once", "batches"): 11_000,
    ("once", "stops"): 180,
    ("once", "snapshots"): 3_900,
    ("twice", "first_start"): 22_700,
    ("twice", "saves"): 11_300,
    ("twice", "overwrites"): 11_300,
    ("twice", "deletes"): 13_100,
    ("twice", "cleanups"): 4_800,
    ("twice", "reservations"): 7_400,
    ("twice", "batches"): 119_700,
    ("twice", "stops"): 3_600,
    ("twice", "snapshots"): 10_600,
    ("killed", "first_start"): 11_100,
    ("killed", "saves"): 6_100,
    ("killed", "overwrites"): 6_700,
    ("killed", "deletes"): 7_200,
    ("killed", "cleanups"): 3_300,
    ("killed", "reservations"): 3_500,
    ("killed", "batches"): 51_300,
    ("killed", "stops"): 2_700,
    ("killed", "snapshots"): 13_800,
}
"""States of each part of the long form, at least."""
LEAST_OF_MIXES = (
    45_600,
    33_400,
    25_500,
    38_600,
    25_800,
    44_400,
    19_100,
    70_500,
    19_700,
    30_200,
    17_400,
    21_600,
    32_300,
    83_400,
    89_400,
    38_700,
    43_900,
    41_500,
)
"""The same of stories of anything in any order, by seed."""
STATES_OF_AN_OMISSION = 40
STATES_OF_A_KNOWN = 2_000

PARTS = [
    Part("once", "first_start", 0, 1, 500),
    Part("once", "saves", 0, 1, 400),
    Part("once", "overwrites", 0, 1, 500),
    Part("once", "deletes", 0, 1, 450),
    Part("once", "cleanups", 0, 1, 200),
    Part("once", "reservations", 0, 1, 250),
    Part("once", "batches", 0, 2, 1_700),
    Part("once", "batches", 1, 2, 3_300),
    Part("once", "stops", 0, 1, 200),
    Part("once", "snapshots", 0, 1, 2_600),
    Part("twice", "first_start", 1, 3, 6_500),
    Part("twice", "saves", 1, 3, 4_000),
    Part("twice", "overwrites", 1, 3, 3_500),
    Part("twice", "deletes", 1, 3, 4_000),
    Part("twice", "cleanups", 1, 3, 1_400),
    Part("twice", "reservations", 1, 3, 2_500),
    Part("twice", "batches", 1, 40, 3_800),
    Part("twice", "batches", 21, 40, 1_100),
    Part("twice", "stops", 1, 3, 1_400),
    Part("twice", "snapshots", 1, 6, 1_500),
    Part("killed", "first_start", 1, 2, 5_000),
    Part("killed", "saves", 1, 2, 3_000),
    Part("killed", "overwrites", 1, 2, 3_500),
    Part("killed", "deletes", 1, 2, 4_000),
    Part("killed", "cleanups", 1, 2, 2_000),
    Part("killed", "reservations", 1, 2, 2_000),
    Part("killed", "batches", 1, 12, 2_500),
    Part("killed", "stops", 1, 2, 1_500),
    Part("killed", "snapshots", 1, 4, 2_500),
]


def told_story(name: str, used_root: Story) -> Story:
    """A story from its beginning to its end."""
    if name == "first_start":
        return tell(first_start, Story(empty_disk()))
    return tell(STORIES[name], on_used(used_root))


def on_used(used_root: Story) -> Story:
    """A story that is not told yet, on a root that was used before."""
    return Story(settled(used_root.disk), used_root.promise)


def tell(tale: Callable[[Story], None], story: Story) -> Story:
    """Tells it to its end."""
    with told(story):
        tale(story)
    return story


def count(kind: str, points: Sequence[Point], *, thorough: bool) -> Count:
    """Cuts off at each of some points."""
    states = STATES_OF_A_POINT[kind][thorough]
    if kind == "once":
        return survey(points, states)
    if kind == "twice":
        return survey_recoveries(points, states, STATES_OF_A_RECOVERY[thorough])
    return survey_kills(points, states)


@pytest.mark.parametrize("part", PARTS, ids=str)
def test_no_power_cut_breaks_a_promise(part: Part, used_root: Story) -> None:
    """Cut off once; twice, the second time inside the recovery; killed, and cut off while the next process goes on."""
    points = told_story(part.story, used_root).points[part.first :: part.step]
    counted = count(part.kind, points, thorough=False)
    assert not counted.violations, counted.shown
    assert counted.states >= part.least, f"{counted.states} states of {counted.points} points"


def test_the_parts_are_what_the_design_asks_for(used_root: Story) -> None:
    """Each part holds itself to its number of states; together they are enough. Each story is cut off in each way, and
    once at every point that it has.
    """
    assert sum(part.least for part in PARTS) >= STATES_WANTED
    stories = {name: told_story(name, used_root) for name in ("first_start", *STORIES)}
    assert {(part.kind, part.story) for part in PARTS} == set(product(STATES_OF_A_POINT, stories))
    points = 0
    for name, story in stories.items():
        every = range(len(story.points))
        looked_at = [every[part.first :: part.step] for part in PARTS if (part.kind, part.story) == ("once", name)]
        assert sorted(chain(*looked_at)) == list(every)
        points += len(every)
    assert points >= POINTS_WANTED


def test_the_long_form_is_what_the_design_asks_for() -> None:
    """Each of its parts holds itself to its number of states too."""
    assert set(LEAST_OF_LONG) == set(product(STATES_OF_A_POINT, ("first_start", *STORIES)))
    assert sum(LEAST_OF_LONG.values()) + sum(LEAST_OF_MIXES) >= LONG_STATES_WANTED


def test_the_batches_are_those_of_the_design(used_root: Story) -> None:
    """1 to 8 commands share one write; with the expiries that fall due these are eight different numbers of events."""
    lines = told_story("batches", used_root).promise.log.split(b"\n")[1:-1]
    batches = {tuple(orjson.loads(line)["batch"]) for line in lines}
    assert len({last - first for first, last in batches}) >= 8


def test_the_steps_are_those_of_the_design() -> None:
    """Its list, as it stands there; none is missing."""
    assert [omission.step for omission in OMISSIONS] == [
        "fsync of the staged file",
        "fsync of the staging directory",
        "fsync of a new user directory's parent",
        "fsync of the user's directory after the rename",
        "fsync of the log's directory at first creation",
        "fdatasync of the log",
        "renaming before the event",
        "unlinking before the event",
    ]


@pytest.mark.timeout(3_600)  # the long form takes each point
@pytest.mark.parametrize("story", ["first_start", *STORIES])
def test_no_power_cut_breaks_a_promise_where_every_stop_leaves_a_snapshot(
    story: str, snapshot_root: Story, thorough: bool
) -> None:
    """Of the recoveries and of the next process too: cut off once at about a hundred points; twice, and killed, where
    a snapshot has just got its name, unless the story is long. --thorough takes each point.
    """
    points = told_story(story, snapshot_root).points
    named = [point for point in points if point.operation.startswith("rename logs/snapshots/")]
    counted = survey(points if thorough else points[:: 1 + len(points) // 100], STATES_WITH_SNAPSHOTS)
    again = points if thorough else named[: len(points) < MANY_POINTS]
    counted.add(survey_recoveries(again, 1, 1))
    counted.add(survey_kills(again, 1))
    assert named
    assert not counted.violations, counted.shown
    assert counted.states >= LEAST_WITH_SNAPSHOTS, f"{counted.states} states of {counted.points} points"


@pytest.mark.thorough
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("story", ["first_start", *STORIES])
@pytest.mark.parametrize("kind", STATES_OF_A_POINT)
def test_no_power_cut_at_any_point_breaks_a_promise(
    kind: str, story: str, used_root: Story, record_property: Callable[[str, object], None]
) -> None:
    """The long form: each point, more states of each. The numbers are in the report."""
    counted = count(kind, told_story(story, used_root).points, thorough=True)
    record_property("states", counted.states)
    assert not counted.violations, counted.shown
    assert counted.states >= LEAST_OF_LONG[kind, story], f"{counted.states} states of {counted.points} points"


@pytest.mark.thorough
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("seed", range(len(LEAST_OF_MIXES)))
def test_no_power_cut_breaks_a_promise_of_any_story(
    seed: int, used_root: Story, record_property: Callable[[str, object], None]
) -> None:
    """The long form: anything in any order, cut off in every way."""
    story = tell(partial(mixed, seed=seed), on_used(used_root))
    counted = Count()
    for kind in STATES_OF_A_POINT:
        counted.add(count(kind, story.points, thorough=True))
    record_property("states", counted.states)
    assert not counted.violations, counted.shown
    assert counted.states >= LEAST_OF_MIXES[seed], f"{counted.states} states of {counted.points} points"


def test_a_repeat_with_its_key_is_saved_once(either_root: Story) -> None:
    """Whatever a power cut left of a save, the same request saves it once, and where it was answered, says the same."""

    async def save(store: Storage) -> SavedImage:
        saved = await save_image(store, NewImage("ann", b"the same bytes", name="same.png"), idempotency_key="key-1")
        assert isinstance(saved, SavedImage), saved
        return saved

    def once(story: Story) -> None:
        story.open()
        asyncio.run(save(story.store))
        story.close()

    replays = set()
    for point in tell(once, on_used(either_root)).points:
        for state in crash_states(point.disk, 50, seed=point.number):
            again = Story(state.disk, point.promise, images=IMAGES_BEFORE)
            with told(again):
                again.open()
                saved = asyncio.run(save(again.store))
                again.close()
            answered = b'"key":"key-1"' in point.promise.log
            replays.add((answered, saved.replayed))
            assert saved.path == ROOT / "images" / "users" / "ann" / "same.png"
            assert again.promise.log.count(b'"ImageSaved"') == either_root.promise.log.count(b'"ImageSaved"') + 1
            assert violations(settled(again.disk), again.promise) == []
    assert replays == {(False, False), (False, True), (True, True)}


KNOWN = [
    ("first_start", "rename logs/events.jsonl", "the watermark was made while the log's name was not durable"),
    ("saves", "mkdir images/users/ben/.details", "details were moved into a folder whose name was not durable"),
    ("deletes", "mkdir images/users/ben/.details/upscale", "the same, one level deeper"),
    ("overwrites", "unlink images/users/ann/.details/sea.png~.json", "the details of the former image came back"),
]
"""Kills after which a power cut once broke a promise: the story, the last operation, and what happened."""


@pytest.mark.parametrize(("name", "operation"), [known[:2] for known in KNOWN], ids=[known[2] for known in KNOWN])
def test_a_kill_that_once_broke_a_promise(name: str, operation: str, used_root: Story) -> None:
    """Looked at closely: every state, as far as there are not thousands of them."""
    points = [point for point in told_story(name, used_root).points if point.operation == operation]
    counted = survey_kills(points, STATES_OF_A_KNOWN)
    assert points
    assert not counted.violations, counted.shown


def without(left_out: LeftOut, used_root: Story, *, on_empty_disk: bool) -> Story:
    """A story on a disk some of whose syncs are left out."""
    disk, promise = (empty_disk(), NOTHING) if on_empty_disk else (settled(used_root.disk), used_root.promise)
    return Story(disk, promise, make_files=partial(ForgetfulFiles, left_out=left_out))


@pytest.mark.parametrize("omission", OMISSIONS, ids=lambda omission: omission.step)
def test_each_step_left_out_is_noticed(
    omission: Omission, either_root: Story, thorough: bool, record_property: Callable[[str, object], None]
) -> None:
    """The check of the check: without any one step of the protocol there are states that break a promise."""
    story = tell(omission.tell, without(omission.left_out, either_root, on_empty_disk=omission.on_empty_disk))
    states, enough = (300, ALL) if thorough else (STATES_OF_AN_OMISSION, 1)
    counted = survey(story.points, states, enough=enough)
    record_property("violations", f"{len(counted.violations)} of {counted.states}")
    assert counted.violations, f"no violation in {counted.states} states"


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.what)
def test_each_sync_left_out_is_noticed(site: Site, either_root: Story) -> None:
    """No sync of the program is there for nothing, and none is one that these tests would not miss."""

    def left_out(kind: str, path: Path) -> bool:
        return site_of(kind, path) == site.what

    story = tell(site.tell, without(left_out, either_root, on_empty_disk=site.on_empty_disk))
    counted = survey(story.points, STATES_OF_AN_OMISSION, enough=1)
    assert counted.violations, f"no violation in {counted.states} states"


def test_every_sync_of_the_stories_is_one_that_is_left_out_in_turn(either_root: Story) -> None:
    """A sync that is new in the program is looked at, or it is said why not; those of a snapshot are told apart too."""
    seen = set()

    def see(kind: str, path: Path) -> bool:
        seen.add(site_of(kind, path))
        return False

    tell(first_start, without(see, either_root, on_empty_disk=True))
    for tale in STORIES.values():
        tell(tale, without(see, either_root, on_empty_disk=False))
    assert seen == {site.what for site in SITES} | set(NEEDED_BY_NOTHING)


@pytest.mark.parametrize("what", NEEDED_BY_NOTHING)
def test_a_sync_that_nothing_needs_is_missed_by_nobody(what: str, snapshot_root: Story) -> None:
    """What is said of it is so: without it no power cut breaks a promise, and no start is refused."""

    def left_out(kind: str, path: Path) -> bool:
        return site_of(kind, path) == what

    for tell_it, on_empty_disk in ((first_start, True), (snapshots, False)):
        story = tell(tell_it, without(left_out, snapshot_root, on_empty_disk=on_empty_disk))
        counted = survey(story.points, STATES_WITH_SNAPSHOTS // 2)
        assert not counted.violations, counted.shown
