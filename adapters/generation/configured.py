"""What providers are made from, taken from the configuration."""

from __future__ import annotations

from pydantic import SecretStr

from adapters.config import Config
from adapters.generation.providers import ProviderSettings
from domain.limits import MEGABYTE


def provider_settings(config: Config) -> ProviderSettings:
    """The settings of every provider; without a bot, the sketch serves the local page."""
    api = config.api
    return ProviderSettings(
        generator=config.generator,
        api_key=_plain(api.stability_key),
        api_host=api.stability_api_host,
        local_page=config.discord.token is None,
        stability_model=api.stability_model,
        stability_upscaler=api.stability_upscaler,
        automatic1111_login=_plain(api.automatic1111_login),
        automatic1111_upscaler=api.automatic1111_upscaler,
        openai_key=_plain(api.openai_key),
        openai_host=api.openai_host,
        openai_model=api.openai_model,
        credits_each=api.credits_each,
        image_bytes=config.storage.image_generation_size_mb * MEGABYTE,
    )


def _plain(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
