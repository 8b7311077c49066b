"""The bot's life: how it starts, what it survives, and how it goes. Each test has processes of its own."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.adapters.discord.bot.stage import command, finished, running
from tests.adapters.discord.fake.interactions import Interaction
from tests.adapters.discord.fake.people import Person
from tests.adapters.discord.fake.server import FakeDiscord
from tests.adapters.discord.fake.world import Settings
from tests.adapters.discord.haste import hasty
from tests.adapters.discord.process import BotProcess
from tests.emulators.automatic1111 import Automatic1111Emulator

GENTLE_SECONDS = 25.0
"""From SIGTERM to the end of the process, at most."""
PATCHED = """
import adapters.discord.cogs.mine as mine
import adapters.discord.lifecycle as life
import adapters.discord.making as making

async def broken(*_):
    raise RuntimeError("broken on purpose")

mine.history_page = making._Showing.smaller = broken
life.DRAIN_SECONDS = 0.3
"""
"""In the program: a defect and with little patience at its end."""
TRIES_SOON = "import adapters.discord.lifecycle as life; life.FIRST_PAUSE_SECONDS = 0.2"


@pytest.fixture
async def painter() -> AsyncIterator[Automatic1111Emulator]:
    """A service that paints."""
    painter = Automatic1111Emulator()
    async with painter.serving():
        yield painter


async def imagine(person: Person) -> Interaction:
    """A wish for a picture."""
    return await person.slash("imagine", {"prompt": "a cat"})


async def readiness(page: str) -> dict[str, Any]:
    """What `/readyz` answers; the service is there, whatever the bot does."""
    async with aiohttp.ClientSession() as session, session.get(f"{page}readyz") as answer:
        assert answer.status == 200
        state: dict[str, Any] = await answer.json()
        return state


async def figures(page: str) -> list[str]:
    """What `/metrics` tells, by lines."""
    async with aiohttp.ClientSession() as session, session.get(f"{page}metrics") as answer:
        return (await answer.text()).splitlines()


async def test_a_restart_keeps_buttons_and_registers_commands_where_they_changed(
    fake: FakeDiscord, ann: Person, painter: Automatic1111Emulator, tmp_path: Path
) -> None:
    """A registration that Discord denies is said, and made up for by the next start."""
    root = tmp_path / "root"
    fake.trouble(r"PUT /applications/", 403)
    async with running(fake, root, API_HOST=painter.address) as bot:
        await bot.logged("Discord did not take the commands")
        await bot.logged("Abby is online as Abby")
        bot.send(signal.SIGTERM)
        assert await bot.exit_code() == 0
    assert fake.syncs == []
    async with running(fake, root, API_HOST=painter.address) as bot:
        await fake.synced()
        made = await finished(await imagine(ann))
        bot.send(signal.SIGINT)
        assert await bot.exit_code() == 0
    async with running(fake, root, API_HOST=painter.address) as bot:
        message = await finished(await ann.click(made, "Again"))
        assert "Daily: 2/5" in message.text
        fake.gateway.drop()
        await fake.resumed()
        assert "Daily Generations: 2/5" in (await finished(await ann.slash("quota"))).text
    assert len(fake.syncs) == 1


async def test_at_sigterm_what_runs_is_finished_and_nothing_begins(
    fake: FakeDiscord, ann: Person, painter: Automatic1111Emulator, tmp_path: Path
) -> None:
    """The second command is told that the bot is about to restart."""
    painter.shown = asyncio.Event()
    async with running(fake, tmp_path / "root", API_HOST=painter.address) as bot:
        await fake.synced()
        first = await imagine(ann)
        told = await first.message(lambda message: "Painting" in message.text, timeout=10)
        assert not told.embeds
        waiting = await imagine(fake.user("bob"))
        await waiting.message(lambda message: "place 1 in the line" in message.text, timeout=10)
        bot.send(signal.SIGTERM)
        await bot.logged("waiting for pictures under way")
        late = await finished(await imagine(fake.user("eve")))
        assert "The bot is about to restart." in late.text
        painter.shown.set()
        assert (await finished(first)).attachments
        assert (await finished(waiting)).attachments
        assert await bot.exit_code(timeout=GENTLE_SECONDS) == 0
    assert fake.complaints == []


async def test_what_takes_too_long_is_given_back_and_a_defect_has_a_reference(
    fake: FakeDiscord, ann: Person, painter: Automatic1111Emulator, tmp_path: Path
) -> None:
    """The day's count is as before; the reference that the user sees is in the log with the defect."""
    painter.shown = asyncio.Event()
    root = tmp_path / "root"
    words = command(root, "bot", API_HOST=painter.address)
    async with await BotProcess.start(hasty(words, PATCHED), {}, fake) as bot:
        await bot.ready()
        await fake.synced()
        text = (await finished(await ann.slash("history"))).text
        assert "An unexpected error occurred. Please try again later." in text
        found = re.search("reference: [*`]*([0-9a-f]{8})", text)
        assert found is not None
        assert "broken on purpose" in (await bot.logged(f".*{found[1]}.*")).group()
        asked = await imagine(ann)
        await asked.message(lambda message: "Painting" in message.text, timeout=10)
        bot.send(signal.SIGTERM)
        assert "The bot is stopping" in (await finished(asked)).text
        assert await bot.exit_code(timeout=GENTLE_SECONDS) == 0
    events = (root / "logs" / "events.jsonl").read_text(encoding="utf-8")
    assert '"GenerationReleased"' in events
    assert '"reason":"cancelled"' in events


async def test_a_wrong_token_is_said_once_and_ends_the_bot_alone(fake: FakeDiscord, tmp_path: Path) -> None:
    """`abby bot` ends with the code of a wrong setting; `abby serve` goes on with the page."""
    wrong = {"DISCORD_TOKEN": "a-wrong-token"}
    async with await BotProcess.start(command(tmp_path / "alone", "bot"), wrong, fake) as bot:
        assert await bot.exit_code() == 78
        assert "Discord does not accept DISCORD_TOKEN" in bot.log
    async with await BotProcess.start(command(tmp_path / "both", "serve"), wrong, fake) as bot:
        await bot.logged("Discord does not accept DISCORD_TOKEN")
        page = (await bot.logged(r"The page is at (\S+)")).group(1)
        async with aiohttp.ClientSession() as session, session.get(f"{page}healthz") as answer:
            assert answer.status == 200
        state = await readiness(page)
        assert state["status"] == "degraded"
        assert "The Discord bot has ended" in state["notes"][0]
        assert "Discord does not accept DISCORD_TOKEN" in state["notes"][0]
        bot.send(signal.SIGTERM)
        assert await bot.exit_code() == 0
    assert bot.log.count("Discord does not accept DISCORD_TOKEN") == 1
    assert "a-wrong-token" not in bot.log


async def test_without_a_network_the_page_is_there_and_the_bot_comes_later(fake: FakeDiscord, tmp_path: Path) -> None:
    """It is said, and tried again."""
    fake.trouble(r"GET /users/@me", 0, times=2)
    async with await BotProcess.start(hasty(command(tmp_path / "root", "serve"), TRIES_SOON), {}, fake) as bot:
        await bot.logged("Discord cannot be reached")
        page = (await bot.logged(r"The page is at (\S+)")).group(1)
        assert "abby_bot_online 0.0" in await figures(page)
        await fake.online()
        await bot.logged("Abby is online as Abby")
        told = await figures(page)
        assert "abby_bot_online 1.0" in told
        assert "abby_bot_guilds 1.0" in told
        assert any(line.startswith("abby_bot_gateway_seconds ") for line in told)
        bot.send(signal.SIGTERM)
        assert await bot.exit_code() == 0


@pytest.mark.thorough
async def test_the_bot_has_as_many_shards_as_discord_asks_for(painter: Automatic1111Emulator, tmp_path: Path) -> None:
    """Each guild is served by its own. (The library waits five seconds between two.)"""
    async with await FakeDiscord.start(Settings(shards=2)) as fake:
        guilds = [fake.guild(f"guild {number}") for number in range(4)]
        ann = fake.user("ann")
        async with running(fake, tmp_path / "root", API_HOST=painter.address) as bot:
            await bot.logged('"shards":2', timeout=20)
            for guild in guilds:
                assert (
                    await finished(await ann.slash("imagine", {"prompt": "x"}, channel=guild.channels[0]))
                ).attachments
            bot.send(signal.SIGTERM)
            assert await bot.exit_code() == 0
        assert fake.complaints == []


async def test_without_a_token_there_is_no_bot_to_start(fake: FakeDiscord, tmp_path: Path) -> None:
    """And that is said."""
    async with await BotProcess.start(command(tmp_path / "root", "bot"), {"DISCORD_TOKEN": ""}, fake) as bot:
        assert await bot.exit_code() == 78
        assert "DISCORD_TOKEN is not set" in bot.log
