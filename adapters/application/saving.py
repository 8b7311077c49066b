"""One save, from its checked bytes to its final path: stage, ask the ledger, bring into place. It runs to its end once
begun.
"""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple
from uuid import uuid4

from adapters.application.idempotency import keyed
from adapters.application.intake import Wanted, take_in
from adapters.application.opening import OpenRoot
from adapters.application.results import Actor, SavedImage
from adapters.images.check import CheckedImage
from adapters.ledger.pending import Accepted
from adapters.ports.faults import LedgerStopped, StorageUnavailable
from domain.commands import SaveImage
from domain.events import ImageSaved
from domain.names import name_key
from domain.refusals import Refusal


class Saving(NamedTuple):
    """Everything one save needs."""

    root: OpenRoot
    user: str
    data: bytes
    checked: CheckedImage
    want: Wanted
    temp: bool
    reservation: str | None
    actor: Actor
    idempotency_key: str | None
    details: dict[str, Any] | None

    async def carry_out(self) -> SavedImage | Refusal:
        """Stages the bytes, has the ledger decide, and brings what was kept into place. Raises Faults."""
        command = await asyncio.to_thread(self._stage)
        try:
            outcome = await self.root.ledger.submit(command)
        except LedgerStopped:
            raise  # the outcome is unknown, so the bytes may be needed at the next start
        except Exception:
            await asyncio.to_thread(self.root.images.discard, command.staged)
            raise
        if isinstance(outcome, Refusal) or outcome.replayed:
            await asyncio.to_thread(self.root.images.discard, command.staged)
        return outcome if isinstance(outcome, Refusal) else await asyncio.to_thread(self._place, outcome)

    def _stage(self) -> SaveImage:
        images = self.root.images
        view = self.root.ledger.state
        extension = self.checked.extension
        try:
            taken = take_in(
                self.user,
                self.want,
                self.data,
                extension,
                temp=self.temp,
                view=view,
                images=images,
            )
            staged = uuid4().hex
            images.stage(staged, self.data, None if self.temp else self.details)
        except OSError as error:
            raise StorageUnavailable(_not_written(error)) from error
        command = SaveImage(
            self.user,
            self.actor.by,
            taken.name,
            len(self.data),
            taken.sha256,
            self.checked.media_type,
            self.checked.width,
            self.checked.height,
            staged,
            uuid4().hex,
            self.want.operation,
            self.temp,
            self.reservation,
            taken.untracked,
            self.actor.origin,
        )
        if self.idempotency_key is None:
            return command
        return command._replace(idempotency_key=keyed(self.idempotency_key, command, secret=self.root.recorder.secret))

    def _place(self, accepted: Accepted) -> SavedImage:
        position, event = accepted.recorded[-1]
        assert isinstance(event, ImageSaved)
        self.root.images.reconcile(event.user, event.name, temp=event.temp)
        return saved_image(self.root, position, event, replayed=accepted.replayed)


def saved_image(root: OpenRoot, position: int, event: ImageSaved, *, replayed: bool) -> SavedImage:
    """An ImageSaved as an answer, with the path where its bytes are now; None where the name no longer stands."""
    current = root.ledger.state.current_image(event.user, name_key(event.name), temp=event.temp)
    path = root.images.path(event.user, current.name, temp=event.temp) if current else None
    return SavedImage(
        event.user,
        event.name,
        event.bytes,
        path,
        event.media_type,
        event.width,
        event.height,
        event.sha256,
        position,
        replayed,
    )


def _not_written(error: OSError) -> str:
    return (
        f"{error.strerror or error}. Nothing was saved. Check the free space and the permissions of the storage folder."
    )
