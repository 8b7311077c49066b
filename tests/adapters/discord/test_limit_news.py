"""Limits that are nearly reached, told on Discord: each once, to whom it concerns, whatever Discord and restarts do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import discord
import pytest

from adapters.application.storage import Storage
from adapters.discord.bot_state import Remembered
from adapters.discord.delivery import Patience
from adapters.discord.digests import Served
from adapters.discord.limit_news import TO_MANAGERS, TO_USERS, LimitNews
from adapters.discord.news import AGAIN_SECONDS, TRIES
from adapters.engines.opening import open_store
from adapters.settings.config import load_config
from domain.commands import AdoptImage, ReserveGeneration, SetPolicy
from domain.refusals import Refusal
from tests.adapters.discord.fake.server import FakeDiscord
from tests.adapters.discord.fake.world import Channel, User
from tests.adapters.discord.small_bots import SmallBot, running

NOON = "2026-11-29T12:00:00.000000Z"
QUICK = Patience(call_seconds=2.0, pause_seconds=0.01, longest_pause_seconds=0.02)
OPENING = "POST /users/@me/channels"
POSTING = r"POST /channels/\d+/messages"
ANN = User(11, "ann")


class Scene(NamedTuple):
    """A Discord, a bot on it, a log in which nothing is told yet, and the managers' channel."""

    fake: FakeDiscord
    client: discord.Client
    root: Path
    managers: Channel

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
        async with start(found) as (_, store):
            limits = {"daily": 5, "pool_bytes": 1_000, "windows": (("guild/day/generations", 5),)}
            execute(store, SetPolicy(source="environment", tell_at=(80, 95, 100), gen_bytes=0, **limits))  # type: ignore[arg-type]  # limits by name
        await look(found)
        yield found


@asynccontextmanager
async def start(scene: Scene, at: str = NOON, **settings: object) -> AsyncIterator[tuple[LimitNews, Storage]]:
    """One start of the bot at a time."""
    config = load_config({"DISCORD_MANAGERS_CHANNEL": str(scene.managers.id), **settings}, Path("no.env"))
    store = open_store(scene.root, clock=lambda: at)
    yield LimitNews(Served(scene.client, store, Remembered(scene.root), config.discord, QUICK)), store
    store.close()


async def look(scene: Scene, at: str = NOON, **settings: object) -> tuple[float, float]:
    """A start of the bot that tells what is due, and ends; gives the seconds that it would wait."""
    async with start(scene, at, **settings) as (news, _):
        return await news.tell_due(TO_USERS), await news.tell_due(TO_MANAGERS)


async def used(scene: Scene, count: int, *, user: str = "11", origin: str = "direct", at: str = NOON) -> None:
    """So many generations are reserved."""
    async with start(scene, at) as (_, store):
        number = store.running().state.position
        execute(store, ReserveGeneration(user, f"discord:{user}", f"r{number}", 900, count, origin=origin))


def execute(store: Storage, command: SetPolicy | ReserveGeneration | AdoptImage) -> None:
    assert not isinstance(store.opened().ledger.execute(command), Refusal)


async def test_a_user_is_told_by_direct_message_once(scene: Scene) -> None:
    """What is used of which limit, and when it begins anew; whatever is started how often."""
    await used(scene, 4)
    for _ in range(3):
        await look(scene)
        scene.fake.clock.advance(3_600)  # past the minutes in which Discord knows a message by its nonce
    (text,) = scene.direct
    assert "80 % of your generations for today are used or held: 4 generations of 5 generations." in text
    assert "begins anew on 2026-11-30 at 00:00 UTC" in text
    assert scene.managers.messages == []
    assert scene.fake.complaints == []


async def test_each_percentage_is_told_and_the_last_says_that_it_is_reached(scene: Scene) -> None:
    """In their order, by one look."""
    await used(scene, 4)
    await used(scene, 1)
    await look(scene)
    assert [text.splitlines()[0] for text in scene.direct] == ["⏳ Your Limit Comes Nearer", "⏳ Your Limit Is Reached"]


async def test_managers_are_told_of_a_servers_limit_and_of_the_pools(scene: Scene) -> None:
    """In their channel, and no user is."""
    await used(scene, 2, user="alice", origin="guild:9")
    await used(scene, 2, user="bob", origin="guild:9")
    async with start(scene) as (_, store):
        execute(store, AdoptImage("old", "cli", "o.png", 950, "ab" * 32, "image/png", 1, 1, "5a" * 16))
    await look(scene)
    first, second = [message.text for message in scene.managers.messages]
    assert "80 % of today's generations of one Discord server (server 9) is used or held" in first
    assert "95 % of storage of all together is used or held" in second
    assert scene.direct == []


async def test_who_is_not_of_discord_is_passed_by(scene: Scene) -> None:
    """A user of the page or a program has no direct messages."""
    await used(scene, 4, user="alice")
    await look(scene)
    assert scene.fake.world.direct(ANN).messages == []
    assert LimitNews.waiting_for(Remembered(scene.root), "alice") == []


@pytest.mark.parametrize("where", [OPENING, POSTING])
async def test_closed_direct_messages_wait_for_the_next_command(scene: Scene, where: str) -> None:
    """Also where the user has left every server of the bot's; what comes after goes on."""
    scene.fake.trouble(where, 403, code=50007)
    await used(scene, 4)
    await look(scene)
    assert scene.direct == []
    assert len(LimitNews.waiting_for(Remembered(scene.root), "11")) == 1
    await used(scene, 1)
    await look(scene)
    assert len(scene.direct) == 1


@pytest.mark.parametrize("status", [500, 429])
async def test_a_fault_of_discords_is_tried_again(scene: Scene, status: int) -> None:
    """By the next look, or by the library: told once in all."""
    scene.fake.trouble(POSTING, status, retry_after=0.01)
    await used(scene, 4)
    for _ in range(3):
        await look(scene)
    assert len(scene.direct) == 1
    assert LimitNews.waiting_for(Remembered(scene.root), "11") == []


async def test_a_message_whose_answer_was_lost_is_told_once(scene: Scene) -> None:
    """Discord knows it by its nonce."""
    scene.fake.trouble(POSTING, 0, reaches=True)
    await used(scene, 4)
    for _ in range(3):
        await look(scene)
    assert len(scene.direct) == 1


async def test_what_never_arrives_waits_for_the_next_command(scene: Scene) -> None:
    """So that one message does not stop all others."""
    scene.fake.trouble(OPENING, 400, times=TRIES, code=40060)
    await used(scene, 4)
    async with start(scene) as (news, _):
        for _ in range(TRIES):
            await news.tell_due(TO_USERS)
    assert len(LimitNews.waiting_for(Remembered(scene.root), "11")) == 1


async def test_a_channel_that_is_gone_is_tried_again_and_said_once(scene: Scene) -> None:
    """Users are told all the same; nothing is lost once it is there again."""
    scene.fake.trouble(POSTING, 403, times=2, code=50013)
    await used(scene, 4, user="alice", origin="guild:9")
    for _ in range(2):
        assert (await look(scene))[1] == AGAIN_SECONDS
    assert "DISCORD_MANAGERS_CHANNEL" in str(Remembered(scene.root).get("limits trouble"))
    await used(scene, 4)
    await look(scene)
    assert len(scene.direct) == 1
    assert len(scene.managers.messages) == 1
    assert Remembered(scene.root).get("limits trouble") == ""


async def test_without_a_managers_channel_nobody_is_told_of_what_all_share(scene: Scene) -> None:
    """Nor later, when there is one: it is old by then."""
    await used(scene, 4, user="alice", origin="guild:9")
    await look(scene, DISCORD_MANAGERS_CHANNEL="0")
    await used(scene, 1, user="bob")
    async with start(scene, DISCORD_MANAGERS_CHANNEL="0") as (news, _):
        await news.tell_due(TO_MANAGERS)
    assert scene.managers.messages == []


@pytest.mark.parametrize(("at", "count"), [("2026-11-29T23:59:59.999999Z", 1), ("2026-11-30T00:00:00.000000Z", 0)])
async def test_what_was_recorded_while_the_bot_was_away_is_told_unless_it_is_over(
    scene: Scene, at: str, count: int
) -> None:
    """A window that has ended is no news any more."""
    await used(scene, 4)
    await look(scene, at)
    assert len(scene.direct) == count


async def test_the_first_start_tells_what_is_recorded_from_then_on(scene: Scene) -> None:
    """And so does one that knows of a longer log, as one that was restored is not."""
    await used(scene, 4)
    for kept in ("", "900", "nonsense"):
        Remembered(scene.root).put(f"limits told {TO_USERS}", kept)
        await look(scene)
    assert scene.direct == []
    await used(scene, 1)
    await look(scene)
    assert len(scene.direct) == 1
