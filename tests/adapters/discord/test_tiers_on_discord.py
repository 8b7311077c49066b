"""Tiers on Discord, from one end to the other: a role counts at the next command of whoever has it, and a tier by hand
from there on.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.application.tiers import define_tier_blocking
from adapters.engines.opening import open_store
from domain.commands import SetPolicy
from domain.limits import UserLimits
from domain.tiers import Tier
from tests.adapters.application.evidence import events_of
from tests.adapters.discord.bot.stage import finished, running
from tests.adapters.discord.fake.people import Person
from tests.adapters.discord.fake.server import FakeDiscord

BOOSTER, OTHER = 5_001, 5_002


@pytest.fixture
def root(fake: FakeDiscord, tmp_path: Path) -> Path:
    """A root in which boosters have 2 generations a day, friends 3, and others 1 and no upscaler."""
    root, guild = tmp_path / "root", next(iter(fake.world.guilds.values()))
    store = open_store(root, limits=SetPolicy(daily=1, source="environment"))
    role = f"guild:{guild.id}/role:{BOOSTER}"
    for tier in (
        Tier("boosters", UserLimits(daily=2), groups=(role,)),
        Tier("friends", UserLimits(daily=3)),
        Tier("everybody", operations=("text_to_image",)),
    ):
        define_tier_blocking(store, tier, "for the test")
    store.close()
    return root


async def imagined(person: Person, **options: object) -> str:
    """What is told of one more picture."""
    return (await finished(await person.slash("imagine", {"prompt": "a cat", **options}))).text


async def test_a_role_counts_at_the_next_command(fake: FakeDiscord, ann: Person, root: Path) -> None:
    """And counts no more at the first one after it was taken; in a direct message it counts as last seen."""
    guild = next(iter(fake.world.guilds.values()))
    async with running(fake, root, GENERATOR="sketch"):
        await fake.synced()
        assert "Daily: 1/1" in await imagined(ann)
        assert "Daily Generation Limit Reached" in await imagined(ann)
        guild.roles[ann] = (OTHER, BOOSTER)
        assert "Daily: 2/2" in await imagined(ann)
        quota = await finished(await ann.slash("quota", channel=ann.direct))
        assert "Daily Generations: 2/2" in quota.text
        guild.roles[ann] = (OTHER,)
        assert "Daily Generation Limit Reached" in await imagined(ann)
        assert "Daily Generations: 2/1" in (await finished(await ann.slash("quota"))).text
    seen = [event["data"] for event in events_of(root, "GroupsSeen")]
    place = f"guild:{guild.id}"
    assert [(one["place"], one["groups"]) for one in seen] == [(place, [f"{place}/role:{BOOSTER}"]), (place, [])]
    assert fake.complaints == []


async def test_a_tier_is_shown_given_and_taken_back(fake: FakeDiscord, ann: Person, root: Path) -> None:
    """By the owner; what a tier does not allow is refused before anything is made."""
    owner = next(iter(fake.world.guilds.values())).owner
    assert isinstance(owner, Person)

    async def told(**options: object) -> str:
        return (await finished(await owner.slash("quota_admin tier", {"user": ann, **options}))).text

    async with running(fake, root, GENERATOR="sketch"):
        await fake.synced()
        assert "**everybody** as who has no other" in await told()
        await imagined(ann)
        refused = await finished(await ann.slash("upscale", {"name": "text_to_image/image_1.png"}))
        assert "does not allow the operation upscale (allowed: text_to_image)" in refused.text.replace("\\", "")
        assert refused.ephemeral
        found = await owner.autocomplete("quota_admin tier", "tier", "fri", {"user": ann})
        assert [choice.value for choice in found] == ["friends"]
        given = await told(tier="friends", days=2)
        assert "**friends** by hand until <t:" in given
        assert "Together they give 3 a day." in given
        assert "Daily: 2/3" in await imagined(ann)
        assert "Tier Not Found" in await told(tier="enemies")
        assert "**everybody**" in await told(tier="friends", take_back=True)
        assert "Tier Not Found" in await told(tier="friends", take_back=True)
    assert fake.complaints == []
