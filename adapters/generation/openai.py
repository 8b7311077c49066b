"""The openai provider: OpenAI's image service, and servers that speak as it does (LocalAI, proxies).

Answers for what each family of models takes, for putting what has no field of its own into words or into a note, and
for taking the pictures of the answers; sizes are the work of `openai_models`. A picture that an answer names by its
address is fetched from the server itself and from nowhere else: a service does not choose where this program connects
to. Calls, retries and the taxonomy of failures are left to `calls` and `taxonomy`.
"""

from __future__ import annotations

import io
import time
from dataclasses import replace
from urllib.parse import urlsplit

import aiohttp

from adapters.generation.calls import ProviderCalls, Service, ServiceAnswer
from adapters.generation.delivery import delivered
from adapters.generation.openai_models import Family, bounded, cut_square, family_of, nearest_size
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
    joined,
    style_in_words,
)
from adapters.generation.providers import OPENAI_ADDRESS, ProviderSettings
from adapters.generation.series import in_series
from adapters.generation.sizes import made_at
from adapters.generation.taxonomy import THE_SERVICE, not_as_promised
from adapters.images.formats import PNG, begun_media_type
from adapters.images.shaping import PictureWorkers
from adapters.ports.failure_reasons import FailureKind, Instead
from adapters.ports.failures import GenerationFailure
from adapters.ports.request_reasons import ModelCannotEdit, PromptTooLongForModel
from adapters.settings.prices import AUTO

GENERATIONS = "/v1/images/generations"
EDITS = "/v1/images/edits"
MODELS = "/v1/models"
ANSWER_SECONDS = 180.0
BESIDE_PICTURES_BYTES = 256 * 1024
"""So much of an answer may be other than its pictures: the prompts as the service wrote them, usage, names."""
MODELS_TOLD = 20
DEFAULT_SIDE = 1024
USUAL_STRENGTH = 0.35

ERROR_NAMES = {
    "invalid_api_key": FailureKind.AUTH,
    "insufficient_quota": FailureKind.NO_CREDIT,
    "billing_hard_limit_reached": FailureKind.NO_CREDIT,
    "billing_not_active": FailureKind.NO_CREDIT,
    "credit_balance_exhausted": FailureKind.NO_CREDIT,
    "organization_spend_limit_exceeded": FailureKind.NO_CREDIT,
    "organization_usage_limit_exceeded": FailureKind.NO_CREDIT,
    "project_spend_limit_exceeded": FailureKind.NO_CREDIT,
    "moderation_blocked": FailureKind.MODERATED_PROMPT,
    "content_policy_violation": FailureKind.MODERATED_PROMPT,
    "rate_limit_exceeded": FailureKind.RATE_LIMITED,
    "model_not_found": FailureKind.BAD_REQUEST,
    "unsupported_country_region_territory": FailureKind.BAD_REQUEST,
}
"""What a code or a type of OpenAI's errors means where the status alone would say less, or something else."""


def missing(settings: ProviderSettings) -> str | None:
    """OpenAI itself asks for a key; other servers may have none. A quality must be one that the model has."""
    if (quality := settings.openai_quality) != AUTO:
        family = family_of(settings.openai_model)
        known = (*family.qualities, *family.more_qualities)
        if known and quality not in known:
            offered = ", ".join((AUTO, *known))
            return f"OPENAI_QUALITY={quality} is none of {settings.openai_model}'s. Set one of: {offered}."
    if settings.openai_key or urlsplit(settings.openai_host).hostname != urlsplit(OPENAI_ADDRESS).hostname:
        return None
    return "OPENAI_API_KEY is not set. Set it, or OPENAI_HOST to a server of your own, or another GENERATOR."


def make_provider(settings: ProviderSettings) -> OpenAIProvider:
    """The provider; nothing is connected yet."""
    return OpenAIProvider(settings)


class OpenAIProvider:
    """Asks one model of one server, whose address may end in /v1. Its key goes there alone, no other's does."""

    name = "openai"
    limits = RequestLimits(
        operations=frozenset({Operation.TEXT_TO_IMAGE, Operation.IMAGE_TO_IMAGE}),
        unused=frozenset({"steps", "cfg_scale", "strength"}),
    )

    def __init__(self, settings: ProviderSettings) -> None:
        self.model = settings.openai_model
        self.family = family_of(settings.openai_model)
        self._quality = "" if settings.openai_quality == AUTO else settings.openai_quality
        self._qualities = (self._quality,) if self._quality else self.family.qualities
        self._prices = PriceBook(settings.credits_each)
        self._image_bytes = settings.image_bytes
        self._workers = PictureWorkers()
        key = settings.openai_key
        self._calls = ProviderCalls(
            Service(
                name=self.name,
                address=settings.openai_host.rstrip("/").removesuffix("/v1"),
                key_setting="OPENAI_API_KEY",
                error_names=ERROR_NAMES,
                headers={"Authorization": f"Bearer {key}"} if key else {},
                answer_seconds=ANSWER_SECONDS,
            )
        )

    def outage(self) -> GenerationFailure | None:
        """Why the server is left alone at the moment."""
        return self._calls.outage()

    async def prepare(self, request: GenerationRequest) -> Prepared | GenerationFailure:
        """The request at a size that the model has, with an input that it reads. Raises DamagedPicture."""
        if failure := self._not_taken(request):
            return failure
        own, notes = (DEFAULT_SIDE, DEFAULT_SIDE), [_without_field(request)]
        if request.image is not None:
            shape = cut_square if self.family.square_input else bounded
            picture, note = await self._workers.run(shape, request.image)
            own = (picture.width, picture.height)
            request = replace(request, image=picture.data)
            notes.insert(0, note)
        asked = (request.width or own[0], request.height or own[1])
        width, height = nearest_size(asked, self.family.sizes)
        if (width, height) != asked:
            notes.insert(0, made_at((width, height)))
        sized = replace(request, width=width, height=height)
        return Prepared(sized, joined(*notes), self.model, self._each(sized, self._qualities))

    async def generate(
        self, request: GenerationRequest, on_fraction: OnFraction = ignore_fraction
    ) -> GenerationResult | GenerationFailure:
        """Ask for `request.count` pictures: at once, or one after the other where the model makes one at a time.

        Where some came and the rest did not, those that came are the answer.
        """
        started = time.perf_counter()
        at_once = 1 if self.family.one_at_a_time else request.count
        told: set[str] = set()
        made = await in_series(request.count, lambda _: self._ask(request, at_once, told), on_fraction, at_once=at_once)
        if isinstance(made, GenerationFailure):
            return made
        each = self._each(request, tuple(told) or self._qualities)
        seconds = round(time.perf_counter() - started, 3)
        return GenerationResult(
            images=made.images,
            provider=self.name,
            model=self.model,
            seconds=seconds,
            credits=in_all(each, len(made.images)),
            note=made.note,
            ended_by=made.ended_by,
        )

    async def report(self) -> ProviderReport:
        """Which models the server has: those whose names speak of images, or where none does, all.

        A server that has no such list can make pictures all the same.
        """
        outcome = await self._calls.get(MODELS)
        if isinstance(outcome, GenerationFailure):
            return ProviderReport(None if outcome.kind is FailureKind.BAD_REQUEST else outcome)
        listed = _list_in(await outcome.json())
        if listed is None:
            return ProviderReport(not_as_promised(THE_SERVICE, Instead.NOT_ITS_MODELS))
        names = [item["id"] for item in listed if isinstance(item, dict) and isinstance(item.get("id"), str)]
        drawing = [name for name in names if "image" in name or "dall-e" in name]
        return ProviderReport(models=tuple((drawing or names)[:MODELS_TOLD]))

    async def close(self) -> None:
        """Let the threads end; connections are held by calls alone."""
        self._workers.close()

    def _not_taken(self, request: GenerationRequest) -> GenerationFailure | None:
        if request.operation is Operation.IMAGE_TO_IMAGE and not self.family.edits:
            return GenerationFailure(ModelCannotEdit(self.model, "OPENAI_MODEL", "gpt-image-2"))
        length, most = len(prompt_of(request)), self.family.prompt_length
        if most is not None and length > most:
            return GenerationFailure(PromptTooLongForModel(length, self.model, most))
        return None

    def _each(self, request: GenerationRequest, qualities: tuple[str, ...]) -> int | None:
        """What one picture costs in the dearest of these qualities."""
        size = (request.width or DEFAULT_SIDE, request.height or DEFAULT_SIDE)
        return self._prices.each(Asked(self.name, self.model, request.operation, size, qualities))

    async def _ask(
        self, request: GenerationRequest, count: int, told: set[str]
    ) -> list[GeneratedImage] | GenerationFailure:
        """`told` gains the quality that the service says it made them in."""
        fields = _fields(request, count, self.model, self.family)
        if self._quality:
            fields["quality"] = self._quality
        most = self._image_bytes * 4 // 3 * count + BESIDE_PICTURES_BYTES
        image = request.image
        if image is None:
            outcome = await self._calls.post_json(GENERATIONS, fields, at_most_bytes=most)
        else:
            outcome = await self._calls.post_form(EDITS, lambda: _form(fields, image), at_most_bytes=most)
        return await self._pictures_of(outcome, told) if isinstance(outcome, ServiceAnswer) else outcome

    async def _pictures_of(self, answer: ServiceAnswer, told: set[str]) -> list[GeneratedImage] | GenerationFailure:
        """The pictures that came, or where there is none, what came instead."""
        contents = await delivered(self._calls, answer, at_most_bytes=self._image_bytes)
        if contents.sent is None:
            return self._calls.without_pictures(contents, Instead.NOT_PICTURES)
        data = [place.data for place in contents.sent if place.data]
        if not data:
            instead = next((place.instead for place in contents.sent), Instead.NO_PICTURE)
            return self._calls.without_pictures(contents, instead)
        quality = contents.body.get("quality") if isinstance(contents.body, dict) else None
        told.update(known for known in self.family.qualities if known == quality)
        return [GeneratedImage(one, None, begun_media_type(one) or PNG) for one in data]


def prompt_of(request: GenerationRequest) -> str:
    """The prompt with what has no field of its own: the style, and what to leave out."""
    lines = [request.prompt]
    if style := style_in_words(request.style):
        lines.append(f"Style: {style}.")
    if request.negative_prompt.strip():
        lines.append(f"Leave out: {request.negative_prompt.strip()}")
    return "\n".join(lines)


def _without_field(request: GenerationRequest) -> str:
    """What the user is told of wishes that the service has no field for."""
    notes = []
    if request.seed:
        notes.append("The service takes no seed, so the picture cannot be made again from one.")
    if request.operation is Operation.IMAGE_TO_IMAGE and request.strength != USUAL_STRENGTH:
        notes.append("The service takes no strength; how much of the input is kept was its own choice.")
    return " ".join(notes)


def _fields(request: GenerationRequest, count: int, model: str, family: Family) -> dict[str, str | int]:
    fields: dict[str, str | int] = {
        "model": model,
        "prompt": prompt_of(request),
        "n": count,
        "size": f"{request.width}x{request.height}",
    }
    if family.asked_for_bytes:
        fields["response_format"] = "b64_json"
    return fields


def _form(fields: dict[str, str | int], image: bytes) -> aiohttp.FormData:
    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in fields.items():
        form.add_field(name, str(value))
    form.add_field("image", io.BytesIO(image), filename="image.png", content_type="image/png")
    return form


def _list_in(body: object) -> list[object] | None:
    """The list that OpenAI's answers hold as `data`; some servers answer with the list alone."""
    listed = body.get("data") if isinstance(body, dict) else body
    return listed if isinstance(listed, list) else None
