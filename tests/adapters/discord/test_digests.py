"""The weekly digest: posted once to each channel, to each what it may know, whatever Discord, disk and restarts do."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import discord
import pytest

from adapters.discord import digests as module
from adapters.discord.bot_state import FILE, Remembered, trouble_of
from adapters.discord.delivery import Patience
from adapters.discord.digests import Digests, Served
from adapters.engines.opening import open_store
from adapters.ports.faults import StorageUnavailable
from adapters.reports.digest_picture import picture
from adapters.settings.config import load_config
from tests.adapters.discord.fake.rest import Trouble
from tests.adapters.discord.fake.server import FakeDiscord
from tests.adapters.discord.fake.world import (
    ATTACH_FILES,
    EMBED_LINKS,
    SEND_MESSAGES,
    USUAL,
    VIEW_CHANNEL,
    Channel,
    Guild,
    User,
)
from tests.adapters.discord.small_bots import PICTURE, SmallBot, running
from tests.adapters.reports.guild_weeks import Deed, write

MONDAY = "2026-11-30T08:00:00.000000Z"
"""When the digest of week 48 is due."""
QUICK = Patience(call_seconds=2.0, pause_seconds=0.01, longest_pause_seconds=0.02)
POSTING = r"POST /channels/\d+/messages"
DROPPED = 0


class Scene(NamedTuple):
    """A Discord with two servers, a bot on it, and a log with a week of both."""

    fake: FakeDiscord
    client: discord.Client
    root: Path
    foxes: Channel
    owls: Channel


def deeds(foxes: Guild, owls: Guild) -> list[Deed]:
    """Two weeks: ann of the foxes, bob of the owls, and somebody in direct messages."""
    return [
        Deed("2026-11-16T10:00:00.000000Z", "11", foxes.id, made=1),
        Deed("2026-11-23T10:00:00.000000Z", "11", foxes.id, made=3, failed=2),
        Deed("2026-11-24T10:00:00.000000Z", "22", owls.id, made=2, refused=12),
        Deed("2026-11-25T10:00:00.000000Z", "33", None, made=4),
    ]


@pytest.fixture
async def scene(fake: FakeDiscord, tmp_path: Path) -> AsyncIterator[Scene]:
    """The bot is online; `foxes` and `owls` are channels of managers."""
    (foxes,) = fake.world.guilds.values()
    fake.world.users |= {number: User(number, name) for number, name in ((11, "ann"), (22, "bob"), (33, "cat"))}
    owls = fake.guild("Owls")
    channels = [fake.channel("managers", guild) for guild in (foxes, owls)]
    write(tmp_path / "root", deeds(foxes, owls))
    async with running(SmallBot(), fake) as client:
        await client.wait_until_ready()
        yield Scene(fake, client, tmp_path / "root", *channels)


@pytest.fixture(autouse=True)
def drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture is drawn where a test is about it."""
    monkeypatch.setattr(module, "picture", lambda _: PICTURE)


@asynccontextmanager
async def digests(scene: Scene, at: str = MONDAY, **settings: object) -> AsyncIterator[Digests]:
    """One start of the bot at a time; the others' settings are the first's."""
    config = load_config(settings or {"DISCORD_DIGEST_CHANNELS": str(scene.foxes.id)}, Path("no.env"))
    store = open_store(scene.root, clock=lambda: at)
    made = Digests(Served(scene.client, store, Remembered(scene.root), config.discord, QUICK))
    yield made
    made.stop()
    store.close()


async def post(scene: Scene, at: str = MONDAY, **settings: object) -> None:
    """A start of the bot that posts what is due, and ends."""
    async with digests(scene, at, **settings) as one:
        await one.look_over()
        await one.post_due()


def trouble(scene: Scene, channel_id: int) -> str:
    return trouble_of(Remembered(scene.root), channel_id)


# -- when ------------------------------------------------------------------------------------------


async def test_it_is_posted_once_whatever_is_started_how_often(scene: Scene) -> None:
    """Not before its hour, not by the next start, not by the next look; then the next week's. What was missed is not
    made up for.
    """
    await post(scene, "2026-11-30T07:59:59.000000Z", DISCORD_DIGEST_CHANNELS=str(scene.foxes.id))
    before = [message.text for message in scene.foxes.messages]
    assert len(before) == 1
    assert "Week 47: 16 to 22 November 2026" in before[0]
    for _ in range(2):
        await post(scene)
        scene.fake.clock.advance(3_600)  # past the minutes in which Discord knows a message by its nonce
    async with digests(scene, "2026-12-04T12:00:00.000000Z") as one:
        await one.post_due()
        await one.post_due()
    assert len(scene.foxes.messages) == 2
    assert "Week 48: 23 to 29 November 2026" in scene.foxes.messages[1].text
    await post(scene, "2027-01-20T00:00:00.000000Z")
    assert len(scene.foxes.messages) == 3
    assert "Week 2: 11" not in scene.foxes.messages[2].text
    assert "Week 02: 11 to 17 January 2027" in scene.foxes.messages[2].text
    assert scene.fake.complaints == []


@pytest.mark.parametrize(
    ("told", "at", "is_told"),
    [
        ("2026-W48", "2026-11-30T07:59:59.000000Z", False),
        ("2026-W49", "2026-11-30T08:00:00.000000Z", False),
        ("2026-W47", "2026-11-30T08:00:00.000000Z", True),
        ("2031-W01", "2026-11-30T08:00:00.000000Z", True),
        ("2026-W48 begun", "2026-11-30T08:00:00.000000Z", True),
        ("nonsense", "2026-11-30T08:00:00.000000Z", True),
    ],
)
async def test_a_clock_that_is_set_makes_no_double(told: str, at: str, is_told: bool, scene: Scene) -> None:
    """Back over the hour, it has nothing told again; and what a clock that was years ahead told silences none."""
    Remembered(scene.root).put(f"digest {scene.foxes.id}", told)
    await post(scene, at, DISCORD_DIGEST_CHANNELS=str(scene.foxes.id))
    assert len(scene.foxes.messages) == is_told


async def test_an_hour_of_another_day(scene: Scene) -> None:
    """The week that is told ends on Sunday all the same."""
    settings = {"DISCORD_DIGEST_CHANNELS": str(scene.foxes.id), "DISCORD_DIGEST_AT": "sunday 20"}
    await post(scene, "2026-12-06T19:59:00.000000Z", **settings)
    await post(scene, "2026-12-06T20:00:00.000000Z", **settings)
    assert [message.text.splitlines()[0] for message in scene.foxes.messages] == [
        "📊 Week 47: 16 to 22 November 2026",
        "📊 Week 48: 23 to 29 November 2026",
    ]


async def test_a_week_before_the_log_is_not_told_and_an_empty_one_is(scene: Scene) -> None:
    """A new log has nothing to say; one in which nothing happened says so, without a picture."""
    await post(scene, "2026-11-16T08:00:00.000000Z")
    assert scene.foxes.messages == []
    await post(scene, "2026-12-21T08:00:00.000000Z")
    (message,) = scene.foxes.messages
    assert "Nothing was made or asked for in this week." in message.text
    assert "Storage of all servers" in message.text
    assert message.attachments == []


async def test_without_a_channel_nothing_is_read(scene: Scene) -> None:
    """And no task runs."""
    async with digests(scene, DISCORD_DIGEST_CHANNELS="managers") as one:
        one.start()
        await one.post_due()
        assert one._keeping is None
        assert one._read is None


# -- to whom ---------------------------------------------------------------------------------------


async def test_each_server_is_told_its_own_members_and_the_whole_is_for_one_channel(scene: Scene) -> None:
    """Names are those of Discord, harmless and without a ping; the picture has words for who does not see it."""
    operators = scene.fake.channel("operators", scene.fake.guild("Operators"))
    for number, name in ((11, "@everyone **ann** <@5>"), (22, "bob"), (33, "[cat](https://x.example)")):
        scene.fake.world.users[number] = User(number, name)
    async with running(SmallBot(), scene.fake) as client:
        await client.wait_until_ready()
        await post(
            scene._replace(client=client),
            DISCORD_MANAGERS_CHANNEL=scene.owls.id,
            DISCORD_DIGEST_CHANNELS=f"managers,{scene.foxes.id}",
            DISCORD_DIGEST_WHOLE=operators.id,
        )
    (foxes,), (owls,), (whole,) = (channel.messages for channel in (scene.foxes, scene.owls, operators))
    assert "3 pictures by 1 person, 200 % more than the week before." in foxes.text
    assert "ann" in foxes.text
    assert "bob" not in foxes.text + foxes.attachments[0].name
    assert "2 failed" in foxes.text
    assert "2 pictures by 1 person; none the week before." in owls.text
    assert "ann" not in owls.text
    assert "12 refusals by the daily limit of 5. `/quota_admin set` gives a member more." in owls.text
    assert "9 pictures by 3 people" in whole.text
    assert all(name in whole.text for name in ("ann", "bob", "cat"))
    assert "This server alone" in foxes.text
    assert "All servers, direct messages and the page" in whole.text
    for message in (foxes, owls, whole):
        assert message.pings == []
        assert "@everyone" not in message.text
        assert "<@5>" not in message.text
        assert "**ann" not in message.text.replace("\\*\\*ann", "")
        (attached,) = message.attachments
        assert attached.data.startswith(b"\x89PNG")
        assert (attached.description or "").startswith("Pictures made by day: Mon ")
    assert scene.fake.complaints == []


async def test_who_may_not_change_limits_is_told_who_may(scene: Scene) -> None:
    """The managers of another server than that of the managers' channel."""
    await post(scene, DISCORD_MANAGERS_CHANNEL=scene.foxes.id, DISCORD_DIGEST_CHANNELS=str(scene.owls.id))
    (message,) = scene.owls.messages
    assert "Whoever runs the bot can give a member more." in message.text
    assert "quota\\_admin" not in message.text
    assert "/quota_admin" not in message.text


# -- a channel that is none -------------------------------------------------------------------------


LACKING = {"unseen": VIEW_CHANNEL, "read only": SEND_MESSAGES, "no embeds": EMBED_LINKS, "no files": ATTACH_FILES}
TOLD = {
    "unknown": "DISCORD_DIGEST_CHANNELS: channel 5 is not there, or was deleted. Correct DISCORD_DIGEST_CHANNELS, or",
    "direct": "is in no server",
    "unseen": "is not one that the bot may see",
    "read only": "is not one that the bot may write in",
    "refused": "does not take the bot's message (403)",
    "no embeds": "may not embed links",
    "no files": "may not attach files",
}


async def test_a_wrong_channel_is_told_and_posted_to_as_far_as_it_can_be(scene: Scene) -> None:
    """Each is told once; none keeps the others from theirs. Once one is right it has its message, and the trouble is
    forgotten.
    """
    fake = scene.fake
    there = {what: fake.guild(what, bot_permissions=USUAL & ~LACKING.get(what, 0)).channels[0] for what in TOLD}
    there["direct"] = fake.world.direct(fake.user("dan"))
    numbers = {what: 5 if what == "unknown" else channel.id for what, channel in there.items()}
    settings = {"DISCORD_DIGEST_CHANNELS": ",".join(map(str, [*numbers.values(), scene.foxes.id]))}
    fake.trouble(f"POST /channels/{numbers['refused']}/messages", 403, code=50013)
    async with running(SmallBot(), fake) as client:
        await client.wait_until_ready()
        await post(scene._replace(client=client), **settings)
        for what, words in TOLD.items():
            assert words in trouble(scene, numbers[what]), what
            assert len(there[what].messages) == (what in {"no embeds", "no files"}), what
        (text,), (embedded,) = there["no embeds"].messages, there["no files"].messages
        assert text.embeds == [] == text.attachments == embedded.attachments
        assert "Week 48: 23 to 29 November 2026" in text.content
        assert len(embedded.embeds) == len(scene.foxes.messages) == 1
        await post(scene._replace(client=client), **settings)
        assert trouble(scene, numbers["refused"]) == ""
        assert [len(there[what].messages) for what in ("refused", "no embeds")] == [1, 1]


async def test_a_channel_that_is_made_later_has_its_message(scene: Scene) -> None:
    """By the next look after the pause, without a new start."""
    async with digests(scene, DISCORD_DIGEST_CHANNELS="5") as one:
        await one.post_due()
        assert "not there" in trouble(scene, 5)
        scene.foxes.id = 5
        scene.fake.world.channels[5] = scene.foxes
        await one.post_due()
        assert scene.foxes.messages == []
        one._not_before.clear()
        await one.post_due()
    assert len(scene.foxes.messages) == 1
    assert trouble(scene, 5) == ""


# -- what fails on the way --------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "reaches"), [(DROPPED, True), (DROPPED, False), (503, True), (429, False)], ids=str)
async def test_an_answer_that_is_lost_makes_no_double(status: int, reaches: bool, scene: Scene) -> None:
    """Whether the message arrived or not, there is one in the end."""
    scene.fake.trouble(POSTING, status, times=1, reaches=reaches, retry_after=0.05)
    await post(scene)
    assert len(scene.foxes.messages) == 1
    assert scene.fake.complaints == []


async def test_discord_that_is_away_is_tried_again(scene: Scene) -> None:
    """After a pause, by the same start; the log is not read anew for it."""
    away = scene.fake.trouble(POSTING, DROPPED, times=99)
    async with digests(scene) as one:
        await one.post_due()
        assert scene.foxes.messages == []
        read = one._read
        away.times = 0
        await one.post_due()
        assert scene.foxes.messages == []
        one._not_before.clear()
        await one.post_due()
        assert one._read is read
        await one.post_due()
        assert one._read is None
    assert len(scene.foxes.messages) == 1


async def test_a_picture_that_is_too_large_is_left_out(scene: Scene) -> None:
    """The words are posted."""
    scene.fake.trouble(POSTING, 413, code=40005, with_files=True)
    await post(scene)
    (message,) = scene.foxes.messages
    assert message.attachments == []
    assert "3 pictures" in message.text
    assert scene.fake.complaints == []


async def test_without_the_extra_it_is_posted_without_a_picture(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every figure is there."""
    for name in ("vl_convert", "duckdb", "fsspec"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setattr(module, "picture", picture)
    await post(scene)
    (message,) = scene.foxes.messages
    assert message.attachments == []
    assert "3 pictures by 1 person, 200 % more than the week before." in message.text


async def test_a_kill_before_it_is_remembered_costs_at_most_one_double(scene: Scene) -> None:
    """None where the next start comes within minutes, one where it comes later; then it is remembered."""

    def kill() -> None:
        assert Remembered(scene.root).put(f"digest {scene.foxes.id}", "2026-W48 begun")

    await post(scene)
    for seconds, messages in ((60, 1), (3_600, 2)):
        kill()
        scene.fake.clock.advance(seconds)
        await post(scene)
        assert len(scene.foxes.messages) == messages
    scene.fake.clock.advance(3_600)
    await post(scene)
    assert len(scene.foxes.messages) == 2


async def test_what_could_not_be_remembered_is_not_posted(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bot that is started again and again on a full disk does not post again and again."""
    with monkeypatch.context() as full:
        full.setattr(Remembered, "put", lambda *_: False)
        for _ in range(2):
            await post(scene)
    assert scene.foxes.messages == []
    await post(scene)
    assert len(scene.foxes.messages) == 1


async def test_a_file_of_what_was_told_that_is_no_such_file(scene: Scene) -> None:
    """It is told once more, and remembered again."""
    await post(scene)
    (scene.root / FILE).write_text("[]", encoding="utf-8")
    scene.fake.clock.advance(3600)
    for _ in range(2):
        await post(scene)
    assert len(scene.foxes.messages) == 2


async def test_a_log_that_cannot_be_read_ends_nothing(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a fault nor a defect comes out; it is tried again after a pause."""
    async with digests(scene) as one:
        for error in (StorageUnavailable("the disk is away"), ZeroDivisionError()):
            with monkeypatch.context() as broken:

                def fail(*_: Any, error: Exception = error) -> None:
                    raise error

                broken.setattr(module, "read_weeks", fail)
                await one.post_due()
            assert scene.foxes.messages == []
            await one.post_due()
            assert scene.foxes.messages == []
            one._not_before.clear()
        await one.post_due()
    assert len(scene.foxes.messages) == 1


async def test_a_bot_that_stops_ends_the_reading(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its thread too, so that the process can end; and an endless log is given up."""
    reading, ended = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def endless(*given: Any) -> None:
        loop.call_soon_threadsafe(reading.set)
        try:
            while True:
                given[-1]()
        finally:
            loop.call_soon_threadsafe(ended.set)

    monkeypatch.setattr(module, "read_weeks", endless)
    async with digests(scene) as one:
        one.start()
        await asyncio.wait_for(reading.wait(), 10)
        one.stop()
        await asyncio.wait_for(ended.wait(), 10)
    monkeypatch.setattr(module, "MOST_LOOKS", 3)
    async with digests(scene) as one:
        await asyncio.wait_for(one.post_due(), 10)
    assert scene.foxes.messages == []


async def test_names_that_discord_does_not_tell(scene: Scene) -> None:
    """The ids stand in their place, and the message is posted."""
    hangs = Trouble(r"GET /users/\d+", 500, times=9, until=asyncio.Event())
    scene.fake.rest.troubles.append(hangs)
    async with digests(scene) as one:
        one._served = one._served._replace(patience=QUICK._replace(call_seconds=0.2))
        await one.post_due()
    assert hangs.until is not None
    hangs.until.set()
    (message,) = scene.foxes.messages
    assert "**11** · 3" in message.text
