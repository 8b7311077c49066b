"""`ImageGenerator`: the seeds' calls and 3-tuples over a `Generator`, whose richer steps it has too.

It only says which provider is meant where none is given, turns arguments into requests, and words success.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from pydantic import SecretStr

from adapters.generation.configured import provider_settings
from adapters.generation.generator import UPSCALE_WIDTH, Generator
from adapters.generation.image_url import ImageFetcher
from adapters.generation.provider import STYLES, GenerationRequest, GenerationResult, Operation, Provider
from adapters.generation.providers import choose_provider
from adapters.ports.failures import GenerationFailure
from adapters.settings.config import load_config
from adapters.wording.failures import sentence_of_failure, sentence_of_notes

ImageResult = tuple[bool, bytes | None, str]

_MOVED = {
    "db_path": "the event log keeps what db_path held: give StorageManager its storage_root",
    "max_user_daily_gens": "limits belong to the ledger: give max_user_daily_gens to StorageManager",
}


class MaskedSecret(Protocol):
    """A key that does not print itself, as pydantic's SecretStr."""

    def get_secret_value(self) -> str:
        """The key itself."""


class ImageGenerator(Generator):
    """Makes images with one provider; needs no running event loop until an image is asked for.

    Which provider: `provider` where it is given, else what GENERATOR (or `generator`) says for this key and host. What
    is not given is read from the configuration, when the first image is asked for. For one event loop at a time.
    """

    def __init__(
        self,
        api_key: str | MaskedSecret | None = None,
        api_host: str | None = None,
        *,
        provider: Provider | None = None,
        generator: str | None = None,
        fetcher: ImageFetcher | None = None,
        **moved: object,
    ) -> None:
        """Raise TypeError for an argument that is unknown or has moved, naming its new place."""
        for name in moved:
            where = _MOVED.get(name, "there is no such argument")
            raise TypeError(f"ImageGenerator takes no argument {name!r}: {where}.")
        super().__init__(provider, fetcher)
        self._api_key = _masked(api_key)
        self._api_host = api_host
        self._generator = generator

    async def text_to_image(  # noqa: PLR0913, PLR0917 - the signature is the seeds'
        self,
        prompt: str,
        style_preset: str | None = None,
        width: int = 1024,
        height: int = 1024,
        steps: int = 50,
        seed: int = 0,
        cfg_scale: float = 7.0,
    ) -> ImageResult:
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
    ) -> ImageResult:
        """(ok, image bytes or None, message); `strength` is how much of the input is kept, 0 to 1."""
        image = await self.input_image(image_data)
        if isinstance(image, GenerationFailure):
            return _answer(image, "")
        request = GenerationRequest(
            Operation.IMAGE_TO_IMAGE, prompt, style=style_preset, strength=strength, steps=steps, image=image
        )
        return _answer(await self.generate(request), "Image transformed successfully")

    async def upscale_image(self, image_data: bytes | str, width: int = UPSCALE_WIDTH) -> ImageResult:
        """(ok, image bytes or None, message); the result has the width asked, in pixels."""
        image = await self.input_image(image_data)
        if isinstance(image, GenerationFailure):
            return _answer(image, "")
        request = GenerationRequest(Operation.UPSCALE, width=width, image=image)
        return _answer(await self.generate(request), "Image upscaled successfully")

    @staticmethod
    def get_available_styles() -> dict[str, str]:
        """The style presets, each under its own name."""
        return {style: style for style in STYLES}

    def _choose_provider(self) -> Provider:
        settings = provider_settings(load_config())
        if self._api_key is not None:
            settings = replace(settings, api_key=self._api_key.get_secret_value())
        if self._api_host is not None:
            settings = replace(settings, api_host=self._api_host)
        if self._generator is not None:
            settings = replace(settings, generator=self._generator)
        return choose_provider(settings)

    def _make_fetcher(self) -> ImageFetcher:
        return ImageFetcher(load_config().generation.image_url_hosts)


def _answer(outcome: GenerationResult | GenerationFailure, success: str) -> ImageResult:
    if isinstance(outcome, GenerationFailure):
        return False, None, sentence_of_failure(outcome)
    notes = sentence_of_notes(note for note in (outcome.note, outcome.ended_by) if note)
    return True, outcome.images[0].data, f"{success}. {notes}" if notes else success


def _masked(key: str | MaskedSecret | None) -> SecretStr | None:
    plain = key.get_secret_value() if key is not None and not isinstance(key, str) else key
    return SecretStr(plain) if plain else None
