"""Which pictures of an AUTOMATIC1111 are the wanted ones: neither its grid nor what extensions add is taken for one."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from PIL import Image

from adapters.generation import GenerationRequest, GenerationResult, Operation, ProviderSettings
from adapters.generation.answers import Sent
from adapters.generation.automatic1111_pictures import wanted_among
from adapters.generation.providers import choose_provider
from tests.adapters.generation.making import png
from tests.emulators.automatic1111 import Automatic1111Emulator, painted

SIZE = (64, 72)
CAT = GenerationRequest(Operation.TEXT_TO_IMAGE, "a cat", width=SIZE[0], height=SIZE[1], seed=7)
CHANGED_CAT = replace(CAT, operation=Operation.IMAGE_TO_IMAGE, image=png(SIZE))


@pytest.mark.parametrize("index_told", [True, False], ids=["index told", "no index"])
@pytest.mark.parametrize("texts_written", [True, False], ids=["settings written", "no settings"])
@pytest.mark.parametrize("grid_first", [False, True], ids=["no grid", "a grid first"])
@pytest.mark.parametrize(
    "maps", [[], [SIZE], [(32, 36), SIZE], [(128, 144)]], ids=["no map", "map", "maps", "large map"]
)
@pytest.mark.parametrize("count", [1, 2])
async def test_the_wanted_ones_are_those_that_were_drawn(
    count: int, maps: list[tuple[int, int]], grid_first: bool, texts_written: bool, index_told: bool
) -> None:  # fmt: skip
    """Of whatever else comes with them, nothing is taken, and none of them is lost."""
    emulator = Automatic1111Emulator()
    emulator.maps_behind, emulator.grid_first = maps, grid_first and count > 1
    emulator.index_told, emulator.texts_written = index_told, texts_written
    async with emulator.serving() as address:
        provider = choose_provider(ProviderSettings("automatic1111", api_host=address))
        result = await provider.generate(replace(CHANGED_CAT if maps else CAT, count=count))
        await provider.close()
    assert isinstance(result, GenerationResult), result
    assert [image.seed for image in result.images] == [7, 8][:count]
    shown = [Image.open(io.BytesIO(image.data)).convert("RGB").tobytes() for image in result.images]
    assert shown == [painted(SIZE, seed).tobytes() for seed in (7, 8)[:count]]


ONE, OTHER, MAP = (Sent(png(SIZE, colour)) for colour in ("teal", "gold", "white"))


@pytest.mark.parametrize(
    ("sent", "first", "wanted"),
    [
        ([ONE, MAP], 0, [ONE]),
        ([MAP, ONE], 1, [ONE]),
        ([ONE], 1, [ONE]),
        ([ONE, MAP], 7, [ONE]),
        ([ONE, MAP], -1, [ONE]),
        ([ONE, MAP], True, [ONE]),
        ([ONE, MAP], "0", [ONE]),
        ([], 0, []),
    ],
)
def test_an_index_that_leads_nowhere_is_not_followed(sent: list[Sent], first: object, wanted: list[Sent]) -> None:
    """What is there is looked at instead."""
    assert [place for place in wanted_among(sent, CAT, first) if place.data] == wanted
