"""ImageIndex of current names and their drafts: order, folders, fresh numbers, two name spaces' common shape."""

from __future__ import annotations

import pytest

from domain.usage import CurrentImage
from projections.gallery import Gallery
from projections.image_index import DraftImageIndex, ImageIndex
from projections.temp_files import older_than
from tests.domain.examples import NOON, OTHER, USER, on
from tests.projections.state import index_of


def image(name: str, position: int = 1, at: str = NOON, size: int = 1) -> CurrentImage:
    return CurrentImage(name, size, at, position, "image/png", 1, 1, "unspecified")


def filled(*names: str) -> ImageIndex:
    index = ImageIndex()
    for position, name in enumerate(names, 1):
        index.put(USER, name, image(name, position))
    return index


def test_an_unknown_user_has_an_empty_shelf() -> None:
    """And reading it makes no user."""
    index = ImageIndex()
    assert index.current_image(USER, "a.png") is None
    assert not index.has_folder(USER, "a")
    assert index.next_number(USER) == 1
    assert index.count(USER) == 0
    assert index.users() == []
    assert list(index.all()) == []


def test_a_gallery_is_newest_first_and_an_overwrite_is_new() -> None:
    """The latest save leads."""
    gallery = Gallery()
    for position, name in enumerate(["a", "b", "c", "a"], 1):
        gallery.put(USER, name, image(name, position))
    assert [(found.name, found.position) for found in gallery.newest_first(USER)] == [("a", 4), ("c", 3), ("b", 2)]
    assert gallery.newest_first(OTHER) == []
    assert gallery.count(USER) == 3


@pytest.mark.parametrize("offset", [0, 1, 3, 5, 6])
@pytest.mark.parametrize("limit", [0, 1, 4, 5, 6])
@pytest.mark.parametrize("bound", [None, -1, 0, 1, 2, 4, 7, 8, 10**30])
def test_some_images_of_each_order_are_those_of_all_in_it(offset: int, limit: int, bound: int | None) -> None:
    """From behind a position, where one is given: whether a save that stands has it or not."""
    gallery = Gallery()
    for position, name in enumerate(["a", "b", "c", "d", "a", "e", "b"], 1):
        gallery.put(USER, name, image(name, position))
    images = gallery.of(USER)
    newest = [found for found in images.newest_first() if bound is None or found.position < bound]
    oldest = [found for found in images.newest_first()[::-1] if bound is None or found.position > bound]
    assert [found.name for found in images.newest_first()] == ["b", "e", "a", "d", "c"]
    assert images.newest_first(offset, limit, before=bound) == newest[offset : offset + limit]
    assert images.oldest_first(offset, limit, after=bound) == oldest[offset : offset + limit]


def test_a_folder_stands_as_long_as_a_name_in_it() -> None:
    """An overwrite counts once; removing what does not stand counts nothing."""
    index = filled("up/a", "up/b", "up/a", "c")
    index.remove(USER, "up/a")
    index.remove(USER, "up/a")
    assert index.has_folder(USER, "up")
    index.remove(USER, "up/b")
    assert not index.has_folder(USER, "up")
    assert not index.has_folder(USER, "c")
    assert index.of(USER).folders == {}


@pytest.mark.parametrize(
    ("names", "number"),
    [
        ([], 1),
        (["image_1.png"], 2),
        (["image_5.png", "image_3.png"], 6),
        (["up/image_8.jpg"], 9),
        (["image_0.png", "image_01.png", "images_9.png", "image_9"], 1),
    ],
)
def test_the_next_number_is_above_all_that_ever_stood(names: list[str], number: int) -> None:
    """Removed ones too."""
    index = filled(*names)
    for name in names:
        index.remove(USER, name)
    assert index.next_number(USER) == number


@pytest.mark.parametrize(("raised", "number"), [(1, 4), (4, 4), (5, 5)])
def test_a_number_is_raised_and_never_lowered(raised: int, number: int) -> None:
    """It stands at 4."""
    index = filled("image_3.png")
    index.own(USER).raise_number(raised)
    assert index.next_number(USER) == number


def test_all_names_of_all_users_can_be_gone_through_while_they_change() -> None:
    """What stood at the start of each user's images."""
    index = filled("a", "b")
    index.put(OTHER, "c", image("c"))
    seen = []
    for user, key, _ in index.all():
        index.remove(USER, "b")
        index.put(USER, "d", image("d"))
        seen.append((user, key))
    assert seen == [(USER, "a"), (USER, "b"), (OTHER, "c")]


def test_a_draft_reads_through_and_hides_what_it_removed() -> None:
    """Names, folders and numbers, while the base stays as it is."""
    base = filled("up/a", "b", "image_3.png")
    before = index_of(base)
    draft = base.draft()
    assert draft.current_image(USER, "b") == image("b", 2)
    assert draft.has_folder(USER, "up")
    assert draft.next_number(USER) == 4
    draft.remove(USER, "b")
    draft.remove(USER, "up/a")
    draft.remove(USER, "up/a")
    draft.put(USER, "new/c", image("new/c", 4))
    draft.put(USER, "image_7.png", image("image_7.png", 5))
    assert draft.current_image(USER, "b") is None
    assert not draft.has_folder(USER, "up")
    assert draft.has_folder(USER, "new")
    assert draft.next_number(USER) == 8
    assert [key for _, key, _ in draft.all()] == ["image_3.png", "new/c", "image_7.png"]
    assert index_of(base) == before


def test_a_draft_counts_a_folder_once_for_each_name() -> None:
    """Overwritten in the draft, removed, put again."""
    draft = filled("up/a").draft()
    draft.put(USER, "up/a", image("up/a", 2))
    draft.remove(USER, "up/a")
    assert not draft.has_folder(USER, "up")
    draft.put(USER, "up/a", image("up/a", 3))
    assert draft.has_folder(USER, "up")


def change(index: ImageIndex) -> None:
    index.put(USER, "a", image("a", 10))
    index.put(USER, "up/image_9.png", image("up/image_9.png", 11))
    index.remove(USER, "b")
    index.remove(USER, "up/image_9.png")
    index.put(USER, "b", image("b", 12))
    index.put(OTHER, "c/d", image("c/d", 13))
    index.put(USER, "a", image("a", 14))
    index.remove(USER, "e")


def test_pouring_makes_of_the_base_what_the_changes_would_have_made() -> None:
    """The order of saves and the used-up numbers included."""
    committed, changed = filled("a", "b", "e"), filled("a", "b", "e")
    draft = committed.draft()
    assert isinstance(draft, DraftImageIndex)
    change(draft)
    draft.commit()
    change(changed)
    assert index_of(committed) == index_of(changed)
    assert list(committed.of(USER).lines) == ["b", "a"]
    assert committed.next_number(USER) == 10


def test_old_temp_files_come_the_oldest_first_and_bounded() -> None:
    """At or before the cutoff; of one time the one saved first."""
    index = ImageIndex()
    for user, name, position, at in (
        (USER, "c", 3, on(3)),
        (USER, "a", 1, on(2)),
        (OTHER, "b", 2, on(2)),
        (USER, "d", 4, on(3, "12:00:00.000001")),
    ):
        index.put(user, name, image(name, position, at))
    assert [(user, found.name) for user, found in older_than(index, on(3), 9)] == [
        (USER, "a"),
        (OTHER, "b"),
        (USER, "c"),
    ]
    assert [found.name for _, found in older_than(index, on(3), 2)] == ["a", "b"]
    assert older_than(index, on(1), 9) == []
