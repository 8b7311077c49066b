"""What a killed process had reserved for its studio is released by the next start; what others reserved is theirs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from adapters.application.abandoned import is_attended, new_reservation_id
from adapters.application.reading import quota_status
from adapters.application.reserving import ReturnedPlaces, WantedPlaces, complete_generation, release_places
from adapters.application.reserving import reserve_places as reserve
from adapters.application.results import Actor, Delivery, Reserved, SavedImage
from adapters.application.saving import NewImage, save_image
from adapters.application.storage import Storage
from adapters.engines.opening import open_store
from adapters.generation.generator import Generator
from adapters.generation.provider import GenerationRequest, Operation
from adapters.studio import Generated, Studio, StudioSettings
from tests.adapters.application.evidence import assert_disk_and_log_agree, events_of
from tests.adapters.generation.in_memory_providers import InMemoryProvider
from tests.hostile.builders import png_of_size

CATS = GenerationRequest(Operation.TEXT_TO_IMAGE, "cats", width=512, height=512, count=2)
PAGE = Actor("page", "http")


@asynccontextmanager
async def busy(store: Storage, *keys: str | None) -> AsyncIterator[None]:
    """A studio that has one request made and lets the others wait; after the block its process is gone."""
    provider = InMemoryProvider()
    provider.stalled = asyncio.Event()
    studio = Studio(store, Generator(provider), StudioSettings(at_once=1))
    asking = [asyncio.ensure_future(studio.generate("1", CATS, actor=PAGE, idempotency_key=key)) for key in keys]
    while quota_status(store, "1")["daily"]["used"] < CATS.count * len(keys):  # noqa: ASYNC110 - it takes some syncs
        await asyncio.sleep(0.005)
    yield
    store.close()  # from here on nothing of it reaches the log, as after a kill
    await studio.close()
    await asyncio.gather(*asking, return_exceptions=True)


def figures(store: Storage) -> tuple[int, float]:
    """What counts today, and what is held."""
    status = quota_status(store, "1")
    return status["daily"]["used"], status["user"]["reserved_mb"]


def released(root: Path) -> list[dict[str, Any]]:
    """The releases in the log."""
    return [event["data"] for event in events_of(root) if event["type"] == "GenerationReleased"]


async def test_a_start_gives_back_what_nobody_works_on_any_more(tmp_path: Path) -> None:
    """At once, for requests with and without a key, made and waiting; they may have been paid, so it says unknown."""
    async with busy(open_store(tmp_path), "a-key", None):
        pass
    store = open_store(tmp_path)
    assert figures(store) == (0, 0)
    assert [(one["by"], one["reason"], one["count"], one["refunded"]) for one in released(tmp_path)] == [
        ("system", "unknown", 2, 2)
    ] * 2
    again = await Studio(store, Generator(InMemoryProvider())).generate("1", CATS, actor=PAGE, idempotency_key="a-key")
    assert isinstance(again, Generated)
    assert figures(store) == (2, 0)
    store.close()
    open_store(tmp_path).close()
    assert len(released(tmp_path)) == 2
    assert_disk_and_log_agree(tmp_path)


@pytest.mark.parametrize(
    ("delivered", "kept", "expected"),
    [
        (0, 0, [("unknown", 3, 3)]),
        (2, 0, [("not_kept", 2, 0), ("unknown", 1, 1)]),
        (2, 1, [("not_kept", 1, 0), ("unknown", 1, 1)]),
        (3, 3, []),
    ],
)
async def test_what_was_delivered_counts_and_what_was_kept_stands(
    tmp_path: Path, delivered: int, kept: int, expected: list[tuple[str, int, int]]
) -> None:
    """A kill between two steps of a request of three pictures: the same key is answered with what was kept."""
    store = open_store(tmp_path)
    held = await reserve(
        store, WantedPlaces("1", 3, operation="text_to_image", exclusive=True), actor=PAGE, idempotency_key="k/reserve"
    )
    assert isinstance(held, Reserved)
    if delivered:
        await complete_generation(store, "1", held.reservation, Delivery("p", "m", 1.0, delivered), actor=PAGE)
    for index in range(kept):
        image = NewImage("1", png_of_size(100 + index), name="text_to_image", reservation=held.reservation)
        assert isinstance(await save_image(store, image, actor=PAGE, idempotency_key=f"k/save/{index}"), SavedImage)
    store.close()
    store = open_store(tmp_path)
    assert [(one["reason"], one["count"], one["refunded"]) for one in released(tmp_path)] == expected
    assert figures(store) == (delivered, 0)
    studio = Studio(store, Generator(InMemoryProvider()))
    assert len(studio.kept_under(PAGE, "k")) == kept
    store.close()


@pytest.mark.parametrize("key", [None, "job/reserve", "1"])
async def test_what_a_program_reserved_for_itself_is_its_own(tmp_path: Path, key: str | None) -> None:
    """Whatever its key and its operation look like, it outlives a start, and an image is saved into it."""
    store = open_store(tmp_path)
    async with busy(store, "studio"):
        held = await reserve(
            store, WantedPlaces("1", operation="text_to_image"), actor=PAGE, idempotency_key=key, content=(b"x",)
        )
        assert isinstance(held, Reserved)
    store = open_store(tmp_path)
    assert figures(store)[0] == 1
    image = NewImage("1", png_of_size(100), name="text_to_image", reservation=held.reservation)
    assert isinstance(await save_image(store, image, actor=PAGE), SavedImage)
    assert figures(store) == (1, 0)
    store.close()


async def test_a_second_use_of_an_open_root_releases_nothing(tmp_path: Path) -> None:
    """The first one works on it still."""
    store = open_store(tmp_path)
    async with busy(store, "k"):
        second = open_store(tmp_path)
        assert figures(second)[0] == 2
        second.close()
    assert released(tmp_path) == []


async def test_a_start_on_a_log_that_was_released_since_finds_nothing_to_do(tmp_path: Path) -> None:
    """Places that were given back in order are not released twice."""
    store = open_store(tmp_path)
    held = await reserve(store, WantedPlaces("1", exclusive=True), actor=PAGE)
    assert isinstance(held, Reserved)
    await release_places(store, ReturnedPlaces("1", held.reservation), actor=PAGE)
    store.close()
    open_store(tmp_path).close()
    assert [one["reason"] for one in released(tmp_path)] == ["cancelled"]


def test_an_id_tells_whose_it_is() -> None:
    """Both kinds are random UUIDs in hex; no caller chooses one."""
    for attended in (True, False):
        ids = {new_reservation_id(attended=attended) for _ in range(100)}
        assert len(ids) == 100
        assert {(len(one), is_attended(one)) for one in ids} == {(32, attended)}
    assert not is_attended("short")
