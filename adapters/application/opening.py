"""Opens a storage root: its log, its ledger and its files together, once in a process however many managers ask for it.

Opening brings the disk in line with the log before anything else is admitted. A root that cannot be made or written is
StorageUnavailable, a log held by another process LogLocked, a damaged one LogDamaged.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path

import structlog

from adapters.application.abandoned import Absent, release_abandoned
from adapters.application.adoption_mark import refuse_unfinished
from adapters.application.looking import Looking
from adapters.application.other_things import is_unused, why_not_begun
from adapters.application.outside_seals import OutsideSeals
from adapters.application.root_mark import RootMark, refuse_lost_log
from adapters.application.staged_ids import StagedIds
from adapters.application.troubles import Troubles
from adapters.disk.errors import NotOwnError, not_done_there
from adapters.disk.files import Files
from adapters.disk.ways import resolved
from adapters.ledger.codec import Recorded, decode
from adapters.ledger.disk_wait import DISK
from adapters.ledger.hooks import NO_SPACE, LedgerHooks
from adapters.ledger.ledger import QuotaLedger
from adapters.ledger.projector import Projector
from adapters.ledger.snapshotting import Snapshotting
from adapters.ledger.taking_in import collecting_no_garbage
from adapters.ports.clock import Clock
from adapters.ports.engines import Engines
from adapters.ports.event_log import NO_ROOM_AT_ALL, EventLog, EventLogEngine
from adapters.ports.faults import (
    ConfigError,
    DiskFull,
    LedgerStopped,
    LogMissing,
    StorageUnavailable,
)
from adapters.ports.object_place import ObjectStoreError
from adapters.wording.sharing import stale
from domain.commands import OF_A_MANAGER, Command, SetPolicy
from domain.limit_grammar import members_in_text
from domain.limits import Limits
from domain.refusals import Refusal
from projections.quota_state import QuotaState

BEHIND_SECONDS = 5.0
"""Figures are called stale where it is so long that all was surely known."""
WITHOUT_WATERMARK = (
    "The log's last watermark could not be written: the disk had no room for it, or it may not be written. All that "
    "was acknowledged is in the log, but if its end goes missing now, nothing will tell. Make room on the disk, check "
    "the permissions and attributes of `logs/head`, then start again."
)

_log = structlog.wrap_logger(logging.getLogger(__name__))


class OpenRoot(LedgerHooks):
    """A root opened for writing: recorder, ledger and image store, and what the log wants done beside appending."""

    def __init__(  # noqa: PLR0913 - keywords that are given by name
        self,
        root: Path,
        *,
        engines: Engines,
        clock: Clock,
        files: Files,
        adopting: bool = False,
        repairing: bool = False,
        seals: Path | None = None,
    ) -> None:
        """`repairing`: no snapshot is believed, and no staged file removed; whoever mends the root looks at them."""
        self.root = root
        self.mark = RootMark(root, files)
        self.users = 0
        self.troubles, self.looking = Troubles(), Looking()
        self._files = files
        self._log_folder = Path(engines.log.location(root).folder)
        self._is_marked = True
        self._clock = clock
        self.seals = None if seals is None else OutsideSeals(seals)
        """The file outside the root that is told how far the log is, where one is set."""
        self._kept_outside = -1
        self.opened_at = clock()
        """When the log was opened, which verifies it."""
        with ExitStack() as undoing:
            try:
                self.begun = self._is_to_be_begun(engines, adopting=adopting)
                """Whether there was no log, so that a new one was begun."""
                projector = Projector()
                self.recorder = self._open_log(engines.log, projector, adopting=adopting, repairing=repairing)
                undoing.callback(self.recorder.close)
                self._refuse_without_point()
                self.images = engines.images(root)
                self._start(projector, undoing)
                if not repairing:
                    self.images.remove_unneeded_staged()
            except OSError as error:
                raise StorageUnavailable(unavailable(root, error)) from error
            undoing.pop_all()

    def _open_log(self, engine: EventLogEngine, projector: Projector, *, adopting: bool, repairing: bool) -> EventLog:
        """The log, with what it says in the projections."""
        restore = None if repairing else projector.restore
        with collecting_no_garbage():
            return engine.open_for_writing(
                self.root, clock=self._clock, adopting=adopting, on_event=projector.take, restore=restore
            )

    def _refuse_without_point(self) -> None:
        """Raises LogDamaged where the log does not hold the last seal that was kept outside."""
        if self.seals is not None:
            self.recorder.refuse_without_point(self.seals.stored())

    def _is_to_be_begun(self, engines: Engines, *, adopting: bool) -> bool:
        """Whether there is no log yet. Raises LogMissing where there was one, ConfigError where none is begun,
        AdoptionUnfinished, OSError where it cannot be asked whether images stand.
        """
        engine = engines.log
        refuse_unfinished(self.root, self._files, adopting=adopting)
        with suppress(OSError):  # of a root that cannot be looked at, opening tells
            if engine.exists(self.root):
                return False
            if not adopting:
                refuse_lost_log(self.root, engine, self._files)
                if (why := why_not_begun(self.root, self._files)) is not None:
                    raise ConfigError(why)
            if is_unused(self.root, self._files):
                self._files.close_to_others(self.root)  # as if it had been made here
        if not adopting and (why := engines.of_another_log()) is not None:
            if engine.exists(self.root):  # another process has begun it meanwhile, and it is the one that is told of
                return False
            raise LogMissing(why)
        return True

    def _start(self, projector: Projector, undoing: ExitStack) -> None:
        """Brings the disk in line with the log. Raises OSError where the disk cannot be looked at, ConfigError where
        the images are elsewhere, or others are there.
        """
        saves = StagedIds(self.recorder, lambda: projector.state)
        self.images.told_by(saves)
        self.images.start_at(self.recorder.reconciled)
        for stored in self.recorder.read(after=self.recorder.reconciled):
            self.images.note([(stored.position, decode(stored))])
        self.snapshotting = Snapshotting(self.recorder, projector)
        self.shared = shared = self.recorder.shared
        self.keeper = DISK if shared is None else shared.place
        self._absent = None if shared is None else Absent(shared)
        self.tag = "" if shared is None else shared.tag
        """How the ids of this process's requests begin, where others write the log too."""
        self.ledger = QuotaLedger(self.recorder, clock=self._clock, hooks=self, projector=projector)
        undoing.callback(self.ledger.close)
        if shared is not None:
            shared.listen(self.ledger.look)
        self.images.ownership.take(self.recorder.log_id, saves)
        self.images.sync_folders()
        self.images.reconcile_all()

    @property
    def state(self) -> QuotaState:
        """The published figures."""
        return self.ledger.state

    @property
    def projector(self) -> Projector:
        """The published projections."""
        return self.ledger.projector

    def now(self) -> str:
        """The present, but never before the last event."""
        return self.ledger.now()

    @property
    def seconds_behind(self) -> float:
        """How long ago all that others recorded was surely taken in; 0 where nobody else writes the log."""
        return 0.0 if self.shared is None else self.shared.seconds_behind

    @property
    def stale(self) -> str | None:
        """That the figures may be old; None where they are not."""
        seconds = self.seconds_behind
        if self.shared is None or seconds < BEHIND_SECONDS:
            return None
        return stale(self.shared.place, seconds)

    def turn(self, news: Callable[[int], None]) -> AbstractContextManager[int]:
        """The log's own."""
        return self.recorder.turn(news)

    def follow(self) -> int:
        """Looks what others recorded; a log that cannot be asked now is asked again."""
        try:
            return self.recorder.follow()
        except (DiskFull, StorageUnavailable):
            return 0

    def short_of_space(self) -> bool:
        """Whether the log's reserve file is used up, and cannot be made again now."""
        return self.recorder.short_of_space and not self.recorder.regain_space()

    def free_bytes(self) -> int:
        """What is free on the disk of the log, which may be another than that of the root. Raises OSError."""
        ways = (self._log_folder, *self._log_folder.parents)
        return self._files.free_bytes(next(way for way in ways if self._files.exists(way)))

    def without_space(self) -> str:
        """What to say while it is: what makes room, and whether even a deletion can be recorded."""
        return f"The disk is full. {NO_ROOM_AT_ALL}" if self.recorder.room_used_up else NO_SPACE

    def checkpoint(self) -> None:
        """Writes the watermark, with the position up to which all file work is done; perhaps a snapshot after it."""
        self._is_marked = self.recorder.checkpoint(self.images.reconciled())
        if self._is_marked:
            self.snapshotting.watermark_written()
            self._keep_outside(OutsideSeals.keep, now=False)

    def stopping(self) -> None:
        """Keeps what is known for the next start, unless the watermark has no room: a snapshot is never ahead of it."""
        self._is_marked = self.recorder.checkpoint(self.images.reconciled())
        if self._is_marked:
            self.snapshotting.stopping()
            self._keep_outside(OutsideSeals.keep_last, now=True)

    def _keep_outside(self, keep: Callable[[OutsideSeals, bytes], None], *, now: bool) -> None:
        """Adds how far the log is to the file outside, where that moved on since and it is time."""
        if self.seals is None:
            return
        if now:
            self.seals.settle()  # else what is only just being added would end with the program
        position = self.recorder.head
        is_kept = position == self._kept_outside and not (now and self.seals.trouble)
        if not is_kept and (now or self.seals.is_due()):
            self._kept_outside = position
            keep(self.seals, self.recorder.sealed_point(self._clock()))

    @property
    def kept_outside(self) -> int:
        """The position up to which the file outside is told of the log; 0 where it is told nothing yet."""
        return max(0, self._kept_outside)

    def commands_of_sweep(self) -> Sequence[Command]:
        """What releases the places of processes that are gone."""
        return [] if self._absent is None else self._absent.releases(self.state)

    def sweep(self) -> None:
        """Tries again what failed before: files not in place, the log's reserve file."""
        self.images.sweep()
        self.recorder.regain_space()

    def durable(self, recorded: Iterable[Recorded]) -> None:
        """Notes the names whose files must be brought into place."""
        self.images.note(recorded)

    def close(self) -> LedgerStopped | None:
        """Finishes what is queued and frees the lock. In a forked child all of that is its parent's.

        Gives why the last watermark is not on the disk, None where it is.
        """
        if self.ledger.is_inherited:
            return None
        self.recorder.hurry()
        self.ledger.close()
        try:
            self.recorder.close()
        except LedgerStopped as error:
            return error
        return self.ledger.fault or (None if self._is_marked else LedgerStopped(WITHOUT_WATERMARK))


_roots: dict[Path, OpenRoot] = {}
_guard = threading.Lock()


def acquire(
    root: Path, limits: SetPolicy, *, engines: Engines, clock: Clock, files: Files, seals: Path | None = None
) -> OpenRoot:
    """The open root of a path, opened if this process has not done so yet. Give it back with `give_back`.

    Given limits become the policy; where the root is open already, limits that differ are a ConfigError that names
    both. Raises LedgerStopped where it is open and stopped, or was opened before this process was forked.
    """
    path = resolved(root)
    with _guard:
        opened = _roots.get(path)
        if opened is None:
            opened = OpenRoot(path, engines=engines, clock=clock, files=files, seals=seals)
            try:
                _set_policy(opened, limits)
                release_abandoned(opened.ledger, tag=opened.tag)
            except BaseException:
                opened.close()
                raise
            _roots[path] = opened
        else:
            opened.ledger.refuse_if_stopped()
            _refuse_other_limits(opened, limits)
        opened.users += 1
        return opened


def give_back(opened: OpenRoot) -> LedgerStopped | None:
    """Ends one use of an open root; the last one closes it, and is given what `OpenRoot.close` gives."""
    with _guard:
        opened.users -= 1
        if opened.users > 0:
            return None
        if _roots.get(opened.root) is opened:
            del _roots[opened.root]
        return opened.close()


def _set_policy(opened: OpenRoot, limits: SetPolicy) -> None:
    """Makes what is new of the given limits the policy. Where that cannot be written now, the log's stay in force, and
    it is said; as is what takes the place of a manager's, and what changes for other processes.
    """
    policy = opened.state.policy
    former = opened.projector.limit_changes.dump()
    try:
        outcome = opened.ledger.execute(limits)
    except (DiskFull, StorageUnavailable) as error:
        _log.warning("limits not changed", reason=str(error))
        return
    if isinstance(outcome, Refusal):
        _log.warning("limits not changed", reason=outcome.reason.value)
    for name, was in former.items():
        now = getattr(opened.state.policy, name)
        if was.source == OF_A_MANAGER and now != was.value:
            _log.warning("limit taken from settings", limit=name, now=now, was=was.value, by=was.by, since=was.at)
    _tell_of_others(opened, policy)


def _tell_of_others(opened: OpenRoot, former: Limits) -> None:
    """Says what the settings changed of the limits of other processes that run."""
    stands = opened.state.policy
    if opened.shared is None or stands == former:
        return
    changed = [name for name in Limits._fields if getattr(stands, name) != getattr(former, name)]
    with suppress(StorageUnavailable):  # then it is not known
        if others := len(opened.shared.others()):
            _log.warning(
                "limits changed for other processes",
                was=members_in_text({name: getattr(former, name) for name in changed}),
                now=members_in_text({name: getattr(stands, name) for name in changed}),
                others=others,
                advice="give every process the same limits in its settings: each start takes in its own",
            )


def _refuse_other_limits(opened: OpenRoot, limits: SetPolicy) -> None:
    """Those that settings gave before are no others, whatever a manager made of them since."""
    state = opened.ledger.state
    for name, given in limits.given.items():
        stands = getattr(state.policy, name)
        if given not in {stands, getattr(state.taken_in, name)}:
            raise ConfigError(
                f"The storage {opened.root} is open in this program with {name} = {stands}, and asked for again with "
                f"{name} = {given}. Give the same limits, or leave them out the second time."
            )


def unavailable(root: Path, error: OSError) -> str:
    """The sentence for a root that cannot be made or written."""
    if isinstance(error, ObjectStoreError):
        return f"{error.sentence} {error.advice}"
    if isinstance(error, NotOwnError):
        return f"The storage root {root} cannot be used: {error.sentence}"
    return not_done_there(root, error) or (
        f"No such file or folder can be used: {root} ({error.strerror or error}). Create it, or check its permissions."
    )
