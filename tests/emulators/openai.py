"""OpenAI's image service on loopback, and a server that speaks as it does but takes any model.

What it takes is in `openai_schema.json`, with the source of each fact. A request that breaks it gets the error that the
real service gives, and leaves a complaint. The pictures are plain, of the size that was asked for.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from aiohttp import web
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it comes without types
from PIL import Image, UnidentifiedImageError

from tests.emulators.emulator import Emulator, Reply

FACTS: Mapping[str, Any] = json.loads(Path(__file__).with_name("openai_schema.json").read_text(encoding="utf-8"))
KEY = "sk-emulated-0123456789"
NOT_FOR_IMAGES = ("gpt-4o", "text-embedding-3-small")
CREATED = 1_700_000_000
OWN_PICTURES = "/made/{number}.png"
COLOURS = ("teal", "salmon", "gold", "plum", "navy", "olive", "coral", "khaki", "sienna", "indigo")


class Refused(Exception):
    """A request that the service does not take."""

    def __init__(self, message: str, code: str, param: str | None = None, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.param = param
        self.status = status


class OpenAIEmulator(Emulator):
    """`key` None: none is asked for. `any_model`: as LocalAI does, every model's name and every size is taken.

    `answers_with_url` makes the pictures addresses of this form, whatever was asked for; `fewer` leaves so many out.
    Those below `OWN_PICTURES` are its own to serve.
    """

    name = "openai"

    def __init__(self, key: str | None = KEY, *, any_model: bool = False) -> None:
        super().__init__()
        self.key = key
        self.any_model = any_model
        self.answers_with_url = ""
        self.fewer = 0
        self.served: dict[str, bytes] = {}

    def routes(self) -> list[web.RouteDef]:
        """The three endpoints, and the pictures that answers name by their address."""
        return [
            web.post("/v1/images/generations", self._guarded(self._generations)),
            web.post("/v1/images/edits", self._guarded(self._edits)),
            web.get("/v1/models", self._guarded(self._models)),
            web.get("/made/{name}", self._guarded(self._made)),
        ]

    def _guarded(
        self, answer: Callable[[web.Request], Awaitable[web.Response]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def guarded(request: web.Request) -> web.Response:
            try:
                if self.key is not None and request.headers.get("Authorization") != f"Bearer {self.key}":
                    raise Refused("The API key is missing or not correct.", "invalid_api_key", status=401)
                return await answer(request)
            except Refused as refused:
                self.complain(refused.message)
                return web.json_response(error(refused.message, refused.code, refused.param), status=refused.status)

        return guarded

    async def _generations(self, request: web.Request) -> web.Response:
        _check_content_type(request, "application/json")
        fields = await request.json()
        if not isinstance(fields, dict):
            raise Refused("The body is not a JSON object.", "invalid_type")
        family = self._family("generations", fields)
        _check_fields(FACTS["generations"][family], fields)
        return self._answer(family, fields)

    async def _edits(self, request: web.Request) -> web.Response:
        _check_content_type(request, "multipart/form-data")
        form = await request.post()
        files = {"image", "image[]", "mask"}
        texts = {name: value for name, value in form.items() if name not in files}
        family = self._family("edits", texts)
        fields = _read_texts(FACTS["edits"][family], texts)
        _check_fields(FACTS["edits"][family], fields)
        _check_pictures(FACTS["pictures"][family], [(name, value) for name, value in form.items() if "image" in name])
        if "mask" in form:
            _check_pictures(FACTS["pictures"]["mask"], [("mask", form["mask"])])
        return self._answer(family, fields)

    async def _models(self, _: web.Request) -> web.Response:
        names = [*NOT_FOR_IMAGES, *(["stablediffusion"] if self.any_model else FACTS["families"])]
        models = [{"id": name, "object": "model", "created": CREATED, "owned_by": "emulator"} for name in names]
        return web.json_response({"object": "list", "data": models})

    async def _made(self, request: web.Request) -> web.Response:
        found = self.served.get(request.path)
        return web.Response(status=404) if found is None else web.Response(body=found, content_type="image/png")

    def _family(self, endpoint: str, fields: Mapping[str, object]) -> str:
        if self.any_model:
            return "other"
        model = fields.get("model") or FACTS["default_model"][endpoint]
        family: str | None = FACTS["families"].get(model) if isinstance(model, str) else None
        if family is None:
            raise Refused(f"The model {model!r} does not exist.", "model_not_found", "model", 404)
        if family not in FACTS[endpoint]:
            raise Refused(f"The model {model!r} is not for {endpoint}.", "invalid_value", "model")
        return family

    def _answer(self, family: str, fields: Mapping[str, Any]) -> web.Response:
        count = (fields.get("n") or 1) - self.fewer
        asked = fields.get("size") or "auto"
        size = "1024x1024" if asked == "auto" else asked
        as_bytes = family == "gpt-image" or fields.get("response_format") == "b64_json"
        pictures: list[dict[str, str]] = []
        for number in range(count):
            if as_bytes and not self.answers_with_url:
                pictures.append({"b64_json": base64.b64encode(picture(size, number)).decode()})
            else:
                form = self.answers_with_url or f"{self.address}{OWN_PICTURES}"
                pictures.append({"url": form.format(number=number)})
                self.served[f"/made/{number}.png"] = picture(size, number)
            if family == "dall-e-3":
                pictures[-1]["revised_prompt"] = f"In more words: {fields['prompt']}"
        told = {"background": "opaque", "output_format": "png", "quality": "medium", "size": size}
        return web.json_response(
            {"created": CREATED, "data": pictures, **(told if family == "gpt-image" else {})},
        )


def error(message: str, code: str | None, param: str | None = None, kind: str = "invalid_request_error") -> object:
    """An error as the service words it."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


@lru_cache(maxsize=32)
def picture(size: str, number: int) -> bytes:
    """A plain PNG of a size such as "1024x1536"; each number has its colour."""
    width, height = map(int, size.split("x"))
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), COLOURS[number % len(COLOURS)]).save(buffer, "PNG")
    return buffer.getvalue()


PICTURE = {"b64_json": base64.b64encode(picture("64x64", 0)).decode()}
"""One picture as answers hold it."""


def answer_of(*items: object) -> Reply:
    """An answer with these in the place of its pictures, for a script."""
    return Reply(200, json.dumps({"created": CREATED, "data": items}).encode())


def _check_content_type(request: web.Request, wanted: str) -> None:
    if request.content_type != wanted:
        raise Refused(
            f"Unsupported content type {request.content_type!r}: {wanted!r} is taken.", "unsupported_content_type"
        )


def _check_fields(schema: Mapping[str, Any], fields: Mapping[str, object]) -> None:
    """Raise Refused for the first broken rule, parameters that are not known first."""
    errors = sorted(
        Draft202012Validator(schema).iter_errors(fields), key=lambda found: found.validator != "additionalProperties"
    )
    if not errors:
        return
    found = errors[0]
    if found.validator == "additionalProperties":
        param = min(set(fields) - set(schema["properties"]))
        message = f"Unknown parameter: {param!r}."
    elif found.validator == "required":
        param = min(set(schema["required"]) - set(fields))
        message = f"Missing required parameter: {param!r}."
    else:
        param = str(found.path[0])
        message = f"Invalid {param!r}: it breaks the rule {found.validator}={found.validator_value}."
    raise Refused(message, FACTS["codes"][found.validator], param)


def _read_texts(schema: Mapping[str, Any], texts: Mapping[str, object]) -> dict[str, object]:
    """The texts of a form, with whole numbers and truth values read where the description has them."""
    read: dict[str, object] = {}
    for name, text in texts.items():
        kinds = schema["properties"].get(name, {}).get("type", "string")
        if "integer" in kinds and isinstance(text, str) and text.removeprefix("-").isdecimal():
            read[name] = int(text)
        elif "boolean" in kinds and text in {"true", "false"}:
            read[name] = text == "true"
        else:
            read[name] = text
    return read


def _check_pictures(facts: Mapping[str, Any], parts: list[tuple[str, object]]) -> None:
    if not parts:
        raise Refused("Missing required parameter: 'image'.", "missing_required_parameter", "image")
    if len(parts) > facts["at_most"]:
        raise Refused(f"At most {facts['at_most']} pictures are taken.", "invalid_type", "image")
    for name, part in parts:
        if name not in facts["names"]:
            raise Refused("Invalid type for 'image': expected a file, but got an array instead.", "invalid_type", name)
        if not isinstance(part, web.FileField):
            raise Refused(f"Invalid type for {name!r}: expected a file, but got a string.", "invalid_type", name)
        _check_picture(facts, name, part)


def _check_picture(facts: Mapping[str, Any], name: str, part: web.FileField) -> None:
    if part.content_type not in facts["media_types"]:
        raise Refused(
            f"Invalid file {name!r}: unsupported mimetype {part.content_type!r}.", "unsupported_file_mimetype", name
        )
    content = part.file.read()
    if len(content) >= facts["under_bytes"]:
        raise Refused(f"The picture must have less than {facts['under_bytes']} bytes.", "invalid_image", name)
    kinds = [media_type.removeprefix("image/").upper() for media_type in facts["media_types"]]
    try:
        with Image.open(io.BytesIO(content), formats=kinds) as opened:
            opened.load()
            mode, (width, height) = opened.mode, opened.size
    except (UnidentifiedImageError, OSError) as fault:
        raise Refused("The picture cannot be read.", "invalid_image", name) from fault
    if facts["square"] and width != height:
        raise Refused("The picture must be square.", "invalid_image", name)
    if facts["alpha"] and mode not in {"RGBA", "LA", "L"}:
        raise Refused(f"The picture's format must be RGBA, LA or L, got {mode}.", "invalid_image", name)
