"""What a provider was asked for is paid: it is kept though who asked has gone, and shown though it is too large."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from itertools import repeat
from pathlib import Path

import pytest

from adapters.application.reading import image_names
from adapters.application.storage import Storage
from adapters.engines.opening import open_store
from adapters.generation.generator import Generator
from adapters.generation.provider import GeneratedImage, GenerationRequest, Operation
from adapters.ports.failures import NotStored
from adapters.studio import Generated, Studio, StudioSettings
from tests.adapters.application.evidence import events_of
from tests.adapters.generation.in_memory_providers import InMemoryProvider, ProviderAnswer
from tests.adapters.studio.test_turns import figures, until_asked
from tests.hostile.builders import png

CAT = GenerationRequest(Operation.TEXT_TO_IMAGE, "a cat", width=512, height=512)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Storage]:
    """A store with the usual limits."""
    opened = open_store(tmp_path)
    yield opened
    opened.close()


async def until(holds: Callable[[], bool]) -> None:
    """Returns once it holds."""
    async with asyncio.timeout(30):
        for pause in repeat(0.01):
            if holds():
                return
            await asyncio.sleep(pause)


async def test_who_goes_leaves_the_line_and_what_was_asked_for_is_kept(store: Storage) -> None:
    """Two requests at one turn, and both clients go: the one in line is given up, the other's picture is kept."""
    provider = InMemoryProvider()
    provider.stalled = asyncio.Event()
    studio = Studio(store, Generator(provider), StudioSettings(at_once=1))
    asked = asyncio.create_task(studio.generate("1", CAT, kept_once_asked=True))
    await until_asked(provider, 1)
    in_line = asyncio.create_task(studio.generate("2", CAT, kept_once_asked=True))
    await until(lambda: figures(store, "2")[0] == 1)
    for task in (asked, in_line):
        task.cancel()
    await asyncio.gather(asked, in_line, return_exceptions=True)
    await until(lambda: figures(store, "2") == (0, 0))
    provider.stalled.set()
    await until(lambda: figures(store, "1") == (1, 0))
    await studio.close()
    assert len(provider.asked) == 1
    assert (image_names(store, "1"), image_names(store, "2")) == (["text_to_image/image_1.png"], [])
    assert figures(store, "1") == (1, 0)


async def test_a_picture_that_is_too_large_to_be_kept_is_told_and_given_out_as_made(
    store: Storage, tmp_path: Path
) -> None:
    """It was delivered, so it counts; nobody has decoded it, and it is not called damaged."""
    provider = InMemoryProvider()
    large = png(8_000, 8_000, depth=1, colour=0)

    async def made(_: GenerationRequest) -> ProviderAnswer:
        return provider.result([GeneratedImage(large, 7, "image/png")])

    provider.make = made
    answer = await Studio(store, Generator(provider)).generate("1", CAT)
    assert isinstance(answer, Generated)
    (picture,) = answer.pictures
    assert picture.data == large
    assert picture.not_kept == NotStored(
        "The picture that was made has 8000 x 8000 pixels. At most 50,000,000 are kept, and 65,535 a side; "
        "ask for a smaller one."
    )
    assert figures(store, "1") == (1, 0)
    assert events_of(tmp_path, "GenerationReleased")[0]["data"]["reason"] == "not_kept"
