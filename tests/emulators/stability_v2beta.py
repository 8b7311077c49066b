"""Stability AI's v2beta on loopback: generate, upscale, and the results of what takes its time.

Answers as the published description says, which `stability_v2beta_schema` holds; names of errors are those that the
service was seen to give. Balance and v1 are another emulator's.
"""

from __future__ import annotations

import base64
import io
import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import NamedTuple

import orjson
from aiohttp import web
from PIL import Image

from tests.emulators.emulator import Emulator
from tests.emulators.stability_v2beta_schema import ENDPOINTS, REQUEST_BYTES, RESULT_ACCEPTS, errors_of

KEY = "sk-emulated"
POLL_SECONDS = 10.0
MEGAPIXELS = {"generate/core": 2.36, "generate/sd3": 1.05, "generate/ultra": 1.05}
"""Of one picture; core was seen to answer 1:1 with 1536 by 1536."""
UPSCALED_MEGAPIXELS = 4.19


class Made(NamedTuple):
    """One picture as the service gives it."""

    data: bytes
    kind: str
    finish_reason: str
    seed: int


@dataclass
class Job:
    """A picture that is asked for by its id, with the key that began it."""

    made: Made
    polls_left: int
    asked_at: float = -math.inf


class Refused(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, name: str, *errors: str) -> None:
        super().__init__(name)
        self.status = status
        self.body = orjson.dumps({"id": "a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4", "name": name, "errors": errors})


class StableImageEmulator(Emulator):
    """v2beta/stable-image. `finish_reasons` are those of the next pictures, SUCCESS once there are no more.

    `banned` words in a prompt are refused; `out_of_credit` refuses everything that is paid. Creative is done after
    `polls_needed` questions, which come no sooner than 10 s after one another by `clock`.
    """

    name = "stability-v2beta"

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        super().__init__()
        self.finish_reasons: deque[str] = deque()
        self.banned = {"forbidden"}
        self.out_of_credit = False
        self.polls_needed = 2
        self.jobs: dict[str, Job] = {}
        self._clock = clock
        self._made = 0

    def routes(self) -> list[web.RouteDef]:
        """POST for each endpoint, and GET for results."""
        paid = [web.post(f"/v2beta/stable-image/{name}", self._paid) for name in ENDPOINTS]
        return [*paid, web.get("/v2beta/results/{id}", self._result)]

    async def _paid(self, request: web.Request) -> web.StreamResponse:
        name = request.path.removeprefix("/v2beta/stable-image/")
        try:
            self._check(request, name)
            fields = await _fields(request)
            self._admit(name, fields)
            made = self._make(name, fields)
        except Refused as refused:
            return self._refuse(request, refused)
        if name != "upscale/creative":
            return _answer(request, made)
        generation_id = f"{len(self.jobs) + 1:064x}"
        self.jobs[generation_id] = Job(made, self.polls_needed)
        return web.json_response({"id": generation_id})

    def _check(self, request: web.Request, name: str) -> None:
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            raise Refused(401, "unauthorized", "authorization: invalid or missing header value")
        if request.content_type != "multipart/form-data":
            raise Refused(400, "bad_request", "content-type: must be multipart/form-data")
        if (request.content_length or 0) > REQUEST_BYTES:
            raise Refused(413, "payload_too_large", "payloads cannot be larger than 10MiB")
        if request.headers.get("Accept", "image/*") not in ENDPOINTS[name].accepts:
            raise Refused(400, "bad_request", "accept: must be image/* or application/json")

    def _admit(self, name: str, fields: Mapping[str, object]) -> None:
        errors = errors_of(name, fields)
        if errors:
            raise Refused(400, "bad_request", *errors)
        prompt = str(fields.get("prompt", ""))
        if not prompt.isascii() and not any(character.isascii() and character.isalpha() for character in prompt):
            raise Refused(422, "invalid_language", "English is the only supported language for this service.")
        if self.out_of_credit:
            raise Refused(402, "payment_required", "You lack sufficient credits to make this request.")
        if self.banned & set(prompt.lower().split()):
            raise Refused(403, "content_moderation", "Your request was flagged by our content moderation system.")

    def _make(self, name: str, fields: Mapping[str, object]) -> Made:
        self._made += 1
        image = fields.get("image")
        if isinstance(image, bytes):
            with Image.open(io.BytesIO(image)) as given:
                shape = given.size
        else:
            width, height = str(fields.get("aspect_ratio", "1:1")).split(":")
            shape = int(width), int(height)
        size = (
            (shape[0] * 4, shape[1] * 4)
            if name == "upscale/fast"
            else _of_pixels(shape, 1e6 * MEGAPIXELS.get(name, UPSCALED_MEGAPIXELS))
        )
        buffer = io.BytesIO()
        kind = str(fields.get("output_format", "png"))
        Image.new("RGB", size, "teal").save(buffer, kind)
        reason = self.finish_reasons.popleft() if self.finish_reasons else "SUCCESS"
        return Made(buffer.getvalue(), kind, reason, int(float(str(fields.get("seed", "0")))) or 1_000 + self._made)

    async def _result(self, request: web.Request) -> web.StreamResponse:
        try:
            return self._asked(request)
        except Refused as refused:
            return self._refuse(request, refused)

    def _asked(self, request: web.Request) -> web.Response:
        if not request.headers.get("Authorization", "").startswith("Bearer "):
            raise Refused(401, "unauthorized", "authorization: invalid or missing header value")
        if request.headers.get("Accept", "*/*") not in RESULT_ACCEPTS:
            raise Refused(400, "bad_request", "accept: must be */* or application/json")
        job = self.jobs.get(request.match_info["id"])
        if job is None or request.headers["Authorization"] != f"Bearer {KEY}":
            raise Refused(404, "not_found", "id: there is no generation with this id")
        now = self._clock()
        too_soon, job.asked_at = now - job.asked_at < POLL_SECONDS, now
        if too_soon:
            raise Refused(429, "rate_limit_exceeded", "results can be asked for once in 10 seconds")
        job.polls_left -= 1
        if job.polls_left > 0:
            return web.json_response({"id": request.match_info["id"], "status": "in-progress"}, status=202)
        return _answer(request, job.made)

    def _refuse(self, request: web.Request, refused: Refused) -> web.Response:
        if refused.status not in {402, 403}:
            self.complain(f"{request.method} {request.path}: {refused.status} {refused.body.decode()}")
        return web.Response(status=refused.status, body=refused.body, content_type="application/json")


async def _fields(request: web.Request) -> dict[str, object]:
    posted = await request.post()
    twice = [name for name in posted if len(posted.getall(name)) > 1]
    if twice:
        raise Refused(400, "bad_request", f"{twice[0]}: is given twice")
    return {name: value.file.read() if isinstance(value, web.FileField) else value for name, value in posted.items()}


def _answer(request: web.Request, made: Made) -> web.Response:
    if request.headers.get("Accept") == "application/json":
        said = {"image": base64.b64encode(made.data).decode(), "finish_reason": made.finish_reason, "seed": made.seed}
        headers = {"Content-Type": f"application/json; type=image/{made.kind}"}
        return web.Response(body=orjson.dumps(said), headers=headers)
    headers = {"finish-reason": made.finish_reason, "seed": str(made.seed)}
    return web.Response(body=made.data, content_type=f"image/{made.kind}", headers=headers)


def _of_pixels(shape: tuple[int, int], pixels: float) -> tuple[int, int]:
    """About so many pixels in this shape, sides in steps of 64."""
    factor = math.sqrt(pixels / (shape[0] * shape[1]))
    width, height = (max(64, 64 * round(side * factor / 64)) for side in shape)
    return width, height
