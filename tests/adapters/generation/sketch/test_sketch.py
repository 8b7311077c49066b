"""The sketch provider: the same request gives the same bytes, of the size asked, labelled, off the event loop."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from adapters.generation import STYLES, FailureKind, GenerationFailure, GenerationRequest, Operation
from adapters.generation.sketch.provider import SketchProvider
from adapters.wording.failures import sentence_of_failure
from tests.adapters.generation.making import TEXT, answered, opened, png, sketched

SAMPLES = Path(__file__).parents[3] / "samples"
SIZES = ((64, 64), (2048, 64), (64, 1500), (331, 257))
IMAGE = GenerationRequest(Operation.IMAGE_TO_IMAGE, "mystical", image=png((200, 160)))
UPSCALE = GenerationRequest(Operation.UPSCALE, image=png((100, 75)))


def unlike(one: Image.Image, other: Image.Image) -> float:
    """How far two pictures of one size are apart: the mean difference, 0 to 255."""
    return sum(ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB"))).mean) / 3


@pytest.mark.parametrize("style", STYLES)
async def test_the_same_request_gives_the_same_bytes(style: str) -> None:
    """A picture can be made again from prompt, style and seed."""
    first, second = await sketched(style=style, seed=7), await sketched(style=style, seed=7)
    assert first.images[0].data == second.images[0].data
    assert first.images[0].seed == 7


@pytest.mark.parametrize("style", STYLES)
async def test_another_seed_or_prompt_gives_another_picture(style: str) -> None:
    """Both take part in every composition."""
    base, seeded, worded = [
        opened((await sketched(style=style, **changes)).images[0])
        for changes in ({"seed": 7}, {"seed": 8}, {"seed": 7, "prompt": "a house"})
    ]
    assert unlike(base, seeded) > 0.5
    assert unlike(base, worded) > 0.5


@pytest.mark.parametrize("style", STYLES)
async def test_any_size_is_met_exactly(style: str) -> None:
    """From the smallest square to strips of either direction."""
    for width, height in SIZES:
        image = (await sketched(style=style, width=width, height=height)).images[0]
        assert image.media_type == "image/png"
        picture = opened(image)
        assert (picture.size, picture.mode, picture.format) == ((width, height), "RGB", "PNG")


async def test_the_largest_size_is_painted_and_none_is_1024() -> None:
    """2048 a side is the bound of the design; a size left out is the seeds' default."""
    assert opened((await sketched(width=2048, height=2048)).images[0]).size == (2048, 2048)
    assert opened((await sketched(width=None, height=None, style="pixel-art")).images[0]).size == (1024, 1024)


async def test_a_seed_left_out_is_chosen_and_makes_the_picture_again() -> None:
    """Seed 0 is the provider's choice; the answer tells which, and with it the same bytes come."""
    chosen = (await sketched()).images[0]
    assert chosen.seed
    assert (await sketched(seed=chosen.seed)).images[0].data == chosen.data


async def test_the_same_words_without_a_seed_give_another_picture_each_time() -> None:
    """Who makes it again wants another one; of each its own seed is told."""
    first, second = [(await sketched()).images[0] for _ in range(2)]
    assert first.seed != second.seed
    assert first.data != second.data


@pytest.mark.parametrize(("seed", "seeds"), [(5, [5, 6, 7]), (4_294_967_294, [4_294_967_294, 4_294_967_295, 1])])
async def test_a_batch_counts_its_seeds_on(seed: int, seeds: list[int]) -> None:
    """Three different pictures; each can be made alone, and past the largest seed comes 1."""
    batch = (await sketched(seed=seed, count=3)).images
    assert [image.seed for image in batch] == seeds
    assert len({image.data for image in batch}) == 3
    assert (await sketched(seed=seeds[2])).images[0].data == batch[2].data


async def test_the_result_names_its_maker_and_costs_nothing() -> None:
    """What events and reports need is there."""
    result = await sketched()
    assert (result.provider, result.model, result.credits, result.note) == ("sketch", "sketch-1", 0.0, "")
    assert result.seconds >= 0


async def test_every_picture_says_that_it_is_an_offline_sketch() -> None:
    """In the file's text for programs, and as a caption in the corner for people."""
    for request in (TEXT, IMAGE, UPSCALE):
        picture = opened((await sketched(request)).images[0])
        assert picture.info["Software"] == "Abby Ledger offline sketch"
    kept = opened((await sketched(IMAGE, strength=1.0, image=png((400, 400)))).images[0])
    changed = ImageChops.difference(kept, Image.open(io.BytesIO(png((400, 400))))).getbbox()
    assert changed is not None
    assert changed[0] > 200
    assert changed[1] > 300


async def test_strength_one_keeps_the_input_and_zero_ignores_it() -> None:
    """As in the first version of Stability's API: how much of the input is kept."""
    source = png((400, 400))
    kept = opened((await sketched(IMAGE, strength=1.0, image=source)).images[0])
    top = (0, 0, 400, 300)  # the caption is below
    assert unlike(kept.crop(top), Image.open(io.BytesIO(source)).crop(top)) == 0
    others = [
        await sketched(IMAGE, seed=7, strength=0.0, image=png((400, 400), colour)) for colour in ("teal", "maroon")
    ]
    assert others[0].images[0].data == others[1].images[0].data


async def test_more_strength_is_nearer_to_the_input() -> None:
    """Between the ends each step keeps more."""
    source = (SAMPLES / "drawing.png").read_bytes()
    request = GenerationRequest(Operation.IMAGE_TO_IMAGE, "sea", image=source, width=256, height=256)
    pictures = [opened((await sketched(request, strength=share / 5)).images[0]) for share in range(6)]
    gaps = [unlike(picture, pictures[-1]) for picture in pictures]
    assert gaps == sorted(gaps, reverse=True)
    assert len(set(gaps)) == 6


async def test_a_phone_s_photograph_is_turned_upright_and_fitted() -> None:
    """A large photograph is scaled down rather than refused, and the user is told."""
    data = (SAMPLES / "phone.jpg").read_bytes()
    with Image.open(io.BytesIO(data)) as photograph:
        size = photograph.size[::-1] if photograph.getexif().get(0x0112, 1) >= 5 else photograph.size
    result = await sketched(IMAGE, image=data, style="pixel-art")
    picture = opened(result.images[0])
    assert picture.width / picture.height == pytest.approx(size[0] / size[1], rel=0.01)
    assert max(picture.size) == min(2048, max(size))
    assert bool(result.note) == (max(size) > 2048)


async def test_a_transparent_input_is_laid_on_white() -> None:
    """A sketch has no transparency."""
    clear = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    buffer = io.BytesIO()
    clear.save(buffer, "PNG")
    picture = opened((await sketched(IMAGE, image=buffer.getvalue(), strength=1.0)).images[0])
    assert picture.getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize(("width", "size"), [(64, (64, 48)), (100, (100, 75)), (400, (400, 300)), (2048, (2048, 1536))])
async def test_an_upscale_has_the_width_asked_and_keeps_the_shape(width: int, size: tuple[int, int]) -> None:
    """Whatever the factor is."""
    result = await sketched(UPSCALE, width=width)
    assert opened(result.images[0]).size == size
    assert result.note == ""
    assert result.images[0].seed is None


async def test_an_upscale_shows_the_same_picture() -> None:
    """Scaled back, it is the input but for a little sharpness."""
    source = Image.open(SAMPLES / "drawing.png").convert("RGB").resize((160, 120))
    buffer = io.BytesIO()
    source.save(buffer, "PNG")
    grown = opened((await sketched(UPSCALE, image=buffer.getvalue(), width=640)).images[0])
    assert unlike(grown.resize(source.size, Image.Resampling.BOX), source) < 6


async def test_an_upscale_keeps_transparency() -> None:
    """A cut-out stays a cut-out."""
    buffer = io.BytesIO()
    Image.new("RGBA", (40, 40), (200, 0, 0, 90)).save(buffer, "PNG")
    grown = opened((await sketched(UPSCALE, image=buffer.getvalue(), width=128)).images[0])
    assert grown.mode == "RGBA"
    assert grown.getchannel("A").getextrema() == (90, 90)


@pytest.mark.parametrize("operation", [Operation.IMAGE_TO_IMAGE, Operation.UPSCALE])
async def test_a_damaged_image_is_a_failure_and_not_an_exception(operation: Operation) -> None:
    """Its header is whole, so only decoding finds out."""
    whole = (SAMPLES / "phone.jpg").read_bytes()
    outcome = await answered(UPSCALE, operation=operation, prompt="x", image=whole[: len(whole) // 2])
    assert isinstance(outcome, GenerationFailure)
    assert outcome.kind is FailureKind.BAD_REQUEST
    assert "damaged or cut short" in sentence_of_failure(outcome)


async def test_the_event_loop_runs_on_while_a_picture_is_painted() -> None:
    """Painting is a worker's business: a coroutine gets its turn many times meanwhile."""
    provider = SketchProvider()
    turns = 0
    painting = asyncio.ensure_future(provider.generate(TEXT))
    while not painting.done():
        turns += 1
        await asyncio.sleep(0.001)
    await provider.close()
    assert turns > 3


async def test_closing_answers_everyone_who_waits() -> None:
    """What is being painted is finished, the rest gets a failure; nobody waits for ever or is cancelled."""
    provider = SketchProvider()
    waiting = [asyncio.ensure_future(provider.generate(TEXT)) for _ in range(12)]
    await asyncio.sleep(0)
    await provider.close()
    await provider.close()
    outcomes = [*await asyncio.gather(*waiting), await provider.generate(TEXT)]
    failures = [outcome for outcome in outcomes if isinstance(outcome, GenerationFailure)]
    assert len(failures) >= 10
    assert provider.outage() == failures[-1]
    assert {failure.kind for failure in failures} == {FailureKind.UNAVAILABLE}


async def test_callers_at_once_each_get_their_own_picture() -> None:
    """Workers share nothing: eight at a time answer what eight in a row would."""
    provider = SketchProvider()
    requests = [
        GenerationRequest(Operation.TEXT_TO_IMAGE, f"x{n}", style=STYLES[n], seed=7, width=64, height=64)
        for n in range(8)
    ]
    at_once = await asyncio.gather(*(provider.generate(request) for request in requests))
    in_a_row = [await provider.generate(request) for request in requests]
    await provider.close()
    assert [o.images for o in at_once if not isinstance(o, GenerationFailure)] == [
        o.images for o in in_a_row if not isinstance(o, GenerationFailure)
    ]
    assert not any(isinstance(outcome, GenerationFailure) for outcome in at_once)
