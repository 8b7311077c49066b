"""The emulator of v2beta refuses what the real service refuses, so that a client it accepts is a right one."""

from __future__ import annotations

import base64
import io
from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple

import aiohttp
import orjson
import pytest

from adapters.images.shaping import size_of
from tests.adapters.generation.making import png
from tests.emulators.stability_v2beta import KEY, StableImageEmulator
from tests.emulators.virtual_time import VirtualTime

RIGHT = {"Authorization": f"Bearer {KEY}", "Accept": "image/*"}
SMALL = png((80, 64))
AS_TEXT = "image as text"


class Wrong(NamedTuple):
    """One request that breaks the published description, and the answer to it."""

    endpoint: str
    fields: dict[str, Any]
    says: str
    status: int = 400
    name: str = "bad_request"
    headers: dict[str, str] = RIGHT


class Got(NamedTuple):
    """An answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def said(self) -> dict[str, Any]:
        """The JSON of it."""
        said: dict[str, Any] = orjson.loads(self.body)
        return said


WORDS = {"prompt": "a quiet place"}
MOVED = {"mode": "image-to-image", "image": SMALL, "strength": "0.5", **WORDS}
WRONG = {
    "no prompt": Wrong("generate/core", {"seed": "1"}, "prompt: is required"),
    "an empty prompt": Wrong("generate/core", {"prompt": ""}, "prompt: is required"),
    "a prompt of 10001": Wrong("generate/core", {"prompt": "x" * 10_001}, "prompt: must have 1 to 10000"),
    "a long negative prompt": Wrong(
        "generate/core", WORDS | {"negative_prompt": "x" * 10_001}, "negative_prompt: must"
    ),
    "an unknown field": Wrong("generate/core", WORDS | {"steps": "30"}, "steps: is not a field"),
    "a size": Wrong("generate/core", WORDS | {"width": "1024"}, "width: is not a field"),
    "core with an image": Wrong("generate/core", WORDS | {"image": SMALL}, "image: is not a field"),
    "a shape that is not known": Wrong("generate/core", WORDS | {"aspect_ratio": "4:3"}, "aspect_ratio: must be one"),
    "a style that is not known": Wrong("generate/core", WORDS | {"style_preset": "gouache"}, "style_preset: must be"),
    "a format that is not known": Wrong("generate/core", WORDS | {"output_format": "gif"}, "output_format: must be"),
    "webp of sd3": Wrong("generate/sd3", WORDS | {"output_format": "webp"}, "output_format: must be"),
    "a seed that is no number": Wrong("generate/core", WORDS | {"seed": "any"}, "seed: must be a number"),
    "a seed above all": Wrong("generate/core", WORDS | {"seed": "4294967295"}, "seed: must be a number"),
    "a negative seed": Wrong("generate/core", WORDS | {"seed": "-1"}, "seed: must be a number"),
    "a model that is not known": Wrong("generate/sd3", WORDS | {"model": "sdxl"}, "model: must be one"),
    "ultra with a model": Wrong("generate/ultra", WORDS | {"model": "sd3.5-large"}, "model: is not a field"),
    "cfg_scale above 10": Wrong("generate/sd3", WORDS | {"cfg_scale": "10.5"}, "cfg_scale: must be a number"),
    "cfg_scale 0": Wrong("generate/sd3", WORDS | {"cfg_scale": "0"}, "cfg_scale: must be a number"),
    "a mode that is not known": Wrong("generate/sd3", WORDS | {"mode": "edit"}, "mode: must be one"),
    "an image without the mode": Wrong(
        "generate/sd3", WORDS | {"image": SMALL, "strength": "1"}, "image: is only valid"
    ),
    "the mode without an image": Wrong("generate/sd3", WORDS | {"mode": "image-to-image"}, "image: is required"),
    "no strength": Wrong("generate/sd3", {**MOVED, "strength": ""}, "strength: must be a number"),
    "strength above 1": Wrong("generate/sd3", {**MOVED, "strength": "1.01"}, "strength: must be a number"),
    "a shape for an image": Wrong("generate/sd3", {**MOVED, "aspect_ratio": "1:1"}, "aspect_ratio: is only valid"),
    "ultra without strength": Wrong("generate/ultra", WORDS | {"image": SMALL}, "strength: is required"),
    "an image as text": Wrong("generate/ultra", WORDS | {"image": AS_TEXT, "strength": "1"}, "image: must be a file"),
    "words as a file": Wrong("generate/core", {"prompt": SMALL}, "prompt: must not be a file"),
    "a field twice": Wrong("generate/core", WORDS | {"seed": ["1", "2"]}, "seed: is given twice"),
    "no image to upscale": Wrong("upscale/fast", {"output_format": "png"}, "image: is required"),
    "words for fast": Wrong("upscale/fast", WORDS | {"image": SMALL}, "prompt: is not a field"),
    "what is no image": Wrong("upscale/fast", {"image": b"hello"}, "image: must be a jpeg, png or webp"),
    "fast with 31 pixels": Wrong("upscale/fast", {"image": png((64, 31))}, "image: every side must be at least 32"),
    "fast with 1537 pixels": Wrong("upscale/fast", {"image": png((1_537, 64))}, "image: no side may be more than 1536"),
    "fast with too much": Wrong("upscale/fast", {"image": png((1_025, 1_024))}, "image: total pixel count"),
    "conservative unsaid": Wrong("upscale/conservative", {"image": SMALL}, "prompt: is required"),
    "conservative with 63": Wrong("upscale/conservative", WORDS | {"image": png((99, 63))}, "image: every side"),
    "conservative, long": Wrong("upscale/conservative", WORDS | {"image": png((161, 64))}, "image: the aspect ratio"),
    "conservative, free": Wrong(
        "upscale/conservative", WORDS | {"image": SMALL, "creativity": "0.51"}, "creativity: must be a number"
    ),
    "conservative with a style": Wrong(
        "upscale/conservative", WORDS | {"image": SMALL, "style_preset": "anime"}, "style_preset: is not a field"
    ),
    "creative unsaid": Wrong("upscale/creative", {"image": SMALL}, "prompt: is required"),
    "creative with too much": Wrong(
        "upscale/creative", WORDS | {"image": png((1_025, 1_024))}, "image: total pixel count"
    ),
    "no key": Wrong("generate/core", WORDS, "authorization", 401, "unauthorized", {"Accept": "image/*"}),
    "another key": Wrong(
        "generate/core", WORDS, "authorization", 401, "unauthorized", RIGHT | {"Authorization": "Bearer sk-other"}
    ),
    "a key without Bearer": Wrong(
        "generate/core", WORDS, "authorization", 401, "unauthorized", RIGHT | {"Authorization": KEY}
    ),
    "accepting one format": Wrong("generate/core", WORDS, "accept: must be", headers=RIGHT | {"Accept": "image/png"}),
    "too large": Wrong(
        "generate/ultra", WORDS | {"image": b"\0" * 10_485_760, "strength": "1"}, "10MiB", 413, "payload_too_large"
    ),
    "no English": Wrong("generate/core", {"prompt": "静かな場所"}, "English is", 422, "invalid_language"),
}


def form_of(fields: dict[str, Any]) -> aiohttp.FormData:
    """A multipart form as a client without any care would build it."""
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in fields.items():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, bytes):
                form.add_field(name, io.BytesIO(each), filename="image", content_type="application/octet-stream")
            else:
                form.add_field(name, each)
    return form


@pytest.fixture
def time() -> VirtualTime:
    """The emulator's time, which stands still until a test moves it."""
    return VirtualTime()


@pytest.fixture
async def emulator(time: VirtualTime) -> AsyncIterator[StableImageEmulator]:
    """An emulator that listens."""
    made = StableImageEmulator(clock=time.clock)
    async with made.serving():
        yield made


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """A client that sends whatever it is told to."""
    async with aiohttp.ClientSession() as made:
        yield made


async def posted(
    session: aiohttp.ClientSession, emulator: StableImageEmulator, endpoint: str, data: object, **headers: str
) -> Got:
    """The answer to one POST."""
    address = f"{emulator.address}/v2beta/stable-image/{endpoint}"
    async with session.post(address, data=data, headers=RIGHT | headers) as response:
        return Got(response.status, response.headers, await response.read())


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
async def test_what_breaks_the_description_is_refused_and_kept_as_a_complaint(
    session: aiohttp.ClientSession, emulator: StableImageEmulator, wrong: Wrong
) -> None:
    """Each wrong request has its status, the name of its error and a sentence that begins with the field."""
    address = f"{emulator.address}/v2beta/stable-image/{wrong.endpoint}"
    async with session.post(address, data=form_of(wrong.fields), headers=wrong.headers) as response:
        said = await response.json()
    assert (response.status, said["name"]) == (wrong.status, wrong.name)
    assert set(said) == {"id", "name", "errors"}
    assert any(wrong.says in error for error in said["errors"]), said["errors"]
    assert len(emulator.complaints) == 1


@pytest.mark.parametrize("endpoint", ["generate/core", "generate/sd3", "generate/ultra"])
async def test_a_form_without_a_file_must_be_multipart_all_the_same(
    session: aiohttp.ClientSession, emulator: StableImageEmulator, endpoint: str
) -> None:
    """A URL-encoded form and JSON are refused, as the real service does."""
    urlencoded = await posted(session, emulator, endpoint, WORDS)
    as_json = await posted(session, emulator, endpoint, b"{}", **{"Content-Type": "application/json"})
    for answer in (urlencoded, as_json):
        assert answer.status == 400
        assert b"content-type: must be multipart/form-data" in answer.body


@pytest.mark.parametrize(
    ("endpoint", "fields", "size"),
    [
        ("generate/core", WORDS, (1_536, 1_536)),
        ("generate/sd3", WORDS, (1_024, 1_024)),
        ("generate/sd3", MOVED, (1_152, 896)),
        ("generate/ultra", WORDS | {"aspect_ratio": "16:9"}, (1_344, 768)),
        ("upscale/fast", {"image": SMALL}, (320, 256)),
        ("upscale/conservative", WORDS | {"image": SMALL}, (2_304, 1_856)),
    ],
)
async def test_the_least_that_is_right_is_answered_with_a_picture(
    session: aiohttp.ClientSession, emulator: StableImageEmulator, endpoint: str, fields: dict[str, Any],
    size: tuple[int, int],
) -> None:  # fmt: skip
    """Bytes with their seed and finish reason in headers, or JSON whose content type tells what is in it."""
    answer = await posted(session, emulator, endpoint, form_of(fields))
    assert answer.status == 200
    assert (answer.headers["Content-Type"], answer.headers["finish-reason"]) == ("image/png", "SUCCESS")
    assert int(answer.headers["seed"]) > 0
    assert size_of(answer.body) == size
    as_json = await posted(session, emulator, endpoint, form_of(fields), Accept="application/json")
    said = as_json.said()
    assert as_json.headers["Content-Type"] == "application/json; type=image/png"
    assert set(said) == {"image", "finish_reason", "seed"}
    assert size_of(base64.b64decode(said["image"])) == size
    assert emulator.complaints == []


async def test_money_and_moderation_refuse_what_is_right_otherwise(
    session: aiohttp.ClientSession, emulator: StableImageEmulator
) -> None:
    """Neither is the client's mistake, so there is no complaint; a filtered picture is a success that says so."""
    refused = await posted(session, emulator, "generate/core", form_of({"prompt": "a forbidden place"}))
    emulator.finish_reasons.append("CONTENT_FILTERED")
    filtered = await posted(session, emulator, "generate/core", form_of(WORDS))
    emulator.out_of_credit = True
    unpaid = await posted(session, emulator, "generate/core", form_of(WORDS))
    assert (refused.status, refused.said()["name"]) == (403, "content_moderation")
    assert (filtered.status, filtered.headers["finish-reason"]) == (200, "CONTENT_FILTERED")
    assert (unpaid.status, unpaid.said()["name"]) == (402, "payment_required")
    assert emulator.complaints == []


async def test_a_result_is_asked_for_once_in_ten_seconds(
    session: aiohttp.ClientSession, emulator: StableImageEmulator, time: VirtualTime
) -> None:
    """202 until it is done, 429 for the hasty, 404 for who does not know the id, 400 for who wants an image alone."""
    started = await posted(session, emulator, "upscale/creative", form_of(WORDS | {"image": SMALL}))
    generation_id = started.said()["id"]
    key = {"Authorization": f"Bearer {KEY}"}

    async def asked(name: str = generation_id, **headers: str) -> int:
        async with session.get(f"{emulator.address}/v2beta/results/{name}", headers=key | headers) as answer:
            return answer.status

    statuses = [await asked(), await asked()]
    await time.pause(10)
    statuses.append(await asked())
    assert statuses == [202, 429, 200]
    assert await asked("0" * 64) == 404
    assert await asked(Authorization="Bearer sk-other") == 404
    assert await asked(Authorization="") == 401
    assert await asked(Accept="image/*") == 400
    assert len(emulator.complaints) == 5
