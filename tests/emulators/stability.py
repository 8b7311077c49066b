"""Stability AI's REST v1 on loopback: checks every field against the published description, charges, and makes PNGs.

Bodies are checked with `stability_v1_schema.json`, which names its source; what a schema cannot say (sizes of an
engine, files, headers) is checked here. v2beta is another emulator's.
"""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web
from jsonschema import Draft202012Validator, validators  # type: ignore[import-untyped]  # it comes without types
from PIL import Image

from tests.emulators.emulator import Emulator
from tests.hostile.builders import png, png_chunk

KEY = "sk-emulated"
SDXL_ENGINES = ("stable-diffusion-xl-1024-v1-0", "stable-diffusion-xl-1024-v0-9")
FEWEST_PIXELS = {"stable-diffusion-v1-6": 262_144, "stable-diffusion-768-v2-1": 589_824}
"""Of engines that take many sizes."""
UPSCALERS = ("esrgan-v1-x2plus",)
SDXL_SIZES = {(1024, 1024), *((1152, 896), (1216, 832), (1344, 768), (1536, 640))}
SDXL_SIZES |= {(height, width) for width, height in SDXL_SIZES}
MOST_PIXELS = 1_048_576
UPSCALED_PIXELS = 4_194_304
FILE_BYTES = 5 * 1024 * 1024
FILE_TYPES = ("PNG", "JPEG")
FILES = {"ImageToImage": "init_image", "Upscale": "image"}
PROMPT_FIELD = re.compile(r"text_prompts\[(\d{1,3})\]\[(text|weight)\]")
WHOLE = ("width", "height", "samples", "seed", "steps")
REAL = ("cfg_scale", "image_strength", "step_schedule_start", "step_schedule_end", "weight")

Body = dict[str, Any]
Answering = Callable[[web.Request], Awaitable[web.Response]]


def _is_integer(_: object, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)  # 30.0 is no uint64


_SCHEMA = json.loads((Path(__file__).parent / "stability_v1_schema.json").read_text(encoding="utf-8"))
_Validator = validators.extend(
    Draft202012Validator, type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer)
)


class Refused(Exception):
    """An answer that is an error. `fault` says whether the request broke the description."""

    def __init__(self, status: int, name: str, message: str, *, fault: bool = True) -> None:
        super().__init__(message)
        self.status = status
        self.name = name
        self.fault = fault


class StabilityEmulator(Emulator):
    """v1. `finish` gives artifact number n of each answer another reason than SUCCESS; `filtered_words` in a prompt are
    refused; each artifact costs `credits_each`, and `credits` are what is left.
    """

    name = "stability"

    def __init__(self, key: str = KEY, credit: float = 100.0) -> None:
        super().__init__()
        self.key = key
        self.credits = credit
        self.credits_each = 0.9
        self.finish: dict[int, str] = {}
        self.filtered_words = {"forbidden"}
        self._next_seed = 1_000

    def routes(self) -> list[web.RouteDef]:
        """The five endpoints that are used of v1."""
        made = "/v1/generation/{engine}"
        return [
            web.post(f"{made}/text-to-image", self._or_refused(self._text_to_image)),
            web.post(f"{made}/image-to-image", self._or_refused(self._image_to_image)),
            web.post(f"{made}/image-to-image/upscale", self._or_refused(self._upscale)),
            web.get("/v1/user/balance", self._or_refused(self._balance)),
            web.get("/v1/engines/list", self._or_refused(self._engines)),
        ]

    def _or_refused(self, answering: Answering) -> Answering:
        async def answer(request: web.Request) -> web.Response:
            try:
                self._admit(request)
                return await answering(request)
            except Refused as refused:
                if refused.fault:
                    self.complain(f"{request.method} {request.path}: {refused.name}: {refused}")
                error = {"id": f"{len(self.heard):032x}", "name": refused.name, "message": str(refused)}
                return web.json_response(error, status=refused.status)

        return answer

    def _admit(self, request: web.Request) -> None:
        if "Authorization" not in request.headers:
            raise Refused(401, "unauthorized", "missing authorization header")
        if request.headers["Authorization"] != f"Bearer {self.key}":
            raise Refused(401, "unauthorized", "incorrect API key provided")
        if request.headers.get("Accept") != "application/json":
            raise _bad("Accept: must be application/json")

    async def _text_to_image(self, request: web.Request) -> web.Response:
        engine = _engine(request, (*SDXL_ENGINES, *FEWEST_PIXELS))
        if request.content_type != "application/json":
            raise _bad("Content-Type: must be application/json")
        body = await request.json()
        _check(body, "TextToImage")
        size = body.get("width", 512), body.get("height", 512)
        _check_size(engine, size)
        return self._made(body, size)

    async def _image_to_image(self, request: web.Request) -> web.Response:
        engine = _engine(request, (*SDXL_ENGINES, *FEWEST_PIXELS))
        body, file = await _form(request, "ImageToImage")
        size = _picture_size("init_image", file)
        _check_size(engine, size)
        return self._made(body, size)

    async def _upscale(self, request: web.Request) -> web.Response:
        _engine(request, UPSCALERS)
        body, file = await _form(request, "Upscale")
        width, height = _picture_size("image", file)
        if width * height > MOST_PIXELS:
            raise Refused(400, "invalid_pixel_count", f"image: may have at most {MOST_PIXELS} pixels")
        factor = body["width"] / width if "width" in body else body.get("height", 2 * height) / height
        size = round(width * factor), round(height * factor)
        if size[0] * size[1] > UPSCALED_PIXELS:
            raise Refused(400, "invalid_pixel_count", f"the result may have at most {UPSCALED_PIXELS} pixels")
        return self._made(body, size)

    def _made(self, body: Body, size: tuple[int, int]) -> web.Response:
        words = {word for prompt in body.get("text_prompts", []) for word in prompt["text"].split()}
        if self.filtered_words & words:
            raise Refused(400, "invalid_prompts", "text_prompts: a prompt holds filtered words", fault=False)
        samples = body.get("samples", 1)
        if self.credits < samples * self.credits_each:
            raise Refused(429, "insufficient_balance", "the balance does not suffice", fault=False)
        self.credits -= samples * self.credits_each
        first = body.get("seed", 0) or self._fresh_seed(samples)
        return web.json_response(
            {"artifacts": [self._artifact(number, first + number, size) for number in range(samples)]}
        )

    def _artifact(self, number: int, seed: int, size: tuple[int, int]) -> Body:
        reason = self.finish.get(number, "SUCCESS")
        picture = png(*size, extras=[png_chunk(b"tEXt", f"Seed\0{seed}".encode())])
        text = "" if reason == "ERROR" else base64.b64encode(picture).decode()
        return {"base64": text, "finishReason": reason, "seed": seed}

    def _fresh_seed(self, samples: int) -> int:
        self._next_seed += samples
        return self._next_seed

    async def _balance(self, _: web.Request) -> web.Response:
        return web.json_response({"credits": self.credits})

    async def _engines(self, _: web.Request) -> web.Response:
        engines = (*SDXL_ENGINES, *FEWEST_PIXELS)
        kind = {"type": "PICTURE", "description": "An engine"}
        return web.json_response([{"id": engine, "name": engine, **kind} for engine in engines])


def _bad(message: str) -> Refused:
    return Refused(400, "bad_request", message)


def _engine(request: web.Request, known: tuple[str, ...]) -> str:
    engine = request.match_info["engine"]
    if engine not in known:
        raise Refused(404, "not_found", f"The specified engine (ID {engine}) was not found.")
    return engine


def _check(body: object, kind: str) -> None:
    schema = {"$ref": f"#/$defs/{kind}", "$defs": _SCHEMA["$defs"]}
    for error in _Validator(schema).iter_errors(body):
        where = ".".join(map(str, error.absolute_path)) or "body"
        name = "invalid_height_or_width" if error.validator == "multipleOf" else "bad_request"
        raise Refused(400, name, f"{where}: {error.message}")


def _check_size(engine: str, size: tuple[int, int]) -> None:
    if engine in SDXL_ENGINES:
        if size not in SDXL_SIZES:
            raise Refused(400, "invalid_sdxl_v1_dimensions", f"{size[0]}x{size[1]} is none of the sizes of {engine}")
    elif any(side % 64 for side in size):
        raise Refused(400, "invalid_height_or_width", "height and width must be in increments of 64")
    elif not FEWEST_PIXELS[engine] <= size[0] * size[1] <= MOST_PIXELS:
        raise Refused(400, "invalid_pixel_count", f"height * width: {FEWEST_PIXELS[engine]} to {MOST_PIXELS} pixels")


async def _form(request: web.Request, kind: str) -> tuple[Body, bytes]:
    """The fields of a form, checked, and its file, which has its name alone among them."""
    if request.content_type != "multipart/form-data":
        raise _bad("Content-Type: must be multipart/form-data")
    body: Body = {}
    prompts: dict[int, Body] = {}
    file = b""
    for name, value in (await request.post()).items():
        prompt = PROMPT_FIELD.fullmatch(name)
        if isinstance(value, web.FileField):
            file = value.file.read() if name == FILES[kind] else file
            body[name] = value.filename
        elif name == FILES[kind]:
            raise _bad(f"{name}: must be a file")
        elif prompt:
            prompts.setdefault(int(prompt[1]), {})[prompt[2]] = _typed(prompt[2], str(value))
        else:
            body[name] = _typed(name, str(value))
    if prompts:
        body.setdefault("text_prompts", [prompts[number] for number in sorted(prompts)])
    _check(body, kind)
    return body, file


def _typed(name: str, text: str) -> object:
    """A form's text as the type that its field has; text that is no such number is left, for the schema to refuse."""
    if name in WHOLE:
        return int(text) if re.fullmatch(r"-?\d{1,20}", text) else text
    if name in REAL:
        return float(text) if re.fullmatch(r"-?\d{1,20}(\.\d*)?(e-?\d{1,3})?", text) else text
    return text


def _picture_size(name: str, file: bytes) -> tuple[int, int]:
    if not 0 < len(file) <= FILE_BYTES:
        raise Refused(400, "invalid_file_size", f"{name}: must have 1 to {FILE_BYTES} bytes")
    try:
        with Image.open(io.BytesIO(file), formats=FILE_TYPES) as image:
            image.load()
            return image.size
    except (OSError, SyntaxError) as error:
        raise Refused(400, "invalid_mime_type", f"{name}: must be a PNG or a JPEG") from error
