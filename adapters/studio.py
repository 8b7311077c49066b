"""The use case reserve -> generate -> save, shared by Discord, HTTP and the command line.

A place is reserved before the provider is asked, and whatever happens then, each place is settled by a kept image or
released. A caller who goes away while the provider works has the call cancelled and the places released; once something
is delivered it is kept to the end. What a request key stands for is told by the log, so a repeat after a crash makes no
second picture.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Any, NamedTuple

import orjson
import structlog

from adapters.faults import DiskFull, Fault
from adapters.generation.generator import ImageGenerator
from adapters.generation.provider import (
    FaultKind,
    GeneratedImage,
    GenerationFault,
    GenerationRequest,
    GenerationResult,
    Prepared,
)
from adapters.storage.invalid_image import InvalidImage
from adapters.storage.results import LIBRARY, Actor, Delivery, Reserved, SavedImage
from adapters.storage.service import ImageStore
from adapters.storage.wording import sentence_of
from domain.refusals import Reason, Refusal

MAX_ATTEMPTS = 16
"""Attempts under one request key, each after all places of the one before were released."""
MAX_REQUEST_KEY_CHARS = 255
"""Characters of a caller's request key; the keys of the steps are derived from it, and are longer."""
CALL_SECONDS = 600.0
"""How long a provider may take for one request, whatever its own bounds are."""

SHOWN_FAULTS = (InvalidImage, DiskFull)
"""Faults whose sentences are fit for users; others may name folders, and are the operator's to read."""
STORAGE_FAULT = "the storage has a fault; its operator finds more in the service's log"

_RELEASE_REASONS = {FaultKind.MODERATED_PROMPT: "rejected", FaultKind.UNKNOWN: "unknown"}
"""Why places are released after a fault; `failed` for all others."""

_log = structlog.get_logger(__name__)


class Picture(NamedTuple):
    """One picture that was made. `image` is what was kept; where that is None, `not_kept` says why in words."""

    data: bytes
    media_type: str
    seed: int | None
    image: SavedImage | None
    not_kept: str | None = None


class Generated(NamedTuple):
    """What a request made. `replayed`: it was made when this request was first sent; its bytes are those of the kept
    files.
    """

    pictures: tuple[Picture, ...]
    provider: str
    model: str
    seconds: float
    note: str = ""
    replayed: bool = False


Answer = Generated | Refusal | GenerationFault


class _Job:
    """One request under way: who asked, and the provider's call while it runs."""

    def __init__(
        self, user: str, request: GenerationRequest, prepared: Prepared, actor: Actor, key: str | None
    ) -> None:
        self.user = user
        self.request = request
        self.prepared = prepared
        self.actor = actor
        self.key = key
        self.cancelled = False
        self.call: asyncio.Task[GenerationResult | GenerationFault] | None = None

    def derived(self, what: str) -> str | None:
        """The request key of one step."""
        return f"{self.key}/{what}" if self.key else None

    def cancel(self) -> None:
        """Stops the provider's call; what was delivered already is kept all the same."""
        self.cancelled = True
        if self.call is not None:
            self.call.cancel()


class Studio:
    """Makes and keeps images for users within their quotas."""

    def __init__(self, store: ImageStore, generator: ImageGenerator) -> None:
        self._store = store
        self.generator = generator
        self._running: dict[asyncio.Task[Answer], _Job] = {}

    async def generate(
        self, user: str, request: GenerationRequest, *, actor: Actor = LIBRARY, request_key: str | None = None
    ) -> Answer:
        """Makes what is asked and keeps it. A request that no provider takes, or that the quotas refuse, costs nothing.

        Raises Faults of the storage. Under the same `request_key` one picture is made, however often it is sent.
        """
        prepared = await self.generator.prepare(request)
        if isinstance(prepared, GenerationFault):
            return prepared
        if request_key is not None and len(request_key) > MAX_REQUEST_KEY_CHARS:
            return Refusal(Reason.MALFORMED, user, f"A request key has at most {MAX_REQUEST_KEY_CHARS} characters.")
        job = _Job(user, request, prepared, actor, request_key)
        work = asyncio.get_running_loop().create_task(self._work(job))
        self._running[work] = job
        work.add_done_callback(lambda done: self._running.pop(done, None))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            job.cancel()
            raise

    async def close(self) -> None:
        """Cancels what the providers work on, and waits until every place is settled or released."""
        for job in list(self._running.values()):
            job.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _work(self, job: _Job) -> Answer:
        reserved = await self._reserve(job)
        if not isinstance(reserved, Reserved):
            return reserved
        try:
            result = await self._call(job)
        except asyncio.CancelledError:
            await self._release(job, reserved, "cancelled")
            raise
        except BaseException:
            await self._release(job, reserved, "failed")
            raise
        if isinstance(result, GenerationFault):
            await self._release_after(job, reserved, result)
            return result
        return await self._keep(job, reserved, result)

    async def _reserve(self, job: _Job) -> Reserved | Answer:
        """Places for a new attempt, or what an earlier one under the same key has come to."""
        asked = asdict(job.request)
        image = asked.pop("image") or b""
        content = orjson.dumps(asked, option=orjson.OPT_SORT_KEYS) + image
        key = job.key
        for attempt in range(1, MAX_ATTEMPTS + 1):
            job.key = key if attempt == 1 or key is None else f"{key}#{attempt}"
            reserved = await self._store.reserve(
                job.user,
                job.request.count,
                operation=str(job.request.operation),
                actor=job.actor,
                request=job.derived("reserve"),
                content=content,
                exclusive=True,
            )
            if isinstance(reserved, Refusal) or not reserved.replayed:
                return reserved
            kept = self._kept_before(job, reserved.count)
            if kept:
                return await asyncio.to_thread(_replayed, kept)
        return GenerationFault(
            FaultKind.BAD_REQUEST,
            f"This request has failed {MAX_ATTEMPTS} times. Send it again as a new one.",
        )

    def _kept_before(self, job: _Job, count: int) -> list[SavedImage]:
        """The images that an earlier run under this key kept."""
        saved = (self._store.saved_under(job.actor, f"{job.key}/save/{index}") for index in range(count))
        return [image for image in saved if image is not None]

    async def _call(self, job: _Job) -> GenerationResult | GenerationFault:
        if job.cancelled:
            raise asyncio.CancelledError
        job.call = asyncio.get_running_loop().create_task(self.generator.make(job.prepared))
        try:
            async with asyncio.timeout(CALL_SECONDS):
                return await job.call
        except TimeoutError:
            return GenerationFault(
                FaultKind.UNKNOWN,
                f"Connection timeout: the provider gave no answer within {CALL_SECONDS:.0f} seconds. Try again later.",
            )

    async def _keep(self, job: _Job, reserved: Reserved, result: GenerationResult) -> Generated:
        """Keeps what was delivered, one place after the other, and releases the places that nothing came for."""
        delivered = result.images[: reserved.count]
        seed = delivered[0].seed if len(delivered) == 1 else None
        delivery = Delivery(
            result.provider, result.model, round(result.seconds, 3), len(delivered), result.credits, seed
        )
        await self._record(job, reserved, delivery)
        pictures = [await self._keep_one(job, reserved, result, index) for index in range(len(delivered))]
        missing = reserved.count - len(delivered)
        if missing:
            await self._release(job, reserved, "failed", missing)
        return Generated(tuple(pictures), result.provider, result.model, result.seconds, result.note)

    async def _record(self, job: _Job, reserved: Reserved, delivery: Delivery) -> None:
        """Tells the log what was delivered. Where even that fails, what was paid for is still shown."""
        try:
            await self._store.complete(
                job.user, reserved.reservation, delivery, actor=job.actor, request=job.derived("complete/0")
            )
        except Fault as fault:
            _log.error("delivery not recorded", user=job.user, reason=str(fault))

    async def _keep_one(self, job: _Job, reserved: Reserved, result: GenerationResult, index: int) -> Picture:
        made = result.images[index]
        try:
            saved = await self._store.save(
                job.user,
                made.data,
                name=str(job.request.operation),
                reservation=reserved.reservation,
                actor=job.actor,
                request=job.derived(f"save/{index}"),
                details=_details(job.request, result, made),
            )
            not_kept = sentence_of(saved) if isinstance(saved, Refusal) else None
        except Fault as fault:
            _log.warning("picture not kept", user=job.user, reason=str(fault))
            saved, not_kept = None, str(fault) if isinstance(fault, SHOWN_FAULTS) else STORAGE_FAULT
        if not isinstance(saved, SavedImage):
            await self._release(job, reserved, "not_kept", 1)
            return Picture(made.data, made.media_type, made.seed, None, f"not kept: {not_kept}")
        return Picture(made.data, made.media_type, made.seed, saved)

    async def _release_after(self, job: _Job, reserved: Reserved, fault: GenerationFault) -> None:
        """A filtered result was delivered and paid; after every other fault nothing was."""
        if fault.kind is FaultKind.MODERATED_OUTPUT:
            delivery = Delivery(self.generator.provider.name, "", 0.0, reserved.count)
            await self._record(job, reserved, delivery)
            await self._release(job, reserved, "moderated")
        else:
            await self._release(job, reserved, _RELEASE_REASONS.get(fault.kind, "failed"))

    async def _release(self, job: _Job, reserved: Reserved, reason: str, count: int | None = None) -> None:
        """Gives places back; where even that fails, they are released by their expiry."""
        try:
            await self._store.release(job.user, reserved.reservation, reason=reason, count=count, actor=job.actor)
        except Fault as fault:
            _log.error("places not released before their expiry", user=job.user, reason=str(fault))


def _details(request: GenerationRequest, result: GenerationResult, made: GeneratedImage) -> dict[str, Any]:
    """How an image was made, for "again" and "info"; it lies beside the image and never in the log."""
    asked = {name: value for name, value in asdict(request).items() if name not in {"image", "count", "seed"}}
    told = {"seed": made.seed, "provider": result.provider, "model": result.model, "seconds": round(result.seconds, 3)}
    return {name: value for name, value in (asked | told).items() if value not in {None, ""}}


def _replayed(kept: list[SavedImage]) -> Generated:
    pictures = (Picture(_bytes_of(image), image.media_type, None, image) for image in kept)
    return Generated(tuple(pictures), "", "", 0.0, replayed=True)


def _bytes_of(image: SavedImage) -> bytes:
    """The bytes of a kept image; none where it was deleted since."""
    try:
        return image.path.read_bytes() if image.path else b""
    except OSError:
        return b""
