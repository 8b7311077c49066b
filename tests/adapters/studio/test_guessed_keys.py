"""The keys of a request's steps are nobody else's: who guesses one, or took it before, gets and spoils nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from adapters.application.deleting import delete_image
from adapters.application.reserving import (
    ReturnedPlaces,
    WantedPlaces,
    complete_generation,
    release_places,
    reserve_places,
)
from adapters.application.results import Actor, Delivery, Reserved, SavedImage
from adapters.application.saving import NewImage, save_image
from adapters.application.storage import Storage
from adapters.engines.opening import open_store
from adapters.generation.generator import Generator
from adapters.generation.provider import GenerationRequest, Operation
from adapters.ports.failure_reasons import FailureKind
from adapters.ports.failures import GenerationFailure
from adapters.studio import Generated, Studio
from adapters.studio.jobs import content_of
from domain.refusals import Reason, Refusal
from tests.adapters.application.evidence import events_of
from tests.adapters.generation.in_memory_providers import InMemoryProvider, failing
from tests.hostile.builders import png

CAT = GenerationRequest(Operation.TEXT_TO_IMAGE, "a cat", width=64, height=64)
LOCAL = Actor("api:local", "http")
KEY = "k"
GUESSES = [f"{KEY}{attempt}/{step}" for attempt in ("", "#2") for step in ("reserve", "complete/0", "save/0", "save/1")]

Deed = Callable[[Storage, str], Awaitable[object]]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Storage]:
    """A store with the usual limits."""
    opened = open_store(tmp_path)
    yield opened
    opened.close()


async def saves(store: Storage, key: str) -> object:
    """Keeps a picture of their own."""
    image = NewImage("2", png(9, 9), name=f"private/{len(key)}{key[-1]}.png", temp=True)
    return await save_image(store, image, actor=LOCAL, idempotency_key=key)


async def deletes(store: Storage, key: str) -> object:
    """Takes a picture of their own away."""
    image = NewImage("2", png(9, 9), name="private.png", temp=False)
    await save_image(store, image, actor=Actor("page", "http"))
    return await delete_image(store, "2", "private.png", actor=LOCAL, idempotency_key=key)


async def reserves(store: Storage, key: str) -> object:
    """Holds a place of their own."""
    return await reserve_places(store, WantedPlaces("2"), actor=LOCAL, idempotency_key=key)


async def generates(store: Storage, key: str) -> object:
    """Has a picture made."""
    return await Studio(store, Generator(InMemoryProvider())).generate("2", CAT, actor=LOCAL, idempotency_key=key)


@pytest.mark.parametrize("deed", [saves, deletes, reserves, generates])
@pytest.mark.parametrize("key", GUESSES)
async def test_a_guessed_key_spoils_nothing_and_answers_nothing(store: Storage, key: str, deed: Deed) -> None:
    """Whoever used it before: a request that failed once is made, kept, and answered with its own picture alone."""
    await deed(store, key)
    provider = InMemoryProvider()
    makes, provider.make = provider.make, failing(FailureKind.UPSTREAM)
    studio = Studio(store, Generator(provider))
    failed = await studio.generate("1", CAT, actor=LOCAL, idempotency_key=KEY)
    assert isinstance(failed, GenerationFailure)
    provider.make = makes
    for repeated in (False, True):
        made = await studio.generate("1", CAT, actor=LOCAL, idempotency_key=KEY)
        assert isinstance(made, Generated)
        ((picture,), replayed) = made.pictures, made.replayed
        assert picture.image is not None
        assert (picture.image.user, replayed) == ("1", repeated)


@pytest.mark.parametrize("key", GUESSES)
async def test_who_guesses_a_key_afterwards_gets_what_is_their_own(store: Storage, key: str) -> None:
    """A save under it is theirs, and no conflict that tells that somebody else has such a key."""
    studio = Studio(store, Generator(InMemoryProvider()))
    assert isinstance(await studio.generate("1", CAT, actor=LOCAL, idempotency_key=KEY), Generated)
    saved = await saves(store, key)
    assert isinstance(saved, SavedImage)
    assert (saved.user, saved.replayed) == ("2", False)


async def test_a_key_of_another_user_answers_with_nothing_of_theirs(store: Storage) -> None:
    """One key of one caller means one request: for another user it is a conflict, which names the key alone."""
    studio = Studio(store, Generator(InMemoryProvider()))
    await studio.generate("1", CAT, actor=LOCAL, idempotency_key=KEY)
    refused = await studio.generate("2", CAT, actor=LOCAL, idempotency_key=KEY)
    assert isinstance(refused, Refusal)
    assert (refused.reason, refused.user, refused.detail.partition("~")[0]) == (
        Reason.REQUEST_CONFLICT,
        "2",
        f"{KEY}/reserve",
    )


async def as_an_earlier_version(store: Storage, key: str, *, kept: bool) -> Reserved:
    """A request whose steps have keys without a code."""
    wanted = WantedPlaces("1", operation="text_to_image", exclusive=True)
    content = content_of(CAT)
    held = await reserve_places(store, wanted, actor=LOCAL, idempotency_key=f"{key}/reserve", content=content)
    assert isinstance(held, Reserved)
    if kept:
        await complete_generation(
            store, "1", held.reservation, Delivery("p", "m", 1.0), actor=LOCAL, idempotency_key=f"{key}/complete/0"
        )
        image = NewImage("1", png(), name="text_to_image", reservation=held.reservation)
        assert isinstance(await save_image(store, image, actor=LOCAL, idempotency_key=f"{key}/save/0"), SavedImage)
    else:
        await release_places(store, ReturnedPlaces("1", held.reservation, reason="failed"), actor=LOCAL)
    return held


async def test_a_request_of_an_earlier_version_is_answered_as_it_was(store: Storage) -> None:
    """Repeated over the upgrade: nothing is made again; and nothing of it is told under the same key to others."""
    await as_an_earlier_version(store, KEY, kept=True)
    provider = InMemoryProvider()
    studio = Studio(store, Generator(provider))
    made = await studio.generate("1", CAT, actor=LOCAL, idempotency_key=KEY)
    assert isinstance(made, Generated)
    assert (made.replayed, provider.asked, len(studio.kept_under(LOCAL, KEY))) == (True, [], 1)
    other = await studio.generate("2", CAT, actor=LOCAL, idempotency_key=KEY)
    assert isinstance(other, Generated)
    assert [picture.image.user for picture in other.pictures if picture.image] == ["2"]


async def test_a_failed_request_of_an_earlier_version_is_made_under_new_keys(store: Storage, tmp_path: Path) -> None:
    """What somebody else kept under the old key of its step is not its answer."""
    await as_an_earlier_version(store, KEY, kept=False)
    await saves(store, f"{KEY}/save/0")
    studio = Studio(store, Generator(InMemoryProvider()))
    assert studio.kept_under(LOCAL, KEY) == []
    made = await studio.generate("1", CAT, actor=LOCAL, idempotency_key=KEY)
    assert isinstance(made, Generated)
    assert [picture.image.user for picture in made.pictures if picture.image] == ["1"]
    keys = [event["data"]["request"]["key"] for event in events_of(tmp_path)[-3:]]
    assert [key.partition("~")[0] for key in keys] == [
        f"{KEY}#2/{step}" for step in ("reserve", "complete/0", "save/0")
    ]
    assert all(len(key.partition("~")[2]) == 32 for key in keys)
