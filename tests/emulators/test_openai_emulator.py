"""The emulator of OpenAI's image service refuses what the published description refuses, and takes what is right."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from PIL import Image

from tests.emulators.openai import FACTS, KEY, OpenAIEmulator

GENERATIONS = "/v1/images/generations"
EDITS = "/v1/images/edits"
MODELS = "/v1/models"
Sent = tuple[int, Any]
GPT = {"model": "gpt-image-1", "prompt": "a fox"}
D2 = {"model": "dall-e-2", "prompt": "a fox"}
D3 = {"model": "dall-e-3", "prompt": "a fox"}


async def sent(emulator: OpenAIEmulator, method: str, path: str, key: str | None = KEY, **body: Any) -> Sent:
    """Status and JSON of one raw request."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    url = emulator.address + path
    async with aiohttp.ClientSession() as session, session.request(method, url, headers=headers, **body) as response:
        return response.status, await response.json()


def png(size: tuple[int, int] = (64, 64), mode: str = "RGBA", *, noise: bool = False, kind: str = "PNG") -> bytes:
    """A small picture; with noise it cannot be packed."""
    channels = len(mode)
    image = Image.frombytes(mode, size, os.urandom(size[0] * size[1] * channels)) if noise else Image.new(mode, size)
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def form(
    fields: dict[str, str],
    image: bytes | str | None,
    name: str = "image",
    media_type: str = "image/png",
    times: int = 1,
) -> Callable[[], aiohttp.FormData]:
    """A multipart form with the picture `times` times."""

    def made() -> aiohttp.FormData:
        data = aiohttp.FormData(default_to_multipart=True)
        for field, value in fields.items():
            data.add_field(field, value)
        for _ in range(times if image is not None else 0):
            if isinstance(image, bytes):
                data.add_field(name, io.BytesIO(image), filename="image.png", content_type=media_type)
            else:
                data.add_field(name, str(image))
        return data

    return made


@pytest.mark.parametrize(
    ("fields", "code", "param"),
    [
        ({**GPT, "response_format": "b64_json"}, "unknown_parameter", "response_format"),
        ({**GPT, "seed": 5}, "unknown_parameter", "seed"),
        ({**GPT, "negative_prompt": "x"}, "unknown_parameter", "negative_prompt"),
        ({**GPT, "style": "vivid"}, "unknown_parameter", "style"),
        ({**D2, "style": "vivid"}, "unknown_parameter", "style"),
        ({**D3, "output_format": "png"}, "unknown_parameter", "output_format"),
        ({"model": "gpt-image-1"}, "missing_required_parameter", "prompt"),
        ({**GPT, "prompt": 5}, "invalid_type", "prompt"),
        ({**GPT, "prompt": "x" * 32_001}, "string_above_max_length", "prompt"),
        ({**D3, "prompt": "x" * 4_001}, "string_above_max_length", "prompt"),
        ({**D2, "prompt": "x" * 1_001}, "string_above_max_length", "prompt"),
        ({"prompt": "x" * 1_001}, "string_above_max_length", "prompt"),
        ({**GPT, "n": 0}, "integer_below_min_value", "n"),
        ({**GPT, "n": 11}, "integer_above_max_value", "n"),
        ({**D3, "n": 2}, "integer_above_max_value", "n"),
        ({**GPT, "n": "1"}, "invalid_type", "n"),
        ({**GPT, "size": "512x512"}, "invalid_value", "size"),
        ({**GPT, "size": "1792x1024"}, "invalid_value", "size"),
        ({**D3, "size": "1536x1024"}, "invalid_value", "size"),
        ({**D2, "size": "1792x1024"}, "invalid_value", "size"),
        ({**GPT, "quality": "hd"}, "invalid_value", "quality"),
        ({**D3, "quality": "high"}, "invalid_value", "quality"),
        ({**D2, "quality": "hd"}, "invalid_value", "quality"),
        ({**D3, "response_format": "png"}, "invalid_value", "response_format"),
        (["a list"], "invalid_type", None),
    ],
)
async def test_a_generation_that_breaks_the_description_is_refused(fields: object, code: str, param: str) -> None:
    """400 with the code and the parameter, and one complaint each."""
    emulator = OpenAIEmulator()
    async with emulator.serving():
        status, said = await sent(emulator, "POST", GENERATIONS, json=fields)
    assert (status, said["error"]["code"], said["error"]["param"]) == (400, code, param)
    assert said["error"]["type"] == "invalid_request_error"
    assert len(emulator.complaints) == 1


@pytest.mark.parametrize(
    ("made", "code", "param"),
    [
        (form(GPT, None), "missing_required_parameter", "image"),
        (form(GPT, "not a file"), "invalid_type", "image"),
        (form(GPT, png(), times=17), "invalid_type", "image"),
        (form(GPT, png(), media_type="application/octet-stream"), "unsupported_file_mimetype", "image"),
        (form(GPT, png(mode="RGB", kind="GIF"), media_type="image/gif"), "unsupported_file_mimetype", "image"),
        (form(GPT, b"not a picture"), "invalid_image", "image"),
        (form(GPT, png(noise=True)[:2_000]), "invalid_image", "image"),
        (form(GPT, png() + bytes(50_000_000)), "invalid_image", "image"),
        (form({**GPT, "strength": "0.5"}, png()), "unknown_parameter", "strength"),
        (form({**GPT, "response_format": "b64_json"}, png()), "unknown_parameter", "response_format"),
        (form({**GPT, "n": "0"}, png()), "integer_below_min_value", "n"),
        (form({**GPT, "n": "two"}, png()), "invalid_type", "n"),
        (form({**GPT, "size": "256x256"}, png()), "invalid_value", "size"),
        (form({**GPT, "stream": "perhaps"}, png()), "invalid_type", "stream"),
        (form({"model": "gpt-image-1"}, png()), "missing_required_parameter", "prompt"),
        (form(D2, png(), name="image[]"), "invalid_type", "image[]"),
        (form(D2, png(), times=2), "invalid_type", "image"),
        (form(D2, png((64, 32))), "invalid_image", "image"),
        (form(D2, png(mode="RGB")), "invalid_image", "image"),
        (form(D2, png((1024, 1024), noise=True)), "invalid_image", "image"),
        (form(D2, png(mode="RGB", kind="JPEG"), media_type="image/jpeg"), "unsupported_file_mimetype", "image"),
        (form(D3, png()), "invalid_value", "model"),
    ],
)
async def test_an_edit_that_breaks_the_description_is_refused(
    made: Callable[[], aiohttp.FormData], code: str, param: str
) -> None:
    """400 with the code and the parameter, and one complaint each."""
    emulator = OpenAIEmulator()
    async with emulator.serving():
        status, said = await sent(emulator, "POST", EDITS, data=made())
    assert (status, said["error"]["code"], said["error"]["param"]) == (400, code, param)
    assert len(emulator.complaints) == 1


@pytest.mark.parametrize(
    ("method", "path", "key", "body", "status", "code"),
    [
        ("POST", GENERATIONS, None, {"json": GPT}, 401, "invalid_api_key"),
        ("POST", GENERATIONS, "sk-wrong", {"json": GPT}, 401, "invalid_api_key"),
        ("POST", EDITS, "sk-wrong", {"json": GPT}, 401, "invalid_api_key"),
        ("GET", MODELS, "sk-wrong", {}, 401, "invalid_api_key"),
        ("POST", GENERATIONS, KEY, {"data": form(GPT, None)}, 400, "unsupported_content_type"),
        ("POST", EDITS, KEY, {"json": GPT}, 400, "unsupported_content_type"),
        ("POST", GENERATIONS, KEY, {"json": {**GPT, "model": "dall-e-9"}}, 404, "model_not_found"),
    ],
)
async def test_a_wrong_key_body_or_model_is_refused(
    method: str, path: str, key: str | None, body: dict[str, Any], status: int, code: str
) -> None:
    """The key comes before everything else."""
    emulator = OpenAIEmulator()
    content = {name: value() if callable(value) else value for name, value in body.items()}
    async with emulator.serving():
        answered, said = await sent(emulator, method, path, key, **content)
    assert (answered, said["error"]["code"]) == (status, code)
    assert len(emulator.complaints) == 1


@pytest.mark.parametrize(
    ("path", "fields", "mode", "holds"),
    [
        (GENERATIONS, GPT, None, "b64_json"),
        (GENERATIONS, {**D3, "response_format": "b64_json"}, None, "b64_json"),
        (GENERATIONS, {**D2, "response_format": "b64_json", "n": 2}, None, "b64_json"),
        (GENERATIONS, D2, None, "url"),
        (EDITS, GPT, "RGB", "b64_json"),
        (EDITS, {**D2, "response_format": "b64_json", "n": "2"}, "RGBA", "b64_json"),
    ],
)
async def test_the_smallest_right_request_succeeds(
    path: str, fields: dict[str, Any], mode: str | None, holds: str
) -> None:
    """As many pictures as were asked for, without a complaint; dall-e gives addresses unless it is asked for bytes."""
    emulator = OpenAIEmulator()
    body: dict[str, Any] = {"json": fields} if mode is None else {"data": form(fields, png(mode=mode))()}
    async with emulator.serving():
        status, said = await sent(emulator, "POST", path, **body)
    assert (status, emulator.complaints) == (200, [])
    assert [holds in item for item in said["data"]] == [True] * int(fields.get("n", 1))
    assert ["revised_prompt" in item for item in said["data"]] == [fields["model"] == "dall-e-3"] * len(said["data"])


async def test_a_server_that_takes_any_model_takes_any_size_and_needs_no_key() -> None:
    """As servers at home do."""
    emulator = OpenAIEmulator(None, any_model=True)
    async with emulator.serving():
        fields = {"model": "stablediffusion", "prompt": "x", "size": "96x64", "response_format": "b64_json"}
        status, _ = await sent(emulator, "POST", GENERATIONS, None, json=fields)
        listed = await sent(emulator, "GET", MODELS, None)
    assert (status, emulator.complaints) == (200, [])
    assert "stablediffusion" in [model["id"] for model in listed[1]["data"]]


def test_every_schema_names_its_families_and_its_source() -> None:
    """A family that no schema holds would be refused by accident."""
    assert set(FACTS["families"].values()) == {"gpt-image", "dall-e-2", "dall-e-3"}
    assert set(FACTS["generations"]) == {*FACTS["families"].values(), "other"}
    assert set(FACTS["edits"]) == set(FACTS["pictures"]) - {"mask"}
    assert FACTS["source"]["file"] == "openapi.yaml"
