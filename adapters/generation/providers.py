"""Which provider makes the images: the one table of providers, and the rule for GENERATOR=auto.

A new provider is one module and one line of `_PROVIDERS`. Reading settings is left to the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from adapters.generation.provider import (
    FaultKind,
    GenerationFault,
    GenerationRequest,
    GenerationResult,
    Provider,
    RequestLimits,
)
from adapters.generation.sketch import SketchProvider

AUTO = "auto"
STABILITY_HOST = "api.stability.ai"
NOT_AVAILABLE = "Image generation services are not available"


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """What decides on a provider. `local_page` says that only the local page asks, and no Discord token is set."""

    generator: str = AUTO
    api_key: str | None = field(default=None, repr=False)
    api_host: str = f"https://{STABILITY_HOST}"
    local_page: bool = False


class UnavailableProvider:
    """Stands where no provider can work: answers every request with the reason."""

    name = "none"
    limits = RequestLimits()

    def __init__(self, fault: GenerationFault) -> None:
        self.fault = fault

    async def generate(
        self,
        request: GenerationRequest,  # noqa: ARG002 - the port's signature; the answer is the same for every request
    ) -> GenerationResult | GenerationFault:
        """The reason why there is no provider."""
        return self.fault

    async def close(self) -> None:
        """Nothing is open."""


_PROVIDERS: Mapping[str, Callable[[ProviderSettings], Provider]] = {
    "sketch": lambda _: SketchProvider(),
}


def choose_provider(settings: ProviderSettings) -> Provider:
    """The provider that the settings ask for, or one that says why there is none."""
    name = settings.generator.strip().lower() or AUTO
    wanted = _automatic(settings) if name == AUTO else name
    if wanted is None:
        return _unavailable("no key is set. Set STABILITY_API_KEY, or GENERATOR=sketch for offline sketches.")
    make = _PROVIDERS.get(wanted)
    if make is None:
        known = ", ".join(_PROVIDERS)
        return _unavailable(f"this version has no provider {wanted!r:.40}. Set GENERATOR to one of: {known}.")
    return make(settings)


def _automatic(settings: ProviderSettings) -> str | None:
    if urlsplit(settings.api_host).hostname != STABILITY_HOST:
        return "automatic1111"
    if settings.api_key:
        return "stability"
    return "sketch" if settings.local_page else None


def _unavailable(reason: str) -> UnavailableProvider:
    return UnavailableProvider(GenerationFault(FaultKind.UNAVAILABLE, f"{NOT_AVAILABLE}: {reason}"))
