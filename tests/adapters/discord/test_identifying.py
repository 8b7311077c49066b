"""How often the bot begins a session, whatever Discord does with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.discord.identifying import HELD_SECONDS, IdentifyPace, TooSoon
from tests.adapters.discord.bot.stage import command, finished
from tests.adapters.discord.fake.people import Person
from tests.adapters.discord.fake.server import FakeDiscord
from tests.adapters.discord.haste import hasty
from tests.adapters.discord.process import BotProcess

DAY_SECONDS = 86_400.0
ALLOWED_A_DAY = 1_000
HASTY = """
import adapters.discord.identifying as identifying
identifying.FIRST_SECONDS, identifying.LONGEST_SECONDS = 0.25, 2.0
identifying.HELD_SECONDS = 0.75
"""
"""In the program: waits of a twentieth and less."""


class Time:
    """A clock that stands still but for the sleeps, which it keeps."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.slept: list[float] = []

    def now(self) -> float:
        """How much has passed."""
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        """Lets it pass."""
        self.slept.append(seconds)
        self.seconds += seconds


async def begun(pace: IdentifyPace, time: Time, *, shard: int = 0) -> None:
    """Begins a session as the library does: it comes back after a while where it is too soon."""
    for _ in range(100):
        try:
            return await pace.wait(shard, initial=False)
        except TooSoon:
            time.seconds += 10.0
    raise AssertionError("a session may begin some day")


async def test_the_wait_doubles_and_what_is_longer_than_a_connection_lives_is_refused() -> None:
    """The bot's first session begins at once. Refused, the wait grows no further, and ends in time."""
    time = Time()
    pace = IdentifyPace(time.now, time.sleep)
    await pace.wait(0, initial=True)
    for _ in range(4):
        await pace.wait(0, initial=False)
    assert time.slept == [0, 5, 10, 20, 40]
    for _ in range(2):
        with pytest.raises(TooSoon, match="voided 5 sessions; the next may begin in 80 s"):
            await pace.wait(0, initial=False)
    time.seconds += 50
    await pace.wait(0, initial=False)
    assert time.slept[-1] == 30


@pytest.mark.parametrize("lives_seconds", [0, 1, 60, 299, 301, 599, 601])
async def test_a_day_of_voided_sessions_stays_far_below_what_discord_allows(lives_seconds: float) -> None:
    """However long each lives."""
    time, sessions = Time(), 0
    pace = IdentifyPace(time.now, time.sleep)
    while time.seconds < DAY_SECONDS:
        await begun(pace, time)
        sessions += 1
        time.seconds += lives_seconds
    assert sessions < ALLOWED_A_DAY / 3
    assert max(time.slept) <= HELD_SECONDS


async def test_a_session_that_was_good_ends_the_waits() -> None:
    """The next begins after the five seconds of every one, and so does the first of another shard."""
    time = Time()
    pace = IdentifyPace(time.now, time.sleep)
    for _ in range(4):
        await begun(pace, time)
    await begun(pace, time, shard=1)
    assert time.slept[-1] == 5
    time.seconds += 600
    await begun(pace, time)
    assert time.slept[-1] == 5


async def test_an_invalid_session_loop_makes_no_storm_of_identifies(
    fake: FakeDiscord, ann: Person, tmp_path: Path
) -> None:
    """Each session is voided as soon as it is ready. The waits double to their bound; then the bot is there again.

    Without a growing wait they would all be 0.25 s.
    """
    words = command(tmp_path / "root", "bot", GENERATOR="sketch")
    async with await BotProcess.start(hasty(words, HASTY), {}, fake) as bot:
        await bot.ready()
        for times in range(2, 7):
            await fake.gateway.invalidate(resumable=False)
            await fake.online(times, timeout=30)
        await bot.logged('"times":2,"seconds":0\\.[345]')
        await bot.logged("Discord voided 4 sessions; the next may begin in 2 s")
        assert fake.gateway.counts["identify"] == 6
        assert "Daily Generations: 0/5" in (await finished(await ann.slash("quota"))).text
    assert fake.complaints == []
