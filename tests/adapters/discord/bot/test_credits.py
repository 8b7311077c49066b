"""Where credits are limited: what a picture costs is told before and after it is made, and whose limit said no."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.adapters.discord.bot.stage import Stage, finished, running
from tests.adapters.discord.bot.test_pictures import png
from tests.adapters.discord.fake.people import Person
from tests.adapters.discord.fake.server import FakeDiscord
from tests.adapters.discord.fake.world import MANAGE_GUILD, USUAL, Upload
from tests.emulators.automatic1111 import Automatic1111Emulator

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("one bot")]

LIMITS = (
    "user/month/credits=20, user/week/generations=30, guild/month/generations=900, guild/month/credits=200, "
    "pool/month/credits=500, pool/month/generations=1000"
)
PICTURE = Upload("in.png", png(128), "image/png")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """A bot whose pictures cost six credits each, with six further limits."""
    root = tmp_path_factory.mktemp("credits") / "root"
    painter = Automatic1111Emulator()
    async with await FakeDiscord.start() as fake, painter.serving() as address:
        guild = fake.guild("Painters")
        async with running(fake, root, API_HOST=address, LIMITS=LIMITS, CREDITS_EACH="automatic1111=6") as bot:
            await fake.synced()
            yield Stage(bot, fake, painter, guild, root)


async def test_pictures_are_made_until_the_credits_are_used_up(stage: Stage, ann: Person) -> None:
    """By every way to one; the one that no longer fits is refused before its input is fetched, and told what is left.
    Each says what it cost.
    """
    made = await stage.imagine(ann)
    assert "Image Generated" in made.text
    assert "Cost: 6 credits" in made.text
    assert "14 of your 20 credits are left this month" in made.text
    changed = await finished(await ann.slash("imgimg", {"prompt": "x", "image": PICTURE}))
    assert "8 of your 20 credits are left this month" in changed.text
    assert "Image Upscaled" in (await finished(await ann.click(made, "Upscale"))).text
    refused = await stage.imagine(ann)
    assert refused.ephemeral
    assert "2 of your 20 credits are left this month, and this takes 6." in refused.text
    assert "Next Reset: <t:" in refused.text


async def test_why_a_limit_of_a_window_said_no_is_told(stage: Stage, ann: Person) -> None:
    """With the limit and who set it, and by which pictures it was used; managers of the server are told the same."""
    boss = stage.discord.user("boss", permissions=USUAL | MANAGE_GUILD)
    for _ in range(3):
        assert "Cost: 6 credits" in (await stage.imagine(ann)).text
    assert "2 of your 20 credits are left this month, and this takes 6." in (await stage.imagine(ann)).text
    asked: tuple[tuple[Person, dict[str, object]], ...] = ((ann, {}), (boss, {"user": ann}))
    for asking, options in asked:
        why = (await finished(await asking.slash("why", options))).text
        assert "In force: 20 credits a month for one user, the limit for everybody." in why
        assert "Just before, 18 credits of 20 credits were used since " in why
        assert why.count("6 credits, held for") == 3


async def test_the_price_is_told_before_anything_is_spent(ann: Person) -> None:
    """To who asks alone; asking holds nothing. What would be refused says so, and why."""
    told = await finished(await ann.slash("price", {"count": 2, "size": "wide"}))
    assert told.ephemeral
    for words in (
        "This costs 12 credits, 6 for each of 2 pictures.",
        "5 of your 5 generations are left today",
        "20 of your 20 credits are left this month",
        "30 of your 30 generations are left this week",
        "of this server's 200 credits are left this month",
        "of the bot's 500 credits are left this month",
    ):
        assert words in told.text
    assert "refused" not in told.text
    again = await finished(await ann.slash("price", {"of": "upscale"}))
    assert "This costs 6 credits." in again.text
    assert "20 of your 20 credits are left this month" in again.text
    much = await finished(await ann.slash("price", {"count": 4}))
    assert "It would be refused now. 20 of your 20 credits are left this month, and this takes 24." in much.text
    assert "Ask for at most 3, or wait." in much.text


async def test_a_quota_shows_whose_each_limit_is(ann: Person) -> None:
    """Six further limits beside the ones that are always there; in direct messages none of a server."""
    text = (await finished(await ann.slash("quota"))).text
    for title in (
        "Your Generations This Week: 0/30",
        "Your Credits This Month: 0/20",
        "This Server's Generations This Month: ",
        "This Server's Credits This Month: ",
        "The Bot's Generations This Month: ",
        "The Bot's Credits This Month: ",
    ):
        assert title in text
    assert "This Server" not in (await finished(await ann.slash("quota", channel=ann.direct))).text


@pytest.fixture
def owner(stage: Stage) -> Person:
    """Of the application, so that everything may be done."""
    owner = stage.guild.owner
    assert isinstance(owner, Person)
    return owner


async def test_a_grant_bears_what_the_limits_have_no_room_for_until_it_is_taken_away(
    stage: Stage, ann: Person, owner: Person
) -> None:
    """Given, shown to its user, drawn from, and taken away by a button that asks first."""
    asked = {"user": ann, "unit": "credits", "amount": 12.5, "days": 3, "reason": "a contest"}
    given = await finished(await owner.slash("quota_admin grant", asked))
    assert "has 12.5 credits beyond the limits, until <t:" in given.text
    assert "• 12.5 credits, until <t:" in (await finished(await ann.slash("quota"))).text
    await stage.imagine(ann, count=3)
    assert "Image Generated" in (await stage.imagine(ann)).text, "the fourth needs what was given"
    shown = await finished(await owner.slash("quota_admin grants", {"user": ann}))
    assert "8.5 credits of 12.5 credits left, until <t:" in shown.text
    await owner.click(shown, "Take 1 away")
    await stage.changed(shown, "Take this away?")
    await owner.click(shown, "Keep it")
    await stage.changed(shown, "**1** · 8.5 credits of 12.5 credits left")
    await owner.click(shown, "Take 1 away")
    await stage.changed(shown, "Take this away?")
    await owner.click(shown, "Yes, take it away")
    await stage.changed(shown, "✅ It is taken away.")
    assert "Nothing is left beyond the limits." in shown.text
    assert "You've used all of your 20 credits this month." in (await stage.imagine(ann)).text


@pytest.mark.parametrize(
    ("unit", "amount", "told"),
    [
        ("generations", 1.5, "Generations are given in whole numbers, from 1 up."),
        ("credits", 0.0015, "Credits are given with at most three decimals."),
    ],
)
async def test_a_grant_of_a_part_of_what_cannot_be_parted_is_none(
    ann: Person, owner: Person, unit: str, amount: float, told: str
) -> None:
    """Nothing is given."""
    refused = await finished(await owner.slash("quota_admin grant", {"user": ann, "unit": unit, "amount": amount}))
    assert told in refused.text
    assert "Nothing is left" in (await finished(await owner.slash("quota_admin grants", {"user": ann}))).text


@pytest.mark.parametrize(("command", "more"), [("grant", {"unit": "credits", "amount": 1}), ("grants", {})])
async def test_grants_are_for_those_who_act_on_what_all_servers_share(
    stage: Stage, ann: Person, command: str, more: dict[str, object]
) -> None:
    """Whoever manages one server gives nothing that all pay for."""
    boss = stage.discord.user("boss", permissions=USUAL | MANAGE_GUILD)
    message = await finished(await boss.slash(f"quota_admin {command}", {"user": ann, **more}))
    assert "only the bot's owner changes them" in message.text


async def test_further_limits_for_everybody_are_shown_tried_and_changed(
    stage: Stage, ann: Person, owner: Person
) -> None:
    """From what to what and who would be over; the answer to a question that others overtook changes nothing."""
    await stage.imagine(ann)
    lower = LIMITS.replace("user/month/credits=20", "user/month/credits=5").replace("pool/month/generations=1000", "")
    options = {"limits": lower + ", guild/day/credits=1", "try": "user/month/credits, user/storage"}
    asked = await finished(await owner.slash("quota_admin everybody", options))
    for words in (
        "5 credits a month for one user (before: 20 credits)",
        "Removed: 1,000 generations a month for all together",
        "New: 1 credit a day for one Discord server",
        "Credits a month for one user: only tried out, nobody is refused",
        "Storage for one user: only tried out, nobody is refused",
        "used more credits a month",
        "1 server has used more credits a day",
    ):
        assert words in asked.text
    other = await finished(await owner.slash("quota_admin everybody", {"limits": "none"}))
    await owner.click(asked, "Yes, change them")
    await stage.changed(asked, "Only tried out: credits a month for one user, storage for one user.")
    assert "6/5 (only tried out, nobody is refused)" in (await finished(await ann.slash("quota"))).text
    await owner.click(other, "Yes, change them")
    await stage.changed(other, "Somebody else changed the limits meanwhile")
    back = await finished(await owner.slash("quota_admin everybody", {"limits": LIMITS, "try": "none"}))
    assert "Credits a month for one user: refuses again" in back.text
    await owner.click(back, "Yes, change them")
    await stage.changed(back, "20 credits a month for one user")


@pytest.mark.parametrize(
    ("command", "options", "told"),
    [
        ("everybody", {"limits": "user/year/credits=2"}, "no such window"),
        ("everybody", {"limits": "pool/month/credits"}, "has no value"),
        ("everybody", {"try": "pool/month/money"}, "no such unit"),
        ("set", {"limits": "pool/month/credits=2"}, "is no limit that one user can have"),
    ],
)
async def test_limits_that_cannot_be_read_are_told_with_their_place(
    ann: Person, owner: Person, command: str, options: dict[str, object], told: str
) -> None:
    """Nothing is asked and nothing is changed."""
    given = {"user": ann, **options} if command == "set" else options
    message = await finished(await owner.slash(f"quota_admin {command}", given))
    assert "That Is Not Possible" in message.text
    assert "Entry 1, " in message.text
    assert told in message.text


async def test_one_user_has_further_limits_of_their_own(stage: Stage, ann: Person, owner: Person) -> None:
    """In the place of those for everybody, beside what was theirs before, until they are taken away."""
    await finished(await owner.slash("quota_admin set", {"user": ann, "daily": 9}))
    done = await finished(await owner.slash("quota_admin set", {"user": ann, "limits": "user/month/credits=6"}))
    assert "9 generations a day and 6 credits a month for" in done.text
    await stage.imagine(ann)
    assert "You've used all of your 6 credits this month." in (await stage.imagine(ann)).text
    done = await finished(await owner.slash("quota_admin set", {"user": ann, "limits": "none"}))
    assert "9 generations a day for" in done.text
    assert "Image Generated" in (await stage.imagine(ann)).text
