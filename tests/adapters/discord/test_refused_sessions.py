"""A gateway that ends the running bot's session for good: it is told where an operator looks, in words for them; what
is under way reaches its member all the same; a token that was revoked ends the bot alone.
"""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import Callable
from pathlib import Path

from tests.adapters.discord.bot.stage import command, finished
from tests.adapters.discord.fake.people import Person
from tests.adapters.discord.fake.server import FakeDiscord
from tests.adapters.discord.haste import hasty
from tests.adapters.discord.process import BotProcess
from tests.adapters.discord.test_life import imagine, readiness
from tests.emulators.automatic1111 import Automatic1111Emulator

HASTY = """
import adapters.discord.identifying as identifying
import adapters.discord.left_over as left_over
import adapters.discord.lifecycle as life
import adapters.discord.replies as replies
replies.pause_after = lambda error, patience: 0.1
left_over.AGAIN_SECONDS = life.FIRST_PAUSE_SECONDS = 0.05
life.LONGEST_PAUSE_SECONDS = 0.25
identifying.FIRST_SECONDS, identifying.LONGEST_SECONDS, identifying.HELD_SECONDS = 0.05, 0.4, 0.15
"""
"""In the program: short pauses before it connects again, and before it tries another way to answer."""
PATIENCE_SECONDS = 60.0
CODES = {
    4014: "an intent is asked for that this application was not granted",
    4004: "gateway does not accept the token at the moment",
    4012: "discord.py is too old",
    4009: "has lost its connection to Discord",
}


async def until(page: str, look: Callable[[list[str]], bool]) -> None:
    """Until it is true of the notes in `/readyz`."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not look((await readiness(page))["notes"]):  # noqa: ASYNC110 - another process tells nobody of a change
            await asyncio.sleep(0.05)


async def test_a_session_that_is_ended_for_good_is_told_and_nobody_loses_a_picture(
    fake: FakeDiscord, ann: Person, tmp_path: Path
) -> None:
    """One code after the other, with a picture under way; then Discord revokes the token."""
    painter = Automatic1111Emulator()
    async with painter.serving() as address:
        words = command(tmp_path / "root", "serve", API_HOST=address)
        async with await BotProcess.start(hasty(words, HASTY), {}, fake) as bot:
            page = (await bot.logged(r"The page is at (\S+)", timeout=PATIENCE_SECONDS)).group(1)
            await bot.ready(timeout=PATIENCE_SECONDS)
            await fake.synced(timeout=PATIENCE_SECONDS)
            for code, sentence in CODES.items():
                await refused_for_a_while(fake, page, code, sentence, painter, ann)
            fake.settings.token = "another"
            await fake.gateway.close(4004)
            await until(page, lambda notes: any("Discord does not accept DISCORD_TOKEN" in note for note in notes))
            bot.send(signal.SIGTERM)
            assert await bot.exit_code() == 0
    assert "ended by a defect" not in bot.log
    assert [one for one in fake.complaints if not re.match(r"the gateway closed with|GET /users/@me: 401", one)] == []


async def refused_for_a_while(
    fake: FakeDiscord, page: str, code: int, sentence: str, painter: Automatic1111Emulator, person: Person
) -> None:
    """The session ends, and so does every new one until Discord takes one again; the picture is there then."""
    painter.shown = asyncio.Event()
    asked = await imagine(person)
    await asked.message(lambda message: "Painting" in message.text, timeout=PATIENCE_SECONDS)
    fake.gateway.refuses_with = code
    await fake.gateway.close(code)
    await until(page, lambda notes: any(sentence in note for note in notes))
    painter.shown.set()
    painter.shown = None
    fake.gateway.refuses_with = 0
    await until(page, lambda notes: not any("bot is offline" in note for note in notes))
    message = await asked.message(lambda message: message.embeds, timeout=PATIENCE_SECONDS)
    assert message.attachments or "made and kept as" in message.text
    assert "Daily" in (await finished(await person.slash("quota"))).text
