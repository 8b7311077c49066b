"""What the log says: whether it is whole, and whether the clock goes with it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from adapters.application.readiness import log_ahead
from adapters.application.root_mark import refuse_lost_log
from adapters.application.staged_ids import StagedIds
from adapters.bootstrap.storage import limits_of_the_log
from adapters.cli.checks.finding import Finding, fail, ok, warn
from adapters.cli.proof.verifying import seals_if_any, verdict
from adapters.engines.choice import image_stores
from adapters.ledger.codec import decode
from adapters.ledger.projector import Projector
from adapters.ledger.snapshot_proof import refused_snapshots
from adapters.ledger.taking_in import collecting_no_garbage
from adapters.ports.event_log import EventLogEngine
from adapters.ports.faults import Fault
from adapters.ports.image_store import ImageStore, Misplaced
from adapters.ports.object_place import ObjectStoreError
from adapters.settings.config import Config
from adapters.wording.figures import counted, minute
from domain.decisions import clock_is_behind
from projections.quota_state import QuotaState

EARLIEST_PLAUSIBLE = "2025-01-01T00:00:00.000000Z"
"""Before this there was no Abby: a clock that shows less has not been set."""
LATEST_PLAUSIBLE = "2100-01-01T00:00:00.000000Z"

MOST_NAMED = 5
"""Files that are named; `abby audit` names all."""


class InLog(NamedTuple):
    """What was found of the log, what it says of quotas and of limits that no setting gives, where it can be read, and
    the images, which then know what is still to be done for them; None of a bucket, of which a service alone knows it.
    """

    findings: list[Finding]
    state: QuotaState | None = None
    limits: Sequence[str] = ()
    images: ImageStore | None = None
    misplaced: Misplaced | None = None
    """That the images are elsewhere, or in a bucket of another log; None of a bucket that does not say."""


def whole(config: Config, engine: EventLogEngine) -> InLog:
    """Looks whether the log is whole, and reads it, as a start reads it."""
    root = config.storage.storage_root
    if not engine.exists(root):
        try:
            refuse_lost_log(root, engine)
        except Fault as fault:
            return InLog([fail("log", str(fault), "Nothing starts before that; do what it says.")])
        return InLog([ok("log", f"There is no log {engine.location(root).log} yet; the first start makes it.")])
    projector = Projector()
    try:
        with collecting_no_garbage():
            points, unread = seals_if_any(config.storage.seal_file)
            report = engine.verify(root, on_event=projector.take, restore=projector.restore, points=points)
        if not report.is_whole:
            return InLog([fail("log", verdict(report), "Run `abby verify` to see more.")])
        images = None if config.objects else _images(root, engine, report.reconciled or 0)
        misplaced = _misplaced(config, engine, report.log_id, projector)
        undone = [*_snapshots(root, engine), *(_left_undone(root, engine, images) if images else [])]
    except Fault as fault:
        return InLog([fail("log", str(fault), "Run `abby verify` to see more.")])
    found = ok("log", verdict(report))
    if report.torn_bytes:
        found = warn("log", verdict(report), "If nothing writes at the moment, start the service once.")
    if unread is not None:
        undone.append(warn("seals", unread, "Check that its disk is there; the service makes the file when it runs."))
    return InLog([found, *undone], projector.state, limits_of_the_log(config, projector), images, misplaced)


def _snapshots(root: Path, engine: EventLogEngine) -> list[Finding]:
    """Those that a start does not believe; whether the others are what the log says, `abby verify` compares."""
    advice = "Run `abby verify`, and find out who writes into that folder."
    return [warn("snapshots", found.in_words(), advice) for found in refused_snapshots(engine, root)]


def _images(root: Path, engine: EventLogEngine, reconciled: int) -> ImageStore:
    """The images of the root, told what is not known to be in place."""
    images = image_stores()(root)
    images.start_at(reconciled)
    with closing(engine.open_for_reading(root, at_end=True)) as reader:
        images.note((stored.position, decode(stored)) for stored in reader.read(after=reconciled))
    return images


def _misplaced(config: Config, engine: EventLogEngine, log_id: str, projector: Projector) -> Misplaced | None:
    """Whether the images are where they are looked for, as a start asks it."""
    root = config.storage.storage_root
    ownership = image_stores(objects=config.objects)(root).ownership
    with closing(engine.open_for_reading(root, at_end=True)) as reader, suppress(ObjectStoreError):
        return ownership.why_not(log_id, StagedIds(reader, lambda: projector.state))
    return None  # it is said what keeps the bucket from answering


def _left_undone(root: Path, engine: EventLogEngine, images: ImageStore) -> list[Finding]:
    """Whether files were to be moved or removed, and were not; a running service is asked itself."""
    if (holder := engine.holder(root)) is not None and holder.address is not None:
        return []
    try:
        left = images.left_undone()
    except OSError as error:
        return [warn("undone", f"The files cannot be looked at ({error.strerror}).", "Check their permissions.")]
    if not left:
        return []
    some = ", ".join(f"{name.user}/{name.name}" for name in left[:MOST_NAMED])
    found = f"{counted(len(left), 'file')} could not be moved into place or removed so far, among them {some}."
    advice = "Start the service, which tries again and says why not; `abby audit` names them all."
    return [warn("undone", found, advice)]


def clock_shows(now: str, state: QuotaState | None) -> Finding:
    """Whether the clock can be right, and whether the log has seen a later time."""
    shown = f"The clock shows {minute(now)}"
    if not EARLIEST_PLAUSIBLE <= now <= LATEST_PLAUSIBLE:
        return fail("clock", f"{shown}, which cannot be right.", "Set the clock, or let the system set it (NTP).")
    if state is None or state.position == 0:
        return ok("clock", f"{shown}.")
    if clock_is_behind(state, now):
        return fail(
            "clock",
            f"{shown}, more than a day before the log's last event ({minute(state.last_at)}): commands are refused.",
            "If the clock is right now, stop the service and run `abby clock-corrected`; else set the clock.",
        )
    if ahead := log_ahead(state.last_at, now):
        return warn("clock", *ahead)
    return ok("clock", f"{shown}; the last event of the log is of {minute(state.last_at)}.")
