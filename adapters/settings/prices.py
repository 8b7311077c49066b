"""How a price is written: `core=3`, `gpt-image-1/1024x1536/high=25`, `sketch=0`; with commas between several.

Answers for the spelling alone, of the setting CREDITS_EACH and of the built-in list. Which price a request has is the
rule of `adapters.generation.prices`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, get_args

from domain.credits import in_credits, thousandths

OPERATIONS = ("text_to_image", "image_to_image", "upscale")
"""The words of `generation.provider.Operation`; a test compares the two."""
Quality = Literal["auto", "low", "medium", "high", "xhigh", "max", "standard", "hd"]
AUTO: Quality = "auto"
QUALITIES: tuple[str, ...] = get_args(Quality)
MOST_PRICES = 200
MOST_NAME_CHARS = 120
MOST_SHOWN = 60
RIGHT = "write NAME=credits, such as core=3, or NAME/SIZE/QUALITY=credits, such as gpt-image-1/1024x1536/high=25"
PARTS = (
    f"an operation ({', '.join(OPERATIONS)}), a size such as 1024x1536, a quality ({', '.join(QUALITIES)}), or steps "
    "such as 30steps"
)

_SIZE = re.compile(r"[1-9][0-9]{0,4}x[1-9][0-9]{0,4}")
_STEPS = re.compile(r"([1-9][0-9]{0,3})steps")
_CLOSE = 0.75


@dataclass(frozen=True, slots=True)
class Price:
    """The price of one picture, in thousandths of a credit. `name` is a model's, a provider's, or `provider/model`.

    The members behind it say of which requests: "" and 0 of any; `most_steps` of those with at most so many steps.
    """

    name: str
    credits_each: int
    operation: str = ""
    size: str = ""
    quality: str = ""
    most_steps: int = 0

    @property
    def of(self) -> str:
        """What it is the price of, as it is written."""
        steps = f"{self.most_steps}steps" if self.most_steps else ""
        return "/".join(part for part in (self.name, self.operation, self.size, self.quality, steps) if part)

    def __str__(self) -> str:
        """As it is written."""
        return f"{self.of}={in_credits(self.credits_each)}"


def price_list(text: str) -> tuple[Price, ...]:
    """The prices of a text, in its order. Raises ValueError with the number and the words of a bad one."""
    entries = [entry.strip() for entry in text.split(",") if entry.strip()]
    if len(entries) > MOST_PRICES:
        raise ValueError(f"it has {len(entries)} prices, and at most {MOST_PRICES} are taken")
    found: dict[str, Price] = {}
    for number, entry in enumerate(entries, 1):
        place = f"price {number}, {entry[:MOST_SHOWN]!r}"
        try:
            price = _price(entry)
        except ValueError as error:
            raise ValueError(f"{place}: {error}") from None
        if price.of in found:
            raise ValueError(f"{place}: {price.of} has a price already; leave one of the two")
        found[price.of] = price
    return tuple(found.values())


def _price(entry: str) -> Price:
    """One price. Raises ValueError."""
    of, equals, credits_each = entry.rpartition("=")
    if not equals:
        raise ValueError(f"there is no = in it; {RIGHT}")
    amount = thousandths(credits_each.strip())
    parts = [part.strip() for part in of.split("/")]
    behind: dict[str, str | int] = {}
    while len(parts) > 1 and (told := _told_by(parts[-1])):
        member, meant = told
        if member in behind:
            raise ValueError(f"with {parts[-1]} it has two of one kind; leave one")
        behind[member] = meant
        parts.pop()
    name = _name(parts)
    return Price(
        name=name,
        credits_each=amount,
        operation=str(behind.get("operation", "")),
        size=str(behind.get("size", "")),
        quality=str(behind.get("quality", "")),
        most_steps=int(behind.get("most_steps", 0)),
    )


def _told_by(part: str) -> tuple[str, str | int] | None:
    """Which member of a price a word is, and its value; None where it is none of them."""
    if part in OPERATIONS:
        return "operation", part
    if part in QUALITIES:
        return "quality", part
    if _SIZE.fullmatch(part):
        return "size", part
    steps = _STEPS.fullmatch(part)
    return ("most_steps", int(steps[1])) if steps else None


def _name(parts: list[str]) -> str:
    """What is left in front: a name, which may have a maker's or a provider's before it. Raises ValueError."""
    name = "/".join(parts)
    if not all(parts):
        raise ValueError(f"a name is missing; {RIGHT}")
    if told := next((part for part in parts if _told_by(part)), None):
        raise ValueError(f"{told} belongs behind a name; {RIGHT}")
    if len(name) > MOST_NAME_CHARS or not name.isprintable() or "=" in name:
        raise ValueError(f"its name is none; {RIGHT}")
    for part in parts[1:]:
        if part[0].isdigit() and part[-1].isdigit() and re.fullmatch(r"[0-9xX* ]+", part):
            raise ValueError(f"{part} is no size; write it as in 1024x1536")
        if meant := get_close_matches(part, (*OPERATIONS, *QUALITIES), n=1, cutoff=_CLOSE):
            raise ValueError(f"{part} is not known; did you mean {meant[0]}? Behind a name stands {PARTS}")
    return name
