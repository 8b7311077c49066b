"""Models that their makers have ended: who names one is told so, at a start, by doctor and beside the providers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from adapters.cli.providing import ProviderCheck, State, answer_of
from adapters.generation.ended_models import ended_model
from adapters.generation.providers import ProviderSettings
from adapters.observability.redaction import Redactor
from tests.adapters.cli.processes import Ran, command, run, write_env_file

SD_1_6 = "stable-diffusion-v1-6"
KEY = "sk-" + "0" * 40


@pytest.mark.parametrize(
    ("settings", "day"),
    [
        ({"api_key": KEY, "stability_model": SD_1_6}, "24 July 2025"),
        ({"api_key": KEY, "stability_model": "stable-diffusion-v1-5"}, "24 July 2025"),
        ({"api_key": KEY}, None),
        ({"api_key": KEY, "stability_model": "core"}, None),
        ({"stability_model": SD_1_6, "local_page": True}, None),
        ({"generator": "stability", "stability_model": SD_1_6, "api_host": "https://gateway.example"}, None),
        ({"stability_model": SD_1_6, "api_host": "http://127.0.0.1:7860"}, None),
        ({"generator": "openai", "openai_model": "gpt-image-1"}, "23 October 2026"),
        ({"generator": "openai", "openai_model": "gpt-image-1-mini"}, "1 December 2026"),
        ({"generator": "openai", "openai_model": "gpt-image-1.5"}, "1 December 2026"),
        ({"generator": "openai", "openai_model": "gpt-image-1.5-2025-12-16"}, "1 December 2026"),
        ({"generator": "openai", "openai_model": "chatgpt-image-latest"}, "1 December 2026"),
        ({"generator": "openai", "openai_model": "dall-e-2"}, "12 May 2026"),
        ({"generator": "openai", "openai_model": "dall-e-3"}, "12 May 2026"),
        ({"generator": "openai", "openai_model": "gpt-image-2"}, None),
        ({"generator": "openai", "openai_model": "gpt-image-10"}, None),
        ({"generator": "openai", "openai_model": "dall-e-3", "openai_host": "http://127.0.0.1:8081"}, None),
        ({"openai_model": "dall-e-3", "api_key": KEY}, None),
    ],
)
def test_the_model_of_the_chosen_provider_is_looked_at(settings: dict[str, Any], day: str | None) -> None:
    """At its maker's own address alone; the sentence names setting, model, day and what to set."""
    told = ended_model(ProviderSettings(**settings))
    if day is None:
        assert told == ""
    else:
        model = settings.get("openai_model") or settings["stability_model"]
        setting = "OPENAI_MODEL" if "openai_model" in settings else "STABILITY_MODEL"
        assert told.startswith(f"{setting}={model}: ")
        assert f"names {day} as the day of its end. Set another, such as " in told


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    """An operator who has not heard of it."""
    return write_env_file(tmp_path / "old.env", GENERATOR="auto", STABILITY_API_KEY=KEY, STABILITY_MODEL=SD_1_6)


def asked(tmp_path: Path, env_file: Path, *words: str) -> Ran:
    """What a command says."""
    return run(command(tmp_path / "root", env_file, *words), cwd=tmp_path)


def test_doctor_warns_of_it(tmp_path: Path, env_file: Path) -> None:
    """With what to set."""
    told = asked(tmp_path, env_file, "doctor", "--json")
    (finding,) = [check for check in told.json["checks"] if check["check"] == "provider"]
    assert finding["level"] == "WARN"
    assert finding["advice"].startswith(f"STABILITY_MODEL={SD_1_6}: Stability AI names 24 July 2025")


def test_a_start_says_it_among_its_settings(tmp_path: Path) -> None:
    """Also one that ends there, as it does not find what is to keep its log."""
    env_file = write_env_file(
        tmp_path / "old.env",
        STABILITY_API_KEY=KEY,
        STABILITY_MODEL=SD_1_6,
        GENERATOR="auto",
        PERSISTENCE_MODULE="no.such",
    )
    told = asked(tmp_path, env_file, "serve")
    assert told.code == 78
    assert [line for line in told.out.splitlines() if line.startswith(f"STABILITY_MODEL={SD_1_6}: Stability AI names")]


def test_it_stands_below_the_providers(fits: Any) -> None:
    """A service may well answer while one of its models is gone."""
    settings = ProviderSettings(api_key=KEY, stability_model=SD_1_6)
    told = answer_of(settings, [ProviderCheck("stability", State.READY)], Redactor([]))
    assert fits("providers", told)
    assert (told["works"], told["advice"]) == (True, "")
    assert told["ended"] == ended_model(settings)
