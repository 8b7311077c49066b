"""Refusals by the limits, told to an owner one after the other with a pause: who asks again and again waits.

Requests of strangers begin at that pace too, and their large bodies come at one of bytes. Else somebody with nothing
left asks hundreds of times a second, and everybody else waits behind those answers.
"""

from __future__ import annotations

import asyncio
from weakref import WeakValueDictionary

REFUSAL_SECONDS = 0.05


class Pace:
    """For one event loop."""

    def __init__(self) -> None:
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def keep(self, owner: str, seconds: float = REFUSAL_SECONDS) -> None:
        """Returns when it is the owner's next turn, which takes so long."""
        async with self._turns.setdefault(owner, asyncio.Lock()):
            await asyncio.sleep(seconds)
