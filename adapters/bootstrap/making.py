"""Who makes pictures, as it is configured, and how many wait for them."""

from __future__ import annotations

from adapters.generation import choose_provider
from adapters.generation.configured import provider_settings
from adapters.generation.image_url import ImageFetcher
from adapters.library.image_generator import ImageGenerator
from adapters.settings.config import Config
from adapters.studio import StudioSettings


def make_generator(config: Config) -> ImageGenerator:
    """The generator with the configured provider."""
    return ImageGenerator(
        provider=choose_provider(provider_settings(config)), fetcher=ImageFetcher(config.generation.image_url_hosts)
    )


def studio_settings(config: Config) -> StudioSettings:
    """How many requests run and wait, and what the files tell of them."""
    making = config.generation
    return StudioSettings(making.at_once or None, making.queue_length, making.queue_per_user, making.prompt_in_image)
