"""Who is refused hears it alone, before anything is fetched for them; and nobody who asks for much holds others up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from adapters.discord.bot import INPUTS_AT_ONCE, INPUTS_OF_ONE_USER
from adapters.discord.cooldowns import AUTOCOMPLETE, BUTTONS_OF_PICTURES, PACES
from tests.adapters.application.evidence import events_of
from tests.adapters.discord.bot.stage import Stage, finished
from tests.adapters.discord.bot.test_pictures import png
from tests.adapters.discord.fake.interactions import Interaction
from tests.adapters.discord.fake.messages import Message
from tests.adapters.discord.fake.people import Person
from tests.adapters.discord.fake.world import Upload
from tests.adapters.discord.test_pictures_in_messages import HEIC

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("one bot")]

Ask = Callable[[Person, Message], Awaitable[Interaction]]
PICTURE = Upload("in.png", png(128), "image/png")
WISHES: dict[str, Ask] = {
    "/imagine": lambda ann, _: ann.slash("imagine", {"prompt": "a cat"}),
    "/imgimg of a file": lambda ann, _: ann.slash("imgimg", {"prompt": "x", "image": PICTURE}),
    "/upscale of a file": lambda ann, _: ann.slash("upscale", {"image": PICTURE}),
    "/upscale of an address": lambda ann, _: ann.slash("upscale", {"url": "https://cdn.discordapp.com/a.png"}),
    "/upscale of a kept picture": lambda ann, _: ann.slash("upscale", {"name": "text_to_image/image_1.png"}),
    "the menu on a message": lambda ann, _: ann.context("Upscale", ann.say("look", PICTURE)),
    "the menu on a picture": lambda ann, made: ann.context("Upscale", made),
    "the button Again": lambda ann, made: ann.click(made, "Again"),
    "the button Vary": lambda ann, made: ann.click(made, "Vary"),
    "the button Upscale": lambda ann, made: ann.click(made, "Upscale"),
}
"""Every way to ask for a picture; some of them of one that was made."""
STYLED = {"/imagine", "/imgimg of a file"}
"""Those of which the style is known before an input or a picture's details are read."""
MISTAKES: dict[str, tuple[Ask, str]] = {
    "no source": (lambda ann, _: ann.slash("upscale"), "Give one picture"),
    "no such name": (lambda ann, _: ann.slash("upscale", {"name": "image_9.png"}), "Image Not Found"),
    "nothing to show": (lambda ann, _: ann.slash("show", {"name": "image_9.png"}), "Image Not Found"),
    "another host": (lambda ann, _: ann.slash("upscale", {"url": "https://example.com/a.png"}), "cannot be used"),
    "too large": (lambda ann, _: ann.slash("upscale", {"image": Upload("a.png", bytes(21 << 20))}), "MB"),
    "no picture there": (lambda ann, _: ann.context("Upscale", ann.say("no picture")), "no picture"),
    "a file that is no picture": (
        lambda ann, _: ann.slash("imgimg", {"prompt": "x", "image": Upload("a.png", b"words", "image/png")}),
        "not an image",
    ),
    "an iPhone's picture": (
        lambda ann, _: ann.slash("upscale", {"image": Upload("a.heic", HEIC, "image/heic")}),
        "HEIC",
    ),
    "both ways": (lambda ann, _: ann.slash("delete", {"name": "a.png", "older_than_days": 1}), "or neither"),
    "no manager": (lambda ann, _: ann.slash("audit", channel=ann.direct), "Not Allowed"),
}


async def seen_by_all(asked: Interaction) -> list[str]:
    """What others than the asker see of an answer."""
    return [message.text for message in asked.channel.messages if message.interaction is asked]


@pytest.mark.parametrize("wish", WISHES)
async def test_a_limit_of_none_refuses_before_anything_is_fetched(stage: Stage, ann: Person, wish: str) -> None:
    """By the ledger's own rules; nobody else sees it, and `/why` knows of it."""
    made = await stage.imagine(ann)
    boss = stage.guild.owner
    assert isinstance(boss, Person)
    await finished(await boss.slash("quota_admin set", {"user": ann, "daily": 0}))
    asked_before = stage.discord.cdn.asked
    asked = await WISHES[wish](ann, made)
    message = await finished(asked)
    assert "You've reached your daily limit of 0 generations" in message.text
    assert message.ephemeral
    assert await seen_by_all(asked) == []
    assert stage.discord.cdn.asked == asked_before
    assert "daily limit of 0" in (await finished(await ann.slash("why"))).text
    refused = events_of(stage.root, "RequestRefused")[-1]["data"]
    assert refused.get("style") == ("enhance" if wish in STYLED else None)


@pytest.mark.parametrize("mistake", MISTAKES)
async def test_a_refusal_is_for_who_asked_alone(ann: Person, mistake: str) -> None:
    """Whatever it was that was refused, and whenever that was found out."""
    ask, words = MISTAKES[mistake]
    asked = await ask(ann, Message(0, ann.direct, ann, 0.0))
    message = await finished(asked)
    assert words in message.text
    assert message.ephemeral
    assert await seen_by_all(asked) == []
    assert "Daily Generations: 0/5" in (await finished(await ann.slash("quota"))).text


async def test_inputs_are_fetched_one_behind_the_other(stage: Stage, ann: Person) -> None:
    """So many at once, and so many of one user, in memory that is bounded; who waits is served in turn. The last free
    turn is Ann's, whom the log knows.
    """
    await stage.imagine(ann)
    cdn = stage.discord.cdn
    cdn.held, cdn.most_at_once = asyncio.Event(), 0
    asked_before = cdn.asked
    wish = {"prompt": "of paper", "image": PICTURE}
    mine = [await ann.slash("imgimg", wish) for _ in range(INPUTS_OF_ONE_USER + 1)]
    others = [stage.discord.user(f"with a picture {number}") for number in range(2 * INPUTS_AT_ONCE)]
    theirs = [await person.slash("imgimg", wish) for person in others]
    await asyncio.gather(*(one.acknowledged() for one in (*mine, *theirs)))
    busy = await finished(mine[-1])
    assert f"You have {INPUTS_OF_ONE_USER} requests under way" in busy.text
    assert busy.ephemeral
    await stage.discord.world.bell.until(
        lambda: cdn.asked == asked_before + INPUTS_AT_ONCE, timeout=10, what=lambda: f"{cdn.asked} downloads"
    )
    cdn.held.set()
    cdn.held = None
    messages = await asyncio.gather(*map(finished, (*mine[:-1], *theirs)))
    assert [message.text for message in messages if not message.attachments] == []
    assert cdn.most_at_once == INPUTS_AT_ONCE


async def test_who_uses_a_command_too_often_is_told_when_it_may_be_used_again(ann: Person, bob: Person) -> None:
    """Alone; what came before is answered, and others are not concerned."""
    times = PACES["gallery"].times
    asked = [await ann.slash("gallery") for _ in range(times + 3)]
    assert "nothing here yet" in (await finished(await bob.slash("gallery"))).text
    messages = await asyncio.gather(*map(finished, asked))
    assert all(message.ephemeral for message in messages)
    told = [message.text for message in messages if "very often" in message.text]
    assert len(told) == 3
    assert all("try again in" in text and "second" in text for text in told)
    assert "Daily Generations: 0/5" in (await finished(await ann.slash("quota"))).text


async def test_presses_and_suggestions_have_a_pace_too(stage: Stage, ann: Person, bob: Person) -> None:
    """A press that is refused for another reason counts as well; whoever types too fast is suggested nothing more."""
    made = await stage.imagine(ann)
    pressed = [await bob.click(made, "Vary") for _ in range(PACES[BUTTONS_OF_PICTURES].times + 2)]
    texts = [(await finished(one)).text for one in pressed]
    assert sum("very often" in text for text in texts) == 2
    assert sum("These buttons are for whoever made the picture" in text for text in texts) == len(texts) - 2
    times = PACES[AUTOCOMPLETE].times + 2
    suggested = await asyncio.gather(*(ann.autocomplete("show", "name", "", timeout=20) for _ in range(times)))
    assert sum(not names for names in suggested) == 2


async def test_where_no_managers_hear_of_requests_for_more_that_is_said(stage: Stage, ann: Person) -> None:
    """The request stands all the same, and can be withdrawn."""
    await stage.imagine(ann, count=4)
    await stage.imagine(ann)
    shown = await ann.click(await stage.imagine(ann), "Ask for more")
    answer = await finished(await ann.submit(shown, {"How many generations": "2"}))
    assert "Your request for 2 generations more stands." in answer.text
    assert "no channel in which managers hear of requests" in answer.text
    assert answer.buttons == ["Withdraw it"]
