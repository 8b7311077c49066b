"""The pictures of a success, in their places: those that it holds, and those that it names by an address of its own."""

from __future__ import annotations

import asyncio

from adapters.generation.answers import Contents, Sent, contents_of
from adapters.generation.calls import ProviderCalls, ServiceAnswer

MOST_FETCHED = 10
"""So many addresses of one answer are gone to; no request is for more pictures."""


async def delivered(calls: ProviderCalls, answer: ServiceAnswer, *, at_most_bytes: int) -> Contents:
    """What a success holds. `at_most_bytes` bounds each picture that is fetched."""
    contents = await _read(answer)
    if contents.sent is None or not any(place.address for place in contents.sent):
        return contents
    near = contents.sent[:MOST_FETCHED]
    fetched = [await _fetched(calls, place, at_most_bytes) if place.address else place for place in near]
    return contents._replace(sent=fetched)


async def _fetched(calls: ProviderCalls, place: Sent, at_most_bytes: int) -> Sent:
    answer = await calls.get_own(place.address, at_most_bytes=at_most_bytes)
    found = (await _read(answer)).sent if isinstance(answer, ServiceAnswer) else None
    return place._replace(data=found[0].data) if found else place


async def _read(answer: ServiceAnswer) -> Contents:
    return await asyncio.to_thread(contents_of, answer.body, answer.headers, answer.charset)
