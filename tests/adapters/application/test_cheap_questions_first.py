"""Cheap questions come first: what the limits refuse is not decoded, and the refusal is the one it would be anyway."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.application.reserving import WantedPlaces, reserve_places
from adapters.application.results import Actor, Reserved, SavedImage
from adapters.application.saving import NewImage, save_image
from adapters.application.storage import Storage
from adapters.engines.opening import open_store
from adapters.images import check
from adapters.images.containers.outline import Outline
from adapters.images.invalid_image import InvalidImage
from domain.commands import SetPolicy
from domain.refusals import Reason, Refusal
from tests.adapters.application.evidence import events_of, files_of
from tests.hostile.builders import jpeg_progressive_scans, png, png_of_size

ME = Actor("discord:1", "direct")
SCANS = jpeg_progressive_scans(100, 640, 480)


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    """Two images a day, of 100,000 bytes in all for each user."""
    store = open_store(tmp_path / "root", limits=SetPolicy(daily=2, user_bytes=100_000, gen_bytes=10_000))
    yield store
    store.close()


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The formats that were decoded, one for each decode."""
    found: list[str] = []
    decode = check._decode

    def noting(outline: Outline) -> None:
        found.append(outline.format)
        decode(outline)

    monkeypatch.setattr(check, "_decode", noting)
    return found


@pytest.mark.parametrize("data", [png(), SCANS, b"\xff\xd8\xffdamaged"], ids=["a picture", "many scans", "damaged"])
async def test_who_has_no_place_left_is_told_so_before_anything_is_decoded(
    storage: Storage, decoded: list[str], data: bytes
) -> None:
    """Whatever the bytes are; the log has the refusal with its figures, as of any other."""
    for name in ("a.png", "b.png"):
        assert isinstance(await save_image(storage, NewImage("1", png(), name), actor=ME), SavedImage)
    files = files_of(storage.root)
    decoded.clear()
    refused = await save_image(storage, NewImage("1", data), actor=ME)
    assert isinstance(refused, Refusal)
    assert (refused.reason, refused.limit, refused.used) == (Reason.DAILY_LIMIT, 2, 2)
    assert decoded == []
    assert files_of(storage.root) == files
    last = events_of(storage.root)[-1]
    assert last["type"] == "RequestRefused"
    assert (last["data"]["reason"], last["data"]["command"]) == ("DAILY_LIMIT", "SaveImage")
    assert len(data) in last["data"]["asked"].values()


@pytest.mark.parametrize(("size_bytes", "reason"), [(100_000, None), (100_001, Reason.USER_STORAGE)])
async def test_bytes_are_asked_for_by_their_number(
    storage: Storage, decoded: list[str], size_bytes: int, reason: Reason | None
) -> None:
    """What fits to the byte is looked at, a byte more is not."""
    saved = await save_image(storage, NewImage("1", png_of_size(size_bytes), "a.png"), actor=ME)
    assert (saved.reason if isinstance(saved, Refusal) else None) is reason
    assert bool(decoded) is (reason is None)


async def test_a_taken_name_and_an_unknown_reservation_are_told_before_too(
    storage: Storage, decoded: list[str]
) -> None:
    """Every rule of a save is asked, not the limits alone."""
    await save_image(storage, NewImage("1", png(), "a"), actor=ME)
    decoded.clear()
    for image in (NewImage("1", SCANS, "a/b.jpg"), NewImage("1", SCANS, reservation="0" * 32)):
        assert isinstance(await save_image(storage, image, actor=ME), Refusal)
    assert decoded == []


async def test_what_was_answered_before_is_answered_again_where_no_place_is_left(storage: Storage) -> None:
    """A repeat under its key is no new demand."""
    first = await save_image(storage, NewImage("1", png(), "a.png"), actor=ME, idempotency_key="k")
    await save_image(storage, NewImage("1", png(), "b.png"), actor=ME)
    again = await save_image(storage, NewImage("1", png(), "a.png"), actor=ME, idempotency_key="k")
    assert isinstance(first, SavedImage)
    assert again == first._replace(replayed=True)


async def test_a_place_that_is_held_is_no_new_demand(storage: Storage) -> None:
    """What was reserved is kept, though the day is full by then."""
    held = await reserve_places(storage, WantedPlaces("1", 2), actor=ME)
    assert isinstance(held, Reserved)
    for _ in range(2):
        kept = await save_image(storage, NewImage("1", png(), reservation=held.reservation), actor=ME)
        assert isinstance(kept, SavedImage)


async def test_what_is_only_asked_leaves_nothing_behind(storage: Storage) -> None:
    """A yes is no event: the save that follows is decided anew, over its real bytes."""
    before = len(events_of(storage.root))
    with pytest.raises(InvalidImage):
        await save_image(storage, NewImage("1", b"\xff\xd8\xffdamaged"), actor=ME)
    assert len(events_of(storage.root)) == before
