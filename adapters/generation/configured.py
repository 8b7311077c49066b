"""What providers are made from, taken from the configuration, and which of their keys would be sent in the clear."""

from __future__ import annotations

from pydantic import SecretStr

from adapters.generation.providers import ProviderSettings, choice_of
from adapters.network.loopback import is_sent_in_clear
from adapters.settings.config import Config
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
        openai_quality=api.openai_quality,
        credits_each=api.credits_each,
        image_bytes=config.storage.image_generation_size_mb * MEGABYTE,
    )


def sent_unencrypted(config: Config) -> list[str]:
    """A warning where the provider in use is sent a secret over plain http, to another machine than this one."""
    api = config.api
    sent = {
        "stability": ("API_HOST", api.stability_api_host, "key", api.stability_key),
        "automatic1111": ("API_HOST", api.stability_api_host, "login", api.automatic1111_login),
        "openai": ("OPENAI_HOST", api.openai_host, "key", api.openai_key),
    }.get(choice_of(provider_settings(config)).name or "")
    if sent is None:
        return []
    setting, address, secret, value = sent
    if value is None or not is_sent_in_clear(address):
        return []
    return [f"{setting} begins with http://, so the {secret} is sent unencrypted; use https://"]


def _plain(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
