"""`abby providers`, as a process that asks emulated services: who is chosen and why, what works, what is missing."""

from __future__ import annotations

import asyncio
import io
import json
import socket
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from adapters.cli.exits import Exit
from adapters.cli.invocation import Invocation
from adapters.cli.output import Output
from adapters.cli.providing import State, ask_all, providers
from adapters.generation.providers import PROVIDERS, ProviderSettings
from tests.adapters.cli.conftest import Abby
from tests.adapters.cli.processes import Ran, command, run_changed, write_env_file
from tests.emulators.automatic1111 import Automatic1111Emulator
from tests.emulators.emulator import Emulator, Hang, Reply
from tests.emulators.openai import OpenAIEmulator
from tests.emulators.stability import StabilityEmulator

STABILITY_KEY = "sk-stability-0123456789"
OPENAI_KEY = "sk-openai-0123456789"
LOGIN = "abby:a-long-password"
SECRETS = {"STABILITY_API_KEY": STABILITY_KEY, "OPENAI_API_KEY": OPENAI_KEY, "AUTOMATIC1111_LOGIN": LOGIN}

AGAIN_SOON = "import adapters.generation.calls as calls; calls.FIRST_BACKOFF_SECONDS = 0.01"
"""In the program: a service that cannot be reached is asked again as often, and sooner."""

AT_API_HOST = {
    "stability": ("automatic1111", 100.0, "stable-diffusion-xl-1024-v1-0"),
    "automatic1111": ("stability", None, "sd_xl_base_1.0"),
}
"""For each of the two that API_HOST may belong to: the other one, its balance, and how one of its models begins."""


async def asked(tmp_path: Path, *options: str, **settings: str) -> Ran:
    """What the command says, run as a process of its own while this one serves the emulators; never a secret."""
    file = write_env_file(tmp_path / "providers.env", **settings)
    words = command(tmp_path / "root", file, "providers", *options)
    told = await asyncio.to_thread(run_changed, AGAIN_SOON, words, cwd=tmp_path)
    secrets = [value for name, value in settings.items() if name in SECRETS]
    assert [secret for secret in secrets if secret in told.out + told.err] == []
    assert "Traceback" not in told.err
    return told


def by_name(told: Ran) -> dict[str, Any]:
    """The providers of a JSON answer."""
    return {row["name"]: row for row in told.json["providers"]}


def nobodys_address() -> str:
    """An address of this machine at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


def emulated(name: str) -> Emulator:
    """The service that stands at API_HOST."""
    return StabilityEmulator(STABILITY_KEY) if name == "stability" else Automatic1111Emulator(LOGIN)


@pytest.mark.parametrize(
    ("generator", "chosen"),
    [("stability", "stability"), ("automatic1111", "automatic1111"), ("auto", "automatic1111")],
)
async def test_all_that_are_set_up_are_asked_and_no_key_goes_astray(
    tmp_path: Path, fits: Any, generator: str, chosen: str
) -> None:
    """With every secret set: API_HOST belongs to one of two, and the secret of the other is not sent there."""
    other, credit, model = AT_API_HOST[chosen]
    at_host, openai = emulated(chosen), OpenAIEmulator(OPENAI_KEY)
    async with at_host.serving() as host, openai.serving() as openai_host:
        told = await asked(tmp_path, "--json", GENERATOR=generator, API_HOST=host, OPENAI_HOST=openai_host, **SECRETS)
    assert fits("providers", told.json)
    assert (told.code, told.json["chosen"], told.json["works"], told.json["advice"]) == (0, chosen, True, "")
    assert f"GENERATOR={generator}" in told.json["why"]
    rows = by_name(told)
    assert list(rows) == list(PROVIDERS)
    assert {name: row["state"] for name, row in rows.items()} == {
        chosen: "ready", other: "not_set_up", "openai": "ready", "sketch": "ready"
    }  # fmt: skip
    assert rows[chosen]["credits"] == credit
    assert any(name.startswith(model) for name in rows[chosen]["models"])
    assert "gpt-image-1" in rows["openai"]["models"]
    assert "GENERATOR=" in rows[other]["missing"]
    assert at_host.complaints == openai.complaints == []
    assert {heard.method for heard in (*at_host.heard, *openai.heard)} == {"GET"}


@pytest.mark.parametrize(
    ("generator", "secret"), [("stability", "STABILITY_API_KEY"), ("automatic1111", "AUTOMATIC1111_LOGIN")]
)
async def test_a_wrong_key_is_told_with_its_setting(tmp_path: Path, fits: Any, generator: str, secret: str) -> None:
    """69; the setting is named, its value is not, and the others are asked all the same."""
    at_host, openai = emulated(generator), OpenAIEmulator(OPENAI_KEY)
    async with at_host.serving() as host, openai.serving() as openai_host:
        settings = SECRETS | {secret: "abby:another-one", "GENERATOR": generator}
        told = await asked(tmp_path, "--json", API_HOST=host, OPENAI_HOST=openai_host, **settings)
    assert fits("providers", told.json)
    assert (told.code, told.err) == (Exit.UNAVAILABLE, "")
    row = by_name(told)[generator]
    assert row["state"] == "trouble"
    assert "Non-200 response: 401" in row["trouble"]
    assert secret in row["trouble"]
    assert by_name(told)["openai"]["state"] == "ready"
    assert "GENERATOR=sketch" in told.json["advice"]


@pytest.mark.parametrize("generator", ["stability", "automatic1111", "openai"])
async def test_nobody_at_the_address(tmp_path: Path, fits: Any, generator: str) -> None:
    """69, with what to look at; nothing else is the matter with the sketch."""
    nowhere = nobodys_address()
    told = await asked(tmp_path, "--json", GENERATOR=generator, API_HOST=nowhere, OPENAI_HOST=nowhere, **SECRETS)
    assert fits("providers", told.json)
    assert (told.code, told.json["works"]) == (Exit.UNAVAILABLE, False)
    rows = by_name(told)
    assert "cannot be reached" in rows[generator]["trouble"]
    assert rows["sketch"]["state"] == "ready"
    assert "address" in told.json["advice"]


async def test_a_provider_in_trouble_that_is_not_chosen_is_no_failure(tmp_path: Path) -> None:
    """0 where the chosen one works, and the other's trouble is told."""
    told = await asked(tmp_path, "--json", GENERATOR="sketch", API_HOST=nobodys_address())
    assert (told.code, told.json["chosen"], told.json["works"]) == (0, "sketch", True)
    assert by_name(told)["automatic1111"]["state"] == "trouble"


@pytest.mark.parametrize(
    ("settings", "chosen", "words"),
    [
        ({"GENERATOR": "stability"}, "stability", ("STABILITY_API_KEY",)),
        ({"GENERATOR": "openai"}, "openai", ("OPENAI_API_KEY",)),
        ({"GENERATOR": "automatic1111"}, "automatic1111", ("API_HOST",)),
        ({"GENERATOR": "auto", "DISCORD_TOKEN": "ab12" * 13}, None, ("STABILITY_API_KEY", "GENERATOR=sketch")),
    ],
)
def test_a_chosen_provider_that_lacks_a_setting(
    abby: Abby, tmp_path: Path, fits: Any, settings: dict[str, str], chosen: str | None, words: tuple[str, ...]
) -> None:
    """69, with the setting, in the table and as JSON."""
    file = write_env_file(tmp_path / "lacking.env", **settings)
    told, shown = abby("providers", "--json", env_file=file), abby("providers", env_file=file)
    assert fits("providers", told.json)
    assert (told.code, shown.code, told.json["chosen"]) == (Exit.UNAVAILABLE, Exit.UNAVAILABLE, chosen)
    assert all(word in told.json["advice"] for word in words)
    assert " ".join(told.json["advice"].split()) in " ".join(shown.out.split())
    assert all(row["missing"] for name, row in by_name(told).items() if name != "sketch")


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"GENERATOR": "sketch"}, "GENERATOR=sketch asks for it"),
        ({"GENERATOR": "auto"}, "no STABILITY_API_KEY and no DISCORD_TOKEN"),
    ],
)
def test_without_any_key_the_sketch_works(abby: Abby, tmp_path: Path, settings: dict[str, str], why: str) -> None:
    """0 on a machine where nothing is set up, and nothing is made there."""
    told = abby("providers", env_file=write_env_file(tmp_path / "none.env", **settings))
    assert (told.code, told.err) == (0, "")
    assert "Pictures are made by: sketch" in told.out
    assert why in told.out
    assert not (tmp_path / "root").exists()


def test_a_provider_that_there_is_not(abby: Abby, tmp_path: Path) -> None:
    """A word of GENERATOR that is spelled wrong is a setting that cannot be used; those there are are named."""
    told = abby("providers", env_file=write_env_file(tmp_path / "typo.env", GENERATOR="stabilty"))
    assert (told.code, told.out) == (Exit.SETTINGS, "")
    assert all(name in told.err for name in ("'stabilty'", "did you mean stability?", *PROVIDERS))


async def test_what_a_service_says_shows_no_secret_and_steers_no_terminal(tmp_path: Path) -> None:
    """A server that sends the key back, and codes of a terminal, as the names of models."""
    openai = OpenAIEmulator(OPENAI_KEY)
    names = [f"image of {OPENAI_KEY}", "image \x1b[2J\u202e", "a" * 300]
    listed = json.dumps({"data": [{"id": name} for name in names]}).encode()
    async with openai.serving() as host:
        for options in ((), ("--json",)):
            openai.script.append(Reply(200, listed))
            told = await asked(tmp_path, *options, GENERATOR="openai", OPENAI_HOST=host, OPENAI_API_KEY=OPENAI_KEY)
            assert told.code == 0
            assert "[redacted]" in told.out
            assert not {"\x1b", "\u202e"} & set(told.out)


async def test_a_service_that_hangs_is_given_up_and_the_others_are_told() -> None:
    """Within the bound that is given."""
    openai, host = OpenAIEmulator(OPENAI_KEY), Automatic1111Emulator()
    openai.script.append(Hang())
    async with AsyncExitStack() as stack:
        openai_host = await stack.enter_async_context(openai.serving())
        api_host = await stack.enter_async_context(host.serving())
        settings = ProviderSettings(openai_key=OPENAI_KEY, openai_host=openai_host, api_host=api_host)
        checks = {check.name: check for check in await ask_all(settings, seconds=2.0)}
    assert checks["openai"].state is State.TROUBLE
    assert "within 2 seconds" in checks["openai"].trouble
    assert checks["automatic1111"].state is State.READY


def test_the_table_fits_80_columns(tmp_path: Path) -> None:
    """Nothing is wider, nothing is cut off."""
    output, screen = Output(as_json=False), io.StringIO()
    output.console = Console(file=screen, width=80, highlight=False)
    providers(Invocation(tmp_path / "root", write_env_file(tmp_path / "wide.env", GENERATOR="openai")), output)
    shown = screen.getvalue()
    assert max(map(len, shown.splitlines())) <= 80
    assert "\N{HORIZONTAL ELLIPSIS}" not in shown
    assert "OPENAI_API_KEY is not set" in " ".join(shown.split())
