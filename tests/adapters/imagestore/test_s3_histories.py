"""Any history of saves, deletions, cleanups and crashes over a bucket that fails agrees with a dictionary: no image
that stands is without its bytes, nothing acknowledged is lost, and after a start no object is there that no name needs.
"""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest

from adapters.application.deleting import clean_up_blocking, delete_image_blocking
from adapters.application.reading import image_bytes, image_details
from adapters.application.results import StoreSettings
from adapters.application.saving import NewImage, save_image
from adapters.application.storage import Storage
from adapters.disk.files import Files
from adapters.engines.choice import default_engine
from adapters.imagestore.local.layout import Layout
from adapters.imagestore.s3.bucket import Bucket, Patience
from adapters.imagestore.s3.image_store import S3ImageStore
from adapters.imagestore.s3.keys import details_key, image_key
from adapters.imagestore.s3.marks import Marks
from adapters.imagestore.s3.ownership import read_owner
from adapters.ledger.codec import decode
from adapters.ports.engines import Engines
from adapters.ports.faults import Fault as Refused
from adapters.ports.object_place import PrefixOwner
from domain.commands import SetPolicy
from domain.names import name_key
from domain.refusals import Refusal
from projections.standing_files import StandingFiles
from tests.servers.faulty_proxy import Fault, FaultyProxy, nothing_fails
from tests.servers.s3 import new_bucket, place_in, server_port

QUICK = Patience(connect=1, request=0.3, retries=1, altogether=0.5, first_pause=0.005, rest=0)
LIMITS = SetPolicy(daily=100_000)
SETTINGS = StoreSettings(check_images=False)
USERS, NAMES = ("ada", "bob", "zoë"), ("a.png", "k/a.png", "B.png", "b.png")
STEPS = 25
SOME = 3
METHODS = ("PUT", "HEAD", "GET", "DELETE")
AT_ONCE = [fault for fault in Fault if fault not in {Fault.NONE, Fault.SILENT, Fault.LATE, Fault.NOT_DONE}]
FAILING = (*[Fault.NONE] * 16, *AT_ONCE * 2, Fault.SILENT, Fault.LATE)


class Kept(NamedTuple):
    """What a name has."""

    data: bytes
    prompt: str | None


class Killed(Exception):
    """The process is dead."""


class History:
    """One of them: a program after another over one bucket."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.random = Random(seed)
        self.folder = folder
        self.proxy = FaultyProxy(server_port())
        self.bucket = new_bucket()
        self.happened: Counter[str] = Counter()
        self.model: dict[tuple[str, bool, str], Kept] = {}
        self.day = 1
        self.starts = 0
        self.crash_in: int | None = None
        self.open(folder / "root0")

    @property
    def root(self) -> Path:
        return self.store.root

    def open(self, root: Path) -> None:
        """Starts the program over a root."""
        files, place = Files(), place_in(self.bucket, port=self.proxy.port)

        def images(root: Path) -> S3ImageStore:
            layout = Layout(root)
            return S3ImageStore(Bucket(place, QUICK), layout, files, marks=Marks(layout, files, settled_seconds=0))

        self.store = Storage(
            root,
            engines=Engines(default_engine(files), images),
            limits=LIMITS,
            settings=SETTINGS,
            clock=lambda: f"2026-01-{self.day:02}T12:00:00.000000Z",
            files=files,
        )
        self.left: Path | None = None

    def plan(self, method: str, _path: str) -> Fault:
        """What comes of a request; at some the process is killed, before or after it is passed on."""
        if self.left is not None:
            return Fault.REFUSED
        if self.crash_in is not None:
            self.crash_in -= 1
            if self.crash_in < 0:
                self.crash_in = None
                self.leave()
                self.happened[f"killed at {method}"] += 1
                return self.random.choice((Fault.REFUSED, Fault.LOST, Fault.LATE))
        fault = self.random.choice(FAILING)
        self.happened[f"{fault.name} at {method}"] += 1
        return fault

    def leave(self) -> None:
        """What a crash leaves of the disk at this moment: a copy, the watermark first, as the log only grows."""
        self.starts += 1
        left = self.folder / f"root{self.starts}"
        (left / "logs").mkdir(parents=True)
        shutil.copy2(self.root / "logs" / "head", left / "logs" / "head")
        shutil.copytree(
            self.root,
            left,
            dirs_exist_ok=True,
            ignore=lambda folder, _: ["head", ".lock"] if Path(folder).name == "logs" else [],
        )
        self.left = left

    def restart(self) -> None:
        """Starts it anew over what a crash left; then all must be as the dictionary says."""
        if self.left is None:
            self.leave()
        left = self.left
        assert left is not None
        self.store.close()
        self.proxy.plan = nothing_fails
        self.proxy.settle()
        if self.random.random() < 0.3:
            self.proxy.plan = lambda _method, _path: self.random.choice(FAILING)
        self.open(left)
        if self.proxy.plan is not nothing_fails:
            self.happened["started beside a bucket that fails"] += 1
            self.heal()
        self.judge()

    def heal(self) -> None:
        """The bucket answers, and a minute later all is done that a start could not do."""
        self.proxy.plan = nothing_fails
        self.proxy.settle()
        images = self.store.opened().images
        images.reconcile_all()
        images.remove_unneeded_staged()

    def judge(self) -> None:
        """Compares everything."""
        root = self.store.opened()
        standing = StandingFiles()
        for stored in root.recorder.read():
            standing.apply(stored.position, decode(stored))
        found = {(file.user, file.temp, name_key(file.name)): file for file in standing}
        assert set(found) == set(self.model)
        keys = set()
        for (user, temp, _), file in found.items():
            kept = self.model[user, temp, name_key(file.name)]
            keys |= {image_key(file.staged)} | ({details_key(file.staged)} if kept.prompt else set())
            assert root.images.is_there(user, file.name, temp=temp, size_bytes=len(kept.data))
            if not temp:
                assert image_bytes(self.store, user, file.name) == kept.data
                assert image_details(self.store, user, file.name) == ({"prompt": kept.prompt} if kept.prompt else None)
        assert {one.key for one in Bucket(place_in(self.bucket)).all_below("images")} == keys
        assert read_owner(Bucket(place_in(self.bucket))) == PrefixOwner(root.recorder.log_id)
        assert (root.images.missing, root.images.unfinished()) == (set(), [])
        assert root.images.reconciled() == root.recorder.head
        assert list((self.root / "images" / ".staged").glob("*")) == []

    def step(self) -> None:
        """One thing that somebody does, while the bucket fails."""
        self.proxy.plan = self.plan
        if self.random.random() < 0.2:
            self.crash_in = self.random.randrange(3)
        do: Callable[[], None] = self.random.choices(
            (self.save, self.delete, self.clean_up, self.read, self.sweep), weights=(10, 4, 1, 3, 2)
        )[0]
        do()
        self.proxy.plan = nothing_fails
        self.proxy.settle()  # what is late, is not later than that
        if self.left is not None or self.random.random() < 0.1:
            self.restart()
        self.crash_in = None

    def save(self) -> None:
        """A save, of a new name or of one that stands, an image or a temp file."""
        user, name, temp = self.random.choice(USERS), self.random.choice(NAMES), self.random.random() < 0.25
        data = self.random.randbytes(self.random.choice((1, 100, 20_000)))
        prompt = None if temp or self.random.random() < 0.5 else f"a cat {self.random.random()}"
        image = NewImage(user, data, name, temp=temp, details={"prompt": prompt} if prompt else None)
        self.change(
            {(user, temp, name_key(name)): Kept(data, prompt)}, lambda: asyncio.run(save_image(self.store, image))
        )

    def delete(self) -> None:
        """A deletion, of a name that stands or of none."""
        user, name = self.random.choice(USERS), self.random.choice(NAMES)
        self.change({(user, False, name_key(name)): None}, lambda: delete_image_blocking(self.store, user, name))

    def clean_up(self) -> None:
        """All temp files go."""
        self.day = min(self.day + 3, 28)
        wanted = dict.fromkeys(key for key in self.model if key[1])
        self.change(dict.fromkeys(wanted), lambda: clean_up_blocking(self.store, 1))

    def change(self, to: dict[tuple[str, bool, str], Kept | None], do: Callable[[], object]) -> None:
        """What is acknowledged, holds; what was refused, changed nothing; after a crash it is one of the two."""
        try:
            outcome = do()
        except Refused:
            outcome = None
        if self.left is not None:  # nobody heard an answer: the log of what was left says which it is
            recorded = self.recorded_after_crash(to)
        else:
            recorded = outcome is not None and not isinstance(outcome, Refusal)
        self.happened["done" if recorded else "not done"] += 1
        if recorded:
            self.model.update({key: kept for key, kept in to.items() if kept is not None})
            for key in (key for key, kept in to.items() if kept is None):
                self.model.pop(key, None)

    def recorded_after_crash(self, to: dict[tuple[str, bool, str], Kept | None]) -> bool:
        """Whether the log that a crash left has what was asked for."""
        assert self.left is not None
        standing = StandingFiles()
        with_log = default_engine().open_for_reading(self.left, beyond_watermark=True)
        for stored in with_log.read():
            standing.apply(stored.position, decode(stored))
        with_log.close()
        found = {(file.user, file.temp, name_key(file.name)): file for file in standing}
        return all(
            key not in found if kept is None else key in found and found[key].sha256 == sha256(kept.data).hexdigest()
            for key, kept in to.items()
        )

    def read(self) -> None:
        """What is read of a kept image is all of it, or an error."""
        images = [key for key in self.model if not key[1]]
        if not images:
            return
        user, _, key = self.random.choice(images)
        with suppress(OSError):
            assert image_bytes(self.store, user, key) == self.model[user, False, key].data

    def sweep(self) -> None:
        """What a ledger does once a minute."""
        self.store.opened().images.reconcile_all()
        self.store.opened().images.remove_unneeded_staged()

    def close(self) -> None:
        self.store.close()
        self.proxy.close()


def play(seed: int, steps: int, folder: Path) -> Counter[str]:
    """One history to its end; raises what is not as it should be."""
    history = History(seed, folder)
    try:
        for _ in range(steps):
            history.step()
        history.restart()
    finally:
        history.close()
    return history.happened


@pytest.mark.parametrize("seed", [1])
def test_any_history_over_a_failing_bucket_agrees_with_a_dictionary(
    seed: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Whatever is answered, lost or late, and wherever the process is killed."""
    happened = play(seed, STEPS, tmp_path)
    record_property("happened", dict(happened))
    assert happened["done"] >= SOME
    assert happened["not done"] >= SOME


@pytest.mark.thorough
@pytest.mark.timeout(7_200)
def test_any_long_history_over_a_failing_bucket_agrees_with_a_dictionary(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """The long form, in which each kind of request failed in each way, and the process was killed at each."""
    happened: Counter[str] = Counter()
    for seed in range(100, 220):
        happened += play(seed, 3 * STEPS, tmp_path / str(seed))
        shutil.rmtree(tmp_path / str(seed))
    record_property("happened", dict(happened))
    met = {f"{fault.name} at {method}" for fault in FAILING for method in METHODS}
    assert met | {f"killed at {method}" for method in METHODS} <= set(happened)
