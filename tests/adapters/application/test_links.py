"""Links below a storage root: the operator's at `images` and `temp` are followed, others are not, whatever is asked."""

from __future__ import annotations

import asyncio
import io
import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.application.exporting import archive_of, plan_export
from adapters.application.readiness import readiness_of
from adapters.application.reading import image_bytes, image_details, image_path
from adapters.application.saving import NewImage, save_image
from adapters.application.storage import Storage
from adapters.audit.comparison import audit
from adapters.audit.report import FindingKind
from adapters.engines.choice import default_engine
from adapters.engines.opening import open_store
from adapters.library.storage_manager import StorageManager
from adapters.ports.faults import StorageUnavailable
from tests.adapters.application.evidence import assert_disk_and_log_agree, events_of, state_of_disk
from tests.hostile.builders import png

pytestmark = pytest.mark.skipif(os.name != "posix", reason="links and pipes are other things elsewhere")
IMAGE, DETAILS = "images/users/1/k/a.png", "images/users/1/.details/k/a.png~.json"
SECRET = b'{"secret": "of somebody else"}'


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Storage]:
    """A root with one image, and how it was made."""
    opened = open_store(tmp_path / "root")
    asyncio.run(save_image(opened, NewImage("1", png(), name="k/a.png", details={"prompt": "a cat"})))
    yield opened
    opened.close()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder of somebody else's, with the names that ours have."""
    folder = tmp_path / "elsewhere"
    for path in ("a.png", "k/a.png", ".details/k/a.png~.json", "1/k/a.png", "users/1/k/a.png", "a.png~.json"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(SECRET)
    return folder


def link(path: Path, target: Path) -> None:
    """Puts a link in the place of what is there."""
    path.rename(path.with_name("former"))
    path.symlink_to(target)


def put_pipe(path: Path) -> None:
    """Puts a pipe there, which nobody writes into."""
    path.unlink()
    os.mkfifo(path)


def put_folder(path: Path) -> None:
    """Puts a folder there."""
    path.unlink()
    path.mkdir()


IN_ITS_PLACE: dict[str, Callable[[Path, Path], object]] = {
    "a link to a file": lambda root, there: link(root / IMAGE, there / "a.png"),
    "a link to nothing": lambda root, there: link(root / IMAGE, there / "nothing"),
    "a link to itself": lambda root, _: link(root / IMAGE, root / IMAGE),
    "a pipe": lambda root, _: put_pipe(root / IMAGE),
    "a folder": lambda root, _: put_folder(root / IMAGE),
    "its folder, a link": lambda root, there: link(root / "images/users/1/k", there / "k"),
    "its user's folder, a link": lambda root, there: link(root / "images/users/1", there),
    "the folder of all users, a link": lambda root, there: link(root / "images/users", there),
    "images, a link since": lambda root, there: link(root / "images", there),
}


@pytest.mark.parametrize("what", IN_ITS_PLACE)
def test_what_was_put_in_the_place_of_an_image_is_given_to_nobody(
    store: Storage, tmp_path: Path, elsewhere: Path, what: str
) -> None:
    """Not by reading, path, export or audit; readiness says that the image has no file, and a deletion leaves it be."""
    IN_ITS_PLACE[what](tmp_path / "root", elsewhere)
    before = state_of_disk(elsewhere)
    with pytest.raises(FileNotFoundError):
        image_bytes(store, "1", "k/a.png")
    assert image_path(store, "1", "k/a.png") is None
    whole = archive_of(store, plan_export(store, "1", 1_000_000), 0).data
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert archive.namelist() == ["record.json"]
        assert b"secret" not in archive.read("record.json")
    assert any("1/k/a.png" in note for note in readiness_of(store).notes)
    engine = default_engine()
    if what != "images, a link since":  # another program cannot know since when
        found = audit(store.root, engine.verify(store.root), engine=engine).findings
        assert {FindingKind.NO_FILE, FindingKind.SECOND_NAME} & {finding.kind for finding in found}
    StorageManager.over(store).delete_image("1", "k/a.png")
    assert state_of_disk(elsewhere) == before


@pytest.mark.parametrize("path", [DETAILS, "images/users/1/.details/k", "images/users/1/.details"])
def test_details_behind_a_link_are_told_to_nobody(store: Storage, tmp_path: Path, elsewhere: Path, path: str) -> None:
    """The image itself is given out as before."""
    target = {DETAILS: elsewhere / "a.png~.json", "images/users/1/.details": elsewhere / ".details"}
    link(tmp_path / "root" / path, target.get(path, elsewhere))
    assert image_details(store, "1", "k/a.png") is None
    assert image_bytes(store, "1", "k/a.png") == png()


@pytest.mark.parametrize("path", [DETAILS, "images/users/1/.details"])
def test_a_pipe_holds_nobody_up(store: Storage, tmp_path: Path, path: str) -> None:
    """Whoever put it in the place of details."""
    (tmp_path / "root" / path).rename(tmp_path / "former")
    os.mkfifo(tmp_path / "root" / path)
    assert image_details(store, "1", "k/a.png") is None


def test_a_start_removes_nothing_behind_a_link(store: Storage, tmp_path: Path, elsewhere: Path) -> None:
    """What is staged and not needed goes, but not what lies where a link leads."""
    store.close()
    link(tmp_path / "root/images/.staged", elsewhere)
    before = state_of_disk(elsewhere)
    with StorageManager(tmp_path / "root") as storage:
        ok, message, _ = asyncio.run(storage.save_image(png(), "1"))
        assert (ok, "images/.staged is a symbolic link" in message) == (False, True)
    assert state_of_disk(elsewhere) == before


@pytest.mark.parametrize("folder", ["images", "temp"])
def test_the_operators_link_is_followed(tmp_path: Path, folder: str) -> None:
    """Made before the start: images and temp files lie where it leads, are read, deleted, audited and recovered."""
    root, there = tmp_path / "root", tmp_path / "there"
    root.mkdir()
    there.mkdir()
    (root / folder).symlink_to(there)
    for name in ("a.png", "b.png"):
        with StorageManager(root) as storage:
            assert readiness_of(storage._writer()).notes == ()
            for is_temp in (False, True):
                assert asyncio.run(storage.save_image(png(), "1", name, is_temp=is_temp))[0]
            path = storage.get_image_path("1", name)
            assert path is not None
            assert path.read_bytes() == png()
            assert_disk_and_log_agree(root)
    engine = default_engine()
    assert audit(root, engine.verify(root), engine=engine).agrees
    with StorageManager(root) as storage:
        assert storage.delete_image("1", "a.png")[0]
        assert_disk_and_log_agree(root)
    assert list(there.rglob("*.png"))


def test_a_link_that_leads_elsewhere_since_the_start_is_not_followed(tmp_path: Path) -> None:
    """Until the next start: who may change a link in the root could make anybody's folder ours."""
    root, there, elsewhere = tmp_path / "root", tmp_path / "there", tmp_path / "elsewhere"
    for path in (root, there, elsewhere):
        path.mkdir()
    (root / "images").symlink_to(there)
    with StorageManager(root) as storage:
        assert asyncio.run(storage.save_image(png(), "1", "a.png"))[0]
        (root / "images").unlink()
        (root / "images").symlink_to(elsewhere)
        ok, message, _ = asyncio.run(storage.save_image(png(), "1", "b.png"))
        assert (ok, "images leads elsewhere than when" in message) == (False, True)
        assert storage.get_image_path("1", "a.png") is None
        assert list(elsewhere.iterdir()) == []
    with StorageManager(root) as storage:
        assert asyncio.run(storage.save_image(png(), "1", "b.png"))[0]
    assert len(events_of(root, "ImageSaved")) == 2


def test_a_folder_that_becomes_a_link_after_the_start_is_told_as_what_a_restart_follows(tmp_path: Path) -> None:
    """As when images are moved to another disk beside a running service: no real folder is asked for in its place."""
    root, there = tmp_path / "root", tmp_path / "there"
    with StorageManager(root) as storage:
        assert asyncio.run(storage.save_image(png(), "1", "a.png"))[0]
        (root / "images").rename(there)
        (root / "images").symlink_to(there)
        ok, message, _ = asyncio.run(storage.save_image(png(), "1", "b.png"))
        assert (ok, "restart what opened it" in message) == (False, True)
    with StorageManager(root) as storage:
        assert asyncio.run(storage.save_image(png(), "1", "b.png"))[0]


def test_a_link_whose_disk_comes_later_is_followed_then(tmp_path: Path) -> None:
    """The start goes on and says what is missing; once it is there, saves go on by themselves."""
    root, there = tmp_path / "root", tmp_path / "there"
    root.mkdir()
    (root / "images").symlink_to(there)
    with StorageManager(root) as storage:
        store = storage._writer()
        assert any("leads nowhere at the moment" in note for note in readiness_of(store).notes)
        with pytest.raises(StorageUnavailable, match="leads nowhere"):
            asyncio.run(save_image(store, NewImage("1", png())))
        there.mkdir()
        assert asyncio.run(storage.save_image(png(), "1"))[0]
        assert readiness_of(store).notes == ()
