"""Many images deleted at once: what went, what was gone before, what stays and why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.application import erasing
from adapters.application.default_style import FIRST_STYLE, default_style, set_default_style
from adapters.application.erasing import Erased, erase_images, forget_user, saves_older_than
from adapters.application.reading import image_names
from adapters.application.reserving import WantedPlaces, reserve_places
from adapters.application.results import LIBRARY, DeletedImage, ImageSave
from adapters.application.saves import position_now, saves_of
from adapters.application.saving import NewImage, save_image
from adapters.application.storage import Storage
from adapters.engines.opening import open_store
from domain.refusals import Reason, Refusal
from tests.adapters.application.evidence import events_of
from tests.hostile.builders import png

GONE = Refusal(Reason.NOT_FOUND, "1", "a.png")
STOPPED = Refusal(Reason.STOPPED, "1")
DELETED = DeletedImage("1", "a.png", 1_000, 1)
DAYS = ("2026-01-01T12:00:00.000000Z", "2026-01-03T12:00:00.000000Z", "2026-01-04T11:59:59.999999Z")


class Times:
    """A clock that stands where it is put."""

    now = DAYS[0]

    def __call__(self) -> str:
        return self.now


@pytest.fixture
def times() -> Times:
    """The clock of the storage."""
    return Times()


@pytest.fixture
def store(tmp_path: Path, times: Times) -> Iterator[Storage]:
    """A storage with the usual limits."""
    opened = open_store(tmp_path, clock=times)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("answers", "erased"),
    [
        ([DELETED, DELETED], Erased(2, 2_000)),
        ([DELETED, GONE], Erased(1, 1_000, 0, GONE)),
        ([GONE, GONE], Erased(0, 0, 0, GONE)),
        ([DELETED, STOPPED, STOPPED], Erased(1, 1_000, 2, STOPPED)),
        ([STOPPED, DELETED, GONE], Erased(1, 1_000, 1, STOPPED)),
        ([GONE, STOPPED], Erased(0, 0, 1, STOPPED)),
    ],
)
async def test_what_could_not_be_deleted_is_counted(
    answers: list[DeletedImage | Refusal], erased: Erased, store: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was gone before does not count as left, and its refusal gives way to one of what stays."""
    left = list(answers)

    async def delete(*_: object, **__: object) -> DeletedImage | Refusal:
        return left.pop(0)

    monkeypatch.setattr(erasing, "delete_save", delete)
    saves = [ImageSave("a.png", 1, 1_000, DAYS[0])] * len(answers)
    assert await erase_images(store, "1", saves, actor=LIBRARY, reason="user") == erased


@pytest.mark.parametrize(("days", "names"), [(0, ["b.png", "a.png"]), (1, ["a.png"]), (2, ["a.png"]), (3, [])])
async def test_an_image_is_as_old_as_the_log_says(store: Storage, times: Times, days: int, names: list[str]) -> None:
    """Days of 24 hours, to the microsecond: one of two days is not yet three days old."""
    await save_image(store, NewImage("1", png(), name="a.png"))
    times.now = DAYS[1]
    await save_image(store, NewImage("1", png(), name="b.png"))
    times.now = DAYS[2]
    assert [image.name for image in saves_older_than(store, "1", days)] == names


async def test_all_of_a_user_is_forgotten_and_nothing_of_others(store: Storage, tmp_path: Path) -> None:
    """Images and the chosen style; what is being made is told, and the reason is recorded."""
    for user in ("1", "2"):
        await save_image(store, NewImage(user, png(), name="a.png"))
        await set_default_style(store, user, "anime", actor=LIBRARY)
    await reserve_places(store, WantedPlaces("1"))
    forgotten = await forget_user(store, "1", up_to=position_now(store), actor=LIBRARY)
    assert forgotten == (Erased(1, len(png())), 0, True)
    assert (image_names(store, "1"), default_style(store, "1")) == ([], FIRST_STYLE)
    assert (image_names(store, "2"), default_style(store, "2")) == (["a.png"], "anime")
    assert [event["data"]["reason"] for event in events_of(tmp_path, "ImageDeleted")] == ["privacy"]


async def test_who_chose_nothing_has_no_choice_recorded_by_being_forgotten(store: Storage, tmp_path: Path) -> None:
    """The log gets no line for what does not change."""
    assert await forget_user(store, "1", up_to=position_now(store), actor=LIBRARY) == (Erased(0, 0), 0, False)
    assert events_of(tmp_path, "PreferenceSet") == []


async def test_what_was_asked_about_goes_and_nothing_that_came_later(store: Storage) -> None:
    """An image that is saved anew under its name between the question and the answer is another one: by its age,
    chosen, or with everything, it stays; so does what is new.
    """
    for name in ("a.png", "b.png", "c.png"):
        await save_image(store, NewImage("1", png(), name=name))
    asked, position = saves_older_than(store, "1", 0), position_now(store)
    assert asked == saves_of(store, "1")
    await save_image(store, NewImage("1", png(2), name="b.png"))
    await save_image(store, NewImage("1", png(), name="d.png"))
    chosen = [save for save in asked if save.name in {"b.png", "c.png"}]
    assert (await erase_images(store, "1", chosen, actor=LIBRARY, reason="user")).images == 1
    assert image_names(store, "1") == ["d.png", "b.png", "a.png"]
    assert [save.name for save in saves_of(store, "1", up_to=position)] == ["a.png"]
    assert await forget_user(store, "1", up_to=position, actor=LIBRARY) == (Erased(1, len(png())), 2, False)
    assert image_names(store, "1") == ["d.png", "b.png"]
