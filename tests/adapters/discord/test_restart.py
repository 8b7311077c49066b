"""What a stop or a kill in the middle of a picture leaves: nothing that counts, and nobody who is left "thinking"."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.discord.pending_answers import FOLDER
from tests.adapters.application.evidence import events_of
from tests.adapters.discord.bot.stage import command, finished, running
from tests.adapters.discord.bot.test_pictures import png
from tests.adapters.discord.fake.interactions import Interaction
from tests.adapters.discord.fake.messages import Message
from tests.adapters.discord.fake.people import Person
from tests.adapters.discord.fake.server import FakeDiscord
from tests.adapters.discord.fake.world import Upload
from tests.adapters.discord.haste import hasty
from tests.adapters.discord.process import BotProcess
from tests.adapters.discord.test_life import GENTLE_SECONDS, PATCHED
from tests.emulators.automatic1111 import Automatic1111Emulator


@pytest.fixture
async def painter() -> AsyncIterator[Automatic1111Emulator]:
    """A service that paints when it may."""
    painter = Automatic1111Emulator()
    painter.shown = asyncio.Event()
    async with painter.serving():
        yield painter


async def imagine(person: Person) -> Interaction:
    """A wish for a picture."""
    return await person.slash("imagine", {"prompt": "a cat"})


def pending(root: Path) -> list[Path]:
    """Who stands there as waiting."""
    return sorted((root / FOLDER).glob("*")) if (root / FOLDER).exists() else []


def unmarked(text: str) -> str:
    """Words without their markup."""
    return text.replace("\\", "").replace("*", "")


async def half_shown(fake: FakeDiscord, person: Person) -> Interaction:
    """A wish for two pictures of which the second is on its way for ever."""
    trouble = fake.trouble("POST /webhooks/", 200, until=asyncio.Event(), user=person, with_files=True)
    batch = await person.slash("imagine", {"prompt": "a cat", "count": 2})
    await finished(batch)
    await fake.world.bell.until(lambda: not trouble.times, timeout=20, what=lambda: "a second picture on its way")
    return batch


async def unanswered(fake: FakeDiscord, person: Person) -> list[Message]:
    """Answers that were promised, and that are on their way for ever."""
    trouble = fake.trouble("PATCH /webhooks/", 200, times=1_000, until=asyncio.Event(), user=person)
    asked = [
        await person.slash(name, options)
        for name, options in (
            ("show", {"name": "text_to_image/image_1.png"}),
            ("gallery", {}),
            ("history", {}),
            ("why", {}),
            ("style", {"style": "anime"}),
            ("delete", {"name": "no such image"}),
        )
    ]
    await fake.world.bell.until(
        lambda: trouble.times == 1_000 - len(asked), timeout=20, what=lambda: f"answers on their way: {trouble}"
    )
    trouble.times = 0
    shown = [one.original for one in asked if one.original is not None]
    assert [one.loading for one in shown] == [True] * len(asked)
    return shown


async def nobody_waits(root: Path) -> None:
    """A note goes a moment after the answer that it stands for."""
    for _ in range(1_000):
        if not pending(root):
            return
        await asyncio.sleep(0.01)
    assert pending(root) == []


async def test_after_a_kill_nothing_counts_and_everybody_hears_of_it(
    fake: FakeDiscord, ann: Person, painter: Automatic1111Emulator, tmp_path: Path
) -> None:
    """One picture was being made, one waited, one was kept and not shown yet, one of two was shown; other commands had
    no answer. The tokens are in no line of a log.
    """
    root, eve, zoe = tmp_path / "root", fake.user("eve"), fake.user("zoe")
    async with running(fake, root, API_HOST=painter.address) as bot:
        await fake.synced()
        fake.trouble("PATCH /webhooks/", 200, until=asyncio.Event(), user=eve, with_files=True)
        kept = await imagine(eve)
        await kept.message(lambda message: "Painting" in message.text)
        assert painter.shown is not None
        painter.shown.set()
        await fake.world.bell.until(
            lambda: not fake.rest.troubles[0].times, timeout=20, what=lambda: "a picture on its way"
        )
        batch, others = await half_shown(fake, zoe), await unanswered(fake, zoe)
        painter.shown = asyncio.Event()
        asked = [await imagine(ann)]
        await asked[0].message(lambda message: "Painting" in message.text)
        asked.append(await imagine(fake.user("bob")))
        await asked[1].message(lambda message: "place 1 in the line" in message.text)
        assert len(pending(root)) == 3 + 1 + len(others)
        if os.name != "nt":  # where a mode says nothing
            assert {stat.S_IMODE(file.stat().st_mode) for file in pending(root)} == {0o600}
        bot.kill()
        await bot.exit_code()
    logs = bot.log
    painter.shown.set()
    painter.shown = None
    async with running(fake, root, API_HOST=painter.address) as bot:
        for one in asked:
            text = (await finished(one)).text
            assert "The bot was restarted" in text
            assert "Painting" not in text
        text = (await finished(kept)).text.replace("\\", "")
        assert "made and kept as **text_to_image/image_1.png**" in text
        await bot.logged("told of the restart")
        assert pending(root) == []
        assert ["The bot was restarted" in one.text for one in others] == [True] * len(others)
        (told,) = batch.followups
        assert "made and kept as **text_to_image/image_2.png**" in told.text.replace("\\", "")
        assert batch.original is not None
        assert len(batch.original.attachments) == 1
        assert "Daily Generations: 0/5" in (await finished(await ann.slash("quota"))).text
        assert "the answer was lost; nothing was counted" in (await finished(await ann.slash("why"))).text
        assert (await finished(await imagine(ann))).attachments
        await nobody_waits(root)
        bot.send(signal.SIGTERM)
        assert await bot.exit_code() == 0
    logs += bot.log + (root / "logs" / "events.jsonl").read_text(encoding="utf-8")
    assert [one for one in fake.interactions if one.token in logs] == []
    reasons = [event["data"]["reason"] for event in events_of(root) if event["type"] == "GenerationReleased"]
    assert reasons == ["unknown", "unknown"]


async def test_a_stop_between_two_pictures_says_where_the_other_is(
    fake: FakeDiscord, ann: Person, painter: Automatic1111Emulator, tmp_path: Path
) -> None:
    """The first one is there; the call that brings the second hangs."""
    painter.shown, root = None, tmp_path / "root"
    fake.trouble("POST /webhooks/", 200, times=1_000, until=asyncio.Event(), user=ann, with_files=True)
    words = command(root, "bot", API_HOST=painter.address)
    async with await BotProcess.start(hasty(words, PATCHED), {}, fake) as bot:
        await bot.ready()
        await fake.synced()
        asked = await ann.slash("imagine", {"prompt": "a cat", "count": 2})
        await finished(asked)
        await fake.world.bell.until(
            lambda: fake.rest.troubles[0].times < 1_000, timeout=20, what=lambda: "a second picture on its way"
        )
        bot.send(signal.SIGTERM)
        told = await asked.followup()
        assert "made and kept as **text_to_image/image_2.png**" in told.text.replace("\\", "")
        assert await bot.exit_code(timeout=GENTLE_SECONDS) == 0
    assert pending(root) == []


async def test_a_smaller_copy_that_fails_costs_no_other_picture(
    fake: FakeDiscord, ann: Person, painter: Automatic1111Emulator, tmp_path: Path
) -> None:
    """Discord takes no file here, and what makes them smaller is broken: each is named, one after the other."""
    painter.shown, root = None, tmp_path / "root"
    fake.settings.attachment_bytes = 10
    fake.world.guilds[next(iter(fake.world.guilds))].announced_bytes = 10 << 20
    words = command(root, "bot", API_HOST=painter.address)
    async with await BotProcess.start(hasty(words, PATCHED), {}, fake) as bot:
        await bot.ready()
        await fake.synced()
        asked = await ann.slash("imagine", {"prompt": "a cat", "count": 3})
        await finished(asked)
        second, third = (f"made and kept as text_to_image/image_{number}.png" for number in (2, 3))
        await asked.followup(lambda one: second in unmarked(one.text))
        await asked.followup(lambda one: third in unmarked(one.text))
    assert len(asked.followups) == 2


async def test_a_stop_while_an_attachment_is_fetched_is_told(
    fake: FakeDiscord, ann: Person, painter: Automatic1111Emulator, tmp_path: Path
) -> None:
    """Nothing was reserved yet, and the message says more than that the bot is thinking."""
    root = tmp_path / "root"
    fake.cdn.held = asyncio.Event()
    words = command(root, "bot", API_HOST=painter.address)
    async with await BotProcess.start(hasty(words, PATCHED), {}, fake) as bot:
        await bot.ready()
        await fake.synced()
        asked = await ann.slash("imgimg", {"prompt": "a cat", "image": Upload("in.png", png(), "image/png")})
        await fake.world.bell.until(lambda: fake.cdn.asked, timeout=10, what=lambda: "a file that is fetched")
        bot.send(signal.SIGTERM)
        assert "The bot is stopping" in (await finished(asked)).text
        assert await bot.exit_code(timeout=GENTLE_SECONDS) == 0
    assert pending(root) == []
    assert "GenerationReserved" not in {event["type"] for event in events_of(root)}
