"""A folder of the storage that is a link and a folder in turn, while it is used: nothing is read, written or removed
behind the link.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from adapters.application.deleting import delete_image_blocking
from adapters.application.reading import image_bytes, image_details
from adapters.application.results import SavedImage
from adapters.application.saving import NewImage, save_image
from adapters.application.storage import Storage
from adapters.engines.choice import default_engine
from adapters.engines.opening import open_store
from adapters.ledger import snapshotting
from adapters.ports.faults import Fault
from domain.commands import SetPolicy
from tests.adapters.disk.planted import state_of
from tests.hostile.builders import png

pytestmark = pytest.mark.skipif(os.name != "posix", reason="links need leave elsewhere")
SWAPS = 150
THOROUGH_SWAPS = 10_000
SECRET = b'{"staged": "of somebody else", "prompt": "secret"}'
NAMES = ("a.png", "k/a.png", "b.png", "k/b.png")


@pytest.fixture
def bait(tmp_path: Path) -> Path:
    """A folder beside the root with the names that ours have."""
    folder = tmp_path / "bait"
    for way in ("", "1", "users/1", ".details", "1/.details", "users/1/.details", ".staged", "snapshots"):
        for name in NAMES:
            for file in (folder / way / name, folder / way / f"{name}~.json"):
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(SECRET)
    (folder / "k/staged.json").write_bytes(SECRET)
    return folder


class Swapper(threading.Thread):
    """Whoever may write into the root: puts a link in a folder's place and the folder back, again and again.

    What the storage made in its place meanwhile is moved away.
    """

    def __init__(self, folder: Path, bait: Path, swaps: int) -> None:
        super().__init__(daemon=True)
        self._folder, self._bait, self._swaps = folder, bait, swaps
        self._away = bait.with_name("away")
        self._numbers = count()
        self.done = 0

    def run(self) -> None:
        for _ in range(self._swaps):
            self._folder.rename(self._away)
            self._put(lambda: self._folder.symlink_to(self._bait))
            self._folder.unlink()
            self._put(lambda: self._away.rename(self._folder))
            self.done += 1

    def _put(self, put: Callable[[], object]) -> None:
        while True:
            try:
                put()
            except OSError:
                with suppress(FileNotFoundError):
                    self._folder.rename(self._bait.with_name(f"made meanwhile {next(self._numbers)}"))
            else:
                return


@contextmanager
def swapped(folder: Path, bait: Path, swaps: int) -> Iterator[Swapper]:
    """While the folder is swapped; however the block ends, it is back in its place."""
    swapper = Swapper(folder, bait, swaps)
    swapper.start()
    yield swapper
    swapper.join()
    assert swapper.done == swaps


def asked(ask: Callable[[], object]) -> object:
    """The answer, None where there was none: a disk on which folders come and go may refuse anything."""
    try:
        return ask()
    except (Fault, OSError):
        return None


def use(store: Storage, number: int, user: str = "1") -> bool:
    """Saves, reads, deletes and reconciles; whether something was kept and read."""
    name = NAMES[number % len(NAMES)]
    new = NewImage(user, png(), name=name, details={"prompt": "a cat"})
    saved = asked(lambda: asyncio.run(save_image(store, new)))
    read = asked(lambda: image_bytes(store, user, name))
    assert read in (None, png())
    details = asked(lambda: image_details(store, user, name))
    assert details in (None, {"prompt": "a cat"})
    if number % 3 == 0:
        asked(lambda: delete_image_blocking(store, user, name))
    store.opened().images.reconcile_all()
    return isinstance(saved, SavedImage) and read is not None


@pytest.mark.parametrize(
    "folder", ["images/users/1", "images/users", "images/.staged", "images/users/1/.details", "images"]
)
def test_a_folder_swapped_while_it_is_used_leads_nobody_out(
    tmp_path: Path, bait: Path, folder: str, thorough: bool
) -> None:
    """While saving, reading, deleting and reconciling; some of it is done, some refused, and after it all is well."""
    store = open_store(tmp_path / "root", limits=SetPolicy(daily=1_000_000))
    for number in (1, 2, 4, 5):
        assert use(store, number)
    before = state_of(bait)
    with swapped(tmp_path / "root" / folder, bait, THOROUGH_SWAPS if thorough else SWAPS) as swapper:
        for number in count():
            use(store, number)
            if not swapper.is_alive():
                break
    assert state_of(bait) == before
    store.opened().images.reconcile_all()
    assert use(store, 1, "2")
    store.close()


def test_the_logs_folder_swapped_while_it_is_opened_leads_nobody_out(
    tmp_path: Path, bait: Path, thorough: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log is begun, opened, written, left with a snapshot, and read, or that is refused."""
    monkeypatch.setattr(snapshotting, "EVENTS_AT_A_STOP", 1)
    root = tmp_path / "root"
    open_store(root).close()
    before = state_of(bait)
    with swapped(root / "logs", bait, THOROUGH_SWAPS if thorough else SWAPS) as swapper:
        while swapper.is_alive():
            store = asked(lambda: open_store(root))
            if isinstance(store, Storage):
                asked(partial(use, store, 1))
                asked(store.close)
            asked(lambda: default_engine().verify(root))
    assert state_of(bait) == before
    engine = default_engine()
    assert engine.verify(root).damage is None
