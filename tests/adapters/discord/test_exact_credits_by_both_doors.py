"""One service, two doors: what is asked on Discord and over HTTP at the same moment is decided against one pool, and
against the same limits of servers.
"""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.application.tiers import assign_tier_blocking, define_tier_blocking
from adapters.engines.opening import open_store
from domain.commands import SetPolicy
from domain.limits import UserLimits
from domain.tiers import Tier
from tests.adapters.application.evidence import assert_disk_and_log_agree, events_of
from tests.adapters.discord.bot.stage import running
from tests.adapters.discord.fake.people import Person
from tests.adapters.discord.fake.server import FakeDiscord
from tests.adapters.http.wire import GenerationOutcome, Wire, request
from tests.emulators.automatic1111 import Automatic1111Emulator

ROUNDS, MANY_ROUNDS = 4, 100
REQUESTS = 50
FITTING = 10
"""Pictures of 0.75 credits, of which the pool has 7.5."""
EACH = 750
SILVER_DAILY = 3
OF_A_GUILD = 7
LIMITS = f"pool/month/credits=7.5, guild/month/credits={OF_A_GUILD * EACH / 1_000}"
WISH = {"prompt": "a dot", "width": 64, "height": 64}
PATIENCE_SECONDS = 60.0


class Crowd:
    """Three users of two tiers in two guilds, and how they ask."""

    def __init__(self, fake: FakeDiscord) -> None:
        foxes, owls = fake.world.guilds.values()
        self.people = [fake.user(name) for name in ("ada", "ben", "cyd")]
        self.guilds = dict(zip(self.people, (foxes, owls, foxes), strict=True))
        self.ada, self.ben, self.cyd = (str(person.id) for person in self.people)

    def prepare(self, root: Path) -> None:
        """A root in which the first of them has the larger tier."""
        store = open_store(root, limits=SetPolicy("system", "environment", daily=1_000))
        for tier, daily in (("gold", 100), ("silver", SILVER_DAILY)):
            define_tier_blocking(store, Tier(tier, UserLimits(daily=daily)), "a test")
        for person in self.people:
            user = str(person.id)
            assign_tier_blocking(store, user, "gold" if user == self.ada else "silver", "a test")
        store.close()

    async def ask(self, person: Person, wire: Wire | None) -> tuple[str, str]:
        """One picture by the one door or the other: whose, and what came of it."""
        user, guild = str(person.id), self.guilds[person]
        if wire is not None:
            path, headers = f"/v1/users/{user}/generations", {"Content-Type": "application/json"}
            body = json.dumps({**WISH, "guild": str(guild.id)}).encode()
            await wire.send(request("POST", path, headers=headers, body=body))
            return user, said(await wire.answer())
        asked = await person.slash("imagine", {"prompt": "a dot"}, channel=guild.channels[0])
        message = await asked.message(lambda message: message.embeds, timeout=PATIENCE_SECONDS)
        assert not asked.failures
        if message.attachments:
            return user, "made on Discord"
        assert "Limit Reached" in message.text, message.text
        return user, "refused on Discord"


def said(answer: GenerationOutcome) -> str:
    """What a program was told."""
    if answer.status == 201:
        return "made over HTTP"
    assert (answer.status, answer.json["title"]) == (429, "A limit is reached"), answer.json
    return "refused over HTTP"


async def one_round(fake: FakeDiscord, crowd: Crowd, root: Path, number: int) -> Counter[str]:
    """50 requests at once, every second one by the other door."""
    crowd.prepare(root)
    painter, settings = Automatic1111Emulator(), {"LIMITS": LIMITS, "CREDITS_EACH": f"automatic1111={EACH / 1_000}"}
    async with (
        painter.serving() as address,
        running(fake, root, "serve", API_HOST=address, QUEUE_PER_USER=REQUESTS, **settings) as service,
    ):
        await fake.synced()
        listening = await service.logged(r"The page is at (http://[0-9.:]+)/")
        asked = [crowd.people[(number + each // 2) % 3] for each in range(REQUESTS)]
        wires = [await Wire.open(listening[1]) if each % 2 else None for each in range(REQUESTS)]
        told = await asyncio.gather(*(crowd.ask(person, wire) for person, wire in zip(asked, wires, strict=True)))
        for wire in filter(None, wires):
            await wire.close()
        service.send(signal.SIGTERM)
        assert await service.exit_code() == 0
    made = Counter(user for user, said in told if said.startswith("made"))
    assert made.total() == FITTING == painter.jobs
    assert (made[crowd.ada] + made[crowd.cyd], made[crowd.ben]) == (OF_A_GUILD, SILVER_DAILY)
    assert made[crowd.cyd] <= SILVER_DAILY
    judge_log(root, made)
    return Counter(said for _, said in told)


def judge_log(root: Path, made: Counter[str]) -> None:
    """The log says the same: the pool's credits are spent to the last, none was held twice, and all pictures stand."""
    delivered = events_of(root, "GenerationCompleted")
    assert [event["data"]["cost"] for event in delivered] == [EACH] * FITTING
    assert Counter(event["data"]["user"] for event in delivered) == made
    assert len(events_of(root, "GenerationReserved")) == len(events_of(root, "ImageSaved")) == FITTING
    assert_disk_and_log_agree(root)


@pytest.mark.parametrize("rounds", [ROUNDS, pytest.param(MANY_ROUNDS, marks=pytest.mark.thorough)])
@pytest.mark.timeout(1_800)
async def test_the_exact_set_fits_by_both_doors_at_once(
    tmp_path: Path, record_property: Callable[[str, object], None], rounds: int
) -> None:
    """Ten pictures for 7.5 credits, whoever asks where, seven of them of the server that may have so many, three of the
    member who may; nothing else was asked of the provider.
    """
    told, begun = Counter[str](), time.monotonic()
    async with await FakeDiscord.start() as fake:
        for name in ("Foxes", "Owls"):
            fake.guild(name)
        crowd = Crowd(fake)
        for number in range(rounds):
            told += await one_round(fake, crowd, tmp_path / str(number), number)
        assert fake.complaints == []
    for door in ("on Discord", "over HTTP"):
        assert told[f"made {door}"] + told[f"refused {door}"] == rounds * REQUESTS // 2
    assert rounds < MANY_ROUNDS or min(told["made on Discord"], told["made over HTTP"]) > 0
    record_property("what came of all requests", dict(told))
    print(f"{rounds} rounds in {time.monotonic() - begun:.0f} s: {dict(told)}")  # noqa: T201 - the figures of docs/evidence.md
