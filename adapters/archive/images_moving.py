"""Carries the bytes of every image that stands, and how it was made, from one image store of a root to another: into a
bucket, or back into folders. What it comes from is left as it is. Each image is compared with the log on its way.

Nothing else may write meanwhile. What is there already is not carried again, so that the same call goes on where it was
interrupted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from adapters.application.staged_ids import StagedIds
from adapters.ledger.codec import decode
from adapters.ledger.projector import Projector
from adapters.ledger.taking_in import collecting_no_garbage
from adapters.ports.clock import Clock, utc_now
from adapters.ports.event_log import EventLog, EventLogEngine
from adapters.ports.faults import LogLocked
from adapters.ports.image_store import ImageStore
from adapters.wording.figures import counted
from domain.events import ImageSaved

CARRIED_AT_ONCE = 8
CARRIED_TOGETHER = 256
"""Images that are handed to those who carry side by side."""

OnProgress = Callable[[int, int], None]
"""Called with how many are done, and how many there are."""


class LackingImage(NamedTuple):
    """An image that stands and whose right bytes were not there to be carried: it stays charged."""

    user: str
    name: str
    temp: bool


class CarriedImages(NamedTuple):
    """What came of it: how many stand, how many of them were brought now, the bytes of all, what is lacking."""

    standing: int
    brought: int
    size_bytes: int
    lacking: tuple[LackingImage, ...]


class _Standing(NamedTuple):
    """A name that stands, and the position of its save."""

    user: str
    name: str
    temp: bool
    position: int
    size_bytes: int


def carry_images(
    root: Path,
    *,
    engine: EventLogEngine,
    source: ImageStore,
    target: ImageStore,
    clock: Clock = utc_now,
    progress: OnProgress = lambda _done, _total: None,
) -> CarriedImages:
    """Carries all of a root. Raises OSError where either store fails, LogLocked where somebody writes, ConfigError
    where either has the images of another log, and what opening a log raises.
    """
    engine.refuse_without_log(root)
    projector = Projector()
    with collecting_no_garbage():
        log = engine.open_for_writing(root, clock=clock, on_event=projector.take, restore=projector.restore)
    with closing(log):
        _refuse_others(log)
        projector.replay(log)
        ids = StagedIds(log, lambda: projector.state)
        source.ownership.refuse_others(log.log_id, ids)
        target.ownership.begin(log.log_id, ids)
        _tell(log, ids, source, target)
        carried = _Carrying(log, source, target).carry_out(list(_standing(projector)), progress)
        source.ownership.leave(log.log_id)
        target.ownership.end(log.log_id)
        return carried


def _refuse_others(log: EventLog) -> None:
    """Raises LogLocked where others write the log too, whom no lock of this root keeps away."""
    if log.shared is not None and (others := len(log.shared.others())):
        raise LogLocked(
            f"Others write the log in {log.shared.place} ({counted(others, 'process', 'processes')}): what they keep "
            "or delete meanwhile would be missed. Nothing was carried. Stop every service, bot and program that uses "
            "it, on each machine, and run the command again."
        )


def _tell(log: EventLog, ids: StagedIds, source: ImageStore, target: ImageStore) -> None:
    """Has both stores know what stands, and the one that has the images finish what was left to be done."""
    source.told_by(ids)
    target.told_by(ids)
    source.start_at(log.reconciled)
    for stored in log.read(after=log.reconciled):
        source.note([(stored.position, decode(stored))])
    source.reconcile_all()


def _standing(projector: Projector) -> Iterator[_Standing]:
    state = projector.state
    for temp, index in ((False, state.gallery), (True, state.temps)):
        for user, _, image in index.all():
            yield _Standing(user, image.name, temp, image.position, image.bytes)


class _Carrying:
    """One call under way."""

    def __init__(self, log: EventLog, source: ImageStore, target: ImageStore) -> None:
        self._log = log
        self._source = source
        self._target = target
        self._brought = 0
        self._lacking: list[LackingImage] = []

    def carry_out(self, standing: list[_Standing], progress: OnProgress) -> CarriedImages:
        left, total, done = iter(standing), len(standing), 0
        with ThreadPoolExecutor(CARRIED_AT_ONCE, thread_name_prefix="abby-carry") as carrying:
            while some := list(islice(left, CARRIED_TOGETHER)):
                for one, is_brought in zip(some, carrying.map(self._carry, some), strict=True):
                    progress(done, total)
                    done += 1
                    if is_brought is None:
                        self._lacking.append(LackingImage(one.user, one.name, one.temp))
                    else:
                        self._brought += is_brought
        progress(total, total)
        size_bytes = sum(one.size_bytes for one in standing)
        return CarriedImages(len(standing), self._brought, size_bytes, tuple(self._lacking))

    def _carry(self, one: _Standing) -> bool | None:
        """Whether it was brought now; None where its right bytes are not there."""
        if self._target.is_there(one.user, one.name, temp=one.temp, size_bytes=one.size_bytes):
            return False
        event = decode(next(iter(self._log.read(after=one.position - 1, limit=1))))
        assert isinstance(event, ImageSaved), "the position is that of a save"
        try:
            with self._source.open_image(one.user, one.name, temp=one.temp) as file:
                data = file.read()
        except FileNotFoundError:
            return None
        if sha256(data).hexdigest() != event.sha256:
            return None
        details = None if one.temp else self._source.read_details(one.user, one.name)
        self._target.stage(event.staged, data, details)
        self._target.note([(one.position, event._replace(replaced_bytes=0))])  # nothing of it was there before
        self._target.reconcile(one.user, one.name, temp=one.temp)
        return True
