"""A program that saves, overwrites and deletes until it is killed, and says what it wants and what it was told.

    python -m tests.adapters.application.loaded ROOT SEED [s3://BUCKET/PREFIX]

Each line is JSON: `[user, "wants", doing, name, sha256]`, and once the storage has answered `[user, "told", ...]` with
the same. Every user has one coroutine, so of each at most one wish is open when the program dies.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from hashlib import sha256
from pathlib import Path

from adapters.library.storage_manager import StorageManager
from tests.hostile.builders import png_of_size

USERS = 8
NAMES = ("a.png", "b.png", "k/c.png", "k/d.png")


def say(*words: str) -> None:
    """One line, at once."""
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


async def act(storage: StorageManager, user: str, seed: str) -> None:
    """One user's doings without end."""
    rng = random.Random(f"{seed}{user}")
    while True:
        name = rng.choice(NAMES)
        if rng.random() < 0.3 and name in storage.get_user_images(user):
            say(user, "wants", "delete", name, "")
            ok, message = await asyncio.to_thread(storage.delete_image, user, name)
            assert ok, message
            say(user, "told", "delete", name, "")
        else:
            data = png_of_size(rng.randrange(100, 20_000))
            digest = sha256(data).hexdigest()
            say(user, "wants", "save", name, digest)
            ok, message, _ = await storage.save_image(data, user, name)
            assert ok, message
            say(user, "told", "save", name, digest)


async def main(root: Path, seed: str, address: str | None = None) -> None:
    """All users at once; images are in a bucket where its address is given."""
    with StorageManager(address or root, max_user_daily_gens=1_000_000, local_root=root) as storage:
        await asyncio.gather(*(act(storage, f"u{number}", seed) for number in range(USERS)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:]))
