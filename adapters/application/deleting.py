"""Takes kept images away, and old temp files: recorded first, carried out on the disk after.

A coroutine has the plain name; what blocks until the change is durable ends in `_blocking`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

from adapters.application.idempotency import Key, StepKey, with_key
from adapters.application.opening import OpenRoot
from adapters.application.reading import ReadableStorage
from adapters.application.results import (
    LIBRARY,
    Actor,
    Cleanable,
    CleanedUp,
    DeletedImage,
    ImageSave,
    WhoseFiles,
    last_position,
)
from adapters.application.storage import Storage
from adapters.ledger.pending import Accepted
from domain.commands import CleanUp, DeleteImage
from domain.events import CleanupCompleted, ImageDeleted
from domain.images import MAX_CLEANUP_FILES, cutoff_of
from domain.refusals import Reason, Refusal
from domain.validation import malformed

MOST_USERS_NAMED = 20
"""Users that are named of whom a cleanup would remove files."""
MAX_CLEANUP_ROUNDS = 1_000
"""Rounds of one cleanup, each of at most MAX_CLEANUP_FILES files."""


async def delete_image(
    storage: Storage,
    user: str,
    name: str,
    *,
    actor: Actor = LIBRARY,
    reason: str = "user",
    idempotency_key: Key | None = None,
) -> DeletedImage | Refusal:
    """Takes a kept image away. Raises Faults."""
    return await storage.workers.changing.run(
        delete_image_blocking, storage, user, name, actor=actor, reason=reason, idempotency_key=idempotency_key
    )


def delete_image_blocking(
    storage: Storage,
    user: str,
    name: str,
    *,
    actor: Actor = LIBRARY,
    reason: str = "user",
    idempotency_key: Key | None = None,
) -> DeletedImage | Refusal:
    """`delete_image` for callers without an event loop; it needs none, so it may also be called inside a coroutine."""
    opened = storage.opened()
    command = DeleteImage(user, actor.by, name, reason=reason, origin=actor.origin)
    outcome = opened.ledger.execute(with_key(command, idempotency_key, opened))
    return outcome if isinstance(outcome, Refusal) else deleted(opened, outcome)


async def delete_save(
    storage: Storage, user: str, save: ImageSave, *, actor: Actor = LIBRARY, reason: str = "user"
) -> DeletedImage | Refusal:
    """Takes one save of an image away, and not what was saved under its name since. Raises Faults."""
    opened = storage.opened()
    command = DeleteImage(
        user=user, by=actor.by, name=save.name, reason=reason, origin=actor.origin, position=save.position
    )
    outcome = await opened.ledger.submit(command)
    if isinstance(outcome, Refusal):
        return outcome
    return await storage.workers.keeping.run_recorded(deleted, opened, outcome)


def deleted(opened: OpenRoot, accepted: Accepted) -> DeletedImage:
    """Carries a recorded deletion out."""
    position, event = accepted.recorded[-1]
    assert isinstance(event, ImageDeleted)
    opened.images.reconcile(event.user, event.name, temp=event.temp)
    return DeletedImage(event.user, event.name, event.bytes, position, accepted.replayed)


def cleanable(storage: ReadableStorage, days: int, *, most_users: int = MOST_USERS_NAMED) -> Cleanable | Refusal:
    """What a cleanup of files so many days old would remove now, and nothing is removed. Goes through all temp files:
    for a worker.
    """
    if sentence := malformed(CleanUp(LIBRARY.by, days)):
        return Refusal(Reason.MALFORMED, detail=sentence)
    root = storage.running()
    found = root.state.temp_files(cutoff_of(root.now(), days), sys.maxsize)
    users = _summed((user, image.bytes) for user, image in found)
    return Cleanable(
        days=days,
        files=len(found),
        bytes=sum(image.bytes for _, image in found),
        kinds=_summed((image.media_type, image.bytes) for _, image in found),
        users=users[:most_users],
        other_users=max(0, len(users) - most_users),
    )


def _summed(files: Iterable[tuple[str, int]]) -> tuple[WhoseFiles, ...]:
    """How many there are of each and their bytes, the most bytes first."""
    sums: dict[str, WhoseFiles] = {}
    for of, size_bytes in files:
        former = sums.get(of) or WhoseFiles(of, 0, 0)
        sums[of] = WhoseFiles(of, former.files + 1, former.bytes + size_bytes)
    return tuple(sorted(sums.values(), key=lambda one: (-one.bytes, one.of)))


def clean_up_blocking(
    storage: Storage, days: int | None = None, *, actor: Actor = LIBRARY, idempotency_key: str | None = None
) -> CleanedUp | Refusal:
    """Removes temp files that are so many days old (by default, as the settings say), by the age in the log. Raises
    Faults. Under a key each round has its own, the first the key itself.
    """
    command = CleanUp(actor.by, storage.settings.cleanup_days if days is None else days, actor.origin)
    total, is_replayed = CleanedUp(0, 0, 0), True
    for done_before in range(MAX_CLEANUP_ROUNDS):
        opened = storage.opened()
        key = _of_round(idempotency_key, done_before)
        outcome = opened.ledger.execute(with_key(command, key, opened))
        if isinstance(outcome, Refusal):
            return outcome
        done = _cleaned_up(opened, outcome)
        is_replayed = is_replayed and (outcome.replayed or (done.files == 0 and done_before > 0))
        total = CleanedUp(
            files=total.files + done.files,
            freed_bytes=total.freed_bytes + done.freed_bytes,
            position=done.position or total.position,
            replayed=is_replayed,
        )
        if done.files < MAX_CLEANUP_FILES:
            break
    storage.last_cleanup = storage.clock()
    return total


def _of_round(key: str | None, number: int) -> Key | None:
    return StepKey(key, f"cleanup/{number}") if key and number else key


def _cleaned_up(opened: OpenRoot, accepted: Accepted) -> CleanedUp:
    """Carries one round of a recorded cleanup out."""
    events = [event for event in accepted.events if isinstance(event, CleanupCompleted)]
    for file in (file for event in events for file in event.files):
        opened.images.reconcile(file.user, file.name, temp=True)
    files = sum(len(event.files) for event in events)
    return CleanedUp(files, sum(event.freed_bytes for event in events), last_position(accepted))
