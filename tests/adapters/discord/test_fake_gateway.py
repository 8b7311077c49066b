"""The fake's gateway: who may identify, what a resume brings back, and which shard hears of what."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import discord
import pytest

from tests.adapters.discord.fake.people import Person
from tests.adapters.discord.fake.server import FakeDiscord
from tests.adapters.discord.fake.world import Settings
from tests.adapters.discord.small_bots import ShardedBot, SmallBot, running

WISHES = {"prompt": "a fox"}


async def online_once(bot: SmallBot, fake: FakeDiscord, token: str | None = None) -> None:
    """Starts a bot and stops it."""
    async with running(bot, fake, token):
        assert bot.is_ready() or bot.user


async def test_privileged_intents_are_refused(fake: FakeDiscord) -> None:
    """They must be granted to the application first."""
    wanted = discord.Intents(guilds=True, message_content=True)
    with pytest.raises(discord.PrivilegedIntentsRequired):
        await online_once(SmallBot(intents=wanted), fake)
    assert fake.gateway.closed_with == [4014]
    fake.settings.privileged_intents = wanted.value
    await online_once(SmallBot(intents=wanted), fake)
    assert fake.gateway.counts["identify"] == 1


async def test_a_wrong_token_is_refused(fake: FakeDiscord) -> None:
    """Login says so before the gateway is tried."""
    with pytest.raises(discord.LoginFailure):
        await online_once(SmallBot(), fake, token="another")
    assert [heard.status for heard in fake.heard] == [401]
    assert fake.gateway.counts["identify"] == 0


async def test_a_storm_of_sessions_costs_the_token() -> None:
    """More than a day allows: Discord resets the token, and the former one is good for nothing."""
    async with await FakeDiscord.start(Settings(sessions_a_day=2)) as fake:
        former = fake.settings.token
        for _ in range(2):
            await online_once(SmallBot(), fake)
        with pytest.raises(discord.ConnectionClosed):
            await online_once(SmallBot(), fake)
        assert fake.gateway.closed_with == [4004]
        assert fake.gateway.told()["session_start_limit"]["remaining"] == 0
        with pytest.raises(discord.LoginFailure):
            await online_once(SmallBot(), fake, token=former)


@pytest.mark.parametrize("cut", ["dropped", "asked to reconnect", "disturbed"])
async def test_what_a_cut_connection_missed_comes_once_with_the_resume(
    fake: FakeDiscord, ann: Person, cut: str
) -> None:
    """The session goes on: no second identify, and the command that came meanwhile is answered once."""
    answered: list[int] = []

    async def count(interaction: discord.Interaction[Any]) -> None:
        answered.append(interaction.id)
        await interaction.response.send_message("here")

    async with running(SmallBot(count), fake):
        await (await ann.slash("imagine", WISHES)).message()
        if cut == "dropped":
            assert fake.gateway.drop() == 1
        elif cut == "disturbed":
            await fake.gateway.invalidate(resumable=True)
        else:
            await fake.gateway.reconnect()
        missed = await ann.slash("imagine", WISHES)
        await fake.resumed()
        await missed.message()
        await (await ann.slash("imagine", WISHES)).message()
    assert answered == [one.id for one in fake.interactions]
    assert (fake.gateway.counts["identify"], fake.gateway.counts["resume"]) == (1, 1)
    assert fake.complaints == []


async def test_a_connection_without_acknowledged_heartbeats_is_given_up() -> None:
    """The bot comes back by itself, with the same session."""
    async with await FakeDiscord.start(Settings(heartbeat_ms=100)) as fake:
        async with running(SmallBot(heartbeat_timeout=0.3), fake):
            fake.gateway.acknowledges = False
            await fake.resumed()
            fake.gateway.acknowledges = True
        assert fake.gateway.counts["identify"] == 1


async def test_a_void_session_begins_anew(fake: FakeDiscord, ann: Person) -> None:
    """Told that its session is void, the bot identifies again."""
    async with running(SmallBot(), fake):
        await fake.gateway.invalidate()
        await fake.online(2)
        await (await ann.slash("imagine", WISHES)).message(until=lambda m: m.embeds)
    assert (fake.gateway.counts["identify"], fake.gateway.counts["resume"]) == (2, 0)


async def test_a_guild_belongs_to_its_shard() -> None:
    """Discord asks for two connections: each hears of its own guilds, also of new ones, and of their commands."""
    async with await FakeDiscord.start(Settings(shards=2)) as fake:
        guilds = [fake.guild(name) for name in ("A", "B", "C")]
        ann, bot = fake.user("ann"), ShardedBot()
        async with running(bot, fake):
            await fake.online(2)
            guilds.append(fake.guild("D"))
            await fake.join(guilds[-1])
            for guild in guilds:
                await (await ann.slash("imagine", WISHES, channel=guild.channels[0])).message()
                assert bot.get_guild(guild.id)
            assert {session.shard for session in fake.gateway.sessions.values()} == {(0, 2), (1, 2)}
        assert fake.complaints == []


@pytest.mark.parametrize(
    ("wrong", "code"),
    [({"token": "another"}, 4004), ({"shard": [0, 1]}, 4011), ({"shard": [2, 2]}, 4010), ({"intents": 1 << 30}, 4013)],
)
async def test_a_wrong_identify_is_refused(wrong: dict[str, Any], code: int) -> None:
    """Each mistake has its code."""
    async with await FakeDiscord.start(Settings(shards=2)) as fake:
        right = {"token": fake.settings.token, "intents": 1, "shard": [0, 2]}
        assert (await identified(fake, right))["shard"] == [0, 2]
        assert await identified(fake, {**right, **wrong}) == {"closed": code}


async def identified(fake: FakeDiscord, data: dict[str, Any]) -> dict[str, Any]:
    """READY's data, or the code by which the gateway closed."""
    async with aiohttp.ClientSession() as session, session.ws_connect(fake.gateway.address) as socket:
        await socket.receive_json()
        await socket.send_json({"op": 2, "d": data})
        frame = await socket.receive()
        if frame.type == aiohttp.WSMsgType.CLOSE:
            return {"closed": frame.data}
        ready: dict[str, Any] = json.loads(frame.data)["d"]
        return ready
