"""What image stores do that keep files under the names of images: what others put there is in the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.ports.image_store import ImageStore
from domain.events import CleanedFile, CleanupCompleted
from projections.quota_state import QuotaState
from tests.adapters.imagestore.stores import FOLDERS, file_of
from tests.adapters.imagestore.test_contract import AT, keep, saved


@pytest.fixture(params=list(FOLDERS.values()), ids=list(FOLDERS))
def images(request: pytest.FixtureRequest, tmp_path: Path) -> ImageStore:
    """A store without an image."""
    store: ImageStore = request.param.open(tmp_path)
    return store


def test_the_file_of_a_name_has_its_bytes(images: ImageStore) -> None:
    """And goes with it."""
    keep(images, 1, "k/a.png", b"cat")
    assert file_of(images, "k/a.png").read_bytes() == b"cat"
    assert images.address("ada", "k/a.png", temp=False) == str(file_of(images, "k/a.png"))
    images.stage("id2", b"two", None)
    images.note([(2, saved("a.png", "id2", temp=True))])
    images.reconcile("ada", "a.png", temp=True)
    temp = file_of(images, "a.png", temp=True)
    assert temp.read_bytes() == b"two"
    files = (CleanedFile("ada", "a.png", 3),)
    images.note([(3, CleanupCompleted(AT, "library", files=files, freed_bytes=3, older_than_days=7))])
    images.reconcile("ada", "a.png", temp=True)
    assert not temp.exists()


def test_a_file_that_the_log_does_not_know_is_untracked(images: ImageStore) -> None:
    """Until the log knows it."""
    view, save = QuotaState(), saved("a.png", "id1", temp=True)
    images.stage("id1", b"one", None)
    images.note([(1, save)])
    assert not images.is_untracked("ada", "a.png", temp=True, view=view)
    images.reconcile("ada", "a.png", temp=True)
    assert images.is_untracked("ada", "a.png", temp=True, view=view)
    view.apply(1, save)
    assert not images.is_untracked("ada", "a.png", temp=True, view=view)


def test_free_numbers_follow_one_another_between_the_files_that_are_there(images: ImageStore) -> None:
    """Not more of them than do."""
    keep(images, 1, "upscale/image_2.png", b"one")
    keep(images, 2, "upscale/image_5.png", b"two")
    free = [images.free_numbers("ada", "upscale", "png", temp=False, first=first) for first in (1, 2, 3)]
    assert free == [range(1, 2), range(3, 5), range(3, 5)]


def test_a_free_number_is_above_all_that_are_there(images: ImageStore) -> None:
    """In each folder for itself, and of each user."""
    assert images.first_free_number("ada", "upscale", temp=False) == 1
    keep(images, 1, "upscale/image_7.png", b"one")
    keep(images, 2, "image_2.png", b"two")
    assert images.first_free_number("ada", "upscale", temp=False) == 8
    assert images.first_free_number("ada", None, temp=False) == 3
    assert images.first_free_number("bob", "upscale", temp=False) == 1


def test_a_file_that_comes_back_is_there_again(images: ImageStore) -> None:
    """Whoever brings it back."""
    keep(images, 1, "a.png", b"one")
    path = file_of(images, "a.png")
    path.rename(path.with_name("away"))
    assert not images.is_there("ada", "a.png", temp=False, size_bytes=3)
    path.with_name("away").rename(path)
    assert images.is_there("ada", "a.png", temp=False, size_bytes=3)
