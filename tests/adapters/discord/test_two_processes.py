"""Two bots, each a process of its own on a Discord of its own, over one ledger: the log in PostgreSQL, the pictures in
a bucket. Somebody who is on both is one user.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from time import monotonic

import pytest

from adapters.engines.choice import POSTGRES_MODULE
from tests.adapters.application.evidence import events_of
from tests.adapters.cli.processes import write_env_file
from tests.adapters.cli.test_bucket import settings_of
from tests.adapters.discord.bot.stage import finished
from tests.adapters.discord.fake.interactions import Interaction
from tests.adapters.discord.fake.messages import Message
from tests.adapters.discord.fake.people import Person
from tests.adapters.discord.fake.server import FakeDiscord
from tests.adapters.discord.haste import hasty
from tests.adapters.discord.process import BotProcess
from tests.emulators.automatic1111 import Automatic1111Emulator
from tests.servers.postgres import new_database
from tests.servers.s3 import new_bucket

DAILY = 4
SOON_SECONDS = 5.0
AGAIN_SECONDS = 0.4
"""Who asks more often is told to wait."""


@asynccontextmanager
async def bot_on(fake: FakeDiscord, folder: Path, settings: Mapping[str, str]) -> AsyncIterator[BotProcess]:
    """A bot with a folder of its own, from its readiness on."""
    env_file = write_env_file(folder.with_suffix(".env"), **{**settings, "LOCAL_ROOT": str(folder)})
    words = [sys.executable, "-m", "adapters.cli", "--env-file", str(env_file), "bot"]
    async with await BotProcess.start(hasty(words), {}, fake) as bot:
        await bot.ready()
        await fake.synced()
        yield bot


@pytest.fixture
async def on_both(fake: FakeDiscord, ann: Person, tmp_path: Path) -> AsyncIterator[tuple[Person, Person]]:
    """A user as seen on each of the two."""
    settings = settings_of(new_bucket(), tmp_path) | new_database() | {
        "PERSISTENCE_MODULE": POSTGRES_MODULE, "GENERATOR": "automatic1111", "LOG_FORMAT": "json", "HTTP_PORT": "0",
        "MAX_USER_DAILY_GENS": str(DAILY),
    }  # fmt: skip
    async with AsyncExitStack() as stack:
        other = await stack.enter_async_context(await FakeDiscord.start())
        other.guild("Hounds")
        there = other.user("ann")
        del other.world.users[there.id]
        there.id = ann.id
        other.world.users[there.id] = there
        painter = Automatic1111Emulator()
        await stack.enter_async_context(painter.serving())
        settings["API_HOST"] = painter.address
        for number, discord in enumerate((fake, other)):
            await stack.enter_async_context(bot_on(discord, tmp_path / f"bot_{number}", settings))
        yield ann, there


async def imagine(person: Person) -> Interaction:
    """A wish for a picture."""
    return await person.slash("imagine", {"prompt": "a cat"})


async def said(person: Person, command: str, **options: object) -> Message:
    """The answer to a command."""
    return await finished(await person.slash(command, options))


async def told_soon(words: str, person: Person, command: str, **options: object) -> None:
    """A command's answer has the words within a moment: what the other bot recorded is heard of, and not waited for."""
    deadline = monotonic() + SOON_SECONDS
    while words not in (text := (await said(person, command, **options)).text):
        assert monotonic() < deadline, text
        await asyncio.sleep(AGAIN_SECONDS)


async def test_a_user_of_two_bots_has_one_quota_one_gallery_and_one_style(
    on_both: tuple[Person, Person], tmp_path: Path
) -> None:
    """Pictures that are asked for on both at once are exactly so many as the day allows; whatever is done on one is
    known on the other: /imagine, /quota, /show, /style, /why, /delete.
    """
    here, there = on_both
    asked = [await imagine(person) for _ in range(3) for person in on_both]
    answers = [await finished(one) for one in asked]
    made = [answer for answer in answers if answer.attachments]
    refused = [answer.text for answer in answers if not answer.attachments]
    assert (len(made), len(refused)) == (DAILY, 2)
    assert all("Daily Generation Limit Reached" in text for text in refused)
    for person in on_both:
        await told_soon(f"Daily Generations: {DAILY}/{DAILY}", person, "quota")
        for number in range(1, DAILY + 1):
            assert (await said(person, "show", name=f"text_to_image/image_{number}.png")).attachments
    assert "Daily Generation Limit Reached" in (await finished(await imagine(there))).text
    await told_soon("Daily Generation Limit Reached", here, "why")
    await said(here, "style", style="origami")
    await told_soon("origami", there, "style")
    assert "1 image deleted" in (await said(there, "delete", name="text_to_image/image_1.png")).text
    assert "Image Not Found" in (await said(here, "delete", name="text_to_image/image_1.png")).text
    for number in range(2):
        kinds = [event["type"] for event in events_of(tmp_path / f"bot_{number}")]
        assert [kinds.count(kind) for kind in ("ImageSaved", "ImageDeleted")] == [DAILY, 1]
