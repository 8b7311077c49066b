"""Many requests at one studio: who waits, what each on_progress, and that nobody's place is lost while waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Self

import pytest

from adapters.application.reading import image_details, quota_status
from adapters.application.storage import Storage
from adapters.engines.opening import open_store
from adapters.generation.generator import Generator
from adapters.generation.provider import (
    GeneratedImage,
    GenerationRequest,
    GenerationResult,
    OnFraction,
    Operation,
    Prepared,
    ignore_fraction,
)
from adapters.ports.failure_reasons import FailureKind, Filtered, WaitedTooLong
from adapters.ports.failures import GenerationFailure
from adapters.studio import Generated, Progress, Studio, StudioSettings
from adapters.studio import studio as studio_module
from adapters.wording.refusals import sentence_of
from domain.commands import SetPolicy
from domain.refusals import Reason, Refusal
from tests.adapters.application.evidence import assert_disk_and_log_agree, events_of
from tests.adapters.generation.in_memory_providers import InMemoryProvider, ProviderAnswer
from tests.adapters.ports.every_reason import failure_of_kind
from tests.hostile.builders import png

CAT = GenerationRequest(Operation.TEXT_TO_IMAGE, "a cat")
ONE_AT_ONCE = StudioSettings(at_once=1, queue_length=8, queue_per_user=3)


@pytest.fixture
def provider() -> InMemoryProvider:
    """Works on a request until it is told to go on."""
    slow = InMemoryProvider()
    slow.stalled = asyncio.Event()
    return slow


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Storage]:
    """A store with many generations a day."""
    opened = open_store(tmp_path, limits=SetPolicy(daily=100))
    yield opened
    opened.close()


def figures(store: Storage, user: str = "1") -> tuple[int, float]:
    """Today's count of a user and the MB that are held for them."""
    status = quota_status(store, user)
    return status["daily"]["used"], status["user"]["reserved_mb"]


async def until_asked(provider: InMemoryProvider, times: int) -> None:
    """Waits until the provider has got so many requests."""
    async with asyncio.timeout(30):
        while len(provider.asked) < times:
            provider.arrived.clear()
            await provider.arrived.wait()


async def test_each_request_hears_its_place_and_then_that_it_is_made(
    store: Storage, provider: InMemoryProvider
) -> None:
    """Three at one turn: the second and third are told where they stand, and the places move up."""
    studio = Studio(store, Generator(provider), ONE_AT_ONCE)
    heard: list[list[Progress]] = [[], [], []]
    asking = []
    for hers in heard:
        began = asyncio.Event()

        def on_progress(progress: Progress, hers: list[Progress] = hers, began: asyncio.Event = began) -> None:
            hers.append(progress)
            began.set()

        asking.append(asyncio.create_task(studio.generate("1", CAT, on_progress=on_progress)))
        await began.wait()
    assert provider.stalled is not None
    provider.stalled.set()
    answers = await asyncio.gather(*asking)
    assert all(isinstance(answer, Generated) for answer in answers)
    assert heard == [
        [Progress()],
        [Progress(queue_position=1), Progress()],
        [Progress(queue_position=2), Progress(queue_position=1), Progress()],
    ]
    assert figures(store) == (3, 0)


async def test_how_much_is_done_is_told_where_the_provider_tells(store: Storage) -> None:
    """As fractions, while it is made."""

    class Telling(InMemoryProvider):
        async def generate(
            self, request: GenerationRequest, on_fraction: OnFraction = ignore_fraction
        ) -> ProviderAnswer:
            on_fraction(0.25)
            on_fraction(1.0)
            return await super().generate(request)

    heard: list[Progress] = []
    await Studio(store, Generator(Telling())).generate("1", CAT, on_progress=heard.append)
    assert [progress.fraction for progress in heard] == [None, 0.25, 1.0]


@pytest.mark.parametrize(
    ("user", "words"), [("1", "You have 3 requests under way"), ("3", "Too many requests are waiting")]
)
async def test_who_may_not_wait_is_told_so_and_nothing_is_recorded(
    store: Storage, provider: InMemoryProvider, tmp_path: Path, user: str, words: str
) -> None:
    """One user's bound, and that of all; both before anything is reserved."""
    studio = Studio(store, Generator(provider), ONE_AT_ONCE)
    users = ["1"] * 3 + ["2"] * 3 + ["3"] * 2
    asking = [asyncio.create_task(studio.generate(name, CAT)) for name in users]
    await until_asked(provider, 1)
    refused = await studio.generate(user, CAT)
    assert isinstance(refused, Refusal)
    assert refused.reason is Reason.BUSY
    assert sentence_of(refused).startswith(words)
    assert len(events_of(tmp_path, "GenerationReserved")) <= len(users)
    assert provider.stalled is not None
    provider.stalled.set()
    await asyncio.gather(*asking)
    assert isinstance(await studio.generate(user, CAT), Generated)


async def test_a_request_that_is_cancelled_while_it_waits_gives_its_place_back(
    store: Storage, provider: InMemoryProvider, tmp_path: Path
) -> None:
    """The provider never hears of it, and the next one moves up."""
    studio = Studio(store, Generator(provider), ONE_AT_ONCE)
    waits = asyncio.Event()
    first = asyncio.create_task(studio.generate("1", CAT))
    await until_asked(provider, 1)
    second = asyncio.create_task(studio.generate("2", CAT, on_progress=lambda _: waits.set()))
    await waits.wait()
    assert figures(store, "2") == (1, 1.5)
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
    assert provider.stalled is not None
    provider.stalled.set()
    assert isinstance(await first, Generated)
    await studio.close()
    assert (figures(store, "2"), len(provider.asked)) == ((0, 0), 1)
    assert [event["data"]["reason"] for event in events_of(tmp_path, "GenerationReleased")] == ["cancelled"]


async def test_who_waits_too_long_is_told_and_pays_nothing(
    store: Storage, provider: InMemoryProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reservation covers the line and the provider; what is left for the line is over before it expires."""
    monkeypatch.setattr(studio_module, "CALL_SECONDS", store.settings.reservation_seconds - 0.05)
    monkeypatch.setattr(studio_module, "CALL_SHARE", 1.0)
    studio = Studio(store, Generator(provider), ONE_AT_ONCE)
    first = asyncio.create_task(studio.generate("1", CAT))
    await until_asked(provider, 1)
    answer = await studio.generate("2", CAT)
    assert isinstance(answer, GenerationFailure)
    assert (answer.kind, figures(store, "2")) == (FailureKind.UNAVAILABLE, (0, 0))
    assert isinstance(answer.reason, WaitedTooLong)
    assert provider.stalled is not None
    provider.stalled.set()
    assert isinstance(await first, Generated)
    (released,) = events_of(tmp_path, "GenerationReleased")
    assert released["data"]["reason"] == "failed"
    assert "provider" not in released["data"], "nobody was asked"


@pytest.mark.parametrize(("free", "charged"), [(False, 3), (True, 2)])
async def test_of_a_batch_what_was_filtered_is_not_kept_and_counts_by_the_setting(
    tmp_path: Path, free: bool, charged: int
) -> None:  # fmt: skip
    """The others are kept; the user is told how many were filtered, and whether they count."""
    store = open_store(tmp_path, limits=SetPolicy(moderated_free=free))

    pictures = InMemoryProvider()

    async def one_filtered(_: GenerationRequest) -> GenerationResult:
        return GenerationResult((pictures.picture(), pictures.picture()), "p", "m", 1.0, filtered=1)

    request = GenerationRequest(Operation.TEXT_TO_IMAGE, "cats", count=3)
    generator = Generator(InMemoryProvider(one_filtered))
    made = await Studio(store, generator).generate("1", request)
    assert isinstance(made, Generated)
    assert [picture.image is not None for picture in made.pictures] == [True, True]
    (note,) = made.notes
    assert "filtered 1 of the 3 pictures" in str(note)
    assert ("does not count" in str(note)) is free
    assert figures(store) == (charged, 0)
    (completed,) = events_of(tmp_path, "GenerationCompleted")
    (released,) = events_of(tmp_path, "GenerationReleased")
    assert completed["data"]["count"] == 3
    assert (released["data"]["reason"], released["data"]["count"]) == ("moderated", 1)
    assert_disk_and_log_agree(tmp_path)
    store.close()


async def test_places_that_nothing_was_made_for_are_free_though_all_else_was_filtered(
    store: Storage, tmp_path: Path
) -> None:
    """One of three was made and filtered, then the provider failed: one counts, two do not."""

    async def one_filtered(_: GenerationRequest) -> GenerationResult:
        return GenerationResult((), "p", "m", 1.0, filtered=1)

    generator = Generator(InMemoryProvider(one_filtered))
    answer = await Studio(store, generator).generate("1", GenerationRequest(Operation.TEXT_TO_IMAGE, "x", count=3))
    assert isinstance(answer, GenerationFailure)
    assert answer.reason == Filtered(counts=True)
    assert figures(store) == (1, 0)
    released = [
        (event["data"]["reason"], event["data"]["count"]) for event in events_of(tmp_path, "GenerationReleased")
    ]
    assert released == [("moderated", 1), ("failed", 2)]


async def test_what_is_no_picture_does_not_take_the_others_of_its_batch_with_it(store: Storage) -> None:
    """They are paid for, and kept."""
    pictures = InMemoryProvider()

    async def one_is_junk(_: GenerationRequest) -> GenerationResult:
        return pictures.result([pictures.picture(), GeneratedImage(b"<html>", 1, "image/png"), pictures.picture()])

    generator = Generator(InMemoryProvider(one_is_junk))
    made = await Studio(store, generator).generate("1", GenerationRequest(Operation.TEXT_TO_IMAGE, "x", count=3))
    assert isinstance(made, Generated)
    assert ([picture.image is not None for picture in made.pictures], figures(store)) == ([True, True], (2, 0))


@pytest.mark.parametrize("wanted", [False, True])
async def test_the_prompt_is_in_the_file_only_where_that_is_set(tmp_path: Path, wanted: bool) -> None:
    """Never in the log, always beside the image, and in the image as the operator decides."""
    store = open_store(tmp_path)
    studio = Studio(store, Generator(InMemoryProvider()), StudioSettings(prompt_in_image=wanted))
    made = await studio.generate("1", GenerationRequest(Operation.TEXT_TO_IMAGE, "my secret wish"))
    assert isinstance(made, Generated)
    (picture,) = made.pictures
    assert picture.image is not None
    assert picture.image.path is not None
    assert (b"my secret wish" in picture.image.path.read_bytes()) is wanted
    assert picture.data == picture.image.path.read_bytes()
    assert (image_details(store, "1", picture.image.name) or {})["prompt"] == "my secret wish"
    assert b"secret" not in (tmp_path / "logs" / "events.jsonl").read_bytes()
    store.close()


class Shaped(bytes):
    """An input as the provider takes it; counts those that are in memory."""

    alive = 0

    def __new__(cls, data: bytes) -> Self:
        """One more."""
        cls.alive += 1
        return super().__new__(cls, data)

    def __del__(self) -> None:
        type(self).alive -= 1


class ShapingProvider(InMemoryProvider):
    """Takes inputs in its own shape alone."""

    async def prepare(self, request: GenerationRequest) -> Prepared | GenerationFailure:
        """With an input of its own."""
        assert request.image is not None
        return Prepared(replace(request, image=Shaped(request.image)))


async def test_shaped_inputs_are_in_memory_for_those_whose_turn_it_is_alone(store: Storage) -> None:
    """However many wait; each is shaped anew when its turn comes, and the provider never gets the one that was sent."""
    provider = ShapingProvider()
    provider.stalled = asyncio.Event()
    request = GenerationRequest(Operation.UPSCALE, width=2_048, image=png(8, 8))
    studio = Studio(store, Generator(provider), ONE_AT_ONCE._replace(queue_length=16))
    all_wait = asyncio.Event()

    def on_progress(progress: Progress) -> None:
        if progress.queue_position == len(asked) - 1:
            all_wait.set()

    asked = [asyncio.create_task(studio.generate(str(user), request, on_progress=on_progress)) for user in range(5)]
    await until_asked(provider, 1)
    async with asyncio.timeout(30):
        await all_wait.wait()
    assert Shaped.alive == 1
    provider.stalled.set()
    await asyncio.gather(*asked)
    assert [type(request.image) for request in provider.asked] == [Shaped] * len(asked)


async def test_an_input_that_is_no_longer_taken_at_its_turn_costs_nothing(store: Storage) -> None:
    """The provider may have closed or begun to rest meanwhile."""
    provider = InMemoryProvider()
    provider.stalled = asyncio.Event()
    generator = Generator(provider)
    studio = Studio(store, generator, ONE_AT_ONCE)
    request = GenerationRequest(Operation.UPSCALE, width=2_048, image=png(8, 8))
    first = asyncio.create_task(studio.generate("1", CAT))
    await until_asked(provider, 1)
    waits = asyncio.Event()
    second = asyncio.create_task(studio.generate("2", request, on_progress=lambda _: waits.set()))
    async with asyncio.timeout(30):
        await waits.wait()
    resting = failure_of_kind(FailureKind.UNAVAILABLE)
    provider.outage = lambda: resting  # type: ignore[method-assign]  # it fails meanwhile
    provider.stalled.set()
    await first
    answer = await second
    assert isinstance(answer, GenerationFailure)
    assert (answer, figures(store, "2")) == (resting, (0, 0))
