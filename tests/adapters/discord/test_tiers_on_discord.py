"""Tiers on Discord, from one end to the other: a role counts at the next command of whoever has it, and a tier by hand
from there on.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from adapters.application.tiers import define_tier_blocking
from adapters.discord import roles
from adapters.engines.opening import open_store
from adapters.ports.faults import OutcomeUnknown
from domain.commands import SetPolicy
from domain.limits import UserLimits
from domain.tiers import SeenAt, Tier
from tests.adapters.application.evidence import events_of
from tests.adapters.discord.bot.stage import PICTURE_SECONDS, finished, running
from tests.adapters.discord.fake.messages import Message
from tests.adapters.discord.fake.people import Person
from tests.adapters.discord.fake.server import FakeDiscord
from tests.adapters.discord.fake.world import MANAGE_GUILD, USUAL, Role

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


async def test_whatever_the_next_command_is_a_role_counts(fake: FakeDiscord, ann: Person, root: Path) -> None:
    """Also one that asks for no picture; what is so already is recorded once."""
    guild = next(iter(fake.world.guilds.values()))
    async with running(fake, root, GENERATOR="sketch"):
        await fake.synced()
        guild.roles[ann] = (BOOSTER,)
        for _ in range(2):
            assert "Daily Generations: 0/2" in (await finished(await ann.slash("quota"))).text
        guild.roles[ann] = ()
        told = await finished(await ann.slash("price"))
        assert "1 of your 1 generations are left today" in told.text
    seen = [event["data"] for event in events_of(root, "GroupsSeen")]
    place = f"guild:{guild.id}"
    assert [(one["by"], one["groups"]) for one in seen] == [
        (f"discord:{ann.id}", [f"{place}/role:{BOOSTER}"]),
        (f"discord:{ann.id}", []),
    ]
    assert fake.complaints == []


@pytest.mark.parametrize(("trouble", "seen"), [("fails", 0), ("hangs", 0), ("", 1)])
async def test_a_command_goes_on_where_roles_cannot_be_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: str, seen: int
) -> None:
    """They count as last seen then; nothing is raised, and nobody waits for a disk."""
    store, role = open_store(tmp_path), SeenAt("guild:9", ("guild:9/role:1",))
    define_tier_blocking(store, Tier("boosters", UserLimits(daily=2), groups=role.groups), "for the test")

    async def in_vain(*_: object, **__: object) -> None:
        """Fails, or is not answered."""
        if trouble == "fails":
            raise OutcomeUnknown("the disk")
        await asyncio.sleep(60)

    monkeypatch.setattr(roles, "roles_of", lambda _: role)
    monkeypatch.setattr(roles, "MOST_SECONDS", 0.01 if trouble else 5.0)
    if trouble:
        monkeypatch.setattr(roles, "see_groups", in_vain)
    asks: Any = SimpleNamespace(client=SimpleNamespace(store=store), user=SimpleNamespace(id=1))
    await roles.see_roles(asks)
    assert len(events_of(tmp_path, "GroupsSeen")) == seen
    store.close()
    await roles.see_roles(asks)


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


async def test_a_tier_is_made_changed_and_taken_away_with_the_question_first(fake: FakeDiscord, root: Path) -> None:
    """From what to what and whom it touches is shown; only the button changes it, as it was shown, and works once."""
    guild = next(iter(fake.world.guilds.values()))
    owner = guild.owner
    assert isinstance(owner, Person)

    async def asked(command: str, **options: object) -> Message:
        return await finished(await owner.slash(f"tiers {command}", options))

    async with running(fake, root, GENERATOR="sketch"):
        await fake.synced()
        role = Role(OTHER, "helpers")
        limits = {"daily": 9, "limits": "user/month/credits=20", "role": role, "operations": "upscale, text_to_image"}
        new = await asked("set", tier="Helpers", **limits, weight=3)
        assert "It would be tier helpers: 9 a day; user/month/credits 20;" in plainly(new)
        assert f"by guild:{guild.id}/role:{OTHER}" in plainly(new)
        assert events_of(root, "TierDefined")[-1]["data"]["tier"] != "helpers"
        assert "✅ tier helpers: 9 a day" in plainly(await pressed(fake, owner, new))
        data = events_of(root, "TierDefined")[-1]["data"]
        assert (data["limits"]["daily"], data["operations"], data["weight"]) == (9, ["text_to_image", "upscale"], 3)
        more = await asked("set", tier="helpers", daily=12)
        assert "It is tier helpers: 9 a day;" in plainly(more)
        assert "It would be tier helpers: 12 a day; user/month/credits 20;" in plainly(more)
        less = await asked("set", tier="helpers", limits="none", operations="all", without_role=role)
        await pressed(fake, owner, more)
        late = plainly(await pressed(fake, owner, less))
        assert "Somebody else changed the limits meanwhile" in late
        assert "tier helpers: 12 a day" in late
        bare = await pressed(
            fake, owner, await asked("set", tier="helpers", limits="none", operations="all", without_role=role)
        )
        assert "✅ tier helpers: 12 a day; weight 3." in plainly(bare)
        assert "helpers: 12 a day" in plainly(await asked("show"))
        gone = await asked("remove", tier="helpers")
        assert "It would be no tier helpers any more." in plainly(gone)
        assert "✅ no tier helpers any more." in plainly(await pressed(fake, owner, gone))
        assert "Tier Not Found" in (await asked("remove", tier="helpers")).text
        assert "no such window" in (await asked("set", tier="x", limits="user/year/credits=1")).text
        assert "A tier has 1 to 64" in (await asked("set", tier="no tier")).text
    assert fake.complaints == []


async def test_who_manages_one_server_changes_no_tier(fake: FakeDiscord, root: Path) -> None:
    """Nor by a button that is another's."""
    guild = next(iter(fake.world.guilds.values()))
    owner = guild.owner
    assert isinstance(owner, Person)
    boss = fake.user("boss", permissions=USUAL | MANAGE_GUILD)
    async with running(fake, root, GENERATOR="sketch"):
        await fake.synced()
        for command in ("show", "set", "remove"):
            options = {} if command == "show" else {"tier": "friends"}
            told = (await finished(await boss.slash(f"tiers {command}", options))).text
            assert "only the bot's owner" in told
    assert len(events_of(root, "TierDefined")) == 3


async def pressed(fake: FakeDiscord, owner: Person, question: Message) -> Message:
    """The question, once its yes was answered in its place."""
    await owner.click(question, "Yes, change it")
    return await fake.world.bell.until(
        lambda: None if "Shall it be changed?" in question.text else question,
        timeout=PICTURE_SECONDS,
        what=lambda: f"an answer in the place of {question.text}",
    )


def plainly(shown: Message) -> str:
    """Without what keeps names from being formatted."""
    return shown.text.replace("\\", "")
