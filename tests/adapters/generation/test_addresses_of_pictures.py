"""A picture that an answer names by its address is fetched from the service itself, and from nowhere else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from adapters.generation import FailureKind, GenerationFailure, GenerationRequest, Operation, ProviderSettings
from adapters.generation.openai import make_provider
from adapters.studio import Generated
from tests.adapters.generation.effects import effect_of
from tests.emulators.emulator import Drop, Reply
from tests.emulators.openai import KEY, OWN_PICTURES, OpenAIEmulator

TEXT = GenerationRequest(Operation.TEXT_TO_IMAGE, "a red fox", width=1024, height=1024)


def settings(address: str) -> ProviderSettings:
    """Of a service there."""
    return ProviderSettings("openai", openai_key=KEY, openai_host=f"{address}/v1")


@pytest.mark.parametrize("form", ["{own}", OWN_PICTURES], ids=["whole", "without its host"])
async def test_at_the_service_it_is_fetched_kept_and_counted(form: str, tmp_path: Path) -> None:
    """As any other; its service asked for the key, and got it."""
    emulator = OpenAIEmulator()
    async with emulator.serving() as address:
        emulator.answers_with_url = form.replace("{own}", address + OWN_PICTURES)
        effect = await effect_of(tmp_path, make_provider(settings(address)), TEXT)
    assert isinstance(effect.answer, Generated), effect.answer
    assert effect[1:] == (1, 0.0, [], 1, 1)
    assert [heard.path for heard in emulator.heard] == ["/v1/images/generations", "/made/0.png"]
    assert emulator.complaints == []


@pytest.mark.parametrize(
    "form",
    [
        "http://127.0.0.1:9/a.png",
        "https://{host}/made/0.png",
        "//pictures.example/a.png",
        "http://[::1/a.png",
        "file:///etc/passwd",
        "http://{host}.pictures.example/a.png",
        "http://user@127.0.0.1:9@{host}@pictures.example/a.png",
    ],
)
async def test_at_any_other_place_it_is_not_fetched(form: str, tmp_path: Path) -> None:
    """Another port, scheme, host or file: nobody is asked, and the failure says that it may have been paid."""
    emulator = OpenAIEmulator()
    async with emulator.serving() as address:
        told = form.replace("{host}", address.removeprefix("http://"))
        emulator.script.append(Reply(200, json.dumps({"data": [{"url": told}]}).encode()))
        effect = await effect_of(tmp_path, make_provider(settings(address)), TEXT)
    assert isinstance(effect.answer, GenerationFailure)
    assert effect.answer.kind is FailureKind.UPSTREAM
    assert not effect.answer.surely_unpaid
    assert [heard.path for heard in emulator.heard] == ["/v1/images/generations"]


@pytest.mark.parametrize("script", [[Reply(404)], [Reply(200, b"<html>", "text/html")], [Drop()] * 6])
async def test_one_that_cannot_be_had_is_told_as_an_address(
    script: list[Reply | Drop], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The paid call is not made again."""
    # The real pauses are seconds for each case.
    monkeypatch.setattr("adapters.generation.calls.FIRST_BACKOFF_SECONDS", 0.001)
    emulator = OpenAIEmulator()
    async with emulator.serving() as address:
        body = json.dumps({"data": [{"url": "/made/0.png"}]}).encode()
        emulator.script.extend([Reply(200, body), *script])
        effect = await effect_of(tmp_path, make_provider(settings(address)), TEXT)
    assert isinstance(effect.answer, GenerationFailure)
    assert [heard.method for heard in emulator.heard].count("POST") == 1
