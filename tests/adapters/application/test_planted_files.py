"""What is put in the place of a file of the storage is read, written and brought into place by nobody."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.application.opening import OpenRoot
from adapters.application.readiness import readiness_of
from adapters.application.reading import image_bytes, image_details, image_path
from adapters.application.results import SavedImage
from adapters.application.saving import NewImage, save_image
from adapters.application.storage import Storage
from adapters.discord.bot_state import Remembered
from adapters.disk.files import Files
from adapters.engines.choice import default_engine, default_engines
from adapters.engines.opening import open_store
from adapters.imagestore.local.details_files import MAX_DETAILS_BYTES
from adapters.ledger import snapshotting
from adapters.ports.clock import utc_now
from adapters.ports.faults import LogForeign, StorageUnavailable
from domain.events import ImageSaved
from tests.adapters.disk.planted import PLANTED, plant, state_of
from tests.hostile.builders import png

pytestmark = pytest.mark.skipif(os.name != "posix", reason="links, pipes and sockets are other things elsewhere")
KINDS = pytest.mark.parametrize("what", PLANTED)
SOME_KINDS = pytest.mark.parametrize("what", ["a link", "a link to nothing", "a hard link", "a pipe"])
"""Of which each is met in its own way; that all are met everywhere is the file port's to show."""
IMAGE, DETAILS = "images/users/1/k/a.png", "images/users/1/.details/k/a.png~.json"
STAGED = "5" * 32


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root with one image, how it was made, and a snapshot."""
    monkeypatch.setattr(snapshotting, "EVENTS_AT_A_STOP", 1)
    store = open_store(tmp_path / "root")
    saved = asyncio.run(save_image(store, NewImage("1", png(), name="k/a.png", details={"prompt": "a cat"})))
    assert isinstance(saved, SavedImage)
    store.close()
    return tmp_path / "root"


@pytest.fixture
def store(root: Path) -> Iterator[Storage]:
    """That root, open."""
    opened = open_store(root)
    yield opened
    opened.close()


@pytest.fixture
def bait(tmp_path: Path) -> Path:
    """A folder of somebody else's beside the root."""
    (tmp_path / "bait").mkdir()
    (tmp_path / "bait/a.png").write_bytes(b'{"staged": "of somebody else", "prompt": "secret"}')
    return tmp_path / "bait"


@KINDS
def test_in_the_place_of_an_image_or_its_details(store: Storage, root: Path, bait: Path, what: str) -> None:
    """It is given to nobody, at once, and a new save takes its place: the name is replaced, not what it leads to."""
    plant(what, root / DETAILS, bait)
    before = state_of(bait)
    assert image_details(store, "1", "k/a.png") is None
    (root / DETAILS).rmdir() if what == "a folder" else (root / DETAILS).unlink()
    for name in ("link", "pipe"):
        (bait / name).unlink(missing_ok=True)
    plant(what, root / IMAGE, bait)
    before = state_of(bait)
    with pytest.raises(FileNotFoundError):
        image_bytes(store, "1", "k/a.png")
    assert image_path(store, "1", "k/a.png") is None
    assert any("1/k/a.png" in note for note in readiness_of(store).notes)
    if what != "a folder":
        assert isinstance(asyncio.run(save_image(store, NewImage("1", png(), name="k/a.png"))), SavedImage)
        assert image_bytes(store, "1", "k/a.png") == png()
    assert state_of(bait) == before


def test_details_that_are_larger_than_any_of_ours_are_none(store: Storage, root: Path) -> None:
    """However large, so that no memory is taken for them."""
    (root / DETAILS).write_bytes(b'{"prompt": "%b"}' % (b"x" * MAX_DETAILS_BYTES))
    assert image_details(store, "1", "k/a.png") is None
    (root / DETAILS).write_bytes(b'{"prompt": "a dog"}')
    assert image_details(store, "1", "k/a.png") == {"prompt": "a dog"}
    os.truncate(root / DETAILS, 1 << 40)
    assert image_details(store, "1", "k/a.png") is None


@KINDS
def test_in_the_place_of_a_fresh_name(store: Storage, root: Path, bait: Path, what: str) -> None:
    """The next number is given, and what stands there stays."""
    plant(what, root / "images/users/1/image_1.png", bait)
    before = state_of(bait)
    planted = (root / "images/users/1/image_1.png").lstat()
    saved = asyncio.run(save_image(store, NewImage("1", png())))
    assert isinstance(saved, SavedImage)
    assert (saved.name, image_bytes(store, "1", "image_2.png")) == ("image_2.png", png())
    assert (root / "images/users/1/image_1.png").lstat() == planted
    assert state_of(bait) == before


@SOME_KINDS
@pytest.mark.parametrize("suffix", ["", ".json"], ids=["the image", "its details"])
def test_in_the_place_of_a_staged_file(store: Storage, root: Path, bait: Path, what: str, suffix: str) -> None:
    """It is not brought into place, which readiness says; taken away, it is not there at the next start."""
    images = store.opened().images
    images.stage(STAGED, png(), {"prompt": "a cat"})
    plant(what, root / f"images/.staged/{STAGED}{suffix}", bait)
    before = state_of(bait)
    event = ImageSaved(utc_now(), "1", "1", "b.png", 69, 0, "0" * 64, "image/png", 1, 1, "unspecified", False, STAGED)
    images.note([(99, event)])
    images.reconcile("1", "b.png", temp=False)
    assert not os.path.lexists(root / "images/users/1/b.png")
    assert not os.path.lexists(root / "images/users/1/.details/b.png~.json")
    (unfinished,) = images.unfinished()
    assert PLANTED[what][1] in str(unfinished.why)
    assert state_of(bait) == before


REFUSED = {"events.jsonl": LogForeign, "head": StorageUnavailable, ".key": StorageUnavailable}
REFUSED |= {".lock": StorageUnavailable, "adopting": StorageUnavailable}


@SOME_KINDS
@pytest.mark.parametrize("name", REFUSED)
def test_in_the_place_of_a_file_of_the_log(root: Path, bait: Path, what: str, name: str) -> None:
    """Whoever opens it is refused, in words that name it, and nothing is changed there."""
    plant(what, root / "logs" / name, bait)
    before = state_of(bait)
    files = Files()
    with pytest.raises(REFUSED[name], match=PLANTED[what][1]) as refused:
        OpenRoot(root, engines=default_engines(files), clock=utc_now, files=files)
    assert f"logs/{name} " in str(refused.value)
    if name in {"events.jsonl", "head"}:
        with pytest.raises(REFUSED[name], match=PLANTED[what][1]):
            default_engine().verify(root)
        with pytest.raises(REFUSED[name], match=PLANTED[what][1]):
            default_engine().open_for_reading(root)
    assert default_engine().holder(root) is None
    if name != "adopting":
        assert any(PLANTED[what][1] in sentence for sentence in default_engine().unwritable(root))
    assert state_of(bait) == before


@SOME_KINDS
def test_in_the_place_of_what_the_log_can_do_without(root: Path, bait: Path, what: str) -> None:
    """A snapshot, the reserve file, and what is in the making for a moment: the service starts without it."""
    (snapshot,) = (root / "logs/snapshots").iterdir()
    for path in (snapshot, root / "logs/.spare", root / "logs/snapshots/new", root / "logs/discord.json"):
        plant(what, path, bait)
        before = state_of(bait)
        store = open_store(root)
        Remembered(root).put("a", "b")
        assert image_bytes(store, "1", "k/a.png") == png()
        store.close()
        assert state_of(bait) == before, path
        path.unlink(missing_ok=True)
