"""How prices are written in CREDITS_EACH: what is taken, and the sentence on what is not, with its place."""

from __future__ import annotations

import pytest

from adapters.generation.provider import Operation
from adapters.ports.faults import ConfigError
from adapters.settings.config import Config
from adapters.settings.prices import MOST_PRICES, OPERATIONS, Price, price_list
from adapters.settings.sources import Sources


def many(count: int) -> str:
    """So many prices."""
    return ",".join(f"m{number}=1" for number in range(count))


TAKEN = (
    ("", ()),
    (" , ", ()),
    ("core=3,ultra=8", (Price("core", 3_000), Price("ultra", 8_000))),
    (" core = 3 , ultra = 8.5 ,", (Price("core", 3_000), Price("ultra", 8_500))),
    ("sketch=0", (Price("sketch", 0),)),
    ("m=0.001", (Price("m", 1),)),
    ("gpt-image-1/1024x1536/high=25", (Price("gpt-image-1", 25_000, size="1024x1536", quality="high"),)),
    ("gpt-image-1/high/1024x1536=25", (Price("gpt-image-1", 25_000, size="1024x1536", quality="high"),)),
    ("core/image_to_image=6.5", (Price("core", 6_500, operation="image_to_image"),)),
    ("sdxl/30steps=0.2", (Price("sdxl", 200, most_steps=30),)),
    ("openai/gpt-image-1=4", (Price("openai/gpt-image-1", 4_000),)),
    ("maker/model/auto=4", (Price("maker/model", 4_000, quality="auto"),)),
    ("R-ESRGAN 4x+=1", (Price("R-ESRGAN 4x+", 1_000),)),
    ("a/text_to_image/64x64/hd/9steps=1", (Price("a", 1_000, "text_to_image", "64x64", "hd", 9),)),
)
REFUSED = (
    ("core", "price 1, 'core': there is no = in it; write NAME=credits"),
    ("core=3,ultra", "price 2, 'ultra': there is no = in it"),
    ("core=3,=8", "price 2, '=8': a name is missing"),
    ("core=", "'' is not a number of credits"),
    ("core=-1", "'-1' is not a number of credits"),
    ("core=1e3", "'1e3' is not a number of credits"),
    ("core=0.0001", "'0.0001' is not a number of credits from 0 up, with at most three decimals"),
    ("core=9007199254740.992", "the most there can be"),
    ("a=b=3", "its name is none"),
    ("core=3,core=4", "price 2, 'core=4': core has a price already"),
    ("a/hd/64x64=3,a/64x64/hd=4", "price 2, 'a/64x64/hd=4': a/64x64/hd has a price already"),
    ("gpt-image-1/hihg=20", "hihg is not known; did you mean high? Behind a name stands an operation"),
    ("core/upscal=1", "upscal is not known; did you mean upscale?"),
    ("gpt-image-1/1024X1536=20", "1024X1536 is no size; write it as in 1024x1536"),
    ("gpt-image-1/1024=20", "1024 is no size"),
    ("gpt-image-1/low/high=20", "with low it has two of one kind; leave one"),
    ("core//low=3", "a name is missing"),
    ("core=3, upscale=3", "price 2, 'upscale=3': upscale belongs behind a name; write NAME=credits"),
    ("high/low/model=3", "high belongs behind a name"),
    ("a\tb=3", "its name is none"),
    ("x" * 121 + "=3", "its name is none"),
    (many(MOST_PRICES + 1), "it has 201 prices, and at most 200 are taken"),
)


@pytest.mark.parametrize(("text", "prices"), TAKEN)
def test_prices_are_read_as_they_are_meant(text: str, prices: tuple[Price, ...]) -> None:
    """By the name, and by what stands behind it in any order."""
    assert price_list(text) == prices


@pytest.mark.parametrize(("text", "prices"), TAKEN)
def test_a_price_is_written_as_it_is_read(text: str, prices: tuple[Price, ...]) -> None:
    """What a start prints gives the same prices again."""
    assert price_list(",".join(map(str, price_list(text)))) == prices


@pytest.mark.parametrize(("text", "why"), REFUSED)
def test_a_bad_price_is_refused_with_its_place(text: str, why: str) -> None:
    """The start says which of them it is, what is wrong with it, and what is right."""
    with pytest.raises(ConfigError) as refused:
        Config(Sources((("environment", {"CREDITS_EACH": text}),)))
    told = str(refused.value)
    assert why in told
    assert told.startswith("CREDITS_EACH=")
    assert told.endswith("pairs with commas, such as core=3,ultra=8 or gpt-image-1/1024x1536/high=25.")


def test_the_words_of_operations_are_those_of_requests() -> None:
    """A new operation can be priced."""
    assert tuple(Operation) == OPERATIONS


def test_as_many_prices_as_are_taken() -> None:
    """The last one that fits."""
    assert len(price_list(many(MOST_PRICES))) == MOST_PRICES
