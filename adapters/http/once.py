"""What costs long to make and never changes: made when it is first asked for, once for all who ask meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

from adapters.application.workers import Workers

T = TypeVar("T")


class Once(Generic[T]):
    """One such thing of one application."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: list[T] = []
        self._making = asyncio.Lock()

    async def get(self, workers: Workers) -> T:
        """It, made by one of the workers where it is not there yet."""
        if not self._made:
            async with self._making:
                if not self._made:
                    self._made.append(await workers.run(self._make))
        return self._made[0]
