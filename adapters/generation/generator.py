"""ImageGenerator: the seeds' calls and 3-tuples over one provider, and the richer `generate` underneath.

Answers for checking a request, for asking the provider and for wording success. It keeps no limits and saves nothing:
that is the ledger's and the storage's work.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from adapters.generation.provider import (
    STYLES,
    FaultKind,
    GenerationFault,
    GenerationRequest,
    GenerationResult,
    Operation,
    Provider,
)
from adapters.generation.providers import ProviderSettings, UnavailableProvider, choose_provider
from adapters.generation.request_check import check_request

Answer = tuple[bool, bytes | None, str]

_MOVED = {
    "db_path": "the event log keeps what db_path held: give StorageManager its storage_root",
    "max_user_daily_gens": "limits belong to the ledger: give max_user_daily_gens to StorageManager",
}


class MaskedSecret(Protocol):
    """A key that does not print itself, as pydantic's SecretStr."""

    def get_secret_value(self) -> str:
        """The key itself."""


class ImageGenerator:
    """Makes images with one provider; needs no running event loop until an image is asked for.

    Which provider: `provider` where it is given, else what GENERATOR (or `generator`) says for this key and host. The
    setting is read when the first image is asked for, through the configuration.
    """

    def __init__(
        self,
        api_key: str | MaskedSecret | None = None,
        api_host: str = "https://api.stability.ai",
        *,
        provider: Provider | None = None,
        generator: str | None = None,
        **moved: object,
    ) -> None:
        """Raise TypeError for an argument that is unknown or has moved, naming its new place."""
        for name in moved:
            where = _MOVED.get(name, "there is no such argument")
            raise TypeError(f"ImageGenerator takes no argument {name!r}: {where}.")
        self._api_key = _reveal(api_key)
        self._api_host = api_host
        self._generator = generator
        self._provider = provider
        self._closed = False
        self._closing: asyncio.Task[None] | None = None

    @property
    def provider(self) -> Provider:
        """The provider in use; the first look chooses it where none was given."""
        if self._provider is None:
            setting = _configured_generator() if self._generator is None else self._generator
            settings = ProviderSettings(generator=setting, api_key=self._api_key, api_host=self._api_host)
            self._provider = choose_provider(settings)
        return self._provider

    @property
    def unavailable(self) -> GenerationFault | None:
        """Why no image can be made, None where a provider stands ready."""
        return self.provider.fault if isinstance(self.provider, UnavailableProvider) else None

    def check(self, request: GenerationRequest) -> GenerationFault | None:
        """The reason why this request would be refused unpaid, or None: ask before reserving."""
        return self.unavailable or check_request(request, self.provider.limits)

    async def generate(self, request: GenerationRequest) -> GenerationResult | GenerationFault:
        """Check the request, then let the provider make its images."""
        if self._closed:
            return GenerationFault(FaultKind.UNAVAILABLE, "The image generator is closed. Make a new ImageGenerator.")
        fault = self.check(request)
        return fault if fault is not None else await self.provider.generate(request)

    async def text_to_image(  # noqa: PLR0913, PLR0917 - the signature is the seeds'
        self,
        prompt: str,
        style_preset: str | None = None,
        width: int = 1024,
        height: int = 1024,
        steps: int = 50,
        seed: int = 0,
        cfg_scale: float = 7.0,
    ) -> Answer:
        """(ok, image bytes or None, message) for a picture of `prompt`."""
        request = GenerationRequest(
            Operation.TEXT_TO_IMAGE,
            prompt,
            style=style_preset,
            width=width,
            height=height,
            steps=steps,
            seed=seed,
            cfg_scale=cfg_scale,
        )
        return _answer(await self.generate(request), "Image generated successfully")

    async def image_to_image(
        self,
        image_data: bytes | str,
        prompt: str,
        style_preset: str | None = None,
        strength: float = 0.35,
        steps: int = 30,
    ) -> Answer:
        """(ok, image bytes or None, message); `strength` is how much of the input is kept, 0 to 1."""
        if isinstance(image_data, str):
            return False, None, "Images by URL are not taken yet. Send the bytes of the image."
        request = GenerationRequest(
            Operation.IMAGE_TO_IMAGE, prompt, style=style_preset, strength=strength, steps=steps, image=image_data
        )
        return _answer(await self.generate(request), "Image transformed successfully")

    async def upscale_image(self, image_data: bytes, width: int = 2048) -> Answer:
        """(ok, image bytes or None, message); the result has the width asked, in pixels."""
        request = GenerationRequest(Operation.UPSCALE, width=width, image=image_data)
        return _answer(await self.generate(request), "Image upscaled successfully")

    @staticmethod
    def get_available_styles() -> dict[str, str]:
        """The style presets, each under its own name."""
        return {style: style for style in STYLES}

    def close(self) -> None:
        """Give back what the provider holds, from any place: within a running loop it is done soon, else now."""
        already, self._closed = self._closed, True
        if already or self._provider is None:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            asyncio.run(self._provider.close())
        else:
            self._closing = loop.create_task(self._provider.close())  # kept, or the task could be collected unfinished

    async def aclose(self) -> None:
        """Give back what the provider holds, and wait for it."""
        self._closed = True
        if self._provider is not None:
            await self._provider.close()


def _answer(outcome: GenerationResult | GenerationFault, success: str) -> Answer:
    if isinstance(outcome, GenerationFault):
        return False, None, outcome.message
    return True, outcome.images[0].data, f"{success}. {outcome.note}" if outcome.note else success


def _reveal(key: str | MaskedSecret | None) -> str | None:
    plain = key.get_secret_value() if key is not None and not isinstance(key, str) else key
    return plain or None


def _configured_generator() -> str:
    from adapters.config import load_config  # here, so that a generator with a provider of its own reads no settings

    return load_config().generator
