"""The provider `automatic1111`: a Stable Diffusion server of one's own, AUTOMATIC1111 or Forge, started with --api.

Answers for what is sent to it and how its answers are read; it is sent no key, and a login only where one is set. The
server works one job after the other and tells one progress for all of them, so it is asked for progress only while a
single job of ours runs; a job of somebody else's may still be what it tells. A cancelled call is given up on our side
alone: /sdapi/v1/interrupt stops whichever job runs, and that may be another's.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import NamedTuple

import aiohttp
from PIL import Image

from adapters.generation.answers import Contents, Sent, parsed, seed_of
from adapters.generation.automatic1111_pictures import wanted_among
from adapters.generation.calls import SMALL_ANSWER_BYTES, Outcome, ProviderCalls, Service, ServiceAnswer
from adapters.generation.delivery import delivered
from adapters.generation.prices import Asked, PriceBook, in_all
from adapters.generation.provider import (
    GeneratedImage,
    GenerationRequest,
    GenerationResult,
    OnFraction,
    Operation,
    Prepared,
    ProviderReport,
    RequestLimits,
    ignore_fraction,
    style_in_words,
)
from adapters.generation.providers import ProviderSettings, at_stability, choice_of
from adapters.generation.taxonomy import ErrorDetails, not_as_promised
from adapters.images.formats import PNG, begun_media_type
from adapters.images.keepable import keepable
from adapters.images.shaping import DamagedPicture, PictureWorkers, decoded, encoded, filled, in_memory, size_of
from adapters.ports.failure_reasons import CannotMake, FailureKind, Instead, ServiceName, WithoutApi
from adapters.ports.failures import GenerationFailure
from adapters.ports.request_reasons import TooManyPixelsToUpscale, WidthOutOfReach

SERVER = ServiceName("AUTOMATIC1111", "API_HOST")
API = "/sdapi/v1"
DEFAULT_SIDE = 1024
SIDE_STEP = 8
"""Pixels; the server cuts what is over a multiple of it."""
UPSCALE_FACTOR_MAX = 8
UPSCALE_INPUT_PIXELS = 4_194_304
ANSWER_SECONDS = 600.0
QUESTION_SECONDS = 10.0
"""For answers to what is no job: they do not wait for one."""
POLL_SECONDS = 1.0
MODEL_NAME_CHARACTERS = 120
LIMITS = RequestLimits(steps_min=1, steps_max=150, cfg_scale_max=30.0, upscale_times_max=UPSCALE_FACTOR_MAX, at_once=1)

WITHOUT_API = GenerationFailure(WithoutApi(SERVER.setting, API), upstream_status=404)
NOT_A_PICTURE = not_as_promised(SERVER, Instead.NOT_A_PICTURE)
NOT_ITS_JSON = not_as_promised(SERVER, Instead.NOT_ITS_API)

_NO_MEMORY = ErrorDetails(
    "OutOfMemoryError", "its graphics card has too little memory for it; ask for a smaller picture"
)
_NO_UPSCALER = ErrorDetails(
    "UnknownUpscaler", "it knows no upscaler of the name that AUTOMATIC1111_UPSCALER gives", "AUTOMATIC1111_UPSCALER"
)
_ERROR_NAMES = {_NO_MEMORY.name: FailureKind.BAD_REQUEST, _NO_UPSCALER.name: FailureKind.BAD_REQUEST}


def missing(settings: ProviderSettings) -> str | None:
    """The sentence that says which setting it still needs, None where it can be made."""
    if at_stability(settings):
        return "API_HOST is Stability's. Set it to the address of your server, such as http://localhost:7860."
    if choice_of(settings).name == "stability":
        return "API_HOST is a gateway to Stability AI by GENERATOR=stability. Set GENERATOR=automatic1111 for your own."
    if settings.automatic1111_login is not None and not all(settings.automatic1111_login.partition(":")):
        return "AUTOMATIC1111_LOGIN is not a name and a password with a colon between them. Set it so, or leave it out."
    return None


def make_provider(settings: ProviderSettings) -> Automatic1111Provider:
    """The provider; nothing is connected yet."""
    return Automatic1111Provider(settings)


class Automatic1111Provider:
    """Makes pictures on a server of one's own; they cost no credits where no price is set for it."""

    name = "automatic1111"
    limits = LIMITS

    def __init__(self, settings: ProviderSettings) -> None:
        service = Service(
            SERVER.name,
            settings.api_host.rstrip("/"),
            "AUTOMATIC1111_LOGIN",
            _read_error,
            _ERROR_NAMES,
            headers=_login(settings.automatic1111_login),
            answer_seconds=ANSWER_SECONDS,
            at_setting=SERVER.setting,
        )
        self._calls = ProviderCalls(service)
        self._questions = ProviderCalls(replace(service, answer_seconds=QUESTION_SECONDS))  # their failures stay apart
        self._upscaler = settings.automatic1111_upscaler
        self._image_bytes = settings.image_bytes
        self._workers = PictureWorkers()
        self._running = 0
        self._prices = PriceBook(settings.credits_each)

    def outage(self) -> GenerationFailure | None:
        """Why the server is left alone at the moment, None where it may be asked."""
        return self._calls.outage()

    async def prepare(self, request: GenerationRequest) -> Prepared | GenerationFailure:
        """Sides that the server keeps as they are, and an input that it reads. Raises DamagedPicture."""
        prepared = await self._taken(request)
        if isinstance(prepared, GenerationFailure):
            return prepared
        return prepared._replace(model=self._model(request), credits_each=self._each(prepared.request))

    async def generate(
        self, request: GenerationRequest, on_fraction: OnFraction = ignore_fraction
    ) -> GenerationResult | GenerationFailure:
        """Make what was prepared. A cancelled call is given up; the server may finish the job for nobody."""
        started = time.perf_counter()
        async with self._job(on_fraction):
            made = await (self._upscaled(request) if request.operation is Operation.UPSCALE else self._drawn(request))
        if isinstance(made, GenerationFailure):
            return made
        seconds = round(time.perf_counter() - started, 3)
        credits_used = in_all(self._each(request), len(made.images))
        return GenerationResult(made.images, self.name, made.model, seconds, credits_used)

    async def report(self) -> ProviderReport:
        """Ask which models the server has."""
        outcome = _with_api(await self._questions.get(f"{API}/sd-models"))
        if isinstance(outcome, GenerationFailure):
            return ProviderReport(outcome)
        models = await outcome.json()
        if not isinstance(models, list):
            return ProviderReport(NOT_ITS_JSON)
        titles = (model.get("title") for model in models if isinstance(model, dict))
        return ProviderReport(models=tuple(title for title in titles if isinstance(title, str)))

    async def close(self) -> None:
        """Let the workers end; connections are held only while calls run."""
        self._workers.close()

    async def _taken(self, request: GenerationRequest) -> Prepared | GenerationFailure:
        if request.image is None:
            return _sized(request)
        shape = _for_upscale if request.operation is Operation.UPSCALE else _for_change
        return await self._workers.run(shape, request, request.image)

    def _model(self, request: GenerationRequest) -> str:
        """Which checkpoint is loaded, the server tells with its pictures."""
        return self._upscaler if request.operation is Operation.UPSCALE else ""

    def _each(self, request: GenerationRequest) -> int | None:
        size = None if request.width is None or request.height is None else (request.width, request.height)
        return self._prices.each(Asked(self.name, self._model(request), request.operation, size, steps=request.steps))

    async def _drawn(self, request: GenerationRequest) -> _Made | GenerationFailure:
        path, body = await self._workers.run(_body, request)
        at_most_bytes = self._image_bytes * 4 // 3 * (request.count + 1) + SMALL_ANSWER_BYTES
        outcome = _with_api(await self._calls.post_json(f"{API}/{path}", body, at_most_bytes=at_most_bytes))
        if isinstance(outcome, GenerationFailure):
            return outcome
        contents = await delivered(self._calls, outcome, at_most_bytes=self._image_bytes)
        wanted, seeds, model = await self._workers.run(_wanted_of, contents, request)
        images = tuple(_image(sent.data, seed) for sent, seed in zip(wanted, seeds, strict=False) if sent.data)
        return _Made(images, _name(model)) if images else self._without_pictures(contents, wanted)

    async def _upscaled(self, request: GenerationRequest) -> _Made | GenerationFailure:
        body, size = await self._workers.run(_upscale_body, request, self._upscaler)
        at_most_bytes = self._image_bytes * 4 // 3 * 2 + SMALL_ANSWER_BYTES
        outcome = _with_api(await self._calls.post_json(f"{API}/extra-single-image", body, at_most_bytes=at_most_bytes))
        if isinstance(outcome, GenerationFailure):
            return outcome
        contents = await delivered(self._calls, outcome, at_most_bytes=self._image_bytes)
        data = [place.data for place in contents.sent or () if place.data]
        if not data:
            return self._without_pictures(contents, contents.sent or [])
        try:
            made = await self._workers.run(_stretched, _image(data[0], None), size, self._image_bytes)
        except DamagedPicture:
            return NOT_A_PICTURE
        return _Made((made,), self._upscaler)

    def _without_pictures(self, contents: Contents, wanted: list[Sent]) -> GenerationFailure:
        nothing = Instead.NO_PICTURE if contents.sent == [] else Instead.NOT_ITS_API
        return self._calls.without_pictures(contents, wanted[0].instead if wanted else nothing)

    @asynccontextmanager
    async def _job(self, on_fraction: OnFraction) -> AsyncIterator[None]:
        """One job of ours, whose progress is told as long as it is the only one."""
        self._running += 1
        watch = asyncio.create_task(self._watch(on_fraction))
        try:
            yield
        finally:
            self._running -= 1
            watch.cancel()
            await asyncio.wait([watch])

    async def _watch(self, on_fraction: OnFraction) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            if self._running > 1:
                continue
            outcome = await self._questions.get(f"{API}/progress", query={"skip_current_image": "true"})
            body = parsed(outcome.body) if isinstance(outcome, ServiceAnswer) else None
            done = body.get("progress") if isinstance(body, dict) else None
            if isinstance(done, float | int) and 0 < done <= 1 and self._running == 1:
                on_fraction(float(done))


class _Made(NamedTuple):
    images: tuple[GeneratedImage, ...]
    model: str


def _login(login: str | None) -> dict[str, str]:
    if login is None:
        return {}
    name, _, password = login.partition(":")
    return {"Authorization": aiohttp.encode_basic_auth(name, password)}


def _side(pixels: float) -> int:
    """The nearest side that the server does not cut, within the limits."""
    return min(LIMITS.side_max, max(LIMITS.side_min, round(pixels / SIDE_STEP) * SIDE_STEP))


def _sized(request: GenerationRequest) -> Prepared:
    asked = (request.width or DEFAULT_SIDE, request.height or DEFAULT_SIDE)
    width, height = map(_side, asked)
    note = f"It is {width} by {height} pixels: each side is a multiple of {SIDE_STEP}."
    return Prepared(replace(request, width=width, height=height), "" if asked == (width, height) else note)


def _for_change(request: GenerationRequest, image: bytes) -> Prepared:
    own = size_of(image)
    asked = (request.width or own[0], request.height or own[1])
    factor = min(1.0, LIMITS.side_max / max(asked))
    width, height = (_side(side * factor) for side in asked)
    shaped = filled(image, (width, height), at_most_bytes=LIMITS.image_bytes)
    note = "" if own == (width, height) else f"The input was fitted to {width} by {height} pixels."
    return Prepared(replace(request, image=shaped.data, width=width, height=height), note)


def _for_upscale(request: GenerationRequest, image: bytes) -> Prepared | GenerationFailure:
    width, height = size_of(image)
    if width * height > UPSCALE_INPUT_PIXELS:
        return GenerationFailure(TooManyPixelsToUpscale(width * height, UPSCALE_INPUT_PIXELS))
    if not width <= (request.width or 0) <= width * UPSCALE_FACTOR_MAX:
        return GenerationFailure(WidthOutOfReach(width, UPSCALE_FACTOR_MAX))
    upright = filled(image, (width, height), at_most_bytes=LIMITS.image_bytes)
    return Prepared(replace(request, image=upright.data))


def _body(request: GenerationRequest) -> tuple[str, dict[str, object]]:
    """The path and the fields of a request for pictures."""
    style = style_in_words(request.style)
    body: dict[str, object] = {
        "prompt": f"{request.prompt}, {style} style" if style else request.prompt,
        "negative_prompt": request.negative_prompt,
        "seed": request.seed or -1,
        "steps": request.steps,
        "cfg_scale": request.cfg_scale,
        "width": request.width or DEFAULT_SIDE,
        "height": request.height or DEFAULT_SIDE,
        "n_iter": request.count,
        "batch_size": 1,
        "send_images": True,
        "save_images": False,
    }
    if request.image is None:
        return "txt2img", body
    body["init_images"] = [base64.b64encode(request.image).decode("ascii")]
    body["denoising_strength"] = round(1 - request.strength, 6)  # theirs: 1 ignores the input
    return "img2img", body


def _upscale_body(request: GenerationRequest, upscaler: str) -> tuple[dict[str, object], tuple[int, int]]:
    """The fields of a request for an upscale, and the size that it is to have."""
    image, wanted = request.image or b"", request.width or 0
    width, height = size_of(image)
    body: dict[str, object] = {
        "image": base64.b64encode(image).decode("ascii"),
        "resize_mode": 0,
        "upscaling_resize": wanted / width,
        "upscaler_1": upscaler,
    }
    return body, (wanted, max(1, round(height * wanted / width)))


def _wanted_of(contents: Contents, asked: GenerationRequest) -> tuple[list[Sent], list[object], object]:
    """The wanted ones among the pictures of an answer, their seeds, and the model's name as it is told."""
    told = contents.body.get("info") if isinstance(contents.body, dict) else None
    info = parsed(told.encode()) if isinstance(told, str) else told
    info = info if isinstance(info, dict) else {}
    wanted = wanted_among(contents.sent or [], asked, info.get("index_of_first_image"))
    seeds = info.get("all_seeds")
    known = seeds if isinstance(seeds, list) and len(seeds) >= len(wanted) else [None] * len(wanted)
    return wanted, known, info.get("sd_model_name")


def _stretched(image: GeneratedImage, size: tuple[int, int], at_most_bytes: int) -> GeneratedImage:
    """The picture in its own shape: the server squeezes it into multiples of SIDE_STEP. Raises DamagedPicture."""
    data = keepable(image.data, at_most_bytes).data
    if size_of(data) == size:
        return image
    with in_memory(data, paid=True):
        stretched = decoded(data).resize(size, Image.Resampling.LANCZOS)
    try:
        shaped = encoded(stretched, at_most_bytes)
    except DamagedPicture:
        return image  # in no format small enough to be kept, which is told by whoever keeps pictures
    return GeneratedImage(shaped.data, None, shaped.media_type)


def _image(data: bytes, seed: object) -> GeneratedImage:
    return GeneratedImage(data, seed_of(seed), begun_media_type(data) or PNG)


def _name(model: object) -> str:
    plain = "".join(filter(str.isprintable, model)) if isinstance(model, str) else ""
    return plain[:MODEL_NAME_CHARACTERS] or "unknown"


def _with_api(outcome: Outcome) -> Outcome:
    """The same, but a clear failure where the server has no API at all; it may also lack something that it names."""
    if isinstance(outcome, ServiceAnswer) or outcome.upstream_status != 404:
        return outcome
    said = outcome.reason.details if isinstance(outcome.reason, CannotMake) else ""
    return outcome if said.replace(" ", "").lower() not in {"", "notfound"} else WITHOUT_API


def _read_error(body: object) -> ErrorDetails:
    """What this server alone tells; all else is told as others do."""
    if not isinstance(body, dict):
        return ErrorDetails()
    if body.get("error") == _NO_MEMORY.name:
        return _NO_MEMORY
    errors = body.get("errors")
    unknown = isinstance(errors, str) and errors.startswith("could not find upscaler")
    return _NO_UPSCALER if unknown else ErrorDetails()
