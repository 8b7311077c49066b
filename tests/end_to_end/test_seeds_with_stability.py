"""The user's own examples with Stability AI, whose API stands on loopback; the texts are run as they are.

The programs are processes of their own, so what they leave open and what they warn of is on their standard error.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from abby_core.generation import ImageGenerator
from abby_core.storage import StorageManager
from tests.adapters.application.evidence import assert_disk_and_log_agree, events_of
from tests.emulators.emulator import Reply
from tests.emulators.stability import StabilityEmulator
from tests.end_to_end.test_seeds import USER, Interaction, Ran, as_handler, ran, seed

SCRIPT_KEY = "your_key"
STRICT = (("-W", "error::ResourceWarning"), ("-X", "dev"))
"""Flags under which Python tells of every connection and file that is left open."""


@pytest.fixture
async def emulator() -> AsyncIterator[StabilityEmulator]:
    """Stability's v1, listening, whose key is the one in the script."""
    stability = StabilityEmulator(SCRIPT_KEY)
    async with stability.serving():
        yield stability


async def run(text: str, folder: Path, emulator: StabilityEmulator, *flags: str, **settings: str) -> Ran:
    """A program that uses the emulator by the environment alone."""
    service = {"GENERATOR": "stability", "API_HOST": emulator.address}
    return await asyncio.to_thread(ran, text, folder, *flags, **service, **settings)


def assert_nothing_left_open(errors: str) -> None:
    """No session, socket or file, and no other warning."""
    assert "Unclosed" not in errors
    assert "Warning" not in errors
    assert "ignored" not in errors  # so begins what is told of an exception in a destructor


@pytest.mark.parametrize("flags", STRICT, ids=lambda flags: flags[0])
async def test_the_test_script_makes_and_keeps_a_picture(
    emulator: StabilityEmulator, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    """One paid call that breaks no rule of the service; the picture is the one that is kept."""
    printed, errors = await run(seed("testing"), tmp_path, emulator, *flags)
    kept = tmp_path / "shared/images/users/999/image_1.png"
    assert printed == [
        "Generate: True",
        f"Save: True - {kept}",
        "Quota: 0.0% used",
        "Cleanup: 0 files, 0.00MB freed",
    ]
    assert kept.read_bytes().startswith(b"\x89PNG")
    assert emulator.complaints == []
    assert len(emulator.heard) == 1
    assert_nothing_left_open(errors)
    assert_disk_and_log_agree(tmp_path / "shared")


@pytest.mark.parametrize("flags", STRICT, ids=lambda flags: flags[0])
async def test_the_test_script_goes_on_where_its_key_is_wrong(
    emulator: StabilityEmulator, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    """No picture, nothing saved, the quota as before; and nothing but the script's own lines among them."""
    emulator.key = "another"
    printed, errors = await run(seed("testing"), tmp_path, emulator, *flags)
    assert printed == ["Generate: False", "Save: False - None", "Quota: 0.0% used", "Cleanup: 0 files, 0.00MB freed"]
    assert len(emulator.heard) == 1
    assert_nothing_left_open(errors)
    assert SCRIPT_KEY not in errors
    assert events_of(tmp_path / "shared", "ImageSaved") == []


@pytest.mark.parametrize(
    ("key", "told"),
    [(SCRIPT_KEY, "True Image generated successfully"), ("another", "False Non-200 response: 401.")],
    ids=["right", "wrong"],
)
async def test_the_start_up_code_takes_key_and_host_from_the_settings(
    emulator: StabilityEmulator, tmp_path: Path, key: str, told: str
) -> None:
    """The two lines around it are those of a bot; its generator is asked once."""
    before = "import asyncio\nclass Bot: pass\nbot = Bot()\n"
    after = "ok, data, message = asyncio.run(bot.generator.text_to_image('a cat'))\nprint(ok, message)\n"
    settings = {"STORAGE_ROOT": str(tmp_path / "root"), "STABILITY_API_KEY": key}
    printed, errors = await run(before + seed("initialize") + after, tmp_path, emulator, *STRICT[0], **settings)
    (line,) = printed
    assert line.startswith(told)
    assert_nothing_left_open(errors)


async def test_pattern_1_shows_the_picture_or_what_the_service_said(
    emulator: StabilityEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A picture, then every kind of failure in the words that the documents promise; only the picture is charged."""
    monkeypatch.setenv("GENERATOR", "stability")
    interaction, pattern = Interaction(), as_handler("pattern_1")
    generator = ImageGenerator(api_key=SCRIPT_KEY, api_host=emulator.address)
    failures = [
        Reply(401),
        Reply(500, b"<html>"),
        Reply(429, b'{"name": "insufficient_balance"}'),
        Reply(200, b"<html>"),
    ]
    with StorageManager(tmp_path) as storage:
        await pattern(storage=storage, generator=generator, interaction=interaction, prompt="a cat")
        emulator.script.extend(failures)
        for _ in failures:
            await pattern(storage=storage, generator=generator, interaction=interaction, prompt="a cat")
        used = storage.get_quota_status(str(USER))["daily"]["used"]
    await generator.aclose()
    assert interaction.followup.files == [(tmp_path / f"images/users/{USER}/image_1.png").read_bytes()]
    starts = (
        "Non-200 response: 401. ",
        "Non-200 response: 500. ",
        "Non-200 response: 429. ",
        "Stability AI answered with ",
    )
    for text, start in zip(interaction.followup.texts, starts, strict=True):
        assert text.startswith(f"❌ {start}")
    assert used == 1
    assert len(emulator.heard) == 1 + len(failures)
