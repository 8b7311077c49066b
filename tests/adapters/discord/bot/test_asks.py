"""Asking for more by the bot itself: from the button under a refusal to the managers' answer, and the next picture."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import NamedTuple

import pytest
import pytest_asyncio

from tests.adapters.application.evidence import events_of
from tests.adapters.discord.bot.stage import Stage, finished, running
from tests.adapters.discord.fake.interactions import Interaction
from tests.adapters.discord.fake.messages import Message
from tests.adapters.discord.fake.people import Person
from tests.adapters.discord.fake.server import FakeDiscord
from tests.adapters.discord.fake.world import MANAGE_GUILD, USUAL, Channel
from tests.emulators.automatic1111 import Automatic1111Emulator

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("one bot")]

ASK = "Ask for more"


class Office(NamedTuple):
    """A stage whose bot has a managers' channel."""

    stage: Stage
    channel: Channel

    async def posted(self, person: Person) -> Message:
        """The managers' message about a request of somebody."""
        told = f"<@{person.id}>"
        return await self.stage.discord.world.bell.until(
            lambda: next((one for one in self.channel.messages if told in one.text), None),
            timeout=20,
            what=lambda: f"{told!r} in the managers' channel; there are {[one.text for one in self.channel.messages]}",
        )


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """One picture a day, a few a week of the server; and a channel where managers hear of requests."""
    root = tmp_path_factory.mktemp("asks") / "root"
    painter = Automatic1111Emulator()
    async with await FakeDiscord.start() as fake, painter.serving() as address:
        guild = fake.guild("Painters")
        channel = fake.channel("managers", guild)
        settings = {"MAX_USER_DAILY_GENS": "1", "DISCORD_MANAGERS_CHANNEL": str(channel.id)}
        async with running(fake, root, API_HOST=address, **settings) as bot:
            await fake.synced()
            yield Office(Stage(bot, fake, painter, guild, root), channel)


@pytest.fixture
def stage(office: Office) -> Stage:
    """That of the office."""
    return office.stage


@pytest.fixture
def boss(stage: Stage) -> Person:
    """Who may manage the server."""
    return stage.discord.user("boss", permissions=USUAL | MANAGE_GUILD)


async def refused(stage: Stage, person: Person) -> Message:
    """The refusal of somebody who has made the picture of the day."""
    await stage.imagine(person)
    message = await stage.imagine(person)
    assert "Daily Generation Limit Reached" in message.text
    return message


async def asked(stage: Stage, person: Person, amount: str = "1", why: str = "") -> Interaction:
    """Somebody who is refused asks for more."""
    shown = await person.click(await refused(stage, person), ASK)
    return await person.submit(shown, {"How many generations": amount, "Why, in a few words": why})


async def test_a_request_is_approved_with_one_press(office: Office, ann: Person, boss: Person) -> None:
    """Managers see what, how much and why, without a ping; the answer names who approved; the next picture is made."""
    stage = office.stage
    answer = await finished(await asked(stage, ann, "2", "for **the** fair @everyone"))
    assert answer.ephemeral
    assert "The managers are asked for 2 generations more" in answer.text
    message = await office.posted(ann)
    assert "**2 generations beyond generations a day for one user**" in message.text
    assert r"for \*\*the\*\* fair" in message.text
    assert message.pings == []
    await boss.click(message, "Approve")
    await stage.changed(message, "✅ Approved: 2 generations more.")
    assert message.buttons == []
    assert f"<@{boss.id}>" in message.text
    told = await ann.direct.message(lambda one: "Your Request Was Approved" in one.text)
    assert "Your request for 2 generations more was approved: 2 generations beyond your limits." in told.text
    assert f"<@{boss.id}>" in told.text
    assert "Image Generated" in (await stage.imagine(ann)).text
    given = events_of(stage.root, "GrantGiven")[-1]["data"]
    assert (given["user"], given["by"], given["amount"], given["source"]) == (
        str(ann.id), f"discord:{boss.id}", 2, "asked",
    )  # fmt: skip


async def test_another_amount_is_approved_by_a_form(office: Office, ann: Person, boss: Person) -> None:
    """For some days, with a few words to whoever asked; what is no number is told, and answers nothing."""
    await finished(await asked(office.stage, ann, "50"))
    message = await office.posted(ann)
    shown = await boss.click(message, "Another amount")
    fields = ["How many generations", "For how many days; empty: for good", "A few words for whoever asked"]
    wrong = await boss.submit(shown, dict(zip(fields, ("many", "", ""), strict=True)))
    assert "Nothing was answered" in (await finished(wrong)).text
    shown = await boss.click(message, "Another amount")
    await boss.submit(shown, dict(zip(fields, ("3", "7", "not fifty"), strict=True)))
    await office.stage.changed(message, "✅ Approved: 3 generations more. They wrote: not fifty")
    event = events_of(office.stage.root, "AskAnswered")[-1]["data"]
    assert (event["amount"], event["reason"], event["expires_at"] > event["at"]) == (3, "not fifty", True)


async def test_the_first_answer_counts_and_the_other_is_told(office: Office, ann: Person, boss: Person) -> None:
    """Two managers press at once; an old press too."""
    await finished(await asked(office.stage, ann))
    message = await office.posted(ann)
    other = office.stage.discord.user("other boss", permissions=USUAL | MANAGE_GUILD)
    await boss.click(message, "Deny")
    late = await other.click(message, "Approve")
    told = await late.followup(lambda one: "already" in one.text)
    assert told.ephemeral
    assert "This request was denied already." in told.text
    assert f"<@{boss.id}>" in told.text
    await office.stage.changed(message, "⛔ Denied.")
    assert [
        one["data"] for one in events_of(office.stage.root, "GrantGiven") if one["data"]["user"] == str(ann.id)
    ] == []
    await ann.direct.message(lambda one: "Your Request Was Denied" in one.text)


async def test_members_and_whoever_asked_answer_nothing(office: Office, ann: Person, bob: Person) -> None:
    """The right is asked at each press, also of the form; a manager who asks is answered by another."""
    await finished(await asked(office.stage, ann))
    message = await office.posted(ann)
    for button in ("Approve", "Deny", "Another amount"):
        refusal = await (await bob.click(message, button)).message(lambda one: one.text)
        assert "Not Allowed" in refusal.text
    selfish = office.stage.discord.user("selfish", permissions=USUAL | MANAGE_GUILD)
    await finished(await asked(office.stage, selfish))
    own = await office.posted(selfish)
    press = await selfish.click(own, "Approve")
    told = await press.followup(lambda one: "Nobody answers their own request" in one.text)
    assert told.ephemeral
    assert "Approve" in own.buttons
    assert all(
        one["data"]["user"] not in {str(ann.id), str(selfish.id)} for one in events_of(office.stage.root, "AskAnswered")
    )


async def test_one_request_is_open_at_a_time_and_can_be_withdrawn(office: Office, ann: Person) -> None:
    """A second press names the first; what is no number asks for nothing; managers see that it is withdrawn."""
    refusal = await refused(office.stage, ann)
    shown = await ann.click(refusal, ASK)
    wrong = await ann.submit(shown, {"How many generations": "0x5"})
    assert "Nothing was asked" in (await finished(wrong)).text
    shown = await ann.click(refusal, ASK)
    answer = await finished(await ann.submit(shown, {"How many generations": "4"}))
    again = await (await ann.click(refusal, ASK)).message(lambda one: one.text)
    assert "Your request for 4 generations beyond generations a day for one user waits" in again.text
    message = await office.posted(ann)
    await ann.click(answer, "Withdraw it")
    await office.stage.changed(answer, "Your request is withdrawn")
    boss = office.stage.discord.user("late boss", permissions=USUAL | MANAGE_GUILD)
    await boss.click(message, "Approve")
    await office.stage.changed(message, "↩️ Withdrawn.")


async def test_where_direct_messages_are_closed_the_answer_stands_beneath_the_next_command(
    office: Office, ann: Person, boss: Person
) -> None:
    """For that user alone, and once."""
    stage = office.stage
    await finished(await asked(stage, ann))
    stage.discord.trouble("POST /users/@me/channels", 403, code=50007)
    await boss.click(await office.posted(ann), "Approve")
    async with asyncio.timeout(20):
        while "answers waiting" not in (stage.root / "logs" / "discord.json").read_text(encoding="utf-8"):  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.05)
    for told in (1, 0):
        command = await ann.slash("quota")
        await finished(command)
        if told:
            await command.followup(lambda one: "Your Request Was Approved" in one.text)
        assert sum("Your Request Was Approved" in one.text for one in command.followups) == told


async def test_buttons_and_forms_work_after_a_kill(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Those under a refusal and in the managers' channel, and a form that was open meanwhile; each request is posted
    once.
    """
    root, painter = tmp_path_factory.mktemp("killed") / "root", Automatic1111Emulator()
    async with await FakeDiscord.start() as fake, painter.serving() as address:
        channel = fake.channel("managers", fake.guild("Painters"))
        ann, bob = fake.user("ann"), fake.user("bob")
        boss = fake.user("boss", permissions=USUAL | MANAGE_GUILD)
        settings = {"API_HOST": address, "MAX_USER_DAILY_GENS": "0", "DISCORD_MANAGERS_CHANNEL": str(channel.id)}
        async with running(fake, root, **settings) as bot:
            await fake.synced()
            refusals = [await finished(await one.slash("imagine", {"prompt": "a fox"})) for one in (ann, bob)]
            shown = await (await ann.click(refusals[0], ASK)).acknowledged()
            bot.kill()
            await bot.exit_code()
        async with running(fake, root, **settings):
            await fake.online(2)
            await finished(await ann.submit(shown, {"How many generations": "2"}))
            (message,) = await fake.world.bell.until(
                lambda: channel.messages, timeout=20, what=lambda: "a request in the channel"
            )
            fields = {"How many generations": "1"}
            await finished(await bob.submit(await bob.click(refusals[1], ASK), fields))
            await boss.click(message, "Approve")
            for words in ("✅ Approved: 2 generations more.", "1 generation beyond"):
                await fake.world.bell.until(
                    partial(is_told, channel, words),
                    timeout=20,
                    what=lambda: f"{[one.text for one in channel.messages]}",
                )
            assert len(channel.messages) == 2
        assert fake.complaints == []


def is_told(channel: Channel, words: str) -> bool:
    """Whether a message of a channel has these words."""
    return any(words in one.text for one in channel.messages)
