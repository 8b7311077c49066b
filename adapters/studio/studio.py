"""The studio: a place is reserved before the provider is asked, and each place ends as a kept image or released.

A caller who goes away while the provider works has the call cancelled and the places released; once something is
delivered it is kept to the end. What a request key stands for is told by the log, so a repeat after a crash makes no
second picture. How many requests run and wait is the line's business, how a picture looks that of the generator.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import structlog

from adapters.application.idempotency import Key, StepKey
from adapters.application.keeping import refuse_unkeepable, refuse_unkeepable_now
from adapters.application.owners import owner_of
from adapters.application.reading import image_details, moderated_is_free
from adapters.application.reserving import (
    ReturnedPlaces,
    complete_generation,
    delivered_under,
    release_places,
    reserve_places,
    reserved_under,
)
from adapters.application.results import LIBRARY, Actor, Delivery, Reserved, SavedImage
from adapters.application.saving import NewImage, save_image, saved_under
from adapters.application.storage import Storage
from adapters.generation.generator import Generator
from adapters.generation.provider import GenerationRequest, GenerationResult, Prepared
from adapters.images.invalid_image import InvalidImage
from adapters.images.png_text import with_text
from adapters.ports.failure_reasons import FailedTooOften, FailureKind, Filtered, TakenTooLong, WaitedTooLong
from adapters.ports.failures import GenerationFailure, NotKept, NotStored
from adapters.ports.faults import DiskFull, Fault, OutcomeUnknown
from adapters.ports.measured import Measured
from adapters.studio.details import as_text, details_of
from adapters.studio.generation_queue import GenerationQueue
from adapters.studio.jobs import (
    Asker,
    Begun,
    Generated,
    GenerationOutcome,
    Job,
    OnProgress,
    Picture,
    Price,
    Progress,
    StudioSettings,
    content_of,
    ignore_progress,
)
from adapters.studio.replaying import replayed
from adapters.studio.tallies import StudioTallies
from adapters.studio.waiting import WaitingRequests
from adapters.wording.failures import NO_ROOM, PERHAPS_KEPT, whether_it_counts
from domain.commands import MAX_COUNT
from domain.refusals import Reason, Refusal

MAX_ATTEMPTS = 16
"""Attempts under one request key, each after all places of the one before were released."""
MAX_IDEMPOTENCY_KEY_CHARS = 255
"""Characters of a caller's request key; the keys of the steps are derived from it, and are longer."""
CALL_SECONDS = 600.0
"""How long a provider may take for one request, whatever its own bounds are."""
CALL_SHARE = 2 / 3
"""Of a reservation's time, at most so much is the provider's; the rest is for the line."""

DEFAULTS = StudioSettings()

_RELEASE_REASONS = {FailureKind.MODERATED_PROMPT: "rejected", FailureKind.UNKNOWN: "unknown"}
"""Why places are released after a failure; `failed` for all others."""

_log = structlog.wrap_logger(logging.getLogger(__name__))


class Studio:
    """Makes and keeps images for users within their quotas. It belongs to one event loop."""

    def __init__(self, store: Storage, generator: Generator, settings: StudioSettings = DEFAULTS) -> None:
        self._store = store
        self.generator = generator
        self._settings = settings
        at_once = settings.at_once or generator.provider.limits.at_once
        self._queue = GenerationQueue(at_once, length=settings.queue_length, per_user=settings.queue_per_user)
        self.waiting = WaitingRequests(self._queue)
        """What waits for its turn."""
        self._tallies = StudioTallies()
        self._running: dict[asyncio.Task[GenerationOutcome], Job] = {}
        reserved_seconds = float(store.settings.reservation_seconds)
        self._call_seconds = min(CALL_SECONDS, reserved_seconds * CALL_SHARE)
        self._queue_seconds = reserved_seconds - self._call_seconds

    async def generate(
        self,
        user: str,
        request: GenerationRequest,
        *,
        actor: Actor = LIBRARY,
        idempotency_key: str | None = None,
        on_progress: OnProgress = ignore_progress,
        kept_once_asked: bool = False,
    ) -> GenerationOutcome:
        """Makes what is asked and keeps it. A request that no provider takes, or that the quotas refuse, costs nothing.

        Raises Faults of the storage. Under the same `idempotency_key` one picture is made, however often it is sent.
        `on_progress` is told the place in the line and how much is done. `kept_once_asked`: who cancels this gives up
        a request that waits; once the provider was asked, what it makes is kept all the same.
        """
        begun = self.begin(user, request, actor=actor, idempotency_key=idempotency_key, on_progress=on_progress)
        if isinstance(begun, Refusal):
            return begun
        return await begun.waited(kept_once_asked=kept_once_asked)

    def begin(
        self,
        user: str,
        request: GenerationRequest,
        *,
        actor: Actor = LIBRARY,
        idempotency_key: str | None = None,
        on_progress: OnProgress = ignore_progress,
    ) -> Begun | Refusal:
        """The same for whoever does not wait for it: the work goes on until its end, or until it is cancelled."""
        if idempotency_key is not None and len(idempotency_key) > MAX_IDEMPOTENCY_KEY_CHARS:
            return Refusal(Reason.MALFORMED, user, f"A request key has at most {MAX_IDEMPOTENCY_KEY_CHARS} characters.")
        input_bytes, owner = len(request.image or b""), owner_of(self._store, user, actor)
        standing = self._settings.standing_of(user, actor.seen)
        if busy := self._queue.refusal(user, owner, input_bytes, standing.waiting):
            return busy
        self._queue.join(user, owner, input_bytes)
        asker = Asker(user, owner, standing.weight, actor, self._store.clock())
        job = Job(asker, request, idempotency_key, on_progress)
        work = asyncio.get_running_loop().create_task(self._work(job))
        self._running[work] = job
        work.add_done_callback(lambda done: self._running.pop(done, None))
        work.add_done_callback(lambda _: self._queue.leave(user, owner, input_bytes))
        return Begun(work, job)

    def refusal(self, user: str, *, actor: Actor, input_bytes: int = 0) -> Refusal | None:
        """Why one more request may not join the line at this moment; None where it may."""
        most = self._settings.standing_of(user, actor.seen).waiting
        return self._queue.refusal(user, owner_of(self._store, user, actor), input_bytes, most)

    def measured(self) -> list[Measured]:
        """How many requests run and wait, and what became of those that the provider was asked for."""
        return [*self._queue.measured(), *self._tallies.measured(self.generator.provider)]

    async def close(self) -> None:
        """Cancels what waits and what the providers work on, and waits until every place is settled or released."""
        for job in list(self._running.values()):
            job.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _work(self, job: Job) -> GenerationOutcome:
        prepared: Prepared | GenerationFailure | None = await self._prepared(job)
        if isinstance(prepared, GenerationFailure):
            return prepared
        job.of_source = await self._of_source(job)
        reserved = await self._reserve(job)
        if not isinstance(reserved, Reserved):
            return reserved
        if not self._queue.take_turn(job.owner, job.weight):
            if job.request.image is not None:
                prepared = None  # of those that wait, only the inputs as they were sent are in memory
            try:
                await self._wait_turn(job)
                job.has_waited = True
            except TimeoutError:
                await self._release(job, reserved, "failed")
                return _waited_too_long(self._queue_seconds)
            except asyncio.CancelledError:
                await self._release(job, reserved, "cancelled")
                raise
        try:
            return await self._make(job, reserved, prepared)
        finally:
            self._queue.end_turn(job.owner)

    async def _prepared(self, job: Job) -> Prepared | GenerationFailure:
        """The request as its provider takes it; from here on it is known what it costs."""
        prepared = await self.generator.prepare(job.request)
        if isinstance(prepared, Prepared):
            job.price = Price(self.generator.provider.name, prepared.model or None, prepared.credits_each)
        return prepared

    async def _of_source(self, job: Job) -> Mapping[str, Any]:
        """How the input was made; read before it waits, while the image stands."""
        if job.request.source is None:
            return {}
        try:
            reading = self._store.workers.reading.run(image_details, self._store, job.user, job.request.source)
            return await reading or {}
        except (OSError, Fault) as fault:
            _log.warning("nothing known of a source", user=job.user, reason=str(fault))
            return {}

    async def _wait_turn(self, job: Job) -> None:
        """Raises TimeoutError where it does not come in time."""
        turn = self._queue.wait_turn(
            job.owner, lambda place: job.on_progress(Progress(queue_position=place)), weight=job.weight, name=job.id
        )
        with self._tallies.waiting(), self.waiting.holding(job):
            await job.outside(turn, self._queue_seconds)

    async def _make(self, job: Job, reserved: Reserved, early: Prepared | None) -> GenerationOutcome:
        """The picture of a request whose turn it is, and which is prepared now where it was not kept so."""
        job.on_progress(Progress())
        try:
            if job.has_waited:
                await refuse_unkeepable_now(self._store, job.wanted())
            prepared = early or await self.generator.prepare(job.request)
            if isinstance(prepared, GenerationFailure):
                return await self._release_after(job, reserved, prepared)
            answered = await self._ask(job, prepared)
            result = await self.generator.finish(prepared, answered)
        except asyncio.CancelledError:
            await self._release(job, reserved, "cancelled")
            raise
        except BaseException:
            await self._release(job, reserved, "failed")
            raise
        if isinstance(result, GenerationFailure):
            return await self._release_after(job, reserved, result)
        return await self._keep(job, reserved, prepared.request, result)

    async def _reserve(self, job: Job) -> Reserved | GenerationOutcome:
        """Places for a new attempt, or what an earlier one under the same key has come to."""
        content = content_of(job.request)
        key = job.key
        for attempt in range(1, MAX_ATTEMPTS + 1):
            job.key = key if attempt == 1 or key is None else f"{key}#{attempt}"
            wanted, step = job.wanted(), job.key_of("reserve")
            trying = refuse_unkeepable(self._store, wanted, actor=job.actor, idempotency_key=step, content=content)
            await job.outside(trying, None)
            reserved = await reserve_places(self._store, wanted, actor=job.actor, idempotency_key=step, content=content)
            if isinstance(reserved, Refusal) or not reserved.replayed:
                return reserved
            kept = self._kept(job.actor, job.key or "", reserved.reservation, reserved.count)
            if kept:
                key_of_delivery = job.key_of("complete/0")
                assert key_of_delivery is not None, "what was asked before has a key"
                return await self._store.workers.reading.run(
                    self._replayed, job.actor, key_of_delivery, reserved.reservation, kept
                )
        return GenerationFailure(FailedTooOften(MAX_ATTEMPTS))

    def _replayed(self, actor: Actor, key: Key, reservation: str, kept: list[SavedImage]) -> Generated:
        return replayed(self._store, kept, delivered_under(self._store, actor, key, reservation))

    def kept_under(self, actor: Actor, idempotency_key: str) -> list[SavedImage]:
        """The images that the first attempt under a key kept, such as one that a former process made. Raises Faults."""
        reservation = reserved_under(self._store, actor, StepKey(idempotency_key, "reserve"))
        return self._kept(actor, idempotency_key, reservation, MAX_COUNT) if reservation else []

    def _kept(self, actor: Actor, key: str, reservation: str, count: int) -> list[SavedImage]:
        """The images that an attempt kept, whose places it held itself: they are saved in order."""
        saved = (
            saved_under(self._store, actor, StepKey(key, f"save/{index}"), reservation=reservation)
            for index in range(count)
        )
        return [image for image in saved if image is not None]

    async def _ask(self, job: Job, prepared: Prepared) -> GenerationResult | GenerationFailure:
        job.refuse_cancelled()
        job.is_asked = True
        asking = self.generator.ask(prepared, lambda fraction: job.on_progress(Progress(fraction=fraction)))
        with self._tallies.asking(self.generator.provider.name) as asked:
            try:
                asked.answer = await job.outside(asking, self._call_seconds)
            except TimeoutError:
                asked.answer = GenerationFailure(TakenTooLong(self._call_seconds))
            return asked.answer

    async def _keep(
        self, job: Job, reserved: Reserved, asked: GenerationRequest, result: GenerationResult
    ) -> Generated | GenerationFailure:
        """Keeps what was delivered, one place after the other, and releases the places that nothing came for."""
        images = result.images[: reserved.count]
        filtered = min(result.filtered, reserved.count - len(images))
        seed = images[0].seed if len(images) == 1 else None
        delivered = len(images) + filtered
        delivery = Delivery(
            provider=result.provider,
            model=result.model,
            seconds=round(result.seconds, 3),
            count=delivered,
            credits=result.credits,
            seed=seed,
        )
        await self._record(job, reserved, delivery)
        pictures = [await self._keep_one(job, reserved, asked, result, index) for index in range(len(images))]
        if filtered:
            await self._release(job, reserved, "moderated", filtered)
        if missing := reserved.count - delivered:
            await self._release(job, reserved, "failed", missing)
        if not images:
            return self._filtered()
        about_filtered = self._about_filtered(filtered, reserved.count)
        notes = tuple(note for note in (result.about, result.note, result.ended_by, about_filtered) if note)
        cost = job.price.settled(delivered, result.credits)
        return Generated(tuple(pictures), result.provider, result.model, result.seconds, notes, cost=cost)

    async def _record(self, job: Job, reserved: Reserved, delivery: Delivery) -> None:
        """Tells the log what was delivered. Where even that fails, what was paid for is still shown."""
        try:
            await complete_generation(
                self._store,
                job.user,
                reserved.reservation,
                delivery,
                actor=job.actor,
                idempotency_key=job.key_of("complete/0"),
            )
        except Fault as fault:
            _log.error("delivery not recorded", user=job.user, reason=str(fault))

    async def _keep_one(
        self, job: Job, reserved: Reserved, asked: GenerationRequest, result: GenerationResult, index: int
    ) -> Picture:
        made = result.images[index]
        if made.too_large:
            await self._release(job, reserved, "not_kept", 1)
            return Picture(made.data, made.media_type, made.seed, NotStored(made.too_large))
        details = details_of(asked, result, made, self.generator.provider.limits.unused, job.of_source)
        text = as_text(details) if self._settings.prompt_in_image else None
        data = await self._store.workers.drawing.run(with_text, made.data, text)
        try:
            saved: SavedImage | NotKept = await save_image(
                self._store,
                NewImage(
                    job.user, data, name=str(job.request.operation), reservation=reserved.reservation, details=details
                ),
                actor=job.actor,
                idempotency_key=job.key_of(f"save/{index}"),
            )
        except Fault as fault:
            _log.warning("picture not kept", user=job.user, reason=str(fault))
            if isinstance(fault, OutcomeUnknown):
                return Picture(data, made.media_type, made.seed, NotStored(PERHAPS_KEPT))  # and with it its place
            saved = NotStored(_for_its_user(fault))
        if not isinstance(saved, SavedImage):
            await self._release(job, reserved, "not_kept", 1)
        return Picture(data, made.media_type, made.seed, saved)

    async def _release_after(self, job: Job, reserved: Reserved, failure: GenerationFailure) -> GenerationFailure:
        """A filtered result was delivered and paid; after every other failure nothing was. What the user is told."""
        if failure.kind is not FailureKind.MODERATED_OUTPUT:
            await self._release(job, reserved, _RELEASE_REASONS.get(failure.kind, "failed"))
            return failure
        delivery = Delivery(self.generator.provider.name, "", 0.0, reserved.count)
        await self._record(job, reserved, delivery)
        await self._release(job, reserved, "moderated")
        return self._filtered()

    def _about_filtered(self, filtered: int, count: int) -> str:
        if not filtered:
            return ""
        return f"The image service filtered {filtered} of the {count} pictures. {whether_it_counts(self._counts())}"

    def _filtered(self) -> GenerationFailure:
        return GenerationFailure(Filtered(self._counts()))

    def _counts(self) -> bool | None:
        """Whether what was filtered counts; None while the storage cannot tell: the pictures are shown all the same."""
        try:
            return not moderated_is_free(self._store)
        except Fault:
            return None

    async def _release(self, job: Job, reserved: Reserved, reason: str, count: int | None = None) -> None:
        """Gives places back; where even that fails, they are released by their expiry."""
        asked = self.generator.provider.name if job.is_asked else None
        returned = ReturnedPlaces(job.user, reserved.reservation, reason=reason, count=count, provider=asked)
        try:
            await release_places(self._store, returned, actor=job.given_up_by or job.actor)
        except Fault as fault:
            _log.error("places not released before their expiry", user=job.user, reason=str(fault))


def _for_its_user(fault: Fault) -> str:
    """Why a picture that was made is not kept; "" where the fault's own sentence is the operator's to read."""
    if isinstance(fault, DiskFull):
        return NO_ROOM
    return str(fault) if isinstance(fault, InvalidImage) else ""


def _waited_too_long(seconds: float) -> GenerationFailure:
    return GenerationFailure(WaitedTooLong(seconds / 60))
