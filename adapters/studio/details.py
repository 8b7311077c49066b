"""How a picture was made: beside it for "again" and "info", and where an operator wants that, inside its file.

A prompt is the user's own business and never in the log. Local servers write it into their files by themselves, so it
is taken out of there unless PROMPT_IN_IMAGE asks for it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from adapters.generation.provider import GeneratedImage, GenerationRequest, GenerationResult, Operation

LABELS = {
    "negative_prompt": "Negative prompt",
    "steps": "Steps",
    "cfg_scale": "CFG scale",
    "seed": "Seed",
    "style": "Style",
    "strength": "Strength",
    "model": "Model",
    "provider": "Provider",
}


_WORDS = ("prompt", "style")
_NOTHING: Mapping[str, Any] = MappingProxyType({})
_NOT_OF = {
    Operation.TEXT_TO_IMAGE: frozenset({"strength"}),
    Operation.UPSCALE: frozenset({"negative_prompt", "steps", "cfg_scale", "seed", "strength"}),
}
"""What of a request has no part in such a picture."""


def details_of(
    asked: GenerationRequest,
    result: GenerationResult,
    made: GeneratedImage,
    unused: Collection[str] = (),
    of_source: Mapping[str, Any] = _NOTHING,
) -> dict[str, Any]:
    """What was asked and what came of it, without what is empty, or `unused` by the provider. Where nothing was asked
    in words, as of a larger picture, the words of its source are those of the picture.
    """
    left_out = {"image", "count", "seed", "source", *unused}
    of_request = {name: value for name, value in asdict(asked).items() if name not in left_out}
    if not asked.prompt.strip():
        of_request |= {name: of_source[name] for name in _WORDS if isinstance(of_source.get(name), str)}
    of_result = {
        "seed": made.seed,
        "provider": result.provider,
        "model": result.model,
        "seconds": round(result.seconds, 3),
    }
    return {name: value for name, value in (of_request | of_result).items() if value not in {None, ""}}


def applicable(details: Mapping[str, Any]) -> dict[str, Any]:
    """Of the details that are kept, those that have a part in a picture of their operation: for people to read."""
    not_of = _NOT_OF.get(details.get("operation", ""), frozenset())
    return {name: value for name, value in details.items() if name not in not_of}


def as_text(details: dict[str, Any]) -> str:
    """The details in the form of the Stable Diffusion programs: the prompt, the negative one, then `Steps: 30, ...`."""
    lines = [str(details.get("prompt", ""))]
    if negative := details.get("negative_prompt"):
        lines.append(f"{LABELS['negative_prompt']}: {negative}")
    rest = [f"{LABELS[name]}: {details[name]}" for name in LABELS if name in details and name != "negative_prompt"]
    if "width" in details and "height" in details:
        rest.append(f"Size: {details['width']}x{details['height']}")
    return "\n".join([*lines, ", ".join(rest)])
