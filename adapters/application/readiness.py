"""Whether a storage admits commands now, and what an operator should look at."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from adapters.application.keeping import what_keeps_from_saving
from adapters.application.looking import LOOKED_AT
from adapters.application.notes import Note, NoteKind
from adapters.application.opening import OpenRoot
from adapters.application.storage import Storage
from adapters.application.workers import DiskStuck
from adapters.disk import calls
from adapters.ports.faults import LedgerStopped, StorageUnavailable
from adapters.ports.image_store import Unfinished
from adapters.wording.figures import counted, minute
from adapters.wording.sharing import images_apart, unreachable
from domain.instants import seconds_between

NAMED_MISSING = 5
"""Images without a file that are named."""
BEGUN = (
    "A new log was begun at this start, as there was none in {root}: all quotas begin at 0. If there should be one, "
    "stop the service and look whether the disk of the storage root is mounted."
)
BEGUN_IN_DATABASE = (
    "A new log was begun at this start, as there was none in {place}: all quotas begin at 0. If there should be one, "
    "stop the service and look whether the POSTGRES_ settings name the right database and schema."
)
NOT_KEPT = "Pictures cannot be kept, so none is asked for: {why}"
NOT_GONE = "Deleted, and still on the disk: {files}, among them {some} ({why})."
NOT_IN_PLACE = "Kept, and not in place yet: {files}, among them {some} ({why}), served from where they wait."
STILL_IN_BUCKET = (
    "Deleted or replaced, and perhaps still in the bucket: what {names} had, among them {some} ({why}). It is tried "
    "again every minute and at each start; `abby audit` names what is left over."
)
TRIED_AGAIN = (
    "It is tried again every minute and at each start. Look at the owner and the permissions of their folders; "
    "`abby audit` names them all."
)
CLOCK_BEHIND = (
    "The clock is more than a day behind the log: one of the two is wrong, and commands are refused. "
    "If the clock is right now, stop the service and run `abby clock-corrected`; else set the clock."
)


CLOCK_NOTICED_SECONDS = 60.0
"""How far the clock may lie behind the last event without a word."""
SECONDS_AN_HOUR = 3600


class Readiness(NamedTuple):
    """Whether commands are admitted; `degraded` and `notes` say what an operator should look at.

    `begun` says that this start began a new log, which is nothing wrong: a first start is like that.
    """

    ready: bool
    degraded: bool
    notes: tuple[Note, ...]
    last_cleanup: str | None
    position: int
    begun: Note | None = None


async def readiness(storage: Storage) -> Readiness:
    """The same from an event loop, also of a disk that does not answer what it is asked."""
    try:
        return await storage.workers.reading.run(readiness_of, storage)
    except DiskStuck as stuck:
        return _not_ready(NoteKind.DISK_STUCK, stuck, storage)


def readiness_of(storage: Storage, *, looked_at: int = LOOKED_AT) -> Readiness:
    """How a storage stands, also where it could not be opened or has stopped. Tries whether pictures could be kept, and
    looks at so many images: for a worker.
    """
    if calls.longest_seconds() >= calls.STUCK_SECONDS:
        return _not_ready(NoteKind.DISK_STUCK, DiskStuck(), storage)
    try:
        opened = storage.opened()
    except StorageUnavailable as error:
        return _not_ready(NoteKind.STORAGE_UNAVAILABLE, error, storage)
    except LedgerStopped as error:
        return _not_ready(NoteKind.LEDGER_STOPPED, error, storage)
    ledger, position = opened.ledger, opened.state.position
    if ledger.fault is not None:
        return _not_ready(NoteKind.LEDGER_STOPPED, ledger.fault, storage, position)
    if opened.shared is not None and opened.stale is not None:
        told = unreachable(opened.shared.place, opened.seconds_behind)
        return _not_ready(NoteKind.LOG_UNREACHABLE, told, storage, position)
    if (sentence := ledger.disk_wait.sentence()) is not None:
        return _not_ready(NoteKind.DISK_STUCK, sentence, storage, position)
    if ledger.clock_is_behind():
        return _not_ready(NoteKind.CLOCK_BEHIND, CLOCK_BEHIND, storage, position)
    try:
        notes = [*_notes(opened, storage.clock(), looked_at), *(note for part in storage.watched for note in part())]
    except LedgerStopped as error:
        return _not_ready(NoteKind.LEDGER_STOPPED, error, storage, position)
    return Readiness(
        ready=True,
        degraded=bool(notes),
        notes=tuple(notes),
        last_cleanup=storage.last_cleanup,
        position=position,
        begun=Note(NoteKind.LOG_BEGUN, _begun(opened)) if opened.begun else None,
    )


def _begun(opened: OpenRoot) -> str:
    shared = opened.shared
    return BEGUN.format(root=opened.root) if shared is None else BEGUN_IN_DATABASE.format(place=shared.place)


def _not_ready(kind: NoteKind, why: object, storage: Storage, position: int = 0) -> Readiness:
    return Readiness(False, True, (Note(kind, str(why)),), storage.last_cleanup, position)


class LogAhead(NamedTuple):
    """That the last event lies ahead of the clock and what that does, and what to do."""

    found: str
    advice: str


def log_ahead(last_at: str, now: str) -> LogAhead | None:
    """What is told of a log whose last event lies ahead of the clock; None where it hardly does."""
    seconds = seconds_between(now, last_at)
    if seconds <= CLOCK_NOTICED_SECONDS:
        return None
    ahead = f"{seconds / SECONDS_AN_HOUR:.1f} hours" if seconds >= SECONDS_AN_HOUR else f"{seconds / 60:.0f} minutes"
    return LogAhead(
        f"The log's last event lies {ahead} ahead of the clock ({minute(last_at)}, and it is {minute(now)}): the clock "
        "is wrong, or was then. Until it has caught up events bear the log's time: days begin by it, and reserved "
        "places are held that much longer.",
        "If the clock is right now, stop the service and run `abby clock-corrected`; else set the clock.",
    )


def _notes(opened: OpenRoot, now: str, looked_at: int) -> list[Note]:
    """What an operator should look at while the ledger runs."""
    keeping = [opened.without_space()] if opened.short_of_space() else what_keeps_from_saving(opened)
    ahead = log_ahead(opened.state.last_at, now) if opened.state.position else None
    return [
        *(Note(NoteKind.PICTURES_NOT_KEPT, NOT_KEPT.format(why=why)) for why in keeping),
        *([Note(NoteKind.LOG_AHEAD, " ".join(ahead))] if ahead else []),
        *([Note(NoteKind.SEAL_FILE, seals.trouble)] if (seals := opened.seals) is not None and seals.trouble else []),
        *_notes_on_others(opened),
        *_notes_on_missing(opened, looked_at),
        *_file_work_that_failed(opened),
    ]


def _notes_on_others(opened: OpenRoot) -> list[Note]:
    """What keeps several processes that write one log from showing the same."""
    if opened.shared is None or not opened.images.is_of_one_machine:
        return []
    with suppress(StorageUnavailable):  # then it is told that the log is unreachable
        if others := opened.shared.others():
            return [Note(NoteKind.IMAGES_APART, images_apart(len(others)))]
    return []


def _notes_on_missing(opened: OpenRoot, looked_at: int) -> list[Note]:
    try:
        missing = opened.looking.missing(opened.state, opened.images, looked_at)
    except OSError as error:
        why = f"{error.strerror or error}".removesuffix(".")
        return [Note(NoteKind.IMAGES_UNREADABLE, f"The images cannot be looked at: {why}.")]
    if not missing:
        return []
    some = ", ".join(f"{key.user}/{key.key}" for key in missing[:NAMED_MISSING])
    have = "has" if len(missing) == 1 else "have"
    found = f"{counted(len(missing), 'image')} {have} no file, or a damaged one, among them {some}. They stay charged."
    return [Note(NoteKind.IMAGES_MISSING, found)]


def _file_work_that_failed(opened: OpenRoot) -> list[Note]:
    """What was recorded and answered, and could not be carried out on the disk so far, or in the bucket."""
    if not opened.images.is_of_one_machine:
        return _left_in_bucket(opened.images.unfinished())
    notes = []
    for stands, kind, what in (
        (False, NoteKind.NOT_DELETED_YET, NOT_GONE),
        (True, NoteKind.NOT_IN_PLACE_YET, NOT_IN_PLACE),
    ):
        if names := [name for name in opened.images.unfinished() if name.stands is stands]:
            some = ", ".join(f"{name.user}/{name.name}" for name in names[:NAMED_MISSING])
            sentence = what.format(files=counted(len(names), "file"), some=some, why=names[0].why)
            notes.append(Note(kind, f"{sentence} {TRIED_AGAIN}"))
    return notes


def _left_in_bucket(unfinished: Sequence[Unfinished]) -> list[Note]:
    """Of what is kept there each save is in place at once: what is left to be done is to delete."""
    if not unfinished:
        return []
    some = ", ".join(f"{name.user}/{name.name}" for name in unfinished[:NAMED_MISSING])
    names = counted(len(unfinished), "name")
    return [Note(NoteKind.NOT_DELETED_YET, STILL_IN_BUCKET.format(names=names, some=some, why=unfinished[0].why))]
