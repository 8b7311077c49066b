"""Places for programs that make pictures themselves: priced by what they say of them, tried, and held.

What a picture costs is the program's own word, else the price book's by the provider and the model. Nothing here makes
pictures; what a repeat under the same key stands for is what the program said, not what the book has by then.
"""

from __future__ import annotations

from dataclasses import replace

import orjson

from adapters.application.idempotency import Key
from adapters.application.keeping import refuse_unkeepable
from adapters.application.reserving import WantedPlaces, reserve_places
from adapters.application.results import LIBRARY, Actor, Reserved
from adapters.application.storage import Storage
from adapters.generation.prices import Asked, PriceBook
from adapters.generation.provider import Operation
from domain.refusals import Refusal


async def reserve_for_program(
    storage: Storage,
    wanted: WantedPlaces,
    prices: PriceBook,
    *,
    actor: Actor = LIBRARY,
    idempotency_key: Key | None = None,
) -> Reserved | Refusal:
    """Holds places, and what they cost, for a program that makes the pictures itself. Raises Faults."""
    said, priced = _said(wanted), _priced(wanted, prices)
    await refuse_unkeepable(storage, priced, actor=actor, idempotency_key=idempotency_key, content=said)
    return await reserve_places(storage, priced, actor=actor, idempotency_key=idempotency_key, content=said)


def _priced(wanted: WantedPlaces, prices: PriceBook) -> WantedPlaces:
    """The places with the price that was said, else that of the book, where it has one."""
    if wanted.credits_each is not None or (wanted.provider is None and wanted.model is None):
        return wanted
    operation = Operation(wanted.operation) if wanted.operation in set(Operation) else None
    asked = Asked(wanted.provider or "", wanted.model or "", operation)
    return replace(wanted, credits_each=prices.each(asked))


def _said(wanted: WantedPlaces) -> tuple[bytes, ...]:
    """What tells the request from others under its key, beyond what requests of former versions said: who would make
    the pictures and for how much, with the style, as content tells it. Where none of it is said, nothing.
    """
    said = {"provider": wanted.provider, "model": wanted.model, "credits_each": wanted.credits_each}
    if all(member is None for member in said.values()):
        return ()
    return (orjson.dumps({**said, "style": wanted.style}, option=orjson.OPT_SORT_KEYS),)
