"""`/imagine`, `/imgimg`, `/upscale` and the menus: a wish becomes a message with a picture, or says why it does not."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable

import pytest
from PIL import Image

from tests.adapters.discord.bot.stage import Stage, finished
from tests.adapters.discord.fake.people import Person
from tests.adapters.discord.fake.world import Upload
from tests.emulators.emulator import Reply

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("one bot")]

DAILY = 5


def png(side: int = 64, colour: str = "teal") -> bytes:
    """A small picture."""
    buffer = io.BytesIO()
    Image.new("RGB", (side, side), colour).save(buffer, "PNG")
    return buffer.getvalue()


class TestImagine:
    """A picture from words."""

    async def test_a_picture_comes_with_all_that_makes_it_again(self, ann: Person) -> None:
        """Prompt without markup or mentions, style, size, seed, the seeds' line, the file, and its buttons."""
        asked = await ann.slash("imagine", {"prompt": "a *cat* for @everyone", "style": "anime", "seed": 7})
        await asked.acknowledged()
        assert asked.deferred
        message = await finished(asked)
        for words in (r"a \*cat\* for", "Style: anime", "Size: 1024x1024", "Seed: 7", "Daily: 1/5 | Storage: 0."):
            assert words in message.text
        assert message.pings == []
        assert [attachment.name for attachment in message.attachments] == ["image_1.png"]
        assert message.buttons == ["Again", "Vary", "Upscale", "Delete"]
        assert Image.open(io.BytesIO(message.attachments[0].data)).size == (1024, 1024)

    async def test_every_option_reaches_the_picture(self, ann: Person) -> None:
        """Two pictures of another shape: the second is a message of its own with its own buttons."""
        options = {"size": "portrait", "negative_prompt": "dogs", "steps": 20, "count": 2, "style": "origami"}
        asked = await ann.slash("imagine", {"prompt": "a cat", **options})
        first = await finished(asked)
        second = await asked.followup(timeout=10)
        assert "dogs" in first.text
        assert "Size: 832x1216" in first.text
        assert "2 of 2" in second.text
        assert [message.attachments[0].name for message in (first, second)] == ["image_1.png", "image_2.png"]
        assert second.buttons == first.buttons

    async def test_the_daily_limit_is_refused_in_the_seeds_words(self, stage: Stage, ann: Person) -> None:
        """More at once than are left, then one more than the day has."""
        await stage.imagine(ann, count=4)
        message = await stage.imagine(ann, count=2)
        assert "Daily Generation Limit Reached" in message.text
        assert "1 of your daily limit of 5 generations is left" in message.text
        await stage.imagine(ann)
        message = await stage.imagine(ann)
        assert "You've reached your daily limit of 5 generations." in message.text
        assert "Next Reset: <t:" in message.text
        assert message.attachments == []

    async def test_six_at_once_from_three_guilds_are_five_pictures_and_one_refusal(
        self, stage: Stage, ann: Person
    ) -> None:
        """A user's limit holds across guilds, and exactly so."""
        guilds = [stage.discord.guild(f"guild {number}") for number in range(3)]
        for guild in guilds:
            await stage.discord.join(guild)
        channels = [guild.channels[0] for guild in guilds] * 2
        asked = [await ann.slash("imagine", {"prompt": f"cat {n}"}, channel=c) for n, c in enumerate(channels)]
        messages = await asyncio.gather(*map(finished, asked))
        assert sum(bool(message.attachments) for message in messages) == DAILY
        (refused,) = (message for message in messages if "Daily Generation Limit Reached" in message.text)
        assert refused.ephemeral
        quota = await finished(await ann.slash("quota"))
        assert "Daily Generations: 5/5" in quota.text
        assert "Images: 5" in quota.text
        assert "held" not in quota.text

    async def test_a_picture_that_is_too_large_for_the_channel_is_shown_smaller(
        self, stage: Stage, ann: Person
    ) -> None:
        """The kept one is whole; the message says that it shows a copy."""
        small = stage.discord.guild("small", attachment_bytes=5_000)
        await stage.discord.join(small)
        asked = await ann.slash("imagine", {"prompt": "a cat"}, channel=small.channels[0])
        message = await finished(asked)
        assert "too large for this channel" in message.text
        assert message.attachments[0].name == "image_1.webp"
        assert len(message.attachments[0].data) <= 5_000
        assert asked.failures == []

    async def test_an_ended_token_sends_the_picture_into_the_channel(self, stage: Stage, ann: Person) -> None:
        """As an ordinary message that rings its user up."""
        channel = stage.discord.channel("patience", stage.guild)
        asked = await ann.slash("imagine", {"prompt": "a slow cat"}, channel=channel)
        await asked.acknowledged()
        asked.expire()
        message = await channel.message(lambda message: message.attachments, timeout=20)
        assert message.pings == [str(ann.id)]
        assert "a slow cat" in message.text
        assert message.buttons == ["Again", "Vary", "Upscale", "Delete"]
        assert {failure.code for failure in asked.failures} == {50027}
        stage.discord.world.complaints.clear()

    @pytest.mark.parametrize("status", [500, 429])
    async def test_a_hiccup_of_discord_loses_no_picture(self, stage: Stage, ann: Person, status: int) -> None:
        """The answer is sent again."""
        stage.discord.trouble(r"PATCH /webhooks/", status, retry_after=0.2)
        message = await stage.imagine(ann)
        assert message.attachments

    async def test_a_command_that_the_gateway_tells_twice_makes_one_picture(self, stage: Stage, ann: Person) -> None:
        """As it may after a connection was resumed."""
        asked = await ann.slash("imagine", {"prompt": "a cat"})
        session = stage.discord.gateway.session_for(stage.guild)
        assert session is not None
        await session.dispatch("INTERACTION_CREATE", asked.event())
        await finished(asked)
        await stage.bot.logged("nobody left to answer.*")
        assert "Daily Generations: 1/5" in (await finished(await ann.slash("quota"))).text
        assert [failure.code for failure in asked.failures] == [40060]
        stage.discord.world.complaints.clear()

    async def test_a_connection_that_drops_meanwhile_is_resumed_and_the_answer_comes(
        self, stage: Stage, ann: Person
    ) -> None:
        """In the place of the progress; the picture is made, kept and counted once, and no new session begins."""
        gateway, jobs = stage.discord.gateway, stage.painter.jobs
        resumed, sessions = gateway.counts["resume"], gateway.counts["identify"]
        stage.painter.shown = asyncio.Event()
        asked = await ann.slash("imagine", {"prompt": "a cat"})
        await asked.message(lambda message: "Painting" in message.text)
        assert gateway.drop() == 1
        await stage.discord.resumed(resumed + 1)
        stage.painter.shown.set()
        stage.painter.shown = None
        message = await finished(asked)
        assert len(message.attachments) == 1
        assert "Daily: 1/5" in message.text
        assert asked.followups == []
        quota = (await finished(await ann.slash("quota"))).text
        assert "Daily Generations: 1/5" in quota
        assert "Images: 1" in quota
        assert stage.painter.jobs == jobs + 1
        assert gateway.counts["identify"] == sessions

    async def test_a_picture_whose_message_was_deleted_meanwhile_is_shown_to_its_user_alone(
        self, stage: Stage, ann: Person
    ) -> None:
        """Whoever deleted it does not see it come back."""
        stage.painter.shown = asyncio.Event()
        asked = await ann.slash("imagine", {"prompt": "a cat"})
        (await asked.message(lambda message: "Painting" in message.text)).delete()
        stage.painter.shown.set()
        stage.painter.shown = None
        message = await asked.followup(lambda message: message.attachments, timeout=20)
        assert message.ephemeral
        assert message.seen_by is ann
        assert message.buttons == ["Again", "Vary", "Upscale", "Delete"]
        assert "Page 1 of 1 · 1 image" in (await finished(await ann.slash("gallery"))).text
        stage.discord.world.complaints.clear()

    @pytest.mark.parametrize(("takes", "expected"), [(3_000, "image_1.webp"), (10, "made and kept as")])
    async def test_a_channel_that_takes_less_than_it_says_is_sent_a_smaller_copy_or_the_name(
        self, stage: Stage, ann: Person, takes: int, expected: str
    ) -> None:
        """The limit that an interaction tells is not always the one that holds."""
        number = len(stage.discord.world.guilds)
        guild = stage.discord.guild(f"mean {number}", attachment_bytes=takes)
        guild.announced_bytes = 10 << 20
        await stage.discord.join(guild)
        message = await finished(await ann.slash("imagine", {"prompt": "a cat"}, channel=guild.channels[0]))
        assert expected in "\n".join([message.text, *(attachment.name for attachment in message.attachments)])
        stage.discord.world.complaints.clear()

    async def test_direct_messages_are_a_place_as_any(self, ann: Person) -> None:
        """The quota is the same one."""
        asked = await ann.slash("imagine", {"prompt": "a cat"}, channel=ann.direct)
        assert "Daily: 1/5" in (await finished(asked)).text
        assert "Daily Generations: 1/5" in (await finished(await ann.slash("quota"))).text

    async def test_a_failing_service_is_told_and_what_counted_is_given_back(self, stage: Stage, ann: Person) -> None:
        """And `/why` and `/history` know of it afterwards."""
        stage.painter.script.append(Reply(404, b'{"error": "NotFound", "detail": "", "errors": ""}'))
        message = await stage.imagine(ann)
        assert "Image generation services are not available. Please try again later." in message.text
        assert (message.attachments, message.buttons) == ([], [])
        for command, words in (
            ("quota", "Daily Generations: 0/5"),
            ("why", "it failed; nothing was counted"),
            ("history", "it failed; nothing was counted"),
            ("history", "it failed. Counted nothing on"),
        ):
            assert words in (await finished(await ann.slash(command))).text

    async def test_two_hundred_at_once_are_all_answered_in_time(
        self, stage: Stage, record_property: Callable[[str, object], None]
    ) -> None:
        """Discord gives each three seconds; the longest wait is recorded."""
        people = [stage.discord.user(f"one of many {number}") for number in range(100)]
        asked = [await person.slash(command) for person in people for command in ("quota", "help")]
        await asyncio.gather(*map(finished, asked))
        waits = [one.acknowledged_after for one in asked]
        assert None not in waits
        assert [one.failures for one in asked if one.failures] == []
        record_property("the longest wait of 200 commands, in seconds", max(filter(None, waits)))


class TestShow:
    """`/show`: a kept picture once more."""

    async def test_a_kept_picture_is_posted_again_in_full(self, stage: Stage, ann: Person, bob: Person) -> None:
        """For all in the channel, with its words and buttons; a name of somebody else's is not found."""
        made = await stage.imagine(ann, prompt="a heron", seed=3)
        (choice,) = await ann.autocomplete("show", "name", "image_1")
        shown = await finished(await ann.slash("show", {"name": choice.value}))
        assert shown.attachments[0].data == made.attachments[0].data
        for words in ("a heron", "Seed: 3", "Size: 1024x1024", f"Kept as {choice.value}"):
            assert words in shown.text
        assert not shown.ephemeral
        assert shown.buttons == made.buttons
        assert "Daily Generations: 1/5" in (await finished(await ann.slash("quota"))).text
        assert "Image Not Found" in (await finished(await bob.slash("show", {"name": choice.value}))).text

    async def test_one_that_is_too_large_for_the_channel_is_shown_smaller(self, stage: Stage, ann: Person) -> None:
        """And that is said."""
        little = stage.discord.guild("little", attachment_bytes=5_000)
        await stage.discord.join(little)
        await stage.imagine(ann)
        options = {"name": "text_to_image/image_1.png"}
        shown = await finished(await ann.slash("show", options, channel=little.channels[0]))
        assert "too large for this channel" in shown.text
        assert len(shown.attachments[0].data) <= 5_000

    async def test_a_channel_that_takes_less_than_it_says_is_sent_a_smaller_copy(
        self, stage: Stage, ann: Person
    ) -> None:
        """As with a picture that was just made."""
        mean = stage.discord.guild("mean to show", attachment_bytes=3_000)
        mean.announced_bytes = 10 << 20
        await stage.discord.join(mean)
        await stage.imagine(ann)
        options = {"name": "text_to_image/image_1.png"}
        shown = await finished(await ann.slash("show", options, channel=mean.channels[0]))
        assert [attachment.name for attachment in shown.attachments] == ["image_1.webp"]
        assert "too large for this channel" in shown.text
        stage.discord.world.complaints.clear()


class TestFromPictures:
    """`/imgimg` and `/upscale`."""

    async def test_an_attached_picture_is_changed(self, ann: Person) -> None:
        """The result has its shape."""
        upload = Upload("in.png", png(128), "image/png")
        asked = await ann.slash("imgimg", {"prompt": "of paper", "image": upload, "style": "origami", "strength": 0.5})
        message = await finished(asked)
        assert "Image Changed" in message.text
        assert "Style: origami" in message.text
        assert message.buttons == ["Vary", "Upscale", "Delete"]

    @pytest.mark.parametrize("command", ["imgimg", "upscale"])
    async def test_exactly_one_picture_is_given(self, ann: Person, command: str) -> None:
        """None and two are refused in words, and nothing counts."""
        prompt = {"prompt": "x"} if command == "imgimg" else {}
        for sources in ({}, {"image": Upload("a.png", png(), "image/png"), "url": "https://cdn.discordapp.com/a.png"}):
            message = await finished(await ann.slash(command, {**prompt, **sources}))
            assert "Give one picture to start from" in message.text
        assert "Daily Generations: 0/5" in (await finished(await ann.slash("quota"))).text

    async def test_no_address_but_those_of_discord_is_fetched(self, ann: Person) -> None:
        """The sentence tells nobody what stands behind the address."""
        message = await finished(await ann.slash("upscale", {"url": "https://127.0.0.1/secret.png"}))
        assert "This address cannot be used." in message.text

    async def test_a_file_that_is_no_picture_is_refused(self, ann: Person) -> None:
        """Before anything is counted."""
        message = await finished(await ann.slash("upscale", {"image": Upload("a.png", b"no picture", "image/png")}))
        assert "not an image that can be read" in message.text
        assert "Daily Generations: 0/5" in (await finished(await ann.slash("quota"))).text

    async def test_one_of_ones_own_is_made_larger_by_name(self, stage: Stage, ann: Person) -> None:
        """The names are suggested while they are typed."""
        await stage.imagine(ann)
        (choice,) = await ann.autocomplete("upscale", "name", "image_1")
        assert choice.name == "text_to_image/image_1.png"
        message = await finished(await ann.slash("upscale", {"name": choice.value}))
        assert "Image Upscaled" in message.text
        assert "Size: 2048x2048" in message.text
        message = await finished(await ann.slash("upscale", {"name": "image_9.png"}))
        assert "Image Not Found" in message.text


class TestMenus:
    """The menu of a message."""

    async def test_the_picture_of_a_message_is_made_larger(self, stage: Stage, ann: Person, bob: Person) -> None:
        """An attached one of somebody, and one that the bot made, which counts for whoever asks."""
        said = bob.say("look", Upload("mine.png", png(256), "image/png"))
        message = await finished(await ann.context("Upscale", said))
        assert "Size: 2048x2048" in message.text
        made = await stage.imagine(bob)
        message = await finished(await ann.context("Upscale", made))
        assert "Daily: 2/5" in message.text
        message = await finished(await ann.context("Upscale", bob.say("no picture")))
        assert "There is no picture in this message." in message.text

    async def test_the_info_of_a_picture_tells_how_it_was_made(self, stage: Stage, ann: Person) -> None:
        """Of one from elsewhere nothing is known."""
        made = await stage.imagine(ann, prompt="a fox", seed=11, style="anime")
        info = await finished(await ann.context("Image info", made))
        assert info.ephemeral
        for words in ("a fox", "Seed: 11", "Style: anime", "Size: 1024x1024"):
            assert words in info.text
        settlement = next(line for line in info.text.splitlines() if "Reserved" in line).partition("Reserved")[2]
        assert "Counted 1 on" in settlement
        assert settlement in (await finished(await ann.slash("history"))).text
        assert "Strength" not in info.text
        larger = await finished(await ann.click(made, "Upscale"))
        info = await finished(await ann.context("Image info", larger))
        for words in ("a fox", "Style: anime", "Size: 2048x2048"):  # the words of what it was made from
            assert words in info.text
        for words in ("Steps", "CFG", "Seed", "Strength"):
            assert words not in info.text
        said = ann.say("look", Upload("mine.png", png(), "image/png"))
        assert "was not kept with it" in (await finished(await ann.context("Image info", said))).text
