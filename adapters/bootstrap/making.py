"""Who makes pictures, as it is configured, and how many wait for them."""

from __future__ import annotations

from functools import partial

from adapters.application.storage import Storage
from adapters.application.tiers import standing_of
from adapters.generation import choose_provider
from adapters.generation.configured import provider_settings
from adapters.generation.image_url import ImageFetcher
from adapters.library.image_generator import ImageGenerator
from adapters.ports.faults import Fault
from adapters.settings.config import Config
from adapters.studio import Standing, StudioSettings
from adapters.studio.standing import all_equal
from domain.tiers import SeenAt


def make_generator(config: Config) -> ImageGenerator:
    """The generator with the configured provider."""
    return ImageGenerator(
        provider=choose_provider(provider_settings(config)), fetcher=ImageFetcher(config.generation.image_url_hosts)
    )


def studio_settings(config: Config, store: Storage) -> StudioSettings:
    """How many requests run and wait, what the files tell of them, and how users stand in the line by their tiers."""
    making = config.generation
    return StudioSettings(
        at_once=making.at_once or None,
        queue_length=making.queue_length,
        queue_per_user=making.queue_per_user,
        prompt_in_image=making.prompt_in_image,
        standing_of=partial(standing_by_tiers, store),
    )


def standing_by_tiers(store: Storage, user: str, seen: SeenAt | None = None) -> Standing:
    """How a user stands in the line, with the groups that were just seen; as everybody where the storage cannot be
    asked, which refuses the request itself then.
    """
    try:
        weight, waiting = standing_of(store, user, seen)
    except Fault:
        return all_equal(user)
    return Standing(weight, waiting)
