"""A gallery over HTTP: pages that hold still while images come and go, and only what is looked for."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlencode

import orjson
import pytest

from adapters.application import remembered
from adapters.application.saving import NewImage, save_image
from adapters.imagestore.local.details_files import DetailsFiles
from domain.commands import SetPolicy
from tests.adapters.http.conftest import Running, Serve
from tests.hostile.builders import png, png_of_size

PATH = "/v1/users/1/images"
NOTHING: Mapping[str, Any] = MappingProxyType({})


@pytest.fixture
async def service(serve: Serve) -> Running:
    """A service with room for more than a day's usual images."""
    running: Running = await serve(SetPolicy(daily=100))
    return running


async def keep(service: Running, name: str, details: Mapping[str, Any] = NOTHING, data: bytes = b"") -> None:
    """An image that is known to have been made so."""
    operation = "text_to_image" if details else None
    await save_image(
        service.store, NewImage("1", data or png(), name=name, operation=operation, details=dict(details) or None)
    )


async def page(service: Running, **query: object) -> Any:
    """One page, as it is answered."""
    answer = await service.ask("GET", f"{PATH}?{urlencode(query)}")
    assert answer.status == 200, answer.body
    return answer.json


def names(found: Any) -> list[str]:
    """Its names in their order."""
    return [image["name"] for image in found["images"]]


async def all_pages(service: Running, **query: object) -> list[str]:
    """The names of all pages, one after the other."""
    found = await page(service, **query)
    told = names(found)
    while found["next_cursor"]:
        found = await page(service, cursor=found["next_cursor"], **query)
        told += names(found)
    return told


ORDERS = {
    "newest": ["B.png", "c.png", "a.png", "d.png"],
    "oldest": ["d.png", "a.png", "c.png", "B.png"],
    "name": ["a.png", "B.png", "c.png", "d.png"],
    "size": ["a.png", "c.png", "B.png", "d.png"],
}


@pytest.mark.parametrize(("order", "expected"), ORDERS.items(), ids=ORDERS)
async def test_pages_of_each_order_tell_every_image_once_while_others_come_and_go(
    service: Running, order: str, expected: list[str]
) -> None:
    """Whatever the size of the page; with one that is deleted behind the reader, and one that is saved before them."""
    for name, size_bytes in (("d.png", 200), ("a.png", 400), ("c.png", 300), ("B.png", 200)):
        await keep(service, name, data=png_of_size(size_bytes))
    if order == "size":  # of two of a size the older comes first
        expected = ["a.png", "c.png", "d.png", "B.png"]
    for limit in (1, 3, 4):
        assert await all_pages(service, order=order, limit=limit) == expected
    first = await page(service, order=order, limit=2)
    assert (names(first), first["total"]) == (expected[:2], 4)
    await service.ask("DELETE", f"{PATH}/{expected[1]}")
    await keep(service, "0.png", data=png_of_size(500))
    rest = await page(service, order=order, limit=4, cursor=first["next_cursor"])
    assert [name for name in names(rest) if name != "0.png"] == expected[2:]
    assert rest["next_cursor"] is None


async def test_a_page_without_an_order_is_the_newest_and_tells_all_that_a_gallery_shows(service: Running) -> None:
    """How it was made where that is known; where its bytes and its small copy are, by their digest."""
    await keep(service, "k/a.png", {"prompt": "a red café", "style": "anime", "seed": 7, "steps": 30}, png(40, 20))
    await service.upload("1", png(), "b.png")
    uploaded, made = (await page(service))["images"]
    assert [uploaded[member] for member in ("prompt", "style", "seed")] == [None] * 3
    assert [made[member] for member in ("prompt", "style", "seed", "operation")] == [
        "a red café",
        "anime",
        7,
        "text_to_image",
    ]
    assert (await service.ask("GET", made["url"])).headers["etag"] == f'"{made["sha256"]}"'
    small = await service.ask("GET", made["thumbnail_url"])
    assert (small.status, small.headers["cache-control"]) == (200, "private, max-age=31536000, immutable")
    for broken in ({"prompt": 7, "style": ["x"], "seed": "7"}, {"seed": True, "prompt": None}):
        await keep(service, "c.png", broken)
        newest = (await page(service, limit=1))["images"][0]
        assert [newest[member] for member in ("prompt", "style", "seed")] == [None] * 3


MADE = {
    "cafe.png": {"prompt": "A Café by the Straße", "style": "anime"},
    "river.png": {"prompt": "a fjord in Tromsø, İstanbul", "style": "pixel-art"},
    "hills/one.png": {"prompt": "łąka", "style": "anime"},
}
SEARCHES = {
    "nothing": ("", {"cafe.png", "river.png", "hills/one.png", "up.png"}),
    "spaces": ("  ", {"cafe.png", "river.png", "hills/one.png", "up.png"}),
    "a word": ("cafe", {"cafe.png"}),
    "another case and accent": ("CAFÉ", {"cafe.png"}),
    "an accent that is apart": ("cafe\u0301", {"cafe.png"}),
    "sharp s": ("STRASSE", {"cafe.png"}),
    "a stroke": ("tromso", {"river.png"}),
    "a dotted capital": ("istanbul", {"river.png"}),
    "two strokes": ("Laka", {"hills/one.png"}),
    "the name": ("hills", {"hills/one.png"}),
    "the style": ("pixel", {"river.png"}),
    "all words": ("a anime", {"cafe.png", "hills/one.png"}),
    "not all words": ("cafe fjord", set()),
    "a part of a word": ("fjo", {"river.png"}),
    "no pattern": ("%", set()),
    "no other pattern": (".*", set()),
}


async def test_words_are_found_whatever_their_case_and_accents(service: Running) -> None:
    """In prompt, name and style; all of them have to be there; none is a pattern."""
    for name, details in MADE.items():
        await keep(service, name, details)
    await service.upload("1", png(), "up.png")
    for search, expected in SEARCHES.values():
        found = await page(service, q=search)
        assert (set(names(found)), found["total"]) == (expected, len(expected)), search


async def test_filters_hold_together(service: Running) -> None:
    """Style, operation and days, in any combination, page by page; the total is that of what is looked for."""
    for name, details in MADE.items():
        await keep(service, name, details)
    await service.upload("1", png(), "up.png")
    today = (await page(service))["images"][0]["at"][:10]
    assert names(await page(service, style="anime")) == ["hills/one.png", "cafe.png"]
    assert names(await page(service, operation="unspecified")) == ["up.png"]
    assert names(await page(service, operation="upscale")) == []
    assert names(await page(service, style="anime", q="strasse", operation="text_to_image")) == ["cafe.png"]
    assert await all_pages(service, style="anime", limit=1, order="name") == ["cafe.png", "hills/one.png"]
    days = [{"from": today, "until": today}, {"from": "2001-01-01"}, {"until": "2100-12-31"}]
    assert [(await page(service, **day))["total"] for day in days] == [4, 4, 4]
    none = [{"from": "2100-01-01"}, {"until": "2001-01-01"}, {"from": today, "until": "2001-01-01"}]
    assert [(await page(service, **day))["total"] for day in none] == [0, 0, 0]


async def test_details_are_read_once_whatever_is_asked(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page reads those of its own images, a search all of them, and none a second time; a name that is saved anew
    is another.
    """
    read: list[str] = []
    real = DetailsFiles.read_all

    def noted(self: DetailsFiles, user: str, names: Sequence[str]) -> list[dict[str, object] | None]:
        read.extend(names)
        return real(self, user, names)

    for number in range(5):
        await keep(service, f"{number}.png", {"prompt": f"cat {number}"})
    monkeypatch.setattr(DetailsFiles, "read_all", noted)
    await page(service, limit=2)
    assert sorted(read) == ["3.png", "4.png"]
    for _ in range(3):
        assert (await page(service, q="cat"))["total"] == 5
    assert sorted(read) == [f"{number}.png" for number in range(5)]
    await keep(service, "0.png", {"prompt": "dog"})
    assert ((await page(service, q="cat"))["total"], (await page(service, q="dog"))["total"]) == (4, 1)
    assert len(read) == 6


@pytest.mark.parametrize(("bound", "most"), [("MOST_MADE", 2), ("MOST_CHARS", 12), ("MOST_DIGESTS", 2)])
async def test_what_is_remembered_is_bounded_and_answers_are_the_same(
    service: Running, monkeypatch: pytest.MonkeyPatch, bound: str, most: int
) -> None:
    """A gallery that is larger than the memory of it is read again."""
    monkeypatch.setattr(remembered, bound, most)
    for number in range(5):
        await keep(service, f"{number}.png", {"prompt": f"cat {number}"})
    for _ in range(2):
        found = await page(service, q="cat")
        assert (found["total"], len({image["sha256"] for image in found["images"]})) == (5, 1)
    kept = service.store.remembered
    held = {"MOST_MADE": len(kept._made), "MOST_CHARS": kept._chars, "MOST_DIGESTS": len(kept._digests)}
    assert held[bound] <= most


def cursor(*parts: object) -> str:
    """One that nobody was given."""
    return urlsafe_b64encode(orjson.dumps(list(parts))).decode().rstrip("=")


HOSTILE = [
    f"cursor={wrong}"
    for wrong in (
        "x",
        "0",
        cursor(),
        cursor("newest"),
        cursor("newest", "1"),
        cursor("newest", 1, 2),
        cursor("newest", True),
        cursor("newest", 1.0),
        cursor("oldest", 1),
        cursor("size", [1], 1),
        urlsafe_b64encode(b'{"0":"newest"}').decode().rstrip("="),
        urlsafe_b64encode(b"[" * 300).decode(),
        "A" * 401,
        "%00",
        "a%2Fb",
    )
] + [
    "order=random",
    "order=",
    "q=" + "a" * 201,
    "q=%00",
    "q=a&q=b",
    "style=" + quote("a b"),
    "operation=made",
    "from=2026-1-1",
    "from=20260101",
    "until=2026-13-01",
    "until=" + quote("٢٠٢٦-01-01"),
    "limit=101",
    "kind=upscale",
]


async def test_what_no_page_gave_and_nobody_can_look_for_is_refused(service: Running) -> None:
    """400 that names the parameter, before any file is read."""
    for query in HOSTILE:
        answer = await service.ask("GET", f"{PATH}?{query}")
        assert (answer.status, query.partition("=")[0] in answer.json["detail"]) == (400, True), query
