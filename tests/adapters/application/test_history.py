"""What a history tells of a user's requests: kept, given back, refused; the words of what still stands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.application import history
from adapters.application.deleting import delete_image
from adapters.application.history import (
    KeptEntry,
    RefusedEntry,
    ReleasedEntry,
    history_of,
    last_without_picture,
    prompt_of,
    settlement_of,
)
from adapters.application.reserving import ReturnedPlaces, WantedPlaces, release_places, reserve_places
from adapters.application.results import Reserved
from adapters.application.saving import NewImage, save_image
from adapters.application.storage import Storage
from adapters.engines.opening import open_store
from domain.commands import SetPolicy
from domain.instants import next_midnight
from domain.refusals import Reason, Refusal, refusal_of
from tests.hostile.builders import png, png_of_size


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Storage]:
    """A storage with two generations a day."""
    opened = open_store(tmp_path, limits=SetPolicy(daily=2))
    yield opened
    opened.close()


def kept(store: Storage) -> list[tuple[str, bool, str]]:
    """The names that user 1's history tells, whether they stand, and from which words they were made."""
    entries = [entry for entry in history_of(store, "1") if isinstance(entry, KeptEntry)]
    return [(entry.name, entry.stands, prompt_of(store, "1", entry)) for entry in entries]


async def test_an_image_stands_until_its_name_is_deleted(store: Storage) -> None:
    """Words are told of what stands alone."""
    for name, prompt in (("a.png", "a wren"), ("b.png", "a heron")):
        await save_image(store, NewImage("1", png(), name=name, details={"prompt": prompt}))
    assert kept(store) == [("b.png", True, "a heron"), ("a.png", True, "a wren")]
    await delete_image(store, "1", "a.png")
    assert kept(store) == [("b.png", True, "a heron"), ("a.png", False, "")]


async def test_an_overwritten_image_does_not_stand_any_more(store: Storage) -> None:
    """The one that was saved under the name last does, in whatever spelling, with its own words."""
    await save_image(store, NewImage("1", png(), name="a.png", details={"prompt": "a wren"}))
    await save_image(store, NewImage("1", png_of_size(300), name="A.png"))
    assert kept(store) == [("a.png", True, ""), ("a.png", False, "")]


async def test_temp_files_and_other_users_are_left_out(store: Storage) -> None:
    """They are no part of what somebody asked for."""
    await save_image(store, NewImage("1", png(), name="t.png", temp=True))
    await save_image(store, NewImage("2", png(), name="a.png"))
    assert history_of(store, "1") == []


async def test_what_was_given_back_is_told_with_its_operation_and_reason(store: Storage) -> None:
    """The operation is that of the reservation; the reason is the ledger's word."""
    reserved = await reserve_places(store, WantedPlaces("1", operation="upscale"))
    assert isinstance(reserved, Reserved)
    await release_places(store, ReturnedPlaces("1", reserved.reservation, reason="moderated"))
    (entry,) = history_of(store, "1")
    assert isinstance(entry, ReleasedEntry)
    assert (entry.operation, entry.reason) == ("upscale", "moderated")


async def test_a_recorded_refusal_is_the_one_that_was_answered(store: Storage) -> None:
    """With its figures, and with the end of the day that it was about."""
    refused = await reserve_places(store, WantedPlaces("1", 3))
    assert isinstance(refused, Refusal)
    (entry,) = history_of(store, "1")
    assert isinstance(entry, RefusedEntry)
    again = refusal_of(entry.record)
    assert again == refused._replace(record=None)
    assert (again.reason, again.resets_at) == (Reason.DAILY_LIMIT, next_midnight(entry.at))


async def test_the_last_request_without_a_picture_is_found_behind_kept_ones(store: Storage) -> None:
    """And none where all were kept."""
    await save_image(store, NewImage("1", png(), name="a.png"))
    assert last_without_picture(history_of(store, "1")) is None
    await reserve_places(store, WantedPlaces("1", 3))
    await save_image(store, NewImage("1", png(), name="b.png"))
    entries = history_of(store, "1")
    assert [type(entry) for entry in entries] == [KeptEntry, RefusedEntry, KeptEntry]
    assert last_without_picture(entries) == entries[1]


async def test_each_entry_has_the_settlement_of_its_generation(store: Storage) -> None:
    """And an image that of the save which stands; an image that is gone has none."""
    await save_image(store, NewImage("1", png(), name="a.png"))
    reserved = await reserve_places(store, WantedPlaces("1"))
    assert isinstance(reserved, Reserved)
    await release_places(store, ReturnedPlaces("1", reserved.reservation, "failed"))
    released, saved = history_of(store, "1")
    assert isinstance(released, ReleasedEntry)
    assert isinstance(saved, KeptEntry)
    assert released.settlement is not None
    assert saved.settlement is not None
    assert (released.settlement.counted, saved.settlement.counted) == (0, 1)
    assert settlement_of(store, "1", "A.png") == saved.settlement
    await delete_image(store, "1", "a.png")
    assert settlement_of(store, "1", "a.png") is None


@pytest.mark.parametrize("looked_through", [(2, 50), (50,), (1, 2, 3, 50)])
async def test_a_settlement_is_whole_whatever_stands_around_its_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, looked_through: tuple[int, ...]
) -> None:
    """Others came between its reservation and its image, and more of it after."""
    monkeypatch.setattr(history, "LOOKED_THROUGH", looked_through)
    store = open_store(tmp_path, limits=SetPolicy(daily=100))
    reserved = await reserve_places(store, WantedPlaces("1", 3))
    assert isinstance(reserved, Reserved)
    for name in ("between.png", "first.png", "after.png", "second.png"):
        own = reserved.reservation if name in {"first.png", "second.png"} else None
        await save_image(store, NewImage("1", png(), name=name, reservation=own))
    still_open = settlement_of(store, "1", "first.png")
    await release_places(store, ReturnedPlaces("1", reserved.reservation, "failed"))
    await save_image(store, NewImage("1", png(), name="last.png"))
    for name in ("first.png", "second.png"):
        told = settlement_of(store, "1", name)
        assert told is not None
        assert [image.name for image in told.kept] == ["first.png", "second.png"]
        assert (told.reservation, told.open, len(told.given_back)) == (reserved.reservation, 0, 1)
        assert still_open == told._replace(given_back=())
    store.close()
