"""Call N of the disk fails, for each N and each way to fail: nobody is told what is not so, nobody waits for ever, and
a restart on a healthy disk finds everything that was promised.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from errno import EACCES, EINTR, EIO, ENOSPC, EXDEV, errorcode
from functools import partial
from hashlib import sha256
from itertools import combinations
from math import comb
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import orjson
import pytest

from adapters.application import storage
from adapters.application.deleting import clean_up_blocking, delete_image_blocking
from adapters.application.reading import image_path
from adapters.application.reserving import WantedPlaces, reserve_places
from adapters.application.results import CleanedUp, DeletedImage, Reserved, SavedImage
from adapters.application.saving import NewImage, save_image
from adapters.ports.faults import Fault, LedgerStopped
from domain.refusals import Refusal
from tests.crash.crash_states import CrashState, crash_states, end_of
from tests.crash.disk import After, Disk
from tests.crash.faulty_files import KINDS, FaultyFiles, Kind
from tests.crash.judging import ROOT, Promise, violations
from tests.crash.story import Story, told
from tests.crash.survey import settled

pytestmark = pytest.mark.xdist_group("failing calls")  # a state that was judged once is known

ANSWERS = 8
"""What a trial is answered on a healthy disk, each after one sync of the log."""
A_SECOND_LATER = "2026-03-01T12:00:01.000000Z"
"""Than the story's time."""
EVER = 1_000_000
PAIRS = 2_000
WAIT_SECONDS = 30.0
"""How long a story may take whose calls fail; it takes milliseconds."""
STATES_OF_AN_END = 4


class Calls(NamedTuple):
    """How many calls of a trial can fail in a way, at least; and how many with snapshots have to do with one."""

    all: int
    of_snapshots: int


CALLS = {
    "EIO": Calls(210, 30),
    "EINTR": Calls(210, 30),
    "ENOSPC": Calls(85, 17),
    "EROFS": Calls(85, 17),
    "short write": Calls(17, 12),
    "short write, then ENOSPC": Calls(17, 12),
}


_judged: dict[tuple[bytes, Promise], tuple[list[str], list[bytes]]] = {}
"""What was found of a state under a promise, and its log."""


class Unreadable(Exception):
    """The disk does not read any more, so there is nothing to compare."""


class Trial:
    """A day's work on a disk that fails: what was answered, and whether it was true."""

    def __init__(self, used_root: Story, kind: Kind, turns: Container[int] = ()) -> None:
        self.disk = settled(used_root.disk)
        self.files = FaultyFiles(self.disk, kind, turns)
        self.story = Story(self.disk, used_root.promise, make_files=lambda _disk, _after: self.files)
        self.answers: list[tuple[int, str]] = []
        """Positions, and the digest of what was saved there."""
        self.faults: list[Fault] = []

    def run(self) -> None:
        """Everything a store can be asked; what fails is noted."""
        with told(self.story):
            for _ in range(2):  # whoever is told at a start that something is wrong, starts again
                if self._attempt(self.story.open) is None:
                    self._work()
                    self._attempt(self.story.close)
                    return

    def _work(self) -> None:
        store = self.story.store
        self._save("ann", "new.png", details=True)
        self._save("ann", "kept.png")
        self._save("ben", "hill.png", details=True)
        self._attempt(lambda: delete_image_blocking(store, "ann", "old.png"))
        self._save("ann", "note.png", temp=True)
        self.story.now = A_SECOND_LATER  # so that there is something to clean up
        self._attempt(lambda: clean_up_blocking(store, 0))
        self._attempt(lambda: asyncio.run(reserve_places(store, WantedPlaces("ann", 2))))
        self._attempt(self.story.recheck)
        self._attempt(self.story.checkpoint)
        self._attempt(self.story.root.sweep)
        self._save("ben", "HILL.png")

    def _save(self, user: str, name: str, *, temp: bool = False, details: bool = False) -> None:
        data = self.story.image(details=details)
        digest = sha256(data).hexdigest()
        told_details = {"prompt": digest} if details else None
        store = self.story.store
        saved = self._attempt(
            lambda: asyncio.run(save_image(store, NewImage(user, data, name=name, temp=temp, details=told_details)))
        )
        if isinstance(saved, SavedImage):
            assert saved.path is not None
            with suppress(Unreadable):
                assert self._read(saved.path) == data, f"{saved.path} is given out, and has other bytes"

    def _read(self, path: Path) -> bytes:
        """What is read at a path that was given out. Raises Unreadable where the disk reads nothing any more."""
        try:
            return self.files.read(path)
        except OSError as error:
            if self.files.failed[-1].endswith(str(path)):
                raise Unreadable from error
            raise

    def _attempt(self, call: Callable[[], Any]) -> Any:
        """What a call answers; a fault is an answer too, and the only thing that may be raised."""
        try:
            answer = call()
        except Fault as fault:
            self.faults.append(fault)
            return fault
        if isinstance(answer, SavedImage):
            self.answers.append((answer.position, answer.sha256))
        elif isinstance(answer, CleanedUp) and not answer.files:
            assert answer.position == 0, "of nothing there is no event"
        elif isinstance(answer, DeletedImage | CleanedUp | Reserved):
            self.answers.append((answer.position, ""))
        else:
            assert not isinstance(answer, Refusal), answer
        return answer

    def judge(self) -> None:
        """Restarts where the process ended, and after a power cut then: all that was answered stands in the log."""
        for state in (end_of(self.disk), *crash_states(self.disk, STATES_OF_AN_END, 1)):
            wrong, lines = judged(state, self.story.promise)
            assert not wrong, (self.files.failed[:5], wrong)
            for position, digest in self.answers:
                assert orjson.loads(lines[position])["data"].get("sha256", digest) == digest, self.files.failed[:5]


def judged(state: CrashState, promise: Promise) -> tuple[list[str], list[bytes]]:
    """What is wrong with a state, and the lines of the log that a start makes of it: both depend on its tree, its
    contents and the promise alone, and most trials leave one that was left before, so each is opened once.
    """
    if (state.key, promise) not in _judged:
        wrong = violations(state.disk, promise)
        lines = state.disk.files_below(ROOT / "logs").get("events.jsonl", b"").split(b"\n")
        _judged[state.key, promise] = wrong, lines
    return _judged[state.key, promise]


@pytest.fixture(autouse=True)
def tried_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A root that could not be opened is tried again at the next call."""
    monkeypatch.setattr(storage, "RETRY_SECONDS", 0.0)


def tried(trial: Trial) -> Trial:
    """Runs a trial in a thread of its own, so that one that hangs is a failure, and judges it."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(trial.run).result(WAIT_SECONDS)
    trial.judge()
    return trial


def calls_of(used_root: Story, kind: Kind) -> list[str]:
    """The calls of a trial that can fail in one way."""
    trial = Trial(used_root, kind)
    trial.run()
    assert not trial.faults
    assert len(trial.answers) == ANSWERS
    assert kind not in KINDS or len(trial.files.trace) >= CALLS[str(kind)].all, "some calls no longer fail in turn"
    return trial.files.trace


def test_the_ways_to_fail_are_those_of_the_design() -> None:
    """EIO, ENOSPC, EINTR, EROFS and a short write, alone and before an error; each has its calls."""
    assert {errorcode.get(kind.number or 0, "short") for kind in KINDS} == {"EIO", "ENOSPC", "EINTR", "EROFS", "short"}
    assert set(CALLS) == {str(kind) for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_call_that_fails_once_makes_nobody_believe_what_is_not_so(kind: Kind, used_root: Story) -> None:
    """Each call in its turn. Where the disk only took less than it was given, or a signal came, nobody notices."""
    for turn in range(1, len(calls_of(used_root, kind)) + 1):
        trial = tried(Trial(used_root, kind, {turn}))
        assert trial.files.failed
        assert len(trial.answers) == ANSWERS or trial.faults
        harmless = kind.number in (None, EINTR) and trial.files.failed[0].startswith("write")
        assert not (harmless and trial.faults)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_disk_that_fails_for_ever_makes_nobody_believe_what_is_not_so(kind: Kind, used_root: Story) -> None:
    """From each call on; what was answered before still holds."""
    for turn in range(1, len(calls_of(used_root, kind)) + 1):
        trial = tried(Trial(used_root, kind, range(turn, EVER)))
        assert not trial.faults or kind.number is not None


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_snapshot_that_fails_makes_nobody_believe_what_is_not_so(
    kind: Kind, snapshot_root: Story, thorough: bool
) -> None:
    """Each call that writes or reads one, or that verifies what it spared; --thorough: each call there is."""
    calls = calls_of(snapshot_root, kind)
    turns = [turn for turn, call in enumerate(calls, 1) if thorough or is_of_a_snapshot(call)]
    assert len(turns) >= CALLS[str(kind)].of_snapshots
    for turn in turns:
        for failing in ({turn}, range(turn, EVER)):
            trial = tried(Trial(snapshot_root, kind, failing))
            assert trial.files.failed
            assert len(trial.answers) == ANSWERS or trial.faults


def is_of_a_snapshot(call: str) -> bool:
    """Whether it has to do with a snapshot; the log is read again where one is believed, and behind it."""
    return "snapshots" in call or (call.startswith(("open", "read_at")) and call.endswith("events.jsonl"))


@pytest.mark.thorough
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_two_calls_that_fail_make_nobody_believe_what_is_not_so(
    kind: Kind, either_root: Story, record_property: Callable[[str, object], None]
) -> None:
    """Pairs, sampled; all of them where there are few."""
    calls = len(calls_of(either_root, kind))
    pairs = list(combinations(range(1, calls + 1), 2))
    sample = Random(1).sample(pairs, min(len(pairs), PAIRS))
    for pair in sample:
        tried(Trial(either_root, kind, pair))
    record_property("pairs of faults", f"{len(sample)} of {len(pairs)}")
    assert len(sample) >= min(PAIRS, comb(CALLS[str(kind)].all, 2))


@pytest.mark.parametrize("number", [EIO, ENOSPC], ids=errorcode.get)
def test_after_a_failed_sync_of_the_log_nothing_is_tried_again(number: int, either_root: Story) -> None:
    """Fail-stop: who waited is not answered, nothing is written any more, and a restart reads the disk anew: what
    memory still shows of the batch is not taken for what is there.
    """
    kind = Kind("sync", number, frozenset({"sync_data"}))
    turns = [turn for turn, call in enumerate(calls_of(either_root, kind), 1) if call.endswith("events.jsonl")]
    assert len(turns) == 1 + ANSWERS  # the first is the opening's
    for answered, turn in enumerate(turns[1:]):
        trial = tried(Trial(either_root, kind, {turn}))
        assert len(trial.answers) == answered
        assert trial.faults
        assert all(isinstance(fault, LedgerStopped) for fault in trial.faults)
        assert [call for call in trial.files.trace if call.endswith("events.jsonl")][-1:] == trial.files.failed
        after = partial(_same_files, trial.files)
        again = Story(trial.disk, trial.story.promise, make_files=after)
        with told(again):
            again.open()
            assert again.root.recorder.head == trial.story.promise.log.count(b"\n") - 1
            again.close()


def _same_files(files: FaultyFiles, _disk: Disk, _after: After) -> FaultyFiles:
    """Another process on the same running system."""
    return files


@pytest.mark.parametrize("number", [EXDEV, EACCES], ids=errorcode.get)
def test_an_image_whose_rename_fails_is_served_from_where_it_is(number: int, either_root: Story) -> None:
    """The save answers ok, the path that is given out has the bytes, and the rename is tried again at each sweep."""
    trial = Trial(either_root, Kind("rename", number, frozenset({"rename"})), range(1, EVER))
    story, store_path = trial.story, ROOT / "images" / "users" / "ann" / "new.png"
    with told(story):
        story.open()
        saved = story.save("ann", "new.png", details=True)
        assert saved.path is not None
        assert saved.path.parent == ROOT / "images" / ".staged"
        data = trial.files.read(saved.path)
        assert sha256(data).hexdigest() == saved.sha256
        story.root.sweep()
        assert image_path(story.store, "ann", "new.png") == saved.path
        assert len(trial.files.failed) > 1
        trial.files.kind = None
        story.root.sweep()
        assert image_path(story.store, "ann", "new.png") == store_path
        assert trial.files.read(store_path) == data
        story.close()
    assert violations(settled(trial.disk), story.promise) == []


def test_a_recorded_save_is_answered_although_the_disk_cannot_be_asked(either_root: Story) -> None:
    """Where its file cannot be moved into place, nor be looked for, the staged path is given out."""
    kind = Kind("EIO", EIO, frozenset({"lstat", "rename"}))
    first = next(turn for turn, call in enumerate(calls_of(either_root, kind), 1) if call.startswith("rename"))
    trial = Trial(either_root, kind, range(first, EVER))
    with told(trial.story):
        trial.story.open()
        saved = trial.story.save("ann", "new.png", details=True)
        assert trial.files.failed[-1] == f"lstat {saved.path}"
        trial.files.kind = None
        trial.story.close()
    assert violations(settled(trial.disk), trial.story.promise) == []


def test_a_folder_whose_name_could_not_be_synced_is_made_anew(either_root: Story) -> None:
    """Else the next image of that user would be answered for in a folder that a power cut may take away."""
    kind = Kind("EIO", EIO, frozenset({"sync_directory"}))
    trial = Trial(either_root, kind, {2})  # the first is that of the staging directory
    with told(trial.story):
        trial.files.kind = None
        trial.story.open()
        trial.files.kind = kind
        trial.story.save("ben", "1.png")
        assert trial.files.failed == [f"sync_directory {ROOT / 'images' / 'users'}"]
        trial.story.save("ben", "2.png")
        left = trial.disk.copy()
        trial.story.close()
    for state in crash_states(left, 1_000, seed=1):
        assert violations(state.disk, trial.story.promise) == []
