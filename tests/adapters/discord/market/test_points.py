"""`/points` and `/gift`: what somebody has, what a day gives, and what is given to others."""

from __future__ import annotations

import asyncio

import pytest

from tests.adapters.discord.bot.stage import finished
from tests.adapters.discord.hostile_texts import LINK, LIVE
from tests.adapters.discord.market.bazaar import Bazaar, said

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("the bazaar")]


async def test_a_day_gives_its_points_once(bazaar: Bazaar) -> None:
    """By a button, which says then that they were taken; two presses at once are one claim."""
    ann = bazaar.somebody()
    message = await said(ann, "points")
    assert "Your stars" in message.text.replace("Stars", "stars")
    assert "You have **0 stars**" in message.text
    assert message.buttons == ["Take today's 5"]
    other = await said(ann, "points")
    await asyncio.gather(ann.click(message, "Take today's 5"), ann.click(other, "Take today's 5"))
    for one in (message, other):
        await bazaar.changed(one, "You have **5 stars**")
        assert one.buttons == []
        assert one.text.count("`+5` for the day · <t:") == 1
    notes = [one.text.splitlines()[1] if "✅" in one.text else one.text for one in (message, other)]
    assert sum("✅ 5 stars for today" in text for text in (message.text, other.text)) == 1, notes
    assert sum("You have taken today's stars already" in text for text in (message.text, other.text)) == 1
    assert (await said(ann, "points", channel=ann.direct)).buttons == []


async def test_the_movements_are_told_from_the_side_of_who_looks(bazaar: Bazaar) -> None:
    """Newest first, with the names of others and what was said with it."""
    ann, bob = await bazaar.rich(50), bazaar.somebody("bob")
    await finished(await ann.slash("gift", {"member": bob, "amount": 6, "reason": "thanks"}))
    await bazaar.manages("burn", user=ann, amount=4, reason="a mistake")
    rows = (await said(ann, "points")).text.split("**40 stars**.")[1].split("\n`")[1:]
    assert [row.split(" · ")[0] for row in rows] == [
        "-4` taken away by the managers: a mistake",
        f"-6` to **{bob.name}**: thanks",
        "+50` given by the managers: a game",
    ]
    assert f"`+6` from **{ann.name}**: thanks" in (await said(bob, "points")).text


async def test_a_gift_is_told_in_the_channel_with_a_mention_of_who_gets_it_alone(bazaar: Bazaar) -> None:
    """Whatever is said with it rings nobody up, and has no markup."""
    ann, bob = await bazaar.rich(50), bazaar.somebody("bob")
    words = f"@everyone <@{bazaar.owner.id}> **big** [x](https://x.example) 👩\u200d🚀"
    asked = await ann.slash("gift", {"member": bob, "amount": 6, "reason": words})
    answer, message = await finished(asked), await asked.followup()
    assert answer.ephemeral
    assert f"You gave **{bob.name}** 6 stars, and have 44 left." in answer.text
    assert answer.pings == []
    assert not message.ephemeral, "an edit of the answer would ring nobody up"
    assert message.pings == [str(bob.id)]
    assert message.content == f"<@{bob.id}>"
    assert message.allowed_mentions is not None
    assert message.allowed_mentions["parse"] == [], "nobody else, whatever its content were"
    assert f"**{ann.name}** gave **{bob.name}** **6 stars**." in message.text
    assert "\\*\\*big\\*\\*" in message.text
    assert "You have **44 stars**" in (await said(ann, "points")).text
    assert "You have **6 stars**" in (await said(bob, "points")).text


async def test_a_gift_whose_message_does_not_come_through_is_made_and_told_to_its_giver(bazaar: Bazaar) -> None:
    """Who got it sees it in `/points`; the giver is not told that something went wrong, and gives no second time."""
    ann, bob = await bazaar.rich(50), bazaar.somebody("bob")
    bazaar.discord.trouble(r"POST /webhooks/", 500, times=100, user=ann)
    answer = await said(ann, "gift", member=bob, amount=6)
    assert "and have 44 left." in answer.text
    assert f"`+6` from **{ann.name}**" in (await said(bob, "points")).text
    assert "have 44 left." in answer.text


async def test_names_of_members_act_nowhere(bazaar: Bazaar) -> None:
    """Whatever somebody calls themselves: in gifts, in what managers are told, and in the movements of others."""
    ann, evil = await bazaar.rich(50), bazaar.somebody("@everyone **x** [a](https://b.example)")
    asked = await ann.slash("gift", {"member": evil, "amount": 6})
    shown = [await finished(asked), await asked.followup(), await said(ann, "points")]
    shown.append(await bazaar.manages("mint", user=evil, amount=1, reason="a game"))
    for message in shown:
        assert "@\u200beveryone \\*\\*x\\*\\* \\[a\\]" in message.text
        assert not LIVE.search(message.text.replace(f"<@{evil.id}>", ""))
        assert not LINK.search(message.text)


async def test_what_cannot_be_given_is_said_to_the_giver_alone(bazaar: Bazaar) -> None:
    """Too much, oneself, a bot, in a direct message: in kind words, and nothing moves."""
    ann, bob = await bazaar.rich(5), bazaar.somebody("bob")
    robot = bazaar.somebody("robot")
    robot.is_bot = True
    short = await said(ann, "gift", member=bob, amount=6)
    assert "Not Enough" in short.text
    assert "This takes 6 stars, and 5 are there. Nothing was changed." in short.text
    assert "Not To Yourself" in (await said(ann, "gift", member=ann, amount=1)).text
    assert "Bots have no use for it" in (await said(ann, "gift", member=robot, amount=1)).text
    assert "members of the server" in (await said(ann, "gift", member=bob, amount=1, channel=ann.direct)).text
    assert "You have **5 stars**" in (await said(ann, "points")).text


async def test_a_gift_that_is_told_twice_is_made_once(bazaar: Bazaar) -> None:
    """As Discord's gateway tells some interactions."""
    ann, bob = await bazaar.rich(50), bazaar.somebody("bob")
    asked = await ann.slash("gift", {"member": bob, "amount": 6})
    session = bazaar.discord.gateway.session_for(bazaar.guild)
    assert session is not None
    await session.dispatch("INTERACTION_CREATE", asked.event())
    await finished(asked)
    await bazaar.discord.world.bell.until(lambda: asked.failures, timeout=5, what=lambda: "the second one refused")
    assert [failure.code for failure in asked.failures] == [40060]
    assert "You have **44 stars**" in (await said(ann, "points")).text
    bazaar.discord.world.complaints.clear()
