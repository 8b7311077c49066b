"""A picture from another one over HTTP: changed by words or larger, of an upload or of one of the user's images.

| what comes | what the client gets |
|---|---|
| a form with the image, or JSON that names one | 201 with the picture, or 202 with its job |
| what the limits or the provider refuse whatever it holds | that, before the body is read |
| no picture, a damaged or too large one, one of too many pixels | 400 or 413 with a sentence; nothing is counted |
| another user's image, one that is not there, one whose file is gone | 404 |
| a field that is unknown, twice, missing or of another type | 400 that names it |
| the same key again; with another image | the same picture; 422 |
| many inputs at once | they are held within the memory for bodies, then within the line's |
"""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from adapters.generation.automatic1111 import Automatic1111Provider
from adapters.generation.generator import Generator
from adapters.generation.provider import GenerationRequest, Operation, Prepared, RequestLimits
from adapters.generation.providers import ProviderSettings, choose_provider
from adapters.http.bodies import BodyBounds, number_of
from adapters.http.contract.route import Upload
from adapters.http.routes.edits import ROUTES
from adapters.ledger.codec import decode
from adapters.ports.failures import GenerationFailure
from adapters.settings.prices import price_list
from adapters.tokens.token import Scope
from domain.commands import SetPolicy
from domain.events import RequestRefused
from tests.adapters.http.conftest import Running, Serve
from tests.adapters.http.test_generations import Gate
from tests.adapters.http.test_jobs import ASYNC, ended
from tests.adapters.http.test_tokens import given
from tests.adapters.http.wire import GenerationOutcome, Wire, request
from tests.hostile.builders import png, png_of_size

EDITS, UPSCALES, DOOR = "/v1/users/1/edits", "/v1/users/1/upscales", "/openai/v1/images/edits"
GENERATIONS = "/v1/users/1/generations"
BOUNDARY = "line"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
PICTURE = png(width=96, height=64)
WORDS: dict[str, str | bytes] = {"prompt": "a paper boat", "strength": "0.5", "seed": "7"}


def form(fields: dict[str, str | bytes]) -> bytes:
    """A form with these fields."""
    parts = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
        + (value if isinstance(value, bytes) else value.encode())
        + b"\r\n"
        for name, value in fields.items()
    )
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


async def send(service: Running, path: str, headers: Any = None, **fields: str | bytes) -> GenerationOutcome:
    """One form."""
    return await service.ask("POST", path, body=form(fields), headers=headers, kind=FORM)


async def size_of(service: Running, made: Any) -> tuple[int, int]:
    """Width and height of the kept picture."""
    (picture,) = made["pictures"]
    data = (await service.ask("GET", picture["image"]["url"])).body
    return Image.open(io.BytesIO(data)).size


async def test_an_upload_is_changed_by_words(service: Running) -> None:
    """As large as it is, kept with how it was made, and counted once."""
    made = await send(service, EDITS, image=PICTURE, **WORDS)
    assert made.status == 201
    assert await size_of(service, made.json) == (96, 64)
    name = made.json["pictures"][0]["image"]["name"]
    known = (await service.ask("GET", f"/v1/users/1/details/{name}")).json["details"]
    assert (known["operation"], known["strength"], known["seed"]) == ("image_to_image", 0.5, 7)
    assert (await service.quota("1"))["daily"]["used"] == 1


async def test_an_image_of_the_gallery_is_changed_and_made_larger(service: Running) -> None:
    """By its name; the picture it starts from stays."""
    await service.upload("1", PICTURE, "a.png")
    edited = await service.send_json("POST", EDITS, {"source": "a.png", "prompt": "a boat", "width": 128, "height": 64})
    assert (edited.status, await size_of(service, edited.json)) == (201, (128, 64))
    larger = await service.send_json("POST", UPSCALES, {"source": "a.png", "width": 192})
    assert (larger.status, await size_of(service, larger.json)) == (201, (192, 128))
    assert (await service.quota("1"))["user"]["images"] == 3


async def test_a_larger_picture_keeps_the_words_of_its_source(service: Running) -> None:
    """It is found by them; what is changed by words has its own, and a picture from elsewhere has none."""
    wish = {"prompt": "a red fox", "style": "origami", "width": 64, "height": 64}
    made = await service.send_json("POST", GENERATIONS, wish)
    source = made.json["pictures"][0]["image"]["name"]
    larger = await service.send_json("POST", UPSCALES, {"source": source, "width": 192})
    assert larger.status == 201
    name = larger.json["pictures"][0]["image"]["name"]
    found = (await service.ask("GET", "/v1/users/1/images?q=fox%20origami")).json["images"]
    assert [image["name"] for image in found] == [name, source]
    assert (found[0]["prompt"], found[0]["style"]) == ("a red fox", "origami")
    await service.send_json("POST", EDITS, {"source": source, "prompt": "a boat"})
    await send(service, UPSCALES, image=PICTURE)
    assert (await service.ask("GET", "/v1/users/1/images?q=fox")).json["total"] == 2


@pytest.mark.parametrize(("side", "width"), [(64, 2048), (1500, 3000), (2100, 4096)])
async def test_without_a_width_it_is_made_twice_as_wide(service: Running, side: int, width: int) -> None:
    """And at least 2048, and no wider than the provider goes: the same as in the bot."""
    limits = RequestLimits()
    generator = service.studio.generator
    asked = await generator.upscale_of(png(width=side, height=8))
    assert (asked.operation, asked.width) == (Operation.UPSCALE, min(width, limits.upscale_width_max))


@pytest.mark.parametrize(("side", "width"), [(64, 512), (255, 2040), (256, 2048)])
async def test_without_a_width_it_is_no_wider_than_the_service_can_make_it(side: int, width: int) -> None:
    """A local server makes a picture eight times as wide at most, and the page asks for no width."""
    generator = Generator(Automatic1111Provider(ProviderSettings(api_host="http://127.0.0.1:9")))
    asked = await generator.upscale_of(png(width=side, height=side))
    prepared = await generator.prepare(asked)
    await generator.aclose()
    assert isinstance(prepared, Prepared)
    assert (asked.width, prepared.request.width) == (width, width)


async def test_what_is_as_wide_as_any_is_not_told_to_ask_for_more(service: Running) -> None:
    """No larger width would be taken."""
    await service.upload("1", png(4096, 64), "a.png")
    answer = await service.send_json("POST", UPSCALES, {"source": "a.png"})
    assert answer.status == 400
    assert answer.json["detail"] == "The image is as large as one of its shape can be: 4096 by 64 pixels."


async def test_what_is_no_picture_is_not_asked_for_its_width(service: Running) -> None:
    """It is refused with its sentence when it is checked."""
    asked = await service.studio.generator.upscale_of(b"no picture")
    assert asked == GenerationRequest(Operation.UPSCALE, image=b"no picture")
    assert isinstance(await service.studio.generator.prepare(asked), GenerationFailure)


async def test_both_may_be_jobs(serve: Serve) -> None:
    """With their operation; one that is cancelled gives its place back."""
    gate = Gate()
    service: Running = await serve(provider=gate)
    await service.upload("1", PICTURE, "a.png")
    larger = await service.send_json("POST", UPSCALES, {"source": "a.png", "width": 192}, headers=ASYNC)
    edited = await send(service, EDITS, ASYNC, image=PICTURE, **WORDS)
    assert [told.status for told in (larger, edited)] == [202, 202]
    assert (larger.json["operation"], larger.json["prompt"]) == ("upscale", "")
    assert edited.json["operation"] == "image_to_image"
    await service.ask("DELETE", edited.headers["location"])
    gate.open.set()
    assert (await ended(service, larger.headers["location"]))["state"] == "done"
    assert (await service.quota("1"))["daily"]["used"] == 2


HUGE = png(width=8_000, height=8_000, pixels=b"")
BAD: dict[str, tuple[str, dict[str, str | bytes], int]] = {
    "no image": (EDITS, WORDS, 400),
    "an empty image": (EDITS, WORDS | {"image": b""}, 400),
    "no picture": (EDITS, WORDS | {"image": b"%PDF-1.7"}, 400),
    "a picture that is cut": (EDITS, WORDS | {"image": PICTURE[: len(PICTURE) // 2]}, 400),
    "too many pixels": (EDITS, WORDS | {"image": HUGE}, 400),
    "too many pixels to be made larger": (UPSCALES, {"image": HUGE}, 400),
    "no words": (EDITS, {"image": PICTURE}, 400),
    "words that are no UTF-8": (EDITS, {"image": PICTURE, "prompt": b"\xff"}, 400),
    "words with U+0000": (EDITS, {"image": PICTURE, "prompt": b"a\0b"}, 400),
    "a strength beyond all": (EDITS, WORDS | {"image": PICTURE, "strength": "1.5"}, 400),
    "a strength that is no number": (EDITS, WORDS | {"image": PICTURE, "strength": "NaN"}, 400),
    "a number that is none in JSON": (EDITS, WORDS | {"image": PICTURE, "seed": "0x7"}, 400),
    "an unknown field": (EDITS, WORDS | {"image": PICTURE, "mask": "x"}, 400),
    "a source in a form": (EDITS, WORDS | {"source": "a.png"}, 400),
    "words for an upscale": (UPSCALES, {"image": PICTURE, "prompt": "x"}, 400),
    "a width that is no larger": (UPSCALES, {"image": PICTURE, "width": "96"}, 400),
    "a width of half a pixel": (UPSCALES, {"image": PICTURE, "width": "192.5"}, 400),
}


@pytest.mark.parametrize(("path", "fields", "status"), BAD.values(), ids=BAD.keys())
async def test_what_cannot_be_costs_nothing(
    service: Running, path: str, fields: dict[str, str | bytes], status: int
) -> None:
    """A sentence, and nothing is counted or held."""
    refused = await send(service, path, **fields)
    assert refused.status == status
    after = await service.quota("1")
    assert (after["daily"]["used"], after["user"]["reserved_mb"], after["user"]["images"]) == (0, 0, 0)


async def test_a_source_that_is_not_there_is_404_whoever_has_it(service: Running) -> None:
    """Another user's image, one that nobody has, one whose file is gone; and a malformed name is 400."""
    await service.upload("2", PICTURE, "a.png")
    wish = {"source": "a.png", "prompt": "x"}
    others = await service.send_json("POST", EDITS, wish)
    nobodys = await service.send_json("POST", "/v1/users/3/edits", wish)
    told = [{**answer.json, "instance": ""} for answer in (others, nobodys)]
    assert (others.status, told[0]) == (404, told[1])
    await service.upload("1", PICTURE, "b.png")
    (service.store.root / "images" / "users" / "1" / "b.png").unlink()
    gone = await service.send_json("POST", UPSCALES, {"source": "b.png"})
    assert (gone.status, gone.json["type"]) == (404, "urn:abby-ledger:problem:file-gone")
    assert (await service.send_json("POST", UPSCALES, {"source": "../b.png"})).status == 400
    assert (await service.quota("1"))["daily"]["used"] == 1


class FromWords(Gate):
    """Makes pictures from words alone."""

    limits = replace(Gate.limits, operations=frozenset({Operation.TEXT_TO_IMAGE}))


@pytest.mark.parametrize("path", [EDITS, UPSCALES, DOOR])
@pytest.mark.parametrize(
    ("limits", "provider", "status"), [(SetPolicy(daily=0), None, 429), (SetPolicy(), FromWords(), 400)]
)
async def test_what_is_refused_whatever_it_holds_is_refused_unread(
    serve: Serve, path: str, limits: SetPolicy, provider: Any, status: int
) -> None:
    """The answer comes while the body is still awaited; a limit's refusal is in the log, once."""
    service: Running = await serve(limits, provider=provider)
    wire = await Wire.open(service.address)
    token = given(service, Scope.WRITE, user="1")
    await wire.send(request("POST", path, headers={"Content-Type": FORM, "Content-Length": "20000000", **token}))
    assert (await wire.answer()).status == status
    await wire.close()
    events = [decode(stored) for stored in service.store.opened().recorder.read()]
    assert sum(isinstance(event, RequestRefused) for event in events) == (status == 429)


@pytest.mark.parametrize(("path", "fields"), [(EDITS, WORDS), (UPSCALES, {"width": "192"})])
async def test_credits_that_are_left_let_a_picture_through_and_none_refuse_it_unread(
    serve: Serve, path: str, fields: dict[str, str | bytes]
) -> None:
    """Its price is known without it."""
    provider = choose_provider(ProviderSettings("sketch", credits_each=price_list("sketch=6")))
    service: Running = await serve(SetPolicy(windows=(("user/month/credits", 6_000),)), provider=provider)
    assert (await send(service, path, image=PICTURE, **fields)).status == 201
    wire = await Wire.open(service.address)
    token = given(service, Scope.WRITE, user="1")
    await wire.send(request("POST", path, headers={"Content-Type": FORM, "Content-Length": "20000000", **token}))
    assert (await wire.answer()).status == 429
    await wire.close()


@pytest.mark.parametrize("path", [EDITS, UPSCALES, DOOR])
async def test_what_waits_in_the_line_takes_no_room_from_bodies(serve: Serve, path: str) -> None:
    """However long its picture takes: another upload is read meanwhile."""
    gate, large = Gate(), png_of_size(200_000)
    bounds = BodyBounds(buffered_bytes=700_000, wait_seconds=0.2)
    service: Running = await serve(provider=gate, body_bounds=bounds)
    words: dict[str, str | bytes] = {} if path == UPSCALES else {"prompt": "a boat"}
    token = given(service, Scope.WRITE, user="1")
    asking = asyncio.create_task(send(service, path, headers=token, image=large, **words))
    await gate.called.wait()
    assert (await service.upload("2", png_of_size(400_000), "a.png")).status == 201
    gate.open.set()
    assert (await asking).status in {200, 201}


async def test_another_media_type_is_told_what_is_taken(service: Running) -> None:
    """415."""
    told = await service.ask("POST", EDITS, body=PICTURE, kind="image/png")
    assert (told.status, "multipart/form-data" in told.json["detail"]) == (415, True)


async def test_a_key_makes_one_picture_of_one_image(service: Running) -> None:
    """The same again at the limit too; with another image or strength it is a conflict."""
    key = {"Idempotency-Key": "k"}
    made = [await send(service, EDITS, key, image=PICTURE, **WORDS) for _ in range(2)]
    assert [told.headers.get("idempotency-replayed") for told in made] == [None, "true"]
    assert made[0].json["pictures"][0]["image"] == made[1].json["pictures"][0]["image"]
    for fields in ({"image": png(width=64)}, {"image": PICTURE, "strength": "0.6"}):
        assert (await send(service, EDITS, key, **(WORDS | fields))).status == 422
    assert (await service.quota("1"))["daily"]["used"] == 1


@pytest.mark.parametrize(
    ("text", "number"),
    [("7", 7), ("-1", -1), ("7.0", 7), ("0.5", 0.5), ("1e2", 100), ("1e999", None), ("", None), ("07", None)]
    + [(text, None) for text in ("NaN", "Infinity", "0x7", "1_000", " 7", "7\n", "+7", "٣", "7,5", "9" * 100)],
)
def test_a_number_in_a_form_is_written_as_in_json(text: str, number: float | None) -> None:
    """Nothing else is one."""
    assert number_of(text) == number


def test_the_document_has_both_ways_to_send_them() -> None:
    """A form and JSON."""
    for route in ROUTES:
        assert isinstance(route.body, Upload)
        assert route.body.form is not None
        assert route.body.json is not None


async def test_the_provider_is_told(service: Running) -> None:
    """Who makes the pictures, and what is possible."""
    told = (await service.ask("GET", "/v1/provider")).json
    assert (told["name"], told["is_sketch"], told["unavailable"]) == ("sketch", True, None)
    assert told["operations"] == ["text_to_image", "image_to_image", "upscale"]
    assert {"name": "square", "width": 1024, "height": 1024} in told["sizes"]
    assert told["limits"]["count_max"] == 10
