"""`/queue`: one's own places in the line with a button each, and a server's line for those who manage it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.adapters.discord.bot.stage import Stage, finished
from tests.adapters.discord.fake.interactions import Interaction
from tests.adapters.discord.fake.messages import Message
from tests.adapters.discord.fake.people import Person
from tests.adapters.discord.fake.world import MANAGE_GUILD, USUAL, Channel

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("one bot")]


class Busy:
    """The painter paints one picture that is not done, and others wait behind it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.asked: list[Interaction] = []

    async def ask(self, person: Person, prompt: str, *, channel: Channel | None = None) -> Interaction:
        """One more request, which is painted or waits by then."""
        asked = await person.slash("imagine", {"prompt": prompt}, channel=channel)
        await asked.message(lambda message: "Painting" in message.text or "Waiting" in message.text, timeout=20)
        self.asked.append(asked)
        return asked


@asynccontextmanager
async def busy(stage: Stage, painted_for: Person) -> AsyncIterator[Busy]:
    """With a picture of somebody under way; at the end all are painted."""
    stage.painter.shown = asyncio.Event()
    line = Busy(stage)
    try:
        await line.ask(painted_for, "the first")
        yield line
    finally:
        stage.painter.shown.set()
        stage.painter.shown = None
        for asked in line.asked:
            await finished_or_gone(asked)


async def finished_or_gone(asked: Interaction) -> None:
    """The request has ended: with an answer in its place, or with one below."""
    await asked.world.bell.until(
        lambda: asked.followups or (asked.original is not None and asked.original.embeds) or None,
        timeout=20,
        what=lambda: "an answer",
    )


async def said(person: Person, *, channel: Channel | None = None, **options: object) -> Message:
    """The answer to `/queue`, which its asker alone sees."""
    message = await finished(await person.slash("queue", options, channel=channel))
    assert message.ephemeral
    return message


async def test_the_places_of_ones_own_are_shown_and_taken_out(stage: Stage, ann: Person, bob: Person) -> None:
    """Each with its words, its time and a button; who takes one out sees the line after it, and its place is free."""
    assert "Nothing waits" in (await said(ann)).text
    async with busy(stage, bob) as line:
        otter = await line.ask(ann, "an otter")
        await line.ask(bob, "a badger")
        heron = await line.ask(ann, "a heron")
        message = await said(ann)
        for words in ("**1** · 🎨 an otter · since <t:", "**3** · 🎨 a heron"):
            assert words in message.text
        assert "badger" not in message.text
        assert message.buttons == ["Cancel 1", "Cancel 3", "Cancel all", "Look again"]
        await ann.click(message, "Cancel 1")
        await stage.changed(message, "It is out of the line")
        assert "otter" not in message.text
        assert message.buttons == ["Cancel 1", "Look again"]
        (told,) = await stage.discord.world.bell.until(
            lambda: otter.followups, timeout=20, what=lambda: "a word on what was taken out"
        )
        assert "Out Of The Line" in told.text
        assert told.ephemeral
    assert "Image Generated" in (await finished(heron)).text
    assert "Daily Generations: 1/5" in (await finished(await ann.slash("quota"))).text


async def test_a_button_of_what_waits_no_longer_says_so(stage: Stage, ann: Person, bob: Person) -> None:
    """Taken out before, or its turn came: the line is shown as it is now."""
    async with busy(stage, bob) as line:
        await line.ask(ann, "an otter")
        first, second = await said(ann), await said(ann)
        await ann.click(first, "Cancel 1")
        await stage.changed(first, "It is out of the line")
        await ann.click(second, "Cancel 1")
        await stage.changed(second, "does not wait any more")
        assert second.buttons == ["Look again"]


async def test_all_of_ones_own_are_taken_out_together(stage: Stage, ann: Person, bob: Person) -> None:
    """Those of others stay."""
    async with busy(stage, bob) as line:
        for prompt in ("an otter", "a heron"):
            await line.ask(ann, prompt)
        await line.ask(bob, "a badger")
        message = await said(ann)
        await ann.click(message, "Cancel all")
        await stage.changed(message, "2 requests taken out of the line")
        assert "a badger" in (await said(bob)).text


async def test_nobody_else_presses_the_buttons(stage: Stage, ann: Person, bob: Person) -> None:
    """The list is for who asked; an id that is known by whatever way takes out one's own alone."""
    async with busy(stage, bob) as line:
        await line.ask(ann, "an otter")
        await line.ask(bob, "a badger")
        annas, bobs = await said(ann), await said(bob)
        wanted = annas.component("Cancel 1")["custom_id"].rpartition(":")[2]
        bobs.component("Cancel 2")["custom_id"] = f"abby:queue:mine:{bob.id}:{wanted}"
        await bob.click(bobs, "Cancel 2")
        await stage.changed(bobs, "does not wait any more")
        assert "an otter" in (await said(ann)).text


async def test_managers_see_and_take_out_what_was_asked_for_in_their_server(
    stage: Stage, ann: Person, bob: Person
) -> None:
    """With whose it is and without their words; of another server and of direct messages nothing but the places."""
    boss = stage.discord.user("boss of the line", permissions=USUAL | MANAGE_GUILD)
    async with busy(stage, bob) as line:
        here = await line.ask(ann, "an otter")
        await line.ask(bob, "a badger", channel=bob.direct)
        await line.ask(ann, "a heron")
        message = await said(boss, whose="server")
        assert f"**1** · {ann.name} · 1 picture" in message.text
        assert "**3**" in message.text
        for words in ("otter", "badger", bob.name, "**2**"):
            assert words not in message.text
        assert message.buttons == ["Cancel 1", "Cancel 3", "Look again"]
        await boss.click(message, "Cancel 1")
        await stage.changed(message, "It is out of the line")
        (told,) = await stage.discord.world.bell.until(
            lambda: here.followups, timeout=20, what=lambda: "a word on what was taken out"
        )
        assert "Somebody who manages the line took the request out" in told.text


async def test_the_line_of_a_server_is_for_its_managers(stage: Stage, ann: Person, bob: Person) -> None:
    """Others are told so, alone; in direct messages too. The owner sees all of it, whose it is and wherever from."""
    assert "Not Allowed" in (await said(ann, whose="server")).text
    assert "Not Allowed" in (await said(ann, channel=ann.direct, whose="server")).text
    owner = stage.guild.owner
    assert isinstance(owner, Person)
    async with busy(stage, bob) as line:
        await line.ask(ann, "an otter", channel=ann.direct)
        message = await said(owner, channel=owner.direct, whose="server")
        assert f"**1** · {ann.name} · 1 picture" in message.text
