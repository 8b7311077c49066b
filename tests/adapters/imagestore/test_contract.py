"""What every image store does, by its port: bytes follow the log, whatever order it is carried out in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from adapters.ports.image_store import ImageStore, Place, Unfinished
from domain.events import CleanedFile, CleanupCompleted, ImageDeleted, ImageSaved
from projections.quota_state import QuotaState
from tests.adapters.imagestore.stores import STORES, Row

AT = "2026-01-01T12:00:00.000000Z"
Opening = Callable[[], ImageStore]


@pytest.fixture(params=list(STORES.values()), ids=list(STORES))
def row(request: pytest.FixtureRequest) -> Row:
    """One kind of store."""
    return cast("Row", request.param)


@pytest.fixture
def opening(row: Row, tmp_path: Path) -> Opening:
    """Opens one kind of store, each time over the same place."""
    return lambda: row.open(tmp_path)


@pytest.fixture
def images(opening: Opening) -> ImageStore:
    """A store without an image."""
    return opening()


def saved(name: str, staged: str, *, user: str = "ada", temp: bool = False) -> ImageSaved:
    """What the log says of a save."""
    return ImageSaved(
        at=AT,
        user=user,
        by="library",
        name=name,
        bytes=3,
        replaced_bytes=0,
        sha256="",
        media_type="image/png",
        width=1,
        height=1,
        operation="unspecified",
        temp=temp,
        staged=staged,
    )


def deleted(name: str) -> ImageDeleted:
    """What the log says of a deletion."""
    return ImageDeleted(at=AT, user="ada", by="library", name=name, bytes=3, temp=False, reason="user")


def keep(images: ImageStore, position: int, name: str, data: bytes, **details: object) -> None:
    """A save from its first step to its last."""
    images.stage(f"id{position}", data, details or None)
    images.note([(position, saved(name, f"id{position}"))])
    images.reconcile("ada", name, temp=False)


def bytes_of(images: ImageStore, name: str) -> bytes:
    """All bytes of ada's image."""
    with images.open_image("ada", name) as opened:
        return opened.read()


def test_bytes_are_there_from_the_moment_they_are_recorded(images: ImageStore) -> None:
    """In place or not; only once they are, the position is done."""
    images.stage("id1", b"cat", {"prompt": "a cat"})
    assert images.reconciled() == 0
    images.note([(1, saved("k/a.png", "id1"))])
    assert (bytes_of(images, "k/a.png"), images.reconciled()) == (b"cat", 0)
    images.reconcile("ada", "k/a.png", temp=False)
    assert (bytes_of(images, "k/a.png"), images.reconciled()) == (b"cat", 1)
    assert images.read_details("ada", "k/a.png") == {"prompt": "a cat"}
    assert images.address("ada", "k/a.png", temp=False)


def test_a_name_that_is_saved_again_has_the_last_bytes_and_their_details(images: ImageStore) -> None:
    """Nothing of the former ones is told for the new ones."""
    keep(images, 1, "a.png", b"one", prompt="first")
    keep(images, 2, "a.png", b"two")
    assert (bytes_of(images, "a.png"), images.read_details("ada", "a.png")) == (b"two", None)


def test_a_deletion_takes_bytes_and_details_away(images: ImageStore) -> None:
    """And no others."""
    keep(images, 1, "a.png", b"one", prompt="first")
    keep(images, 2, "b.png", b"two")
    images.note([(3, deleted("a.png"))])
    images.reconcile("ada", "a.png", temp=False)
    with pytest.raises(FileNotFoundError):
        images.open_image("ada", "a.png")
    assert (images.read_details("ada", "a.png"), bytes_of(images, "b.png")) == (None, b"two")
    assert images.reconciled() == 3


def test_a_thumbnail_is_one_of_just_these_bytes_and_goes_with_its_image(images: ImageStore) -> None:
    """Whoever asks for that of others has none; nor has who kept one after the image was gone."""
    keep(images, 1, "k/a.png", b"one")
    one, other = "1" * 64, "2" * 64
    images.thumbnails.keep("ada", "k/a.png", one, b"small", stands=lambda: True)
    assert images.thumbnails.read("ada", "K/a.png", one) == b"small"
    assert images.thumbnails.read("ada", "k/a.png", other) is None
    images.note([(2, deleted("k/a.png"))])
    images.reconcile("ada", "k/a.png", temp=False)
    assert images.thumbnails.read("ada", "k/a.png", one) is None
    images.thumbnails.keep("ada", "k/a.png", one, b"small", stands=lambda: False)
    assert images.thumbnails.read("ada", "k/a.png", one) is None


def test_a_cleanup_takes_temp_files_away_and_no_image_of_their_name(images: ImageStore) -> None:
    """Temp files and images are apart."""
    keep(images, 1, "a.png", b"one")
    images.stage("id2", b"two", None)
    images.note([(2, saved("a.png", "id2", temp=True))])
    images.reconcile("ada", "a.png", temp=True)
    assert images.is_there("ada", "a.png", temp=True, size_bytes=3)
    files = (CleanedFile("ada", "a.png", 3),)
    images.note([(3, CleanupCompleted(AT, "library", files=files, freed_bytes=3, older_than_days=7))])
    images.reconcile("ada", "a.png", temp=True)
    assert not images.is_there("ada", "a.png", temp=True, size_bytes=3)
    assert bytes_of(images, "a.png") == b"one"


def test_what_was_recorded_is_carried_out_by_the_next_start(images: ImageStore, opening: Opening) -> None:
    """After a crash in between; carried out twice, nothing changes."""
    keep(images, 1, "a.png", b"one")
    images.stage("id2", b"two", {"prompt": "second"})
    events = [(1, saved("a.png", "id1")), (2, saved("a.png", "id2")), (3, saved("b.png", "id3"))]
    for _ in range(2):
        again = opening()
        again.start_at(0)
        again.note(events)
        again.sync_folders()
        again.reconcile_all()
        again.remove_unneeded_staged()
        assert (bytes_of(again, "a.png"), again.read_details("ada", "a.png")) == (b"two", {"prompt": "second"})
        assert (again.reconciled(), {key.key for key in again.missing}) == (3, {"b.png"})


def test_what_is_left_to_be_done_can_be_looked_at_without_doing_it(images: ImageStore, opening: Opening) -> None:
    """Not in place, or not gone; nothing was tried, so nothing has failed."""
    keep(images, 1, "a.png", b"one", prompt="first")
    keep(images, 2, "b.png", b"two")
    images.stage("id4", b"new", None)
    again = opening()
    again.start_at(2)
    again.note([(3, deleted("a.png")), (4, saved("c.png", "id4")), (5, deleted("gone.png"))])
    assert again.left_undone() == [Unfinished("ada", "a.png", False), Unfinished("ada", "c.png", True)]
    assert again.unfinished() == []
    assert bytes_of(again, "b.png") == b"two"
    again.reconcile_all()
    assert (again.left_undone(), again.unfinished(), again.reconciled()) == ([], [], 5)


def test_what_was_staged_and_never_recorded_goes(images: ImageStore, opening: Opening) -> None:
    """By whoever staged it, or by the next start."""
    images.stage("id1", b"one", None)
    images.discard("id1")
    images.discard("id1")
    images.stage("id2", b"two", {"prompt": "second"})
    again = opening()
    assert again.remove_unneeded_staged() == 2
    assert again.remove_unneeded_staged() == 0


def test_bytes_that_are_gone_are_reported_until_the_name_is_used_again(images: ImageStore) -> None:
    """They stay charged, so somebody has to know."""
    images.note([(1, saved("a.png", "never staged"))])
    images.reconcile("ada", "a.png", temp=False)
    assert [(key.user, key.key, key.temp) for key in images.missing] == [("ada", "a.png", False)]
    keep(images, 2, "a.png", b"two")
    assert list(images.missing) == []


def test_only_what_the_log_does_not_know_is_untracked(images: ImageStore) -> None:
    """Not a file that stands, nor one that is just being kept."""
    view, save = QuotaState(), saved("a.png", "id1", temp=True)
    images.stage("id1", b"one", None)
    images.note([(1, save)])
    assert not images.is_untracked("ada", "b.png", temp=True, view=view)
    assert not images.is_untracked("ada", "a.png", temp=True, view=view)
    images.reconcile("ada", "a.png", temp=True)
    view.apply(1, save)
    assert not images.is_untracked("ada", "a.png", temp=True, view=view)


def test_free_numbers_are_those_that_nothing_stands_under(images: ImageStore) -> None:
    """From one number on, in each folder for itself and of each user, of that extension, and images apart from temp
    files.
    """
    keep(images, 1, "upscale/image_2.png", b"one")
    keep(images, 2, "upscale/image_5.png", b"two")

    def free(first: int, *, user: str = "ada", folder: str | None = "upscale", temp: bool = False) -> range:
        return images.free_numbers(user, folder, "png", temp=temp, first=first)

    unused = (free(2, user="bob"), free(2, folder=None), free(2, temp=True), free(6))
    assert [numbers.start for numbers in unused] == [2, 2, 2, 6]
    assert all(len(numbers) > 1 for numbers in unused)
    assert images.free_numbers("ada", "upscale", "jpg", temp=False, first=2).start == 2


def test_details_of_many_are_those_of_each(images: ImageStore) -> None:
    """In the order that is asked for, in folders and in none; of what has none, nothing."""
    for position, name in enumerate(("a.png", "k/a.png", "up/b.png", "k/c.png"), 1):
        keep(images, position, name, b"one", prompt=name)
    keep(images, 5, "k/none.png", b"one")
    names = ["k/c.png", "a.png", "k/none.png", "gone/x.png", "up/b.png", "k/a.png", "x.png"]
    told = images.read_all_details("ada", names)
    assert told == [images.read_details("ada", name) for name in names]
    known = {"k/c.png", "a.png", "up/b.png", "k/a.png"}
    assert told == [{"prompt": name} if name in known else None for name in names]
    assert images.read_all_details("bob", names) == [None] * len(names)
    assert images.read_all_details("ada", []) == []


@pytest.mark.parametrize("whole", [False, True])
def test_a_probe_leaves_nothing(images: ImageStore, whole: bool) -> None:
    """Neither of a user who has images nor of another; what was kept stays as it was."""
    keep(images, 1, "k/a.png", b"one", prompt="first")
    places = [Place("ada", "k"), Place("ada"), Place("bob", "upscale"), Place("carl"), Place("carl", "k"), Place(None)]
    assert images.probe(places, 50_000, whole=whole) == [None] * len(places)
    assert (bytes_of(images, "k/a.png"), images.read_details("ada", "k/a.png")) == (b"one", {"prompt": "first"})
    assert images.first_free_number("bob", "upscale", temp=False) == 1
    assert (images.remove_unneeded_staged(), images.unwritable(["k", "upscale"])) == (0, [])


def test_whether_bytes_are_there_is_asked_anew(images: ImageStore, row: Row) -> None:
    """And they are among the missing for as long as they are not, or are fewer or more than were kept."""

    def is_there() -> bool:
        return images.is_there("ada", "a.png", temp=False, size_bytes=3)

    keep(images, 1, "a.png", b"one")
    assert (is_there(), images.is_foreign("ada", "a.png")) == (True, False)
    row.put(images, "a.png", None)
    assert (is_there(), images.is_foreign("ada", "a.png")) == (False, False)
    assert len(images.missing) == 1
    row.put(images, "a.png", b"one")
    assert (is_there(), len(images.missing)) == (True, 0)
    for size_bytes in (0, 2, 4):
        row.put(images, "a.png", bytes(size_bytes))
        assert (is_there(), len(images.missing)) == (False, 1)


def test_an_ordinary_name_is_not_refused_and_there_is_room(images: ImageStore) -> None:
    """Nothing has to be made for that."""
    assert images.refuse_path("ada", "k/a.png", temp=False) is None
    assert images.has_room_for(1)
    assert images.free_bytes() > 0
