"""What a restart, a kill and other settings leave of the market: buttons that work, and words that are true."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from adapters.application.deleting import delete_image
from adapters.application.saving import NewImage, save_image
from adapters.engines.opening import open_store
from tests.adapters.application.evidence import events_of
from tests.adapters.discord.bot.stage import command, finished, running
from tests.adapters.discord.fake.people import Person
from tests.adapters.discord.fake.server import FakeDiscord
from tests.adapters.discord.haste import hasty
from tests.adapters.discord.market.bazaar import SETTINGS, Bazaar, pressed, said
from tests.adapters.discord.process import BotProcess
from tests.adapters.discord.test_life import GENTLE_SECONDS, PATCHED
from tests.hostile.builders import png


def bazaar_of(fake: FakeDiscord) -> Bazaar:
    """The one on a fake Discord of one guild."""
    return Bazaar(fake, next(iter(fake.world.guilds.values())))


async def test_where_nothing_is_in_use_the_commands_say_so(fake: FakeDiscord, ann: Person, tmp_path: Path) -> None:
    """In words for members; pictures have no heart, and no day gives anything. Points that somebody makes are shown all
    the same.
    """
    bazaar, bob = bazaar_of(fake), fake.user("bob")
    async with running(fake, tmp_path / "root", GENERATOR="sketch"):
        await fake.synced()
        none = await said(ann, "points")
        assert "Points are not in use here yet" in none.text
        assert "`/market_admin`" in none.text
        assert none.buttons == []
        market = await said(ann, "market")
        assert "Nothing is offered here yet." in market.text
        assert "Nothing is offered here yet." in (await said(ann, "buy", offer="ten")).text
        assert await ann.autocomplete("buy", "offer", "") == []
        assert "This takes 1 point, and 0 are there." in (await said(ann, "gift", member=bob, amount=1)).text
        picture = await finished(await ann.slash("imagine", {"prompt": "a cat"}))
        assert picture.buttons == ["Again", "Vary", "Upscale", "Delete"]
        assert "EARN_" not in none.text + market.text
        await bazaar.manages("mint", user=ann, amount=3, reason="a game")
        assert "You have **3 points**" in (await said(ann, "points")).text
    assert fake.complaints == []


async def test_buttons_of_before_a_restart_work_and_buy_once(fake: FakeDiscord, ann: Person, tmp_path: Path) -> None:
    """A yes that was pressed before the restart is the same purchase after it; the heart and the day's claim too."""
    bazaar, bob, root = bazaar_of(fake), fake.user("bob"), tmp_path / "root"
    async with running(fake, root, **SETTINGS):
        await fake.synced()
        await bazaar.manages("mint", user=ann, amount=60, reason="a game")
        await bazaar.offers("ten", 10, 25)
        question, again = await said(ann, "buy", offer="ten"), await said(ann, "buy", offer="ten")
        daily, picture = await said(bob, "points"), await finished(await ann.slash("imagine", {"prompt": "a cat"}))
        yes = question.component("Yes, buy it")
        await ann.click(question, "Yes, buy it")
        await bazaar.changed(question, "You have 35 left.")
    async with running(fake, root, **SETTINGS):
        again.component("Yes, buy it")["custom_id"] = yes["custom_id"]
        await ann.click(again, "Yes, buy it")
        await bazaar.changed(again, "You have 35 left.")
        await bob.click(daily, "Take today's 5")
        await bazaar.changed(daily, "You have **5 stars**")
        assert "Whoever made it is given 2 stars" in (await pressed(bob, picture, "Favourite")).text
    assert len(events_of(root, "GrantGiven")) == 1
    async with running(fake, root, **SETTINGS | {"EARN_DAILY": 0, "EARN_FAVOURITE": 0}):
        assert "given 2 stars" not in (await pressed(fake.user("eve"), picture, "Favourite")).text
        ann_has = await said(ann, "points")
        assert "You have **37 stars**" in ann_has.text
        assert ann_has.buttons == []
    assert fake.complaints == []


async def test_a_heart_does_not_mean_what_was_saved_in_its_pictures_place(
    fake: FakeDiscord, ann: Person, tmp_path: Path
) -> None:
    """Under the same name, at any later time: it may be one that nobody else was shown."""
    root, bob, name = tmp_path / "root", fake.user("bob"), "text_to_image/image_1.png"
    async with running(fake, root, **SETTINGS):
        await fake.synced()
        picture = await finished(await ann.slash("imagine", {"prompt": "a cat"}))
    store = open_store(root)
    await delete_image(store, str(ann.id), name)
    await save_image(store, NewImage(str(ann.id), png(), name=name))
    store.close()
    async with running(fake, root, **SETTINGS):
        assert "Not Marked" in (await pressed(bob, picture, "Favourite")).text
    assert events_of(root, "FavouriteSet") == []


async def test_whoever_gave_when_the_bot_was_killed_is_sent_to_their_points(
    fake: FakeDiscord, ann: Person, tmp_path: Path
) -> None:
    """Nobody is told that nothing happened, where it may have."""
    bazaar, bob, root = bazaar_of(fake), fake.user("bob"), tmp_path / "root"
    async with running(fake, root, **SETTINGS) as bot:
        await fake.synced()
        await bazaar.manages("mint", user=ann, amount=60, reason="a game")
        hanging = fake.trouble("PATCH /webhooks/", 200, until=asyncio.Event(), user=ann)
        asked = await ann.slash("gift", {"member": bob, "amount": 6})
        await fake.world.bell.until(lambda: not hanging.times, timeout=20, what=lambda: "the answer on its way")
        bot.kill()
        await bot.exit_code()
    async with running(fake, root, **SETTINGS):
        told = await finished(asked)
        assert "`/points` tells whether points were moved." in told.text
        assert "You have **54 stars**" in (await said(ann, "points")).text


@pytest.mark.parametrize("asked_for", ["gift", "market_admin mint"])
async def test_whoever_waits_when_the_bot_stops_is_not_told_that_nothing_was_done(
    fake: FakeDiscord, ann: Person, tmp_path: Path, asked_for: str
) -> None:
    """The points may be moved, and here they are: only the answer did not come through."""
    bazaar, root = bazaar_of(fake), tmp_path / "root"
    words = command(root, "bot", **SETTINGS)
    async with await BotProcess.start(hasty(words, PATCHED), {}, fake) as bot:
        await bot.ready()
        await fake.synced()
        await bazaar.manages("mint", user=bazaar.owner, amount=60, reason="a game")
        fake.trouble("PATCH /webhooks/", 200, until=asyncio.Event(), user=bazaar.owner)
        whom = {"member" if asked_for == "gift" else "user": ann, "amount": 6, "reason": "thanks"}
        asked = await bazaar.owner.slash(asked_for, whom)
        await asked.acknowledged()
        bot.send(signal.SIGTERM)
        told = await finished(asked)
        assert "`/points` shows it in a minute: look there before you ask again." in told.text
        assert "not made" not in told.text
        assert await bot.exit_code(timeout=GENTLE_SECONDS) == 0
    assert [event["data"]["amount"] for event in events_of(root, "PointsMoved")] == [60, 6]
