"""Mends what an audit found: what `abby audit --repair` shows and, told to, does.

An image whose bytes are gone, or are not those that were recorded, no longer stands: the log learns of it, by an
ImageDeleted with the reason `repair`. Whatever lies there in its place, and whatever the log does not know, is moved to
the folder `found`, never deleted. What a start settles is settled by opening. A plan changes nothing; whoever carries
one out holds the writer's lock, and looks at everything anew.

Each mend is found again until it is done, and a file is moved before its event: so who is killed begins again, and ends
the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from adapters.application.opening import OpenRoot
from adapters.audit.comparison import OnProgress, audit
from adapters.audit.found import FoundFolder, Moved, Odd
from adapters.audit.report import Audit, Finding, FindingKind
from adapters.disk.files import Files
from adapters.disk.ways import resolved
from adapters.imagestore.local.layout import Layout
from adapters.ledger.snapshot_proof import SnapshotFinding, verify_with_snapshots
from adapters.ports.clock import Clock
from adapters.ports.engines import Engines
from domain.commands import DeleteImage
from domain.names import malformed_name, malformed_user
from domain.refusals import Refusal

BY = "cli"
SNAPSHOT = "snapshot"
"""The kind of one that is not what the log says."""
REASON = "repair"


class Action(StrEnum):
    """What is done about a finding."""

    MOVE = "moved"
    RECORD = "recorded as gone"
    SETTLE = "settled"
    LEAVE = "left"


ACTIONS = {
    FindingKind.MISSING: Action.RECORD,
    FindingKind.WRONG_SIZE: Action.RECORD,
    FindingKind.WRONG_HASH: Action.RECORD,
    FindingKind.NO_FILE: Action.MOVE,
    FindingKind.SECOND_NAME: Action.LEAVE,
    FindingKind.UNREADABLE: Action.LEAVE,
    FindingKind.UNTRACKED: Action.MOVE,
    FindingKind.UNTRACKED_TEMP: Action.MOVE,
    FindingKind.STRAY_DETAILS: Action.MOVE,
    FindingKind.STRAY_STAGED: Action.MOVE,
    FindingKind.STRAY_OBJECT: Action.LEAVE,
    FindingKind.NOT_IN_PLACE: Action.SETTLE,
    FindingKind.NOT_GONE: Action.SETTLE,
    FindingKind.UNDER_WAY: Action.MOVE,
    FindingKind.UNSETTLED: Action.LEAVE,
}
"""What is done about each kind, where nothing stands in the way."""

TOO_MANY = (
    "More than half of the images and temp files that stand would be recorded as gone. So it looks where a disk is not "
    "mounted or is failing, and nothing was recorded. Put the files back; delete one that is really lost with `abby "
    "delete`."
)
OUT_OF_PLACE = (
    "A link or the like stands on the way to files that the log knows. Mending would take them from their users, so "
    "that is yours to judge: put the folder back, or move the link away."
)
ELSEWHERE = (
    "The log is in a database, which other processes may write too, and the file may lie below the root of another. So "
    "nothing was recorded. Look there; delete one that is really lost with `abby delete`."
)
CANNOT_BE_READ = "It cannot be read, so nobody knows what it is. Check its owner, its permissions and the disk."
CHANGES = "It changes while it is looked at. Run the command again."
TWO_NAMES = (
    "Its bytes may be right, and somebody else may change them by its other name. Put a copy in its place: `cp FILE "
    "FILE.copy && mv FILE.copy FILE`."
)
WHY_LEFT = {FindingKind.UNSETTLED: CHANGES, FindingKind.SECOND_NAME: TWO_NAMES}
AT_A_START = "It could not be settled now, and is tried again at each start. Look at the permissions of its folder."


class CurrentSave(NamedTuple):
    """An image or temp file that stands, and the position of its save."""

    user: str
    name: str
    temp: bool
    position: int


class Mend(NamedTuple):
    """One finding and what is to be done about it; `why` it is left, where it is. `image` is what should lie there,
    `moved` is what went to `found`, `event` the position of what the log was told.
    """

    kind: str
    path: str
    action: Action
    why: str | None = None
    image: CurrentSave | None = None
    moved: tuple[Moved, ...] = ()
    event: int | None = None


@dataclass(frozen=True, slots=True)
class Repair:
    """What was done, or would be. `audit` is what was found before it."""

    audit: Audit
    snapshots: Sequence[SnapshotFinding]
    mends: tuple[Mend, ...]

    @property
    def left(self) -> tuple[Mend, ...]:
        """Those about which nothing is done."""
        return tuple(mend for mend in self.mends if mend.action is Action.LEAVE)


def plan(
    root: Path, done: Audit, snapshots: Sequence[SnapshotFinding], *, is_alone: bool, is_shared: bool = False
) -> Repair:
    """What would be done about the findings of an audit: first what only moves, then what the log learns, each in the
    order of the paths. `is_alone`: nobody writes, so that no save is under way. `is_shared`: others may write the same
    log, with files of their own.
    """
    findings = [*done.findings, *(done.passing if is_alone else ())]
    mends = [*(_mend(finding, is_alone=is_alone) for finding in findings), *_of_snapshots(root, snapshots)]
    recorded = sum(mend.action is Action.RECORD for mend in mends)
    if recorded * 2 > done.images + done.temp_files:
        mends = [_left(mend, TOO_MANY) if mend.action is Action.RECORD else mend for mend in mends]
    if is_shared:
        mends = [_left(mend, ELSEWHERE) if _may_be_elsewhere(mend) else mend for mend in mends]
    order = {Action.SETTLE: 0, Action.MOVE: 1, Action.RECORD: 2, Action.LEAVE: 3}
    mends.sort(key=lambda mend: (order[mend.action], mend.path))
    return Repair(done, snapshots, tuple(mends))


def repair(
    root: Path,
    *,
    engines: Engines,
    clock: Clock,
    files: Files,
    user: str | None = None,
    progress: OnProgress = lambda _done, _total: None,
) -> Repair:
    """Mends a root, as its only writer. Raises Faults: LogLocked while another process holds the log, LogDamaged for a
    log that is not whole; what was done until then is done.
    """
    root = resolved(root)
    with closing(OpenRoot(root, engines=engines, clock=clock, files=files, repairing=True)) as opened:
        opened.checkpoint()
        log, snapshots = verify_with_snapshots(engines.log, root)
        found = audit(root, log, engine=engines.log, user=user, clock=clock, files=files)
        planned = plan(root, found, snapshots, is_alone=True, is_shared=opened.recorder.shared is not None)
        carrying_out = _CarryingOut(opened, files, clock)
        done = []
        for number, mend in enumerate(planned.mends):
            progress(number, len(planned.mends))
            done.append(carrying_out.mend(mend))
        progress(len(done), len(done))
    return Repair(found, snapshots, tuple(done))


def _mend(finding: Finding, *, is_alone: bool) -> Mend:
    kind, image = finding.kind, _image_of(finding)
    action, why = ACTIONS[kind], None
    if kind is FindingKind.NO_FILE and image is not None:
        action = Action.RECORD
    if (action is Action.RECORD and image is None) or (action is Action.SETTLE and is_alone):
        action, why = Action.LEAVE, AT_A_START
    elif action is Action.LEAVE:
        why = WHY_LEFT.get(kind, CANNOT_BE_READ)
    return Mend(kind.value, finding.path, action, why, image)


def _may_be_elsewhere(mend: Mend) -> bool:
    return mend.action is Action.RECORD and mend.kind in {FindingKind.MISSING, FindingKind.NO_FILE}


def _left(mend: Mend, why: str) -> Mend:
    return mend._replace(action=Action.LEAVE, why=why)


def _of_snapshots(root: Path, snapshots: Sequence[SnapshotFinding]) -> list[Mend]:
    places = [Path(snapshot.location) for snapshot in snapshots]
    return [
        Mend(SNAPSHOT, place.relative_to(root).as_posix(), Action.MOVE)
        for place in places
        if place.is_relative_to(root)
    ]


def _image_of(finding: Finding) -> CurrentSave | None:
    """What should lie at the place of a finding; None where nothing should."""
    parts = finding.path.split("/")
    temp = parts[0] == "temp"
    user, *name = parts[1:] if temp else parts[2:] if parts[:2] == ["images", "users"] else [""]
    if finding.position is None or malformed_user(user) or malformed_name("/".join(name)):
        return None
    return CurrentSave(user, "/".join(name), temp, finding.position)


class _CarryingOut:
    """Mends under way, in an open root."""

    def __init__(self, opened: OpenRoot, files: Files, clock: Clock) -> None:
        self._opened = opened
        self._layout = Layout(opened.root)
        self._files = files
        self._found = FoundFolder(opened.root, files, clock)
        self._found.take_back()

    def mend(self, mend: Mend) -> Mend:
        """Carries one out; what the disk refuses is left, and why is said."""
        does: dict[Action, Callable[[Mend], Mend]] = {Action.MOVE: self._move, Action.RECORD: self._record}
        try:
            return does.get(mend.action, _as_it_is)(mend)
        except OSError as error:
            return _left(mend, f"It could not be moved: {error.strerror or error}. Look at the permissions there.")

    def _move(self, mend: Mend) -> Mend:
        path = self._layout.root / mend.path
        if self._leads_to_images(path):
            return _left(mend, OUT_OF_PLACE)
        moved = self._found.take(path, Odd(mend.kind))
        return mend._replace(moved=(moved,) if moved else ())

    def _leads_to_images(self, path: Path) -> bool:
        """Whether current images would lie below a path if it were a folder."""
        tops = (self._layout.users, self._layout.temp, self._layout.root / "images", self._layout.staging)
        if path in tops:
            return True
        state = self._opened.state
        for home, index in ((self._layout.users, state.gallery), (self._layout.temp, state.temps)):
            if path.is_relative_to(home):
                user, *folder = path.relative_to(home).parts
                if folder:
                    return state.has_folder(user, "/".join(folder).lower(), temp=index is state.temps)
                return index.count(user) > 0
        return False

    def _record(self, mend: Mend) -> Mend:
        """First what lies there is moved, with the details, then the log is told."""
        assert mend.image is not None, "what has no name is not planned to be recorded"
        user, name, temp, saved_at = mend.image
        odd = Odd(mend.kind, user, saved_at)
        ways = [self._files.refuse_way(path) for path in self._layout.finals(user, name, temp=temp)]
        if any(ways):
            return _left(mend, OUT_OF_PLACE)
        moved = [self._found.take(path, odd) for path in reversed(self._layout.finals(user, name, temp=temp))]
        command = DeleteImage(user=user, by=BY, name=name, temp=temp, reason=REASON, position=saved_at)
        outcome = self._opened.ledger.execute(command)
        if isinstance(outcome, Refusal):  # it was deleted since, which only another thread of this process could do
            return _left(mend, CHANGES)
        self._opened.images.reconcile(user, name, temp=temp)
        return mend._replace(moved=tuple(one for one in moved if one), event=outcome.recorded[-1][0])


def _as_it_is(mend: Mend) -> Mend:
    return mend
