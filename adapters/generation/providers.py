"""Which provider makes the images: the one table of providers, and the rule for GENERATOR=auto.

A new provider is one module, one line of `PROVIDERS` and one word of the settings; docs/providers.md shows how. Reading
settings is left to the caller.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from types import MappingProxyType
from typing import NamedTuple, Protocol, cast
from urllib.parse import urlsplit

from adapters.generation.provider import (
    GenerationRequest,
    GenerationResult,
    OnFraction,
    Prepared,
    Provider,
    ProviderReport,
    RequestLimits,
    ignore_fraction,
)
from adapters.ports.failure_reasons import NotSetUp
from adapters.ports.failures import GenerationFailure
from adapters.settings.kinds import AUTO
from adapters.settings.prices import AUTO as ANY_QUALITY
from adapters.settings.prices import Price

STABILITY_HOST = "api.stability.ai"
STABILITY_ADDRESS = f"https://{STABILITY_HOST}"
OPENAI_ADDRESS = "https://api.openai.com"

PROVIDERS: Mapping[str, str] = MappingProxyType(
    {
        "stability": ".stability",
        "automatic1111": ".automatic1111",
        "openai": ".openai",
        "sketch": ".sketch",
    }
)
"""Each provider's word in GENERATOR and its module beside this one, which is imported when it is used."""


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """What decides on a provider and what providers are made from. Each key goes to its own service's address alone.

    `local_page` says that only the local page asks, and no Discord token is set. `image_bytes` is the largest picture
    that is kept. `credits_each` are the operator's own prices.
    """

    generator: str = AUTO
    api_key: str | None = field(default=None, repr=False)
    api_host: str = STABILITY_ADDRESS
    local_page: bool = False
    stability_model: str = "stable-diffusion-xl-1024-v1-0"
    stability_upscaler: str = "fast"
    automatic1111_login: str | None = field(default=None, repr=False)
    automatic1111_upscaler: str = "R-ESRGAN 4x+"
    openai_key: str | None = field(default=None, repr=False)
    openai_host: str = OPENAI_ADDRESS
    openai_model: str = "gpt-image-2"
    openai_quality: str = ANY_QUALITY
    credits_each: tuple[Price, ...] = ()
    image_bytes: int = 20 * 1024 * 1024


class ProviderModule(Protocol):
    """What a provider's module offers to this table."""

    @staticmethod
    def missing(settings: ProviderSettings) -> str | None:
        """The sentence that says which setting it still needs, None where it can be made."""

    @staticmethod
    def make_provider(settings: ProviderSettings) -> Provider:
        """The provider; nothing is connected yet."""


class UnavailableProvider:
    """Stands where no provider can work: answers every request with the reason."""

    name = "none"
    limits = RequestLimits()

    def __init__(self, failure: GenerationFailure) -> None:
        self.failure = failure

    def outage(self) -> GenerationFailure | None:
        """The reason why there is no provider."""
        return self.failure

    async def prepare(
        self,
        request: GenerationRequest,  # noqa: ARG002 - the port's signature; the answer is the same for every request
    ) -> Prepared | GenerationFailure:
        """The reason why there is no provider."""
        return self.failure

    async def generate(
        self,
        request: GenerationRequest,  # noqa: ARG002 - the port's signature; the answer is the same for every request
        on_fraction: OnFraction = ignore_fraction,  # noqa: ARG002 - the same
    ) -> GenerationResult | GenerationFailure:
        """The reason why there is no provider."""
        return self.failure

    async def report(self) -> ProviderReport:
        """The reason why there is no provider."""
        return ProviderReport(self.failure)

    async def close(self) -> None:
        """Nothing is open."""


class Choice(NamedTuple):
    """The provider that GENERATOR stands for, None where it stands for none, and why, as a sentence for operators."""

    name: str | None
    why: str


def choose_provider(settings: ProviderSettings) -> Provider:
    """The provider that the settings ask for, or one that says why there is none."""
    none = why_none(settings)
    if none is not None:
        return UnavailableProvider(none)
    return provider_module(choice_of(settings).name or AUTO).make_provider(settings)


def why_none(settings: ProviderSettings) -> GenerationFailure | None:
    """Why the settings give no provider, and what to set; None where they give one. Whether it works is not asked."""
    missing = _missing(settings)
    return None if missing is None else GenerationFailure(NotSetUp(missing))


def _missing(settings: ProviderSettings) -> str | None:
    wanted = choice_of(settings).name
    if wanted is None:
        return "no key is set. Set STABILITY_API_KEY, or GENERATOR=sketch for offline sketches."
    if wanted not in PROVIDERS:
        return f"there is no provider {wanted!r:.40}. Set GENERATOR to one of: {', '.join(PROVIDERS)}."
    return provider_module(wanted).missing(settings)


def provider_module(name: str) -> ProviderModule:
    """The module of a provider that is in the table."""
    return cast("ProviderModule", import_module(PROVIDERS[name], __package__))


def choice_of(settings: ProviderSettings) -> Choice:
    """Which provider GENERATOR means; for `auto`, the one that host and key stand for."""
    name = settings.generator.strip().lower() or AUTO
    if name != AUTO:
        return Choice(name, f"GENERATOR={name} asks for it.")
    if not at_stability(settings):
        server = urlsplit(settings.api_host).netloc
        return Choice("automatic1111", f"GENERATOR=auto takes API_HOST ({server}) for a Stable Diffusion server.")
    if settings.api_key:
        return Choice("stability", "GENERATOR=auto takes it where STABILITY_API_KEY is set.")
    if settings.local_page:
        return Choice("sketch", "GENERATOR=auto draws offline where no STABILITY_API_KEY and no DISCORD_TOKEN is set.")
    return Choice(None, "GENERATOR=auto finds no STABILITY_API_KEY, and for a bot it does not draw offline unasked.")


def at_stability(settings: ProviderSettings) -> bool:
    """Whether API_HOST is Stability AI's own."""
    return urlsplit(settings.api_host).hostname == STABILITY_HOST
