"""Models that their makers have ended: who names one is told so, at a start, by doctor and beside the providers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from adapters.cli.providing import ProviderCheck, State, answer_of
from adapters.engines.opening import open_store
from adapters.generation.ended_models import ended_model
from adapters.generation.providers import ProviderSettings
from adapters.observability.redaction import Redactor
from domain.commands import SetPolicy
from tests.adapters.cli.processes import Ran, command, run, started, write_env_file

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


def test_doctor_says_that_credits_are_limited_and_a_price_is_not_known(tmp_path: Path) -> None:
    """A first look at an installation with a key and a limit alone; the limit may be the log's, too."""
    env_file = write_env_file(
        tmp_path / "new.env", GENERATOR="auto", STABILITY_API_KEY=KEY, LIMITS="pool/month/credits=2000"
    )
    told = asked(tmp_path, env_file, "doctor", "--json")
    (finding,) = [check for check in told.json["checks"] if check["check"] == "price"]
    assert finding["level"] == "WARN"
    assert (
        "pool/month/credits is in force, and the price of stable-diffusion-xl-1024-v1-0 is not known"
        in finding["found"]
    )
    assert "STABILITY_MODEL=core" in finding["found"]
    open_store(tmp_path / "root", limits=SetPolicy(windows=(("user/day/credits", 9),))).close()
    of_log = asked(
        tmp_path, write_env_file(tmp_path / "log.env", GENERATOR="auto", STABILITY_API_KEY=KEY), "doctor", "--json"
    )
    assert [check["level"] for check in of_log.json["checks"] if check["check"] == "price"] == ["WARN"]
    core = write_env_file(tmp_path / "core.env", GENERATOR="auto", STABILITY_API_KEY=KEY, STABILITY_MODEL="core")
    known = asked(tmp_path, core, "doctor", "--json")
    assert [check["level"] for check in known.json["checks"] if check["check"] == "price"] == ["OK"]


def test_a_start_says_that_credits_are_limited_and_a_price_is_not_known(tmp_path: Path) -> None:
    """Before it says where its page is."""
    env_file = write_env_file(
        tmp_path / "new.env", GENERATOR="auto", STABILITY_API_KEY=KEY, LIMITS="pool/month/credits=2000", HTTP_PORT="0"
    )
    lines = []
    with started(command(tmp_path / "root", env_file, "serve")) as service:
        assert service.stdout is not None
        for line in service.stdout:
            lines.append(line)
            if "The page is at" in line:
                break
    told = [line for line in lines if line.startswith("The limit pool/month/credits is in force, and the price of ")]
    assert len(told) == 1
    assert "set STABILITY_MODEL=core" in told[0]
