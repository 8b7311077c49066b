"""The emulator of Stability AI's v1 refuses a wrong client as the service does, and serves a right one."""

from __future__ import annotations

import base64
import io
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import aiohttp
import pytest
from PIL import Image

from tests.emulators.stability import KEY, SDXL_ENGINES, StabilityEmulator
from tests.hostile.builders import png, png_of_size

TEXT = f"/v1/generation/{SDXL_ENGINES[0]}/text-to-image"
IMAGE = f"/v1/generation/{SDXL_ENGINES[0]}/image-to-image"
UPSCALE = "/v1/generation/esrgan-v1-x2plus/image-to-image/upscale"
HEADERS = {"Authorization": f"Bearer {KEY}", "Accept": "application/json"}
BODY: dict[str, Any] = {"text_prompts": [{"text": "a quiet place"}], "width": 1024, "height": 1024}
FIELDS: dict[str, Any] = {"text_prompts[0][text]": "a quiet place", "init_image": png(1152, 896)}
UPSCALED: dict[str, Any] = {"image": png(600, 400), "width": "1200"}


class Told(NamedTuple):
    """An answer's status and body."""

    status: int
    body: Any


class Client:
    """Sends anything."""

    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        self._session = session
        self._address = address

    async def json(self, body: object, *, path: str = TEXT, headers: dict[str, str] = HEADERS) -> Told:
        async with self._session.post(self._address + path, json=body, headers=headers) as response:
            return Told(response.status, await response.json())

    async def form(self, fields: dict[str, Any], *, path: str = IMAGE) -> Told:
        form = aiohttp.FormData(default_to_multipart=True)
        for name, value in fields.items():
            if isinstance(value, bytes):
                form.add_field(name, io.BytesIO(value), filename="image.png", content_type="image/png")
            else:
                form.add_field(name, value)
        async with self._session.post(self._address + path, data=form, headers=HEADERS) as response:
            return Told(response.status, await response.json())

    async def get(self, path: str, headers: dict[str, str] = HEADERS) -> Told:
        async with self._session.get(self._address + path, headers=headers) as response:
            return Told(response.status, await response.json())


@pytest.fixture
def emulator() -> StabilityEmulator:
    return StabilityEmulator(credit=5.0)


@pytest.fixture
async def client(emulator: StabilityEmulator) -> AsyncIterator[Client]:
    async with emulator.serving() as address, aiohttp.ClientSession() as session:
        yield Client(session, address)


def with_json(**changes: object) -> dict[str, Any]:
    """The right body with some members changed; None leaves one out."""
    return {name: value for name, value in (BODY | changes).items() if value is not None}


def with_fields(**changes: object) -> dict[str, Any]:
    """The right form with some fields changed; None leaves one out."""
    return {name: value for name, value in (FIELDS | changes).items() if value is not None}


WRONG_JSON = [
    ("no prompt", with_json(text_prompts=None), "bad_request"),
    ("no prompts in the list", with_json(text_prompts=[]), "bad_request"),
    ("a prompt that is text alone", with_json(text_prompts="a quiet place"), "bad_request"),
    ("a prompt without text", with_json(text_prompts=[{"weight": 1}]), "bad_request"),
    ("a long prompt", with_json(text_prompts=[{"text": "x" * 2001}]), "bad_request"),
    ("a weight as text", with_json(text_prompts=[{"text": "x", "weight": "1"}]), "bad_request"),
    ("a width as text", with_json(width="1024"), "bad_request"),
    ("a width with a point", with_json(width=1024.0), "bad_request"),
    ("a width between steps", with_json(width=1000), "invalid_height_or_width"),
    ("a width not allowed", with_json(width=512, height=512), "invalid_sdxl_v1_dimensions"),
    ("no size, which means 512", with_json(width=None, height=None), "invalid_sdxl_v1_dimensions"),
    ("cfg_scale over 35", with_json(cfg_scale=35.1), "bad_request"),
    ("few steps", with_json(steps=9), "bad_request"),
    ("many steps", with_json(steps=51), "bad_request"),
    ("no samples", with_json(samples=0), "bad_request"),
    ("many samples", with_json(samples=11), "bad_request"),
    ("samples as truth", with_json(samples=True), "bad_request"),
    ("a seed below 0", with_json(seed=-1), "bad_request"),
    ("a seed of 33 bits", with_json(seed=4_294_967_296), "bad_request"),
    ("an unknown style", with_json(style_preset="baroque"), "bad_request"),
    ("an unknown sampler", with_json(sampler="EULER"), "bad_request"),
    ("an unknown field", with_json(prompt="a quiet place"), "bad_request"),
    ("a list", [BODY], "bad_request"),
]
WRONG_FORMS = [
    ("no prompt", with_fields(**{"text_prompts[0][text]": None}), "bad_request"),
    ("a prompt by another name", with_fields(text_prompts="a quiet place"), "bad_request"),
    ("a prompt by v2beta's name", with_fields(prompt="a quiet place"), "bad_request"),
    ("no image", with_fields(init_image=None), "bad_request"),
    ("an image by v2beta's name", with_fields(init_image=None, image=png(1152, 896)), "bad_request"),
    ("an image as text", with_fields(init_image="iVBORw0KGgo="), "bad_request"),
    ("an image that is none", with_fields(init_image=b"GIF89a"), "invalid_mime_type"),
    ("an empty image", with_fields(init_image=b""), "invalid_file_size"),
    ("an image over 5 MB", with_fields(init_image=png_of_size(5 * 1024 * 1024 + 1)), "invalid_file_size"),
    ("an image of another size", with_fields(init_image=png(800, 600)), "invalid_sdxl_v1_dimensions"),
    ("a width", with_fields(width="1152"), "bad_request"),
    ("strength by v2beta's name", with_fields(strength="0.5"), "bad_request"),
    ("strength over 1", with_fields(image_strength="1.01"), "bad_request"),
    ("strength in words", with_fields(image_strength="much"), "bad_request"),
    ("another mode", with_fields(init_image_mode="STRENGTH"), "bad_request"),
    ("steps with a point", with_fields(steps="30.0"), "bad_request"),
]
WRONG_UPSCALES = [
    ("no image", {"width": "1200"}, "bad_request"),
    ("an image by another name", {"init_image": png(600, 400), "width": "1200"}, "bad_request"),
    ("a prompt", UPSCALED | {"text_prompts[0][text]": "x"}, "bad_request"),
    ("both sides", UPSCALED | {"height": "800"}, "bad_request"),
    ("a small width", UPSCALED | {"width": "511"}, "bad_request"),
    ("a result too large", UPSCALED | {"width": "2600"}, "invalid_pixel_count"),
    ("an input too large", UPSCALED | {"image": png(1025, 1024)}, "invalid_pixel_count"),
]
WRONG_HEADERS = [
    ("no key", {"Accept": "application/json"}, 401, "unauthorized"),
    ("another key", HEADERS | {"Authorization": "Bearer sk-other"}, 401, "unauthorized"),
    ("a bare key", HEADERS | {"Authorization": KEY}, 401, "unauthorized"),
    ("no Accept", {"Authorization": f"Bearer {KEY}"}, 400, "bad_request"),
    ("v2beta's Accept", HEADERS | {"Accept": "image/*"}, 400, "bad_request"),
]


def names(rows: list[Any]) -> list[str]:
    """What is wrong in each row."""
    return [row[0] for row in rows]


def assert_refused(emulator: StabilityEmulator, told: Told, status: int, name: str) -> None:
    assert (told.status, told.body["name"]) == (status, name)
    assert set(told.body) == {"id", "name", "message"}
    assert len(emulator.complaints) == 1
    assert emulator.credits == 5.0


@pytest.mark.parametrize(("_", "body", "name"), WRONG_JSON, ids=names(WRONG_JSON))
async def test_a_wrong_text_to_image_is_refused(
    _: str, body: object, name: str, emulator: StabilityEmulator, client: Client
) -> None:
    """Each with the service's error, a complaint, and nothing charged."""
    assert_refused(emulator, await client.json(body), 400, name)


@pytest.mark.parametrize(("_", "fields", "name"), WRONG_FORMS, ids=names(WRONG_FORMS))
async def test_a_wrong_image_to_image_is_refused(
    _: str, fields: dict[str, Any], name: str, emulator: StabilityEmulator, client: Client
) -> None:
    """The same for a form."""
    assert_refused(emulator, await client.form(fields), 400, name)


@pytest.mark.parametrize(("_", "fields", "name"), WRONG_UPSCALES, ids=names(WRONG_UPSCALES))
async def test_a_wrong_upscale_is_refused(
    _: str, fields: dict[str, Any], name: str, emulator: StabilityEmulator, client: Client
) -> None:
    """The same for an upscale."""
    assert_refused(emulator, await client.form(fields, path=UPSCALE), 400, name)


@pytest.mark.parametrize(("_", "headers", "status", "name"), WRONG_HEADERS, ids=names(WRONG_HEADERS))
async def test_wrong_headers_are_refused(
    _: str, headers: dict[str, str], status: int, name: str, emulator: StabilityEmulator, client: Client
) -> None:
    """The key comes first, and every call says that it takes JSON, those that cost nothing too."""
    assert_refused(emulator, await client.json(BODY, headers=headers), status, name)
    told = await client.get("/v1/user/balance", headers)
    assert (told.status, told.body["name"]) == (status, name)


@pytest.mark.parametrize("path", [TEXT, IMAGE, UPSCALE])
async def test_each_endpoint_takes_one_kind_of_body(path: str, emulator: StabilityEmulator, client: Client) -> None:
    """A form where JSON is wanted, and JSON where a form is."""
    told = await (client.form(FIELDS, path=path) if path == TEXT else client.json(BODY, path=path))
    assert_refused(emulator, told, 400, "bad_request")
    assert told.body["message"].startswith("Content-Type")


@pytest.mark.parametrize("path", [TEXT.replace("v1-0", "v9"), UPSCALE.replace("esrgan-v1-x2plus", SDXL_ENGINES[0])])
async def test_an_unknown_engine_is_not_found(path: str, emulator: StabilityEmulator, client: Client) -> None:
    """Also an engine of another operation."""
    assert_refused(emulator, await client.json(BODY, path=path), 404, "not_found")


@pytest.mark.parametrize(
    ("engine", "size", "name"),
    [
        ("stable-diffusion-v1-6", (512, 512), None),
        ("stable-diffusion-v1-6", (448, 512), "invalid_pixel_count"),
        ("stable-diffusion-v1-6", (1088, 1024), "invalid_pixel_count"),
        ("stable-diffusion-768-v2-1", (768, 768), None),
        ("stable-diffusion-768-v2-1", (704, 768), "invalid_pixel_count"),
    ],
)
async def test_other_engines_count_pixels(
    engine: str, size: tuple[int, int], name: str | None, emulator: StabilityEmulator, client: Client
) -> None:
    """On the bound and a step beyond it."""
    told = await client.json(with_json(width=size[0], height=size[1]), path=TEXT.replace(SDXL_ENGINES[0], engine))
    assert told.body.get("name") == name
    assert bool(emulator.complaints) is (name is not None)


def pictures(told: Told) -> list[Image.Image]:
    """The decoded pictures of an answer."""
    assert told.status == 200, told.body
    return [Image.open(io.BytesIO(base64.b64decode(artifact["base64"]))) for artifact in told.body["artifacts"]]


async def test_the_right_minimal_clients_get_pictures(emulator: StabilityEmulator, client: Client) -> None:
    """Of the size that was asked for, without a complaint."""
    (made,) = pictures(await client.json(BODY))
    (changed,) = pictures(await client.form(FIELDS))
    (upscaled,) = pictures(await client.form(UPSCALED, path=UPSCALE))
    (doubled,) = pictures(await client.form({"image": UPSCALED["image"]}, path=UPSCALE))
    assert [made.size, changed.size, upscaled.size, doubled.size] == [
        (1024, 1024),
        (1152, 896),
        (1200, 800),
        (1200, 800),
    ]
    assert emulator.complaints == []


async def test_each_seed_makes_its_own_picture(emulator: StabilityEmulator, client: Client) -> None:
    """The same seed the same bytes; without one, others each time."""
    first = (await client.json(with_json(seed=7, samples=2))).body["artifacts"]
    again = (await client.json(with_json(seed=7))).body["artifacts"]
    fresh = [(await client.json(BODY)).body["artifacts"][0] for _ in range(2)]
    assert [artifact["seed"] for artifact in first] == [7, 8]
    assert again == first[:1]
    assert len({artifact["base64"] for artifact in (*first, *fresh)}) == 4
    assert emulator.complaints == []


async def test_credits_are_charged_until_there_are_none(emulator: StabilityEmulator, client: Client) -> None:
    """The balance tells it, and 429 with a name of its own ends it: not a complaint, as the request was right."""
    assert (await client.json(with_json(samples=5))).status == 200
    left = (await client.get("/v1/user/balance")).body["credits"]
    told = await client.json(BODY)
    assert left == pytest.approx(0.5)
    assert (told.status, told.body["name"]) == (429, "insufficient_balance")
    assert emulator.complaints == []


async def test_artifacts_and_prompts_are_filtered_where_told(emulator: StabilityEmulator, client: Client) -> None:
    """A filtered artifact is a 200 with a picture, one in error has none, and a filtered prompt is a 400."""
    emulator.finish = {0: "CONTENT_FILTERED", 2: "ERROR"}
    artifacts = (await client.json(with_json(samples=3))).body["artifacts"]
    refused = await client.json(with_json(text_prompts=[{"text": "a forbidden place"}]))
    assert [artifact["finishReason"] for artifact in artifacts] == ["CONTENT_FILTERED", "SUCCESS", "ERROR"]
    assert [bool(artifact["base64"]) for artifact in artifacts] == [True, True, False]
    assert (refused.status, refused.body["name"]) == (400, "invalid_prompts")
    assert emulator.complaints == []


async def test_the_engines_are_listed(client: Client) -> None:
    """Each with the four members of the description."""
    engines = (await client.get("/v1/engines/list")).body
    assert SDXL_ENGINES[0] in {engine["id"] for engine in engines}
    assert all(set(engine) == {"id", "name", "description", "type"} for engine in engines)
