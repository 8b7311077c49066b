"""What v2beta of Stability AI publishes about its stable-image endpoints: fields, bounds, and which need which.

From the provider's OpenAPI description as third parties keep it (github.com/tryAGI/StabilityAI, openapi.yaml, and
github.com/gambithunt/imagen, .github/instructions/sd_core and sd_ultra). The sentences of the errors are ours, in the
published form `field: what is wrong`.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from PIL import Image, UnidentifiedImageError

STYLES = [
    "3d-model",
    "analog-film",
    "anime",
    "cinematic",
    "comic-book",
    "digital-art",
    "enhance",
    "fantasy-art",
    "isometric",
    "line-art",
    "low-poly",
    "modeling-compound",
    "neon-punk",
    "origami",
    "photographic",
    "pixel-art",
    "tile-texture",
]
ASPECT_RATIOS = ["21:9", "16:9", "3:2", "5:4", "1:1", "4:5", "2:3", "9:16", "9:21"]
SD3_MODELS = ["sd3.5-large", "sd3.5-large-turbo", "sd3.5-medium", "sd3-large", "sd3-large-turbo", "sd3-medium"]
REQUEST_BYTES = 10 * 1024 * 1024
IMAGE_FORMATS = ("JPEG", "PNG", "WEBP")


class Text(NamedTuple):
    """A field of words. An optional one may be empty."""

    longest: int = 10_000
    shortest: int = 0


class Choice(NamedTuple):
    """A field with one of a few words."""

    words: list[str]


class Number(NamedTuple):
    """A field with a number."""

    low: float
    high: float


class Picture(NamedTuple):
    """A file that is an image."""

    shortest_side: int
    longest_side: int | None = None
    fewest_pixels: int = 0
    most_pixels: int | None = None
    longest_shape: float | None = None


@dataclass(frozen=True)
class Endpoint:
    """The fields of one endpoint; `accepts` are the values of Accept that it knows."""

    required: tuple[str, ...]
    fields: Mapping[str, Text | Choice | Number | Picture]
    accepts: frozenset[str] = field(default_factory=lambda: frozenset({"image/*", "application/json"}))


_PROMPT = {"prompt": Text(shortest=1), "negative_prompt": Text()}
_SEED = {"seed": Number(0, 4_294_967_294)}
_RATIO = {"aspect_ratio": Choice(ASPECT_RATIOS)}
_STYLE = {"style_preset": Choice(STYLES)}
_FORMAT = {"output_format": Choice(["jpeg", "png", "webp"])}

ENDPOINTS: Mapping[str, Endpoint] = {
    "generate/core": Endpoint(("prompt",), {**_PROMPT, **_SEED, **_RATIO, **_STYLE, **_FORMAT}),
    "generate/ultra": Endpoint(
        ("prompt",),
        {
            **_PROMPT,
            **_SEED,
            **_RATIO,
            **_STYLE,
            **_FORMAT,
            "image": Picture(64, longest_side=16_384, fewest_pixels=4_096),
            "strength": Number(0, 1),
        },
    ),
    "generate/sd3": Endpoint(
        ("prompt",),
        {
            **_PROMPT,
            **_SEED,
            **_RATIO,
            **_STYLE,
            "output_format": Choice(["jpeg", "png"]),
            "mode": Choice(["text-to-image", "image-to-image"]),
            "image": Picture(64),
            "strength": Number(0, 1),
            "model": Choice(SD3_MODELS),
            "cfg_scale": Number(1, 10),
        },
    ),
    "upscale/fast": Endpoint(("image",), {**_FORMAT, "image": Picture(32, 1_536, 1_024, 1_048_576)}),
    "upscale/conservative": Endpoint(
        ("image", "prompt"),
        {
            **_PROMPT,
            **_SEED,
            **_FORMAT,
            "image": Picture(64, fewest_pixels=4_096, most_pixels=9_437_184, longest_shape=2.5),
            "creativity": Number(0.2, 0.5),
        },
    ),
    "upscale/creative": Endpoint(
        ("image", "prompt"),
        {
            **_PROMPT,
            **_SEED,
            **_FORMAT,
            **_STYLE,
            "image": Picture(64, fewest_pixels=4_096, most_pixels=1_048_576),
            "creativity": Number(0.1, 0.5),
        },
        accepts=frozenset({"image/*", "application/json", "*/*"}),  # its answer is JSON, whatever is accepted
    ),
}
RESULT_ACCEPTS = frozenset({"*/*", "application/json"})


def errors_of(name: str, fields: Mapping[str, object]) -> list[str]:
    """What the endpoint refuses in these fields: text, or the bytes of a file."""
    endpoint = ENDPOINTS[name]
    found = [f"{key}: is required" for key in endpoint.required if not fields.get(key)]
    for key, value in fields.items():
        rule = endpoint.fields.get(key)
        wrong = "is not a field of this endpoint" if rule is None else _wrong(rule, value)
        found += [f"{key}: {wrong}"] if wrong else []
    return found + list(_between_fields(name, fields))


def _wrong(rule: Text | Choice | Number | Picture, value: object) -> str:
    match rule:
        case Picture():
            return _wrong_picture(rule, value) if isinstance(value, bytes) else "must be a file"
        case _ if not isinstance(value, str):
            return "must not be a file"
        case Text(longest, shortest):
            return "" if shortest <= len(value) <= longest else f"must have {shortest} to {longest} characters"
        case Choice(words):
            return "" if value in words else f"must be one of {', '.join(words)}"
        case Number(low, high):
            return "" if low <= _number(value) <= high else f"must be a number from {low} to {high}"


def _wrong_picture(rule: Picture, data: bytes) -> str:
    try:
        with Image.open(io.BytesIO(data), formats=IMAGE_FORMATS) as image:
            shorter, longer = sorted(image.size)
    except (UnidentifiedImageError, OSError):
        return "must be a jpeg, png or webp"
    if shorter < rule.shortest_side:
        return f"every side must be at least {rule.shortest_side} pixels"
    if rule.longest_side is not None and longer > rule.longest_side:
        return f"no side may be more than {rule.longest_side} pixels"
    if shorter * longer < rule.fewest_pixels or shorter * longer > (rule.most_pixels or shorter * longer):
        return f"total pixel count must be between {rule.fewest_pixels} and {rule.most_pixels}"
    if rule.longest_shape is not None and longer > shorter * rule.longest_shape:
        return "the aspect ratio must be between 1:2.5 and 2.5:1"
    return ""


def _between_fields(name: str, fields: Mapping[str, object]) -> Iterator[str]:
    if name == "generate/ultra" and "image" in fields and "strength" not in fields:
        yield "strength: is required when image is provided"
    if name != "generate/sd3":
        return
    if fields.get("mode", "text-to-image") == "image-to-image":
        yield from (f"{key}: is required for image-to-image" for key in ("image", "strength") if key not in fields)
        if "aspect_ratio" in fields:
            yield "aspect_ratio: is only valid for text-to-image"
    else:
        yield from (f"{key}: is only valid for image-to-image" for key in ("image", "strength") if key in fields)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
