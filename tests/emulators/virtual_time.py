"""Time that passes only while somebody waits, for clients and emulators that share it."""

from __future__ import annotations

import asyncio


class VirtualTime:
    """A clock and the waiting that moves it. `waits` are the seconds of each wait."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def clock(self) -> float:
        """Seconds since the beginning."""
        return sum(self.waits)

    async def pause(self, seconds: float) -> None:
        """Waits no real time."""
        self.waits.append(seconds)
        await asyncio.sleep(0)
