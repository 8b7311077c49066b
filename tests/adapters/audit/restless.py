"""A service's worth of doings without end: saves with and without details, overwrites, other spellings, deletions, temp
files and their cleanup.

    python -m tests.adapters.audit.restless ROOT

It says how many were done so far, a number a line, and stops in order when its input ends.
"""

from __future__ import annotations

import asyncio
import random
import sys
import threading
from pathlib import Path

from adapters.application.deleting import clean_up_blocking, delete_image
from adapters.application.reading import image_names
from adapters.application.saving import NewImage, save_image
from adapters.application.storage import Storage
from adapters.engines.opening import open_store
from domain.commands import SetPolicy
from tests.hostile.builders import png_of_size

USERS = 4
NAMES = ("a.png", "A.png", "k/b.png", "K/c.png", "d.png")
SAY_EVERY = 50


class Doings:
    """What all users do, until `stopped` is set."""

    def __init__(self, store: Storage) -> None:
        self.store = store
        self.stopped = threading.Event()
        self._done = 0

    async def act(self, user: str) -> None:
        """One user's."""
        rng = random.Random(user)
        while not self.stopped.is_set():
            await self._one(user, rng)
            self._done += 1
            if self._done % SAY_EVERY == 0:
                sys.stdout.write(f"{self._done}\n")
                sys.stdout.flush()

    async def _one(self, user: str, rng: random.Random) -> None:
        data, kept = png_of_size(rng.randrange(100, 5_000)), image_names(self.store, user)
        match rng.randrange(6):
            case 0 | 1 if kept:
                await delete_image(self.store, user, rng.choice(kept))
            case 2:
                await save_image(self.store, NewImage(user, data, name=rng.choice(NAMES), temp=True))
            case 3 if rng.random() < 0.2:
                await asyncio.to_thread(clean_up_blocking, self.store, 0)
            case _:
                details = {"prompt": "a cat"} if rng.random() < 0.5 else None
                await save_image(self.store, NewImage(user, data, name=rng.choice(NAMES), details=details))


async def main(root: Path) -> None:
    """All users at once, until the input ends."""
    store = open_store(root, limits=SetPolicy(daily=1_000_000))
    doings = Doings(store)

    def listen() -> None:
        sys.stdin.read()
        doings.stopped.set()

    threading.Thread(target=listen, daemon=True).start()
    await asyncio.gather(*(doings.act(f"u{number}") for number in range(USERS)))
    store.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
