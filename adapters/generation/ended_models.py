"""Models whose makers have ended them, or say when they will: what an operator who still names one is told.

Only of the makers' own addresses: a gateway or a server of one's own may go on. Looked up on the day of the price book.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from adapters.generation.providers import OPENAI_ADDRESS, ProviderSettings, at_stability, choice_of


class _End(NamedTuple):
    """The names of the models, as a pattern; the day on which they end, and one that may be named in their place."""

    models: str
    day: str
    instead: str


_AT_STABILITY = (_End(r"stable-diffusion-v1-.*", "24 July 2025", "core"),)
"""Of Stability AI's "API Price Update" of 9 July 2025."""
_AT_OPENAI = (
    _End(r"dall-e-[23]", "12 May 2026", "gpt-image-2"),
    _End(r"gpt-image-1", "23 October 2026", "gpt-image-2"),
    _End(r"gpt-image-1-mini|gpt-image-1\.5|chatgpt-image-latest", "1 December 2026", "gpt-image-2"),
)
"""Of OpenAI's page of deprecations and its pages of these models."""
_SNAPSHOT = r"(-[0-9]{4}-[0-9]{2}-[0-9]{2})?"


def ended_model(settings: ProviderSettings) -> str:
    """The sentence on the model that the chosen provider is asked for; "" where nothing is known of its end."""
    chosen = choice_of(settings).name
    if chosen == "stability" and at_stability(settings):
        return _told("STABILITY_MODEL", settings.stability_model, "Stability AI", _AT_STABILITY)
    if chosen == "openai" and urlsplit(settings.openai_host).hostname == urlsplit(OPENAI_ADDRESS).hostname:
        return _told("OPENAI_MODEL", settings.openai_model, "OpenAI", _AT_OPENAI)
    return ""


def _told(setting: str, model: str, maker: str, ends: tuple[_End, ...]) -> str:
    for end in ends:
        if re.fullmatch(f"(?:{end.models}){_SNAPSHOT}", model):
            return (
                f"{setting}={model}: {maker} names {end.day} as the day of its end. Set another, such as {end.instead}."
            )
    return ""
