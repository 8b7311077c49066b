"""Drives the real program on a simulated disk, one call at a time, and keeps the disk as it was after each operation.

Nothing here depends on time: the ledger's writer waits without end, a watermark is written and what a snapshot spared
is verified when a story says so, and a batch is what a story hands in together. So a story makes the same operations
each time, and a point of it can be named by its number.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import pytest

from adapters.application import abandoned, opening, saving
from adapters.application.deleting import delete_image_blocking
from adapters.application.opening import OpenRoot
from adapters.application.reserving import WantedPlaces, reserve_places
from adapters.application.results import DeletedImage, Reserved, SavedImage, StoreSettings
from adapters.application.saving import NewImage, save_image
from adapters.engines.opening import open_store
from adapters.eventlog.jsonl import rechecking, reserve_file
from adapters.ledger import ledger as ledger_module
from adapters.ledger.codec import Recorded
from adapters.ledger.pending import Accepted, PendingCommand, result_of
from domain.commands import Command, SaveImage, SetPolicy
from tests.crash.disk import After, Disk, SimulatedFiles
from tests.crash.judging import ROOT, Promise, recorder_of

NEVER_SECONDS = 1e6
RESERVE_BYTES = 1_500
"""A small reserve file, so that what a power cut may leave of it can be looked at whole."""
IDS_APART = 10_000
LIMITS = SetPolicy(daily=100, gen_bytes=3_000)

NOTHING = Promise()

MakeFiles = Callable[[Disk, After], SimulatedFiles]


class Point(NamedTuple):
    """A disk right after an operation, and what had been promised by then."""

    number: int
    operation: str
    disk: Disk
    promise: Promise


class Watched(OpenRoot):
    """A root that tells its story when events are durable, which is before anybody can hear of them."""

    def durable(self, recorded: Iterable[Recorded]) -> None:
        """As the root, and noted."""
        super().durable(recorded)
        assert Story.told is not None
        Story.told.promise_log()


class Story:
    """A store on a simulated disk. `points` are all operations so far, the first the disk as it was given."""

    told: Story | None = None
    """The one story that is being told."""

    def __init__(
        self,
        disk: Disk,
        promise: Promise = NOTHING,
        *,
        now: str = "2026-03-01T12:00:00.000000Z",
        images: int = 0,
        make_files: MakeFiles = SimulatedFiles,
    ) -> None:
        """Goes on from what was promised; `images` is the number of images that were made before."""
        self.disk = disk
        self.now = now
        self.points = [Point(0, "before", disk.copy(), promise)]
        self._promise = promise
        self._files = make_files(disk, self._after)
        self._images = images
        self._ids = itertools.count(images * IDS_APART)

    def new_id(self) -> str:
        """An id that no other story makes, and the same one each time this story is told."""
        return f"{next(self._ids):032x}"

    @property
    def promise(self) -> Promise:
        """What was promised so far."""
        return self._promise

    @property
    def root(self) -> OpenRoot:
        """The open root."""
        return self.store.opened()

    def open(self) -> None:
        """Starts the program; from here on there is a log."""
        self.store = open_store(
            ROOT,
            limits=LIMITS,
            settings=StoreSettings(check_images=False),
            clock=lambda: self.now,
            files=self._files,
        )
        self.root.ledger.refuse_if_stopped()
        self.promise_log()

    def close(self) -> None:
        """Stops it in order."""
        self.store.close()

    def promise_log(self) -> None:
        """All of the log that there is has been answered for."""
        found = self.disk.files_below(ROOT / "logs")
        self._promise = self._promise._replace(log=found["events.jsonl"], key=found[".key"][:32])

    def image(self, size_bytes: int = 700, *, details: bool = False) -> bytes:
        """Bytes that no other image has."""
        self._images += 1
        data = (b"%08d" % self._images + sha256(b"%d" % self._images).digest() * (size_bytes // 32))[:size_bytes]
        if details:
            with_details = self._promise.with_details | {sha256(data).hexdigest()}
            self._promise = self._promise._replace(with_details=with_details)
        return data

    def save(
        self,
        user: str,
        name: str | None = None,
        *,
        size_bytes: int = 700,
        temp: bool = False,
        details: bool = False,
        reservation: str | None = None,
        request: str | None = None,
    ) -> SavedImage:
        """Saves an image, or a temp file."""
        data = self.image(size_bytes, details=details)
        told = {"prompt": sha256(data).hexdigest()} if details else None
        saved = asyncio.run(
            save_image(
                self.store,
                NewImage(user, data, name=name, temp=temp, reservation=reservation, details=told),
                idempotency_key=request,
            )
        )
        assert isinstance(saved, SavedImage), saved
        return saved

    def delete(self, user: str, name: str) -> None:
        """Deletes an image."""
        assert isinstance(delete_image_blocking(self.store, user, name), DeletedImage)

    def reserve(self, user: str, count: int) -> str:
        """Reserves places; the reservation's id."""
        reserved = asyncio.run(reserve_places(self.store, WantedPlaces(user, count)))
        assert isinstance(reserved, Reserved), reserved
        return reserved.reservation

    def checkpoint(self) -> None:
        """A quiet moment, in which the watermark is written."""
        self.root.checkpoint()

    def recheck(self) -> None:
        """A quiet moment, in which what a snapshot spared the opening is verified."""
        if self.root.recorder.resumed:
            recorder_of(self.root)._recheck.carry_out()

    def staged(self, user: str, name: str, *, size_bytes: int = 300, temp: bool = False) -> SaveImage:
        """A save whose bytes are staged, to be handed in with others."""
        data = self.image(size_bytes)
        staged = self.new_id()
        self.root.images.stage(staged, data, None)
        digest = sha256(data).hexdigest()
        media_type = "application/octet-stream"
        return SaveImage(
            user, "library", name, len(data), digest, media_type, 0, 0, staged, self.new_id(), "unspecified", temp
        )

    def together(self, commands: Sequence[Command]) -> None:
        """Hands commands in as one batch, and brings their files into place, the last one first."""
        pending = [PendingCommand(command) for command in commands]
        self.root.ledger._carry_out(pending)
        assert all(isinstance(result_of(pending), Accepted) for pending in pending)
        self.root.images.reconcile_all()

    def _after(self, verb: str, path: Path) -> None:
        where = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
        self.points.append(Point(len(self.points), f"{verb} {where.as_posix()}", self.disk.copy(), self._promise))


@contextmanager
def told(story: Story) -> Iterator[Story]:
    """Everything a story needs while it is told; then nothing of it is left."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger_module, "IDLE_SECONDS", NEVER_SECONDS)
        patch.setattr(ledger_module, "CHECKPOINT_SECONDS", NEVER_SECONDS)
        patch.setattr(ledger_module, "SWEEP_SECONDS", NEVER_SECONDS)
        patch.setattr(rechecking, "BEGIN_AFTER_SECONDS", NEVER_SECONDS)
        patch.setattr(reserve_file, "RESERVE_BYTES", RESERVE_BYTES)
        patch.setattr(opening, "OpenRoot", Watched)
        patch.setattr(saving, "random_hex", lambda _: story.new_id())
        patch.setattr(abandoned, "random_hex", lambda _: story.new_id())
        patch.setattr(Story, "told", story)
        try:
            yield story
        finally:
            opening._roots.pop(ROOT, None)  # of a story that broke off
