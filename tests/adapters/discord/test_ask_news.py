"""Requests for more, told on Discord: each posted once, whatever Discord and restarts do, and answered to who asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import discord
import pytest

from adapters.application.asking_for_more import Answer, More, answer_ask_blocking, ask_for_more_blocking
from adapters.application.asking_for_more import Asked as MadeAsk
from adapters.application.results import Actor
from adapters.application.storage import Storage
from adapters.discord.ask_news import ANSWERED, ASKED, AskNews
from adapters.discord.asking import amount_to_write, amount_written, ask_button, limit_to_ask_about
from adapters.discord.bot_state import Remembered
from adapters.discord.delivery import Patience
from adapters.discord.digests import Served
from adapters.discord.news import AGAIN_SECONDS
from adapters.engines.opening import open_store
from adapters.settings.config import load_config
from domain.ask_events import LIMITS_ASKED_ABOUT
from domain.events import Asked
from domain.limit_names import ALL_LIMITS
from domain.refusals import Reason, Refusal
from tests.adapters.discord.fake.server import FakeDiscord
from tests.adapters.discord.fake.world import Channel, User
from tests.adapters.discord.small_bots import SmallBot, running

NOON, LATER = "2026-11-29T12:00:00.000000Z", "2026-12-06T12:00:00.000000Z"
QUICK = Patience(call_seconds=2.0, pause_seconds=0.01, longest_pause_seconds=0.02)
OPENING, POSTING = "POST /users/@me/channels", r"POST /channels/\d+/messages"
ANN = User(11, "ann")
MORE = More("user/day/generations", 3, "for the fair")


class Scene(NamedTuple):
    """A Discord, a bot on it, a log, and the managers' channel."""

    fake: FakeDiscord
    client: discord.Client
    root: Path
    managers: Channel

    @property
    def posted(self) -> list[str]:
        """What managers were told."""
        return [message.text for message in self.managers.messages]

    @property
    def direct(self) -> list[str]:
        """What ann was told by direct message."""
        return [message.text for message in self.fake.world.direct(ANN).messages]


@pytest.fixture
async def scene(fake: FakeDiscord, tmp_path: Path) -> AsyncIterator[Scene]:
    """The bot is online, and has told up to the first event."""
    (guild,) = fake.world.guilds.values()
    fake.world.users[ANN.id] = ANN
    managers = fake.channel("managers", guild)
    async with running(SmallBot(), fake) as client:
        await client.wait_until_ready()
        found = Scene(fake, client, tmp_path / "root", managers)
        await look(found)
        yield found


@asynccontextmanager
async def start(scene: Scene, at: str = NOON, **settings: object) -> AsyncIterator[tuple[AskNews, Storage]]:
    """One start of the bot at a time."""
    config = load_config({"DISCORD_MANAGERS_CHANNEL": str(scene.managers.id), **settings}, Path("no.env"))
    store = open_store(scene.root, clock=lambda: at)
    yield AskNews(Served(scene.client, store, Remembered(scene.root), config.discord, QUICK)), store
    store.close()


async def look(scene: Scene, at: str = NOON, **settings: object) -> tuple[float, float]:
    """A start of the bot that tells what is due, and ends; gives the seconds that it would wait."""
    async with start(scene, at, **settings) as (news, _):
        return await news.tell_due(ASKED), await news.tell_due(ANSWERED)


async def ask(scene: Scene, user: str = "11") -> str:
    """A request that is made while the bot is down; gives its id."""
    async with start(scene) as (_, store):
        done = ask_for_more_blocking(store, user, MORE, actor=Actor(f"discord:{user}", "guild:9"))
        assert isinstance(done, MadeAsk)
        return done.event.ask


async def answer(scene: Scene, ask_id: str, what: str = "approved", at: str = NOON) -> None:
    """An answer that is given while the bot is down."""
    async with start(scene, at) as (_, store):
        done = answer_ask_blocking(store, ask_id, Answer(what, reason="well"), actor=Actor("discord:7"))
        assert not isinstance(done, Refusal)


async def test_what_was_asked_while_the_bot_was_down_is_posted_once(scene: Scene) -> None:
    """However often it starts, and however long after."""
    await ask(scene)
    for _ in range(3):
        await look(scene)
        scene.fake.clock.advance(3_600)  # past the minutes in which Discord knows a message by its nonce
    (text,) = scene.posted
    assert "**3 generations beyond generations a day for one user** (in server 9)." in text
    assert "> for the fair" in text
    assert scene.managers.messages[0].buttons == ["Approve", "Deny", "Another amount"]
    assert scene.fake.complaints == []


async def test_a_lost_answer_of_discords_makes_no_second_post(scene: Scene) -> None:
    """The post is made again under one nonce, by this start or by the next."""
    await ask(scene)
    scene.fake.trouble(POSTING, 0, reaches=True)
    pause, _ = await look(scene)
    assert 0 < pause < AGAIN_SECONDS
    await look(scene)
    assert len(scene.posted) == 1


async def test_what_cannot_be_answered_any_more_is_not_posted(scene: Scene) -> None:
    """Answered, or lapsed, before the bot came back."""
    await answer(scene, await ask(scene))
    await ask(scene, "12")
    await look(scene, LATER)
    assert scene.posted == []


async def test_a_channel_that_cannot_be_posted_to_is_tried_again(scene: Scene) -> None:
    """After ten minutes; nothing is lost meanwhile."""
    await ask(scene)
    scene.fake.trouble(POSTING, 403, code=50001)
    assert (await look(scene))[0] == AGAIN_SECONDS
    await look(scene)
    assert len(scene.posted) == 1


async def test_without_a_managers_channel_nobody_is_told(scene: Scene) -> None:
    """The request stands in the log."""
    await ask(scene)
    await look(scene, DISCORD_MANAGERS_CHANNEL="0")
    assert scene.posted == []
    async with start(scene) as (_, store):
        assert store.running().state.asks.count == 1


@pytest.mark.parametrize(("what", "told"), [("approved", "was approved: 3 generations"), ("denied", "was denied.")])
async def test_whoever_asked_is_told_once(scene: Scene, what: str, told: str) -> None:
    """What was answered, by whom, and with which words."""
    await answer(scene, await ask(scene), what)
    for _ in range(2):
        await look(scene)
        scene.fake.clock.advance(3_600)
    (text,) = scene.direct
    assert f"Your request for 3 generations more {told}" in text
    assert "They wrote: well" in text
    assert "<@7>" in text


async def test_where_direct_messages_are_closed_it_waits_for_the_next_command(scene: Scene) -> None:
    """It is remembered, also over a restart."""
    await answer(scene, await ask(scene))
    scene.fake.trouble(OPENING, 403, code=50007)
    await look(scene)
    assert len(AskNews.waiting_for(Remembered(scene.root), "11")) == 1
    assert scene.direct == []


async def test_an_answer_to_nobody_of_discords_or_of_long_ago_is_told_nobody(scene: Scene) -> None:
    """A user of a program, and an answer of last week."""
    await answer(scene, await ask(scene, "ada"))
    await answer(scene, await ask(scene))
    await look(scene, LATER)
    assert scene.direct == []


@pytest.mark.parametrize("limit", ALL_LIMITS)
def test_a_refusal_has_the_button_where_a_grant_can_help(limit: str) -> None:
    """A limit of one's own; none of a server or of all together. Its id is within Discord's bound."""
    storage = {"user/storage": Reason.USER_STORAGE, "pool/storage": Reason.POOL_STORAGE}
    reason = ({"user/day/generations": Reason.DAILY_LIMIT} | storage).get(limit, Reason.WINDOW_LIMIT)
    window = limit if reason is Reason.WINDOW_LIMIT else None
    refusal = Refusal(reason, "11", asked=Asked(2, 2**53, 0, 2**53), window=window)
    view = ask_button(refusal, 2**64 - 1)
    assert (limit_to_ask_about(refusal) is not None) == (view is not None) == (limit in LIMITS_ASKED_ABOUT)
    for item in [] if view is None else view.children:
        assert isinstance(item, discord.ui.Button)
        assert len(item.custom_id or "") <= 100


def test_a_refusal_by_no_limit_has_no_button() -> None:
    """A price that is not known, a full line."""
    for reason in (Reason.PRICE_UNKNOWN, Reason.BUSY, Reason.NOT_ALLOWED):
        assert ask_button(Refusal(reason, "11"), 11) is None


@pytest.mark.parametrize(
    ("text", "unit", "amount"),
    [
        ("3", "generations", 3),
        (" 12 ", "generations", 12),
        ("0", "generations", None),
        ("-1", "generations", None),
        ("1.5", "generations", None),
        ("0x5", "generations", None),
        ("\uff15", "generations", None),
        ("9" * 10, "generations", None),
        ("2.505", "credits", 2_505),
        ("2.5055", "credits", None),
        ("1e3", "credits", None),
        ("0", "credits", None),
        ("1.5", "bytes", 1_572_864),
        ("nan", "bytes", None),
        ("0.0000001", "bytes", None),
        ("", "bytes", None),
    ],
)
def test_an_amount_is_a_number_in_digits(text: str, unit: str, amount: int | None) -> None:
    """And what stands in a field is read as what it was made of, or as a little more."""
    assert amount_written(text, unit) == amount
    if amount is not None:
        assert (amount_written(amount_to_write(amount, unit), unit) or 0) >= amount
