"""Whether a picture may be begun, as far as that is known without its input: asked before one is fetched or read.

The ledger decides again when the places are reserved. Left to others: where an input comes from, and the words.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace

import structlog

from adapters.application.idempotency import StepKey
from adapters.application.reserving import (
    WantedPlaces,
    record_refusal_of_places,
    refusal_of_places,
    reserved_under,
)
from adapters.application.results import Actor
from adapters.application.storage import Storage
from adapters.generation.pricing import price_of
from adapters.generation.provider import GenerationRequest, Operation
from adapters.ports.failures import GenerationFailure
from adapters.ports.faults import Fault
from adapters.ports.request_reasons import NotOffered
from adapters.studio.studio import Studio
from domain.limit_names import CREDITS
from domain.refusals import Reason, Refusal

RECORD_SECONDS = 1.0
"""How long a refusal waits until it is in the log: whoever asks wants an answer soon."""

_log = structlog.wrap_logger(logging.getLogger(__name__))


async def refused_unseen(
    studio: Studio,
    storage: Storage,
    wanted: WantedPlaces,
    request: GenerationRequest,
    *,
    actor: Actor,
    idempotency_key: str | None = None,
) -> Refusal | GenerationFailure | None:
    """Why pictures may not be begun: no service, none that does this, too many requests, a limit. Raises Faults.

    `request` needs neither words nor input. What one under the key has come to, its content says: the limits are not
    asked for it.
    """
    operation = request.operation
    if (none := studio.generator.unavailable) is not None:
        return none
    offered = studio.generator.provider.limits.operations
    if operation not in offered:
        return GenerationFailure(NotOffered(operation, tuple(known for known in Operation if known in offered)))
    if busy := studio.refusal(wanted.user, actor=actor):
        return busy
    if idempotency_key is not None and reserved_under(storage, actor, StepKey(idempotency_key, "reserve")):
        return None
    refusal = refusal_of_places(storage, wanted, actor=actor)
    if refusal is not None and refusal.reason is Reason.PRICE_UNKNOWN:
        wanted, refusal = await _of_priced(studio, storage, wanted, request, actor)
    if refusal is not None:
        with suppress(TimeoutError):
            await asyncio.wait_for(storage.to_the_end(_recorded(storage, wanted, actor)), RECORD_SECONDS)
    return refusal


async def _of_priced(
    studio: Studio, storage: Storage, wanted: WantedPlaces, request: GenerationRequest, actor: Actor
) -> tuple[WantedPlaces, Refusal | None]:
    """The places with the price of what is asked, and why they would be refused. Where a price hangs on the size of an
    input that is not there yet, only a limit of which nothing is left says no; what is wrong with the request is told
    once it is whole.
    """
    told = await price_of(studio.generator, request)
    if isinstance(told, GenerationFailure):
        return wanted, None
    priced = replace(wanted, provider=told.provider, model=told.model or None, credits_each=told.credits_each)
    refusal = refusal_of_places(storage, priced, actor=actor)
    if refusal is None or request.operation is Operation.TEXT_TO_IMAGE:
        return priced, refusal
    is_of_credits = refusal.window is not None and refusal.window.endswith(CREDITS)
    return priced, None if is_of_credits and refusal.used + refusal.held < refusal.limit else refusal


async def _recorded(storage: Storage, wanted: WantedPlaces, actor: Actor) -> None:
    """So that explanations know of it. A ledger that has stopped meanwhile is told to whoever asks next."""
    try:
        await record_refusal_of_places(storage, wanted, actor=actor)
    except Fault as fault:
        _log.warning("refusal not recorded", reason=str(fault))
