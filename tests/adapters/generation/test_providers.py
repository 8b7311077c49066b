"""Which provider the settings choose, and what is answered where there is none."""

from __future__ import annotations

import pytest

from adapters.generation import FailureKind, GenerationFailure, ProviderSettings, UnavailableProvider, choose_provider
from adapters.generation.providers import PROVIDERS, provider_module
from adapters.settings.kinds import PROVIDER_NAMES
from adapters.wording.failures import sentence_of_failure
from tests.adapters.generation.making import TEXT

KEY = "sk-not-a-real-key"


def test_the_settings_take_the_words_of_the_table() -> None:
    """In the same order, in which a refusal of GENERATOR names them."""
    assert tuple(PROVIDERS) == PROVIDER_NAMES


@pytest.mark.parametrize(
    "settings",
    [
        ProviderSettings(generator="sketch"),
        ProviderSettings(generator=" Sketch "),
        ProviderSettings(generator="sketch", api_key=KEY),
        ProviderSettings(local_page=True),
        ProviderSettings(generator="", local_page=True),
    ],
    ids=["asked", "spelled", "asked with a key", "local page", "local page, empty setting"],
)
def test_sketch_is_chosen_when_asked_and_for_the_local_page(settings: ProviderSettings) -> None:
    """GENERATOR=sketch holds everywhere; the local page without a key gets it by itself."""
    assert choose_provider(settings).name == "sketch"


@pytest.mark.parametrize(
    "settings",
    [
        ProviderSettings(api_key=KEY),
        ProviderSettings(api_key=KEY, local_page=True),
        ProviderSettings(api_key=KEY, api_host="https://api.stability.ai/"),
        ProviderSettings(api_key=KEY, api_host="https://gateway.example.org", generator="stability"),
    ],
    ids=["key", "key and local page", "spelled", "asked by name for another host"],
)
def test_stability_is_chosen_by_its_key_and_when_asked(settings: ProviderSettings) -> None:
    """With GENERATOR=auto for its own host alone; another host gets its key only where that is asked for by name."""
    assert choose_provider(settings).name == "stability"


@pytest.mark.parametrize(
    "settings",
    [
        ProviderSettings(api_host="http://localhost:7860"),
        ProviderSettings(api_key=KEY, api_host="http://localhost:7860", local_page=True),
        ProviderSettings(api_host="https://api.stability.ai.example.org", api_key=KEY),
    ],
    ids=["no key", "key and local page", "a name that only begins as Stability's"],
)
def test_a_host_that_is_not_stabilitys_is_a_server_of_ones_own(settings: ProviderSettings) -> None:
    """API_HOST decides before the key does; such a server never gets the key."""
    assert choose_provider(settings).name == "automatic1111"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (ProviderSettings(), "no key is set"),
        (ProviderSettings(api_key=""), "no key is set"),
        (ProviderSettings(api_key=" \n", generator="stability"), "Set STABILITY_API_KEY"),
        (ProviderSettings(generator="stability", local_page=True), "Set STABILITY_API_KEY"),
        (ProviderSettings(generator="midjourney"), "no provider 'midjourney'"),
    ],
)
async def test_a_provider_that_is_not_there_answers_why_and_what_to_do(settings: ProviderSettings, words: str) -> None:
    """The seeds' words first, then the reason and the way out; never the key."""
    provider = choose_provider(settings)
    assert isinstance(provider, UnavailableProvider)
    outcome = await provider.generate(TEXT)
    await provider.close()
    assert isinstance(outcome, GenerationFailure)
    assert outcome.kind is FailureKind.UNAVAILABLE
    assert sentence_of_failure(outcome).startswith("Image generation services are not available")
    assert words in sentence_of_failure(outcome)
    assert "GENERATOR" in sentence_of_failure(outcome)
    assert KEY not in sentence_of_failure(outcome)


@pytest.mark.parametrize(
    ("generator", "name", "words"),
    [
        ("auto", "stability", "no key is sent there"),
        ("openai", "stability", "no key is sent there"),
        ("automatic1111", "stability", "no key is sent there"),
        ("stability", "automatic1111", "a gateway to Stability AI"),
        (" Stability ", "automatic1111", "a gateway to Stability AI"),
    ],
)
def test_api_host_belongs_to_one_provider(generator: str, name: str, words: str) -> None:
    """Whoever asks all providers that are set up sends no key to the address of another."""
    settings = ProviderSettings(generator=generator, api_key=KEY, api_host="http://localhost:7860")
    missing = provider_module(name).missing(settings)
    assert missing is not None
    assert words in missing


def test_settings_do_not_print_the_key() -> None:
    """A settings value in a log or a traceback shows no secret."""
    assert KEY not in repr(ProviderSettings(api_key=KEY))
