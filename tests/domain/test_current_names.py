"""When a name is taken, which spelling is kept, and how fresh names are found."""

from __future__ import annotations

import pytest

from domain.commands import FreshName
from domain.events import Event
from domain.refusals import Reason
from tests.domain.examples import OTHER, adopt, adopted, delete, deleted, reserved, save, saved, saved_plainly
from tests.domain.history import given


@pytest.mark.parametrize("spelling", ["cat.png", "Cat.PNG", "CAT.png"])
def test_names_are_one_whatever_their_case_and_an_overwrite_keeps_the_stored_spelling(spelling: str) -> None:
    """The image under `Cat.png` is replaced, and goes on being called that."""
    told = given(adopted("Cat.png", 40)).when(save(spelling, 70)).then(*saved_plainly("Cat.png", 70, replaced=40))
    told.when(delete(spelling)).then(deleted("Cat.png", 70))


def test_a_deleted_name_may_come_back_in_another_spelling() -> None:
    """Nothing stands, so nothing is overwritten."""
    given(adopted("Cat.png"), deleted("Cat.png")).when(adopt("cat.png")).then(adopted("cat.png"))


def test_a_deletion_of_one_save_leaves_later_ones_alone() -> None:
    """Who was asked about a save did not mean what stands under its name since; the newest may be meant too."""
    told = given(adopted("cat.png", 40)).when(save("cat.png", 70)).then(*saved_plainly("cat.png", 70, replaced=40))
    told.when(delete("cat.png", position=1)).then_refused(Reason.NOT_FOUND, detail="cat.png")
    told.when(delete("cat.png", position=3)).then(deleted("cat.png", 70))
    given(adopted("cat.png", 40)).when(delete("cat.png", position=1)).then(deleted("cat.png", 40))
    given().when(delete("cat.png", position=1)).then_refused(Reason.NOT_FOUND, detail="cat.png")


def test_images_and_temp_files_are_two_name_spaces() -> None:
    """One name may stand in both; neither replaces the other, and folders do not meet either."""
    told = given(saved("cat.png", 40, temp=True)).when(adopt("cat.png", 70)).then(adopted("cat.png", 70))
    told.when(delete("cat.png")).then(deleted("cat.png", 70))
    told.when(delete("cat.png", temp=True)).then(deleted("cat.png", 40, temp=True))
    given(saved("a/b.png", temp=True)).when(adopt("a")).then(adopted("a"))
    given(saved("a", temp=True)).when(adopt("a/b.png")).then(adopted("a/b.png"))


def test_users_have_their_own_names() -> None:
    """Another user's image is not replaced."""
    given(adopted("cat.png", user=OTHER)).when(adopt("cat.png", 70)).then(adopted("cat.png", 70))


TAKEN = [
    ("a", "a/b.png", False),
    ("A", "a/b.png", False),
    ("a", "A/b.png", False),
    ("a/b.png", "a", False),
    ("A/b.png", "a", False),
    ("a/b.png", "a/c.png", True),
    ("a/b.png", "b.png", True),
    ("a/b.png", "c/a", True),
    ("a", "b", True),
]


@pytest.mark.parametrize(("current", "name", "free"), TAKEN)
@pytest.mark.parametrize("temp", [False, True])
def test_a_folder_and_a_file_of_one_name_do_not_stand_together(current: str, name: str, free: bool, temp: bool) -> None:
    """Whatever their case, in either name space, for a save and for an adoption."""
    for command in (save(name, temp=temp), adopt(name, temp=temp)):
        told = given(adopted(current, temp=temp)).when(command)
        if free:
            told.then_allowed()
        else:
            told.then_refused(Reason.NAME_TAKEN, user="42", detail=name)


def test_a_folder_ends_with_its_last_image() -> None:
    """After that its name may be a file's."""
    past: list[Event] = [adopted("a/b.png"), adopted("a/c.png"), adopted("a/b.png", replaced=100), deleted("a/b.png")]
    given(*past).when(adopt("a")).then_refused(Reason.NAME_TAKEN)
    given(*past, deleted("a/c.png")).when(adopt("a")).then(adopted("a"))


@pytest.mark.parametrize("command", [save("cat.png", untracked=True), adopt("cat.png", untracked=True)])
def test_a_file_that_the_log_does_not_know_takes_the_name(command: object) -> None:
    """Unless the name stands: then the file is ours."""
    given().when(command).then_refused(Reason.NAME_TAKEN, detail="cat.png")  # type: ignore[arg-type]  # a table of commands
    given(adopted("cat.png")).when(command).then_allowed()  # type: ignore[arg-type]  # as above


def test_a_name_is_judged_before_a_place_is_looked_at_but_after_the_reservation() -> None:
    """The place stays open."""
    told = given(adopted("a"), reserved()).when(save("a/b.png", reservation="r1")).then_refused(Reason.NAME_TAKEN)
    assert told.state.user("42").held_bytes == 100


def fresh(folder: str | None = None, extension: str = "png", number_from: int = 1) -> FreshName:
    return FreshName(folder, extension, number_from)


@pytest.mark.parametrize(
    ("current", "wanted", "name"),
    [
        ([], fresh(), "image_1.png"),
        ([], fresh("upscale"), "upscale/image_1.png"),
        ([], fresh(number_from=7), "image_7.png"),
        (["image_1.png"], fresh(), "image_2.png"),
        (["image_1.jpg"], fresh(), "image_2.png"),
        (["IMAGE_4.PNG"], fresh(), "image_5.png"),
        (["upscale/image_4.png"], fresh(), "image_5.png"),
        (["image_4.png"], fresh("upscale"), "upscale/image_5.png"),
        (["image_4.png"], fresh(number_from=3), "image_5.png"),
        (["image_4.png"], fresh(number_from=5), "image_5.png"),
        (["image_4.png"], fresh(number_from=6), "image_6.png"),
        (["image_2.png", "image_1.png"], fresh(), "image_3.png"),
        (["image_x.png", "picture_9.png"], fresh(), "image_1.png"),
        (["image_999999999.png"], fresh(), "image_1000000000.png"),
        (["image_999999999.png", "image_1000000000.png"], fresh(), "image_1000000001.png"),
        (["image_999999999.png", "up/image_1000000000.png"], fresh("Up"), "Up/image_1000000001.png"),
        (["image_1.png/x.png"], fresh(), "image_2.png"),
        (["image_1.png/x.png", "image_2.png/x.png"], fresh(), "image_3.png"),
        (["image_1.png/x.png"], fresh("up"), "up/image_1.png"),
    ],
)
@pytest.mark.parametrize("temp", [False, True])
def test_a_fresh_name_has_a_number_above_all_that_stood_and_meets_nothing_that_stands(
    current: list[str], wanted: FreshName, name: str, temp: bool
) -> None:
    """Numbers are counted over folders and extensions; a folder of such a name is passed over too."""
    past: list[Event] = [adopted(other, temp=temp) for other in current]
    given(*past).when(adopt("zero.png")).when(save(wanted, temp=temp)).then(
        *((saved(name, temp=True),) if temp else saved_plainly(name))
    )


@pytest.mark.parametrize(("number_to", "is_kept"), [(4, False), (5, False), (6, True), (7, True)])
@pytest.mark.parametrize("temp", [False, True])
def test_a_fresh_name_that_was_not_looked_at_is_taken(number_to: int, is_kept: bool, temp: bool) -> None:
    """Here that of number 5: others were given those before it meanwhile."""
    told = given(adopted("image_4.png", temp=temp)).when(save(FreshName(None, "png", 2, number_to), temp=temp))
    if not is_kept:
        told.then_refused(Reason.NAME_TAKEN, detail="image_5.png")
    elif temp:
        told.then(saved("image_5.png", temp=True))
    else:
        told.then(*saved_plainly("image_5.png"))


def test_a_number_is_never_used_twice() -> None:
    """Also after its image was deleted, so an old link never shows another picture."""
    told = given(save(fresh()), delete("image_1.png"))
    told.when(save(fresh())).then(*saved_plainly("image_2.png"))


def test_fresh_numbers_of_images_and_temp_files_are_counted_apart() -> None:
    """Two name spaces."""
    told = given(saved("image_7.png", temp=True))
    told.when(save(fresh())).then(*saved_plainly("image_1.png"))
    told.when(save(fresh(), temp=True)).then(saved("image_8.png", temp=True))


def test_fresh_names_of_one_batch_do_not_meet() -> None:
    """The second decision sees the first one's draft."""
    state = given().state
    draft = state.draft()
    draft.apply(1, adopted("image_1.png"))
    assert draft.next_number("42", temp=False) == 2
    assert state.next_number("42", temp=False) == 1


def test_a_fresh_name_in_a_folder_that_is_a_file_is_taken() -> None:
    """No number helps against that."""
    given(adopted("up")).when(save(fresh("up"))).then_refused(Reason.NAME_TAKEN, detail="up/image_1.png")


def test_a_foreign_file_takes_a_fresh_name_too() -> None:
    """The storage asks again with a higher `number_from`."""
    given().when(save(fresh(), untracked=True)).then_refused(Reason.NAME_TAKEN, detail="image_1.png")
