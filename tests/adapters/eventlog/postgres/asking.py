"""A process that mints points without end: `python -m tests.adapters.eventlog.postgres.asking ROOT USER...`.

For each user one point after the other, each under a key of its own, which is asked for again until it was minted; then
the user's name is written on a line. It ends in order once its input does.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from threading import Event, Lock, Thread
from time import sleep
from typing import TextIO

from adapters.engines.choice import POSTGRES_MODULE, choose_engine
from adapters.engines.opening import open_store
from adapters.library.storage_manager import StorageManager
from adapters.ports.engines import LogKeeper

AGAIN_SECONDS = 0.05


def mint(manager: StorageManager, user: str, ends: Event, telling: Lock) -> None:
    """One point after the other."""
    number = 0
    while not ends.is_set():
        number += 1
        while not (found := manager.move_points(user, "mint", 1, request=f"{user}-{number}"))[0]:
            tell(sys.stderr, found[1])
            sleep(AGAIN_SECONDS)
        with telling:
            tell(sys.stdout, user)


def tell(stream: TextIO, line: str) -> None:
    """At once."""
    stream.write(f"{line}\n")
    stream.flush()


def main(root: str, *users: str) -> None:
    """Mints for all users at once."""
    ends, telling = Event(), Lock()
    engine = choose_engine(LogKeeper(POSTGRES_MODULE, os.environ))
    with StorageManager.over(open_store(Path(root), engine=engine)) as manager:
        threads = [Thread(target=mint, args=(manager, user, ends, telling)) for user in users]
        for thread in threads:
            thread.start()
        sys.stdin.read()
        ends.set()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
