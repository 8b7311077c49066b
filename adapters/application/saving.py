"""Keeps an image or a temp file: check its bytes, stage them, ask the ledger, bring them into place. Once begun a save
runs to its end.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from adapters.application.idempotency import Key, spellings, with_key
from adapters.application.intake import (
    Wanted,
    above_all,
    check,
    malformed_save,
    refuse_by_its_beginning,
    stripped,
    take_in,
    wanted,
)
from adapters.application.opening import OpenRoot
from adapters.application.owners import owner_of
from adapters.application.results import LIBRARY, Actor, SavedImage
from adapters.application.storage import Storage
from adapters.application.troubles import fault_of
from adapters.application.workers import DiskStuck, Workers
from adapters.images.check import CheckedImage, Sender
from adapters.ledger.codec import decode
from adapters.ledger.pending import Accepted
from adapters.ports.faults import Fault, LedgerStopped, OutcomeUnknown
from adapters.ports.image_store import Place
from adapters.ports.random_hex import random_hex
from domain.commands import FreshName, SaveImage
from domain.decisions import decide
from domain.events import ImageSaved, idempotency_tag
from domain.names import name_key
from domain.refusals import Reason, Refusal


class Unseen(NamedTuple):
    """What is known of a save before its bytes are: whose, how many bytes, and the name and reservation asked for."""

    user: str
    size_bytes: int
    name: str | None = None
    temp: bool = False
    reservation: str | None = None
    operation: str | None = None


LIMITS = (Reason.DAILY_LIMIT, Reason.WINDOW_LIMIT, Reason.USER_STORAGE, Reason.POOL_STORAGE)
"""Of these refusals the log records some."""


@dataclass(frozen=True, slots=True)
class NewImage:
    """What is to be kept: bytes of a user, how they were made (`details`), the reservation that they settle.

    No name asks for a fresh one; so does the bare name of a kind of operation, in the folder of that name.
    """

    user: str
    data: bytes = field(repr=False)
    name: str | None = None
    temp: bool = False
    reservation: str | None = None
    operation: str | None = None
    details: dict[str, Any] | None = None


async def save_image(
    storage: Storage, image: NewImage, *, actor: Actor = LIBRARY, idempotency_key: Key | None = None
) -> SavedImage | Refusal:
    """Keeps an image, or a temp file. Raises InvalidImage for bytes that may not be kept, and Faults.

    Cheap questions come first: only what the limits let in at this moment is looked at, in its owner's turn.
    Once its bytes are staged the save belongs to the storage: a caller that is cancelled no longer stops it.
    """
    if sentence := malformed_save(image.user, image.name):
        return Refusal(Reason.MALFORMED, None, sentence)
    root = storage.running()
    sender = Sender(owner_of(storage, image.user, actor), paid=image.reservation is not None)
    given, taken_off = await stripped(image.data, storage.settings, storage.workers.keeping, sender)
    data = refuse_by_its_beginning(given, storage.settings)
    unseen = Unseen(
        user=image.user,
        size_bytes=len(data),
        name=image.name,
        temp=image.temp,
        reservation=image.reservation,
        operation=image.operation,
    )
    if refusal := await refusal_unseen(storage, unseen, actor=actor, idempotency_key=idempotency_key):
        return refusal
    checked = await check(data, image.name, storage.settings, sender)
    save = _Save(
        root=root,
        keeping=storage.workers.keeping,
        image=image,
        data=data,
        taken_off=taken_off,
        checked=checked,
        want=wanted(image.user, image.name, image.operation, temp=image.temp),
        actor=actor,
        idempotency_key=idempotency_key,
    )
    return await storage.to_the_end(save.carry_out())


async def refusal_unseen(
    storage: Storage, unseen: Unseen, *, actor: Actor = LIBRARY, idempotency_key: Key | None = None
) -> Refusal | None:
    """Why a save would be refused at this moment whatever its bytes are, asked before they are read or looked at. The
    ledger says so, and records it as any refusal. What was answered under the key before is not asked. Raises Faults.
    """
    root = storage.running()
    if _is_answered(root, actor, idempotency_key):
        return None
    want = wanted(unseen.user, unseen.name, unseen.operation, temp=unseen.temp)
    command = SaveImage(
        user=unseen.user,
        by=actor.by,
        name=FreshName(want.folder, "bin") if want.name is None else want.name,
        bytes=unseen.size_bytes,
        sha256="",
        media_type="",
        width=0,
        height=0,
        staged="",
        new_reservation="",
        operation=want.operation,
        temp=unseen.temp,
        reservation=unseen.reservation,
        origin=actor.origin,
        only_asked=True,
    )
    foreseen = decide(command, root.state, root.state.policy, root.now())
    if not isinstance(foreseen, Refusal):
        return None
    if foreseen.reason in LIMITS and foreseen.record is None:
        return foreseen  # the log has as many of these as it takes on a day
    outcome = await root.ledger.submit(command)
    return outcome if isinstance(outcome, Refusal) else None


def _is_answered(root: OpenRoot, actor: Actor, key: Key | None) -> bool:
    """Whether the log has an answer under the key, to whatever: without the bytes nobody can say to what."""
    return key is not None and any(
        root.state.answer(idempotency_tag(*spelled))
        for spelled in spellings(actor.by, key, secret=root.recorder.secret)
    )


def saved_under(
    storage: Storage, actor: Actor, idempotency_key: Key, *, reservation: str | None = None
) -> SavedImage | None:
    """The image that was saved under an idempotency key, None where none was. Raises Faults.

    Where a reservation is given, one of its own: whatever else has such a key is another's.
    """
    root = storage.opened()
    for spelled in spellings(actor.by, idempotency_key, secret=root.recorder.secret):
        answer = root.state.answer(idempotency_tag(*spelled))
        after = answer.positions[-1] - 1 if answer else root.state.position
        for stored in root.recorder.read(after=after, limit=1):
            event = decode(stored)
            if isinstance(event, ImageSaved) and reservation in (None, event.reservation):
                return _saved_image(root, stored.position, event, replayed=True)
    return None


class _Save(NamedTuple):
    """Everything one save needs."""

    root: OpenRoot
    keeping: Workers
    image: NewImage
    data: bytes
    taken_off: tuple[str, ...]
    checked: CheckedImage
    want: Wanted
    actor: Actor
    idempotency_key: Key | None

    async def carry_out(self) -> SavedImage | Refusal:
        """Stages the bytes, has the ledger decide, and brings what was kept into place. Raises Faults."""
        staged = random_hex(16)
        try:
            command = await self.keeping.run(self._stage, staged)
        except DiskStuck as stuck:
            if stuck.work is not None:  # whatever it still writes is of no use
                stuck.work.add_done_callback(lambda _: self.root.images.discard(staged))
            raise
        try:
            outcome = await self._decided(command)
        except LedgerStopped:
            raise  # the outcome is unknown, so the bytes may be needed at the next start
        except Exception:
            await self._discard(staged)
            raise
        if isinstance(outcome, Refusal) or outcome.replayed:
            await self._discard(staged)
        return outcome if isinstance(outcome, Refusal) else await self.keeping.run_recorded(self._place, outcome)

    async def _decided(self, command: SaveImage) -> Accepted | Refusal:
        """What the ledger says; asked again where so many saves of the user came in between that nobody had looked at
        the number whose turn it was.
        """
        outcome = await self.root.ledger.submit(command)
        is_taken = isinstance(outcome, Refusal) and outcome.reason is Reason.NAME_TAKEN
        if not is_taken or not isinstance(command.name, FreshName) or command.name.number_to is None:
            return outcome
        name = await self.keeping.run(self._above_all, command.name.extension)
        return await self.root.ledger.submit(command._replace(name=name))

    async def _discard(self, staged: str) -> None:
        with suppress(OutcomeUnknown):  # it goes once the disk answers, or at the next start
            await self.keeping.run_recorded(self.root.images.discard, staged)

    def _stage(self, staged: str) -> SaveImage:
        image, images = self.image, self.root.images
        try:
            taken = take_in(self.want, self.data, self.checked.extension, view=self.root.state, images=images)
            images.stage(staged, self.data, None if image.temp else image.details)
        except OSError as error:
            raise self._noted(error) from error
        command = SaveImage(
            user=image.user,
            by=self.actor.by,
            name=taken.name,
            bytes=len(self.data),
            sha256=taken.sha256,
            media_type=self.checked.media_type,
            width=self.checked.width,
            height=self.checked.height,
            staged=staged,
            new_reservation=random_hex(16),
            operation=self.want.operation,
            temp=image.temp,
            reservation=image.reservation,
            untracked=taken.untracked,
            origin=self.actor.origin,
        )
        return with_key(command, self.idempotency_key, self.root)

    def _above_all(self, extension: str) -> FreshName:
        try:
            return above_all(self.want, extension, self.root.images)
        except OSError as error:
            raise self._noted(error) from error

    def _noted(self, error: OSError) -> Fault:
        self.root.troubles.note(Place(self.image.user, self.want.folder), len(self.data))
        return fault_of(error, size_bytes=len(self.data), images=self.root.images)

    def _place(self, accepted: Accepted) -> SavedImage:
        position, event = next(one for one in accepted.recorded if isinstance(one[1], ImageSaved))
        assert isinstance(event, ImageSaved)
        self.root.images.reconcile(event.user, event.name, temp=event.temp)
        saved = _saved_image(self.root, position, event, replayed=accepted.replayed)
        return saved._replace(taken_off=self.taken_off)


def _saved_image(root: OpenRoot, position: int, event: ImageSaved, *, replayed: bool) -> SavedImage:
    """An ImageSaved as an answer, with the path where its bytes are now; None where the name no longer stands."""
    current = root.state.current_image(event.user, name_key(event.name), temp=event.temp)
    path = root.images.path(event.user, current.name, temp=event.temp) if current else None
    return SavedImage(
        user=event.user,
        name=event.name,
        size_bytes=event.bytes,
        path=path,
        media_type=event.media_type,
        width=event.width,
        height=event.height,
        sha256=event.sha256,
        position=position,
        replayed=replayed,
    )
