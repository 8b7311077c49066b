"""docs/providers.md is true: its example of a provider makes a picture, its settings are taken, its tables hold."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

import adapters.generation
from adapters.cli.reach.generation_exits import GENERATION_EXITS
from adapters.generation import (
    FailureKind,
    GenerationRequest,
    GenerationResult,
    Operation,
    ProviderSettings,
    UnavailableProvider,
    choose_provider,
    providers,
)
from adapters.generation.configured import provider_settings, sent_unencrypted
from adapters.generation.provider import Prepared
from adapters.http.problems import GENERATION_FAILURES
from adapters.images.shaping import size_of
from adapters.library.image_generator import ImageGenerator
from adapters.settings.config import load_config
from adapters.settings.prices import price_list
from adapters.wording.failures import sentence_of_failure
from tests.adapters.generation.making import png
from tests.emulators.emulator import Drop, Emulator, Reply

PROJECT = Path(__file__).parents[3]
DOCUMENT = (PROJECT / "docs" / "providers.md").read_text(encoding="utf-8")
LINE, MODULE = re.findall(r"^```python\n(.*?)^```$", DOCUMENT, re.DOTALL | re.MULTILINE)
*EXAMPLES, PRICES = re.findall(r"^```ini\n(.*?)^```$", DOCUMENT, re.DOTALL | re.MULTILINE)


class PlainServer(Emulator):
    """What the example asks: a picture of the size that was asked for, and whether it is there."""

    name = "plain"

    def routes(self) -> list[web.RouteDef]:
        """The two endpoints."""
        return [web.post("/picture", self._picture), web.get("/health", self._health)]

    async def _picture(self, request: web.Request) -> web.Response:
        wish = await request.json()
        return web.Response(body=png((wish["width"], wish["height"])), content_type="image/png")

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({})


@pytest.fixture
def registered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The module where the document puts it, and the line in the table; nothing of it is left behind."""
    ((word, module),) = ast.literal_eval("{" + LINE + "}").items()
    package, _, name = module.rpartition(".")
    assert (package, name) == ("", "plain")  # a module beside the table
    (tmp_path / f"{name}.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.setattr(adapters.generation, "__path__", [*adapters.generation.__path__, str(tmp_path)])
    monkeypatch.setattr(providers, "PROVIDERS", {**providers.PROVIDERS, word: module})
    importlib.invalidate_caches()
    yield
    sys.modules.pop(f"adapters.generation.{name}", None)
    vars(adapters.generation).pop(name, None)


def chosen(**settings: Any) -> ImageGenerator:
    """A generator with the example's provider."""
    return ImageGenerator(provider=choose_provider(ProviderSettings(generator="plain", **settings)))


@pytest.mark.usefixtures("registered")
async def test_the_example_makes_a_picture() -> None:
    """One module and one line: GENERATOR=plain chooses it, it says what was done otherwise, and what it can do."""
    server = PlainServer()
    async with server.serving() as address:
        generator = chosen(api_host=address)
        ok, data, message = await generator.text_to_image("a quiet place", "anime", width=96, height=64)
        report = await generator.provider.report()
        refused = await generator.upscale_image(png(), width=256)
        await generator.aclose()
    assert (ok, message) == (True, "Image generated successfully. The server knows no styles.")
    assert data is not None
    assert size_of(data) == (96, 64)
    assert (report.trouble, report.models) == (None, ("plain-1",))
    assert (await chosen(api_host=address).provider.report()).trouble is not None
    assert "does not do upscale" in refused[2]
    assert [heard.path for heard in server.heard] == ["/picture", "/health"]


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Reply(422, b'{"error": "too wide"}'), "too wide"),
        (Reply(401), "API_HOST"),
        (Reply(200, b"no picture"), "not a picture"),
        (Drop(), "not asked again"),
    ],
)
async def test_the_example_gives_the_failures_of_all_providers(answer: Reply | Drop, words: str) -> None:
    """Without a line of its own for them."""
    server = PlainServer()
    async with server.serving() as address:
        server.script.append(answer)
        generator = chosen(api_host=address)
        ok, data, message = await generator.text_to_image("a quiet place", width=96, height=64)
        await generator.aclose()
    assert (ok, data) == (False, None)
    assert words in message
    assert len(server.heard) == 1


@pytest.mark.usefixtures("registered")
def test_the_example_says_what_it_lacks() -> None:
    """As every provider, with what to set."""
    provider = choose_provider(ProviderSettings(generator="plain"))
    assert isinstance(provider, UnavailableProvider)
    assert "Set it to your server's address" in sentence_of_failure(provider.failure)


def test_the_example_keeps_the_rules_of_the_house() -> None:
    """It can be copied as it stands."""
    ruff = Path(sys.executable).parent / "ruff"
    for words in (("check",), ("format", "--check")):
        done = subprocess.run(
            [str(ruff), *words, "--stdin-filename", "adapters/generation/plain.py", "-"],
            cwd=PROJECT, input=MODULE, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("number", "name"), [(0, "stability"), (1, "automatic1111"), (2, "openai"), (3, "openai")])
def test_an_example_of_settings_gives_its_provider(tmp_path: Path, number: int, name: str) -> None:
    """Also with the lines that are commented out."""
    file = tmp_path / "example.env"
    file.touch(0o600)
    for text in (EXAMPLES[number], EXAMPLES[number].replace("# ", "")):
        file.write_text(text.replace("sk-...", "sk-0123456789"), encoding="utf-8")
        config = load_config({}, file)
        assert [*config.warnings, *sent_unencrypted(config)] == []
        assert choose_provider(provider_settings(config)).name == name


def test_the_examples_are_these(tmp_path: Path) -> None:
    """Four providers, and prices that are taken as they stand."""
    assert len(EXAMPLES) == 4
    file = tmp_path / "example.env"
    file.touch(0o600)
    file.write_text(PRICES, encoding="utf-8")
    names = [price.of for price in load_config({}, file).api.credits_each]
    assert names == ["core", "gpt-image-1/1024x1536/high", "sd3.5-large/image_to_image", "sketch"]


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize(("prices", "each"), [("", None), ("plain=0.5", 500), ("plain-1=2, plain=0.5", 2_000)])
async def test_the_example_has_the_price_that_is_set(prices: str, each: int | None) -> None:
    """Before, and as it is recorded after."""
    server = PlainServer()
    async with server.serving() as address:
        generator = chosen(api_host=address, credits_each=price_list(prices))
        wish = GenerationRequest(Operation.TEXT_TO_IMAGE, "a quiet place", width=96, height=64)
        prepared, result = await generator.prepare(wish), await generator.generate(wish)
        await generator.aclose()
    assert isinstance(prepared, Prepared)
    assert isinstance(result, GenerationResult)
    assert (prepared.model, prepared.credits_each) == ("plain-1", each)
    assert result.credits == (None if each is None else each / 1_000)


@pytest.mark.parametrize("kind", list(FailureKind))
def test_the_table_of_failures_is_the_one_that_holds(kind: FailureKind) -> None:
    """Each kind has its row, with its exit code and its status over HTTP."""
    (row,) = re.findall(rf"^\| `{kind}` \|.*$", DOCUMENT, re.MULTILINE)
    assert row.endswith(f"| {int(GENERATION_EXITS[kind])} | {GENERATION_FAILURES[kind].status} |")


@pytest.mark.parametrize("name", providers.PROVIDERS)
def test_every_provider_is_in_the_first_table(name: str) -> None:
    """One row a provider."""
    assert re.search(rf"^\| `{name}` \|", DOCUMENT, re.MULTILINE)
