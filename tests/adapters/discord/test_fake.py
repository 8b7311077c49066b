"""The fake Discord lets a right bot pass without a complaint, and refuses wrong ones as the real one would."""

from __future__ import annotations

import asyncio
import io
import json
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import discord
import pytest

from tests.adapters.discord.fake.client import ClientRefuses
from tests.adapters.discord.fake.messages import Message
from tests.adapters.discord.fake.people import Person
from tests.adapters.discord.fake.server import FakeDiscord
from tests.adapters.discord.fake.world import MANAGE_GUILD, USUAL, Upload
from tests.adapters.discord.process import BotProcess
from tests.adapters.discord.small_bots import PICTURE, SmallBot, right_answer, running

RIGHT_BOT = [sys.executable, "-m", "tests.adapters.discord.small_bots"]
WISHES = {"prompt": "a fox"}


async def failing(fake: FakeDiscord, ann: Person, answer: Callable[..., Awaitable[None]]) -> discord.HTTPException:
    """The refusal that discord.py raised inside of the command."""
    async with running(SmallBot(answer), fake) as bot:
        await ann.slash("imagine", WISHES)
        fault = await asyncio.wait_for(bot.faults.get(), timeout=5)
    assert isinstance(fault, discord.HTTPException), repr(fault)
    return fault


async def test_a_right_bot_earns_no_complaint(fake: FakeDiscord, ann: Person) -> None:
    """Registered once, deferred in time, edited with an embed, a picture and a button, pressed by somebody else."""
    async with running(SmallBot(), fake):
        interaction = await (await ann.slash("imagine", {**WISHES, "size": "Big"})).acknowledged()
        assert interaction.deferred
        message = await interaction.message(until=lambda m: m.embeds)
        pressed = await fake.user("bob").click(message, "Again")
        assert (await pressed.message()).text == "pressed with 7"
    assert pressed.ephemeral
    assert not interaction.ephemeral
    assert message.buttons == ["Again"]
    assert len(interaction.history) == 1
    assert list(map(sorted, fake.syncs)) == [["Greet", "Upscale", "choose", "imagine", "manage", "wish"]]
    assert fake.complaints == fake.unknown_routes == []


async def test_a_user_fetches_what_the_message_shows(fake: FakeDiscord, ann: Person, tmp_path: Path) -> None:
    """The embed's picture is served under its signed address while that is good; the session is written out."""
    async with running(SmallBot(), fake):
        message = await (await ann.slash("imagine", WISHES)).message(until=lambda m: m.embeds)
    address = message.looks()["embeds"][0]["image"]["url"]
    assert message.json["attachments"] == []
    async with aiohttp.ClientSession() as session:
        async with session.get(address) as answer:
            assert (answer.status, await answer.read(), answer.content_type) == (200, PICTURE, "image/png")
        async with session.get(address[:-1]) as answer:
            assert answer.status == 404
        fake.clock.advance(25 * 3600)
        async with session.get(address) as answer:
            assert answer.status == 404
    (shown,) = json.loads(fake.dump(tmp_path).read_text())["channels"][0]["messages"]
    assert shown["asked_by"] == "ann"
    assert (tmp_path / shown["files"]["fox.png"]).read_bytes() == PICTURE


async def test_a_picture_given_as_an_option_reaches_the_bot(fake: FakeDiscord, ann: Person) -> None:
    """Its address, size and kind are resolved, and the bot fetches its bytes."""
    fetched: list[tuple[str, bytes]] = []

    async def fetch(interaction: discord.Interaction[Any]) -> None:
        given: discord.Attachment = interaction.extras["like"]
        fetched.append((given.filename, await given.read()))
        await interaction.response.send_message(f"{given.size} {given.content_type}")

    async with running(SmallBot(fetch), fake):
        interaction = await ann.slash("imagine", {**WISHES, "like": Upload("like.png", PICTURE)})
        message = await interaction.message()
    assert message.text == f"{len(PICTURE)} image/png"
    assert fetched == [("like.png", PICTURE)]


async def test_a_choice_changes_the_message_it_was_made_on(fake: FakeDiscord, ann: Person) -> None:
    """What a select offers can be chosen, as often as it allows; the answer is an edit of the same message."""
    async with running(SmallBot(), fake):
        message = await (await ann.slash("choose")).message()
        with pytest.raises(ClientRefuses, match="cannot be chosen"):
            await ann.select(message, "A style", ["Cubism"])
        with pytest.raises(ClientRefuses, match="may not be chosen"):
            await ann.select(message, "A style", ["anime", "origami"])
        chosen = await ann.select(message, "A style", ["origami"])
        await chosen.message(until=lambda m: m.content == "origami it is")
    assert chosen.original is message
    assert [version.looks["content"] for version in message.history] == ["Choose", "origami it is"]
    assert fake.complaints == []


async def test_menus_and_forms_reach_the_bot(fake: FakeDiscord, ann: Person) -> None:
    """The menu on a message brings the message; a form comes up and its input goes back."""
    async with running(SmallBot(), fake):
        said = ann.say("look", Upload("fox.png", PICTURE))
        chosen = await (await ann.context("Upscale", said)).message()
        form = await ann.slash("wish", channel=ann.direct)
        wished = await (await ann.submit(form, {"Wish": "rain"})).message()
        with pytest.raises(ClientRefuses, match="needs 'Wish'"):
            await ann.submit(form, {})
        with pytest.raises(ClientRefuses, match="does not see"):
            await fake.user("bob").context("Upscale", chosen)
    assert chosen.text == f"look: [{len(PICTURE)}]"
    assert wished.text == "You wish for rain."
    assert fake.complaints == []


@pytest.mark.parametrize(
    ("command", "options", "why"),
    [
        ("imagine", {}, "needs the option 'prompt'"),
        ("imagine", {"prompt": ""}, "from 1 to 100"),
        ("imagine", {"prompt": "x" * 101}, "from 1 to 100"),
        ("imagine", {**WISHES, "steps": 9}, "from 10 to 50"),
        ("imagine", {**WISHES, "steps": "many"}, "takes no str"),
        ("imagine", {**WISHES, "steps": True}, "takes no bool"),
        ("imagine", {**WISHES, "size": 513}, "no choice"),
        ("imagine", {**WISHES, "colour": "red"}, "no option 'colour'"),
        ("imagine now", WISHES, "no subcommand"),
        ("paint", WISHES, "no command 'paint'"),
        ("manage show", {}, "lacks permission"),
    ],
)
async def test_the_client_refuses_what_discord_would_not_send(
    fake: FakeDiscord, ann: Person, command: str, options: dict[str, Any], why: str
) -> None:
    """Options are checked against what was registered, before the bot hears of them."""
    async with running(SmallBot(), fake):
        with pytest.raises(ClientRefuses, match=why):
            await ann.slash(command, options)
    assert fake.interactions == []


async def test_commands_are_offered_by_permission_and_place(fake: FakeDiscord, ann: Person) -> None:
    """A manager and the owner may use the subcommand, in the guild alone; a member and a channel are resolved."""
    manager = fake.user("mia", permissions=USUAL | MANAGE_GUILD)
    (guild,) = fake.world.guilds.values()
    assert isinstance(guild.owner, Person)
    shown = {"who": ann, "where": fake.channel("foxes", guild)}
    async with running(SmallBot(), fake):
        for may in (manager, guild.owner):
            assert (await (await may.slash("manage show", shown)).message()).text == "ann in foxes"
        with pytest.raises(ClientRefuses, match="direct messages"):
            await manager.slash("manage show", shown, channel=manager.direct)
        with pytest.raises(ClientRefuses, match="one of its subcommands"):
            await manager.slash("manage", shown)
        assert (await (await ann.context("Greet", manager)).message()).text == "Hello, mia"
        assert (await (await ann.slash("imagine", WISHES, channel=ann.direct)).message(lambda m: m.embeds)).buttons
    assert fake.complaints == []


async def test_suggestions_reach_the_user_and_twenty_six_are_refused(fake: FakeDiscord, ann: Person) -> None:
    """At most 25 choices; the user then sees that loading failed."""
    async with running(SmallBot(), fake):
        assert [choice.name for choice in await ann.autocomplete("imagine", "style", "an")] == ["anime", "analog-film"]
        with pytest.raises(AssertionError, match="loading options failed"):
            await ann.autocomplete("imagine", "style", "all")
        with pytest.raises(ClientRefuses, match="no autocomplete"):
            await ann.autocomplete("imagine", "prompt", "a")
    (refusal,) = fake.interactions[1].failures
    assert (refusal.code, list(refusal.errors or {})) == (50035, ["data"])


async def test_an_acknowledgement_after_three_seconds_is_too_late(fake: FakeDiscord, ann: Person) -> None:
    """The interaction is unknown by then."""

    async def late(interaction: discord.Interaction[Any]) -> None:
        fake.clock.advance(3.1)
        await interaction.response.defer()

    fault = await failing(fake, ann, late)
    assert (fault.status, fault.code) == (404, 10062)
    with pytest.raises(AssertionError, match="an acknowledgement"):
        await fake.interactions[0].acknowledged(within=0.01)
    assert len(fake.complaints) == 1


async def test_silence_is_a_complaint(fake: FakeDiscord, ann: Person) -> None:
    """An interaction that nobody answers is noticed without the test's asking for it."""

    async def nothing(_interaction: discord.Interaction[Any]) -> None:
        return

    async with running(SmallBot(nothing), fake):
        await ann.slash("imagine", WISHES)
        fake.clock.advance(2.9)
        assert fake.complaints == []
        fake.clock.advance(0.2)
    assert ["never acknowledged" in one for one in fake.complaints] == [True]


async def twice(interaction: discord.Interaction[Any]) -> None:
    """A second acknowledgement, past the library's own check."""
    await interaction.response.defer()
    interaction.response._response_type = None
    await interaction.response.defer()


async def long_embed(interaction: discord.Interaction[Any]) -> None:
    """A description of one character too many."""
    await interaction.response.defer()
    await interaction.edit_original_response(embed=discord.Embed(description="x" * 4_097))


async def long_embeds(interaction: discord.Interaction[Any]) -> None:
    """Each embed is within its bounds, both together are not."""
    await interaction.response.send_message(embeds=[discord.Embed(description="x" * 3_001)] * 2)


async def large_file(interaction: discord.Interaction[Any]) -> None:
    """One byte above the limit that the interaction names."""
    await interaction.response.defer()
    data = io.BytesIO(bytes(interaction.filesize_limit + 1))
    await interaction.followup.send(file=discord.File(data, "large.bin"))


async def empty(interaction: discord.Interaction[Any]) -> None:
    """A message with nothing in it."""
    await interaction.response.send_message("")


async def deleted(interaction: discord.Interaction[Any]) -> None:
    """An edit of what is gone."""
    await interaction.response.send_message("soon gone")
    await interaction.delete_original_response()
    await interaction.edit_original_response(content="back")


async def unanswered(interaction: discord.Interaction[Any]) -> None:
    """A follow-up to nothing."""
    await interaction.followup.send("first")


async def same_ids(interaction: discord.Interaction[Any]) -> None:
    """Two buttons of one custom id."""
    view = discord.ui.View()
    for label in ("One", "Two"):
        view.add_item(discord.ui.Button(label=label, custom_id="same"))
    await interaction.response.send_message("choose", view=view)


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (twice, 400, 40060),
        (long_embed, 400, 50035),
        (long_embeds, 400, 50035),
        (same_ids, 400, 50035),
        (large_file, 413, 40005),
        (empty, 400, 50006),
        (deleted, 404, 10008),
        (unanswered, 404, 10015),
    ],
)
async def test_a_wrong_answer_is_refused(
    answer: Callable[..., Awaitable[None]], status: int, code: int, ann: Person, fake: FakeDiscord
) -> None:
    """Discord's status and code reach the command through discord.py, and the fake keeps a complaint."""
    fake.settings.attachment_bytes = 1_000
    fault = await failing(fake, ann, answer)
    assert (fault.status, fault.code) == (status, code)
    assert [failure.code for failure in fake.interactions[0].failures] == [code]
    assert len(fake.complaints) == 1


async def test_a_file_at_the_limit_passes(fake: FakeDiscord, ann: Person) -> None:
    """The limit of the guild counts before the usual one."""
    fake.settings.attachment_bytes = 100
    generous = fake.guild("Generous", attachment_bytes=200)

    async def full(interaction: discord.Interaction[Any]) -> None:
        data = io.BytesIO(bytes(interaction.filesize_limit))
        await interaction.response.send_message(file=discord.File(data, "full.bin"))

    async with running(SmallBot(full), fake):
        message = await (await ann.slash("imagine", WISHES, channel=generous.channels[0])).message()
    assert [len(one.data) for one in message.attachments] == [200]


async def test_the_first_follow_up_fills_the_deferred_message(fake: FakeDiscord, ann: Person) -> None:
    """The deferral alone decides who sees it, and only the second follow-up is a message of its own."""

    async def two(interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer(ephemeral=True)
        await interaction.followup.send("first")
        await interaction.followup.send("second")

    async with running(SmallBot(two), fake):
        interaction = await ann.slash("imagine", WISHES)
        second = await interaction.followup()
    assert (await interaction.message()).text == "first"
    assert interaction.ephemeral
    assert (second.text, second.ephemeral) == ("second", False)


@pytest.mark.parametrize("by", ["the clock", "the test's word"])
async def test_after_the_token_the_channel_is_left(fake: FakeDiscord, ann: Person, by: str) -> None:
    """An expired token is refused; a message to the channel arrives, if the bot may write there."""

    def wear_out() -> None:
        if by == "the clock":
            fake.clock.advance(15 * 60 + 1)
        else:
            fake.interactions[-1].expire()

    codes: asyncio.Queue[int] = asyncio.Queue()

    async def patient(interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer()
        wear_out()
        assert isinstance(interaction.channel, discord.TextChannel)
        for speak in (interaction.edit_original_response, interaction.channel.send):
            try:
                await speak(content="late, but here")
            except discord.HTTPException as refusal:
                codes.put_nowait(refusal.code)

    async with running(SmallBot(patient), fake):
        interaction = await ann.slash("imagine", WISHES)
        assert (await interaction.channel.message()).text == "late, but here"
        assert interaction.original
        assert interaction.original.loading
        interaction.channel.bot_permissions = USUAL & ~(1 << 11)
        await ann.slash("imagine", WISHES)
        async with asyncio.timeout(5):
            assert [await codes.get() for _ in range(3)] == [50027, 50027, 50013]


@pytest.mark.parametrize("status", [429, 500])
async def test_after_a_failure_the_request_is_made_again(fake: FakeDiscord, ann: Person, status: int) -> None:
    """discord.py waits, after a 429 as long as it says, and the user sees the result all the same."""
    fake.trouble("PATCH /webhooks/", status, retry_after=0.1)
    async with running(SmallBot(), fake):
        message = await (await ann.slash("imagine", WISHES)).message(until=lambda m: m.embeds)
    assert [one.data for one in message.attachments] == [PICTURE]
    assert [heard.status for heard in fake.heard if heard.what.startswith("PATCH")] == [status, 200]
    assert fake.complaints == []


async def test_a_request_may_be_dropped(fake: FakeDiscord, ann: Person) -> None:
    """The command sees that the connection ended."""
    fake.trouble("PATCH /webhooks/", 0)
    async with running(SmallBot(), fake) as bot:
        await ann.slash("imagine", WISHES)
        fault = await asyncio.wait_for(bot.faults.get(), timeout=5)
    assert isinstance(fault, aiohttp.ClientError)


async def test_a_bot_in_a_process_of_its_own_is_started_used_and_ended(fake: FakeDiscord, ann: Person) -> None:
    """The button of an old message works after a restart; a bot that ends before it is ready shows its log."""
    async with await BotProcess.start(RIGHT_BOT, {}, fake) as bot:
        await bot.ready()
        message: Message = await (await ann.slash("imagine", WISHES)).message(until=lambda m: m.embeds)
        await bot.logged("logging in using static token")
        bot.send(signal.SIGTERM)
        assert await bot.exit_code() == 0
    async with await BotProcess.start(RIGHT_BOT, {}, fake) as bot:
        await bot.ready()
        assert (await (await ann.click(message, "Again")).message()).text == "pressed with 7"
    async with await BotProcess.start(RIGHT_BOT, {"DISCORD_TOKEN": "wrong"}, fake) as bot:
        with pytest.raises(AssertionError, match="Improper token"):
            await bot.ready()


async def test_two_hundred_commands_at_once_are_all_answered(fake: FakeDiscord) -> None:
    """Of many users, each gets its own answer. (A busy machine may take long over it.)"""
    fake.settings.acknowledge_seconds = 60
    people = [fake.user(f"user {number}") for number in range(200)]
    async with running(SmallBot(right_answer), fake):
        interactions = [await person.slash("imagine", WISHES) for person in people]
        messages = await asyncio.gather(*(one.message(until=lambda m: m.embeds, timeout=60) for one in interactions))
    assert {message.interaction.user for message in messages if message.interaction} == set(people)
    assert fake.complaints == []
