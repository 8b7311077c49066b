"""The same rights as `test_rights` has in full, from one end to the other: a team's application, two servers, and what
each person is shown.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from adapters.application.results import Actor
from adapters.application.saving import NewImage, save_image
from adapters.engines.opening import open_store
from domain.commands import SetPolicy
from tests.adapters.discord.bot.stage import finished, running
from tests.adapters.discord.fake.people import Person
from tests.adapters.discord.fake.server import FakeDiscord
from tests.adapters.discord.fake.world import MANAGE_GUILD, USUAL, TeamMember
from tests.hostile.builders import png

ORIGINS = ("foxes", "bears", "direct", "http", "unknown")


async def made_by(ann: Person, fake: FakeDiscord, root: Path, names: list[str]) -> None:
    """Ann's pictures: one for each of these, from each origin."""
    guilds = {guild.name.lower(): f"guild:{guild.id}" for guild in fake.world.guilds.values()}
    store = open_store(root, limits=SetPolicy(daily=1_000))
    for origin in ORIGINS:
        actor = Actor(f"discord:{ann.id}", guilds.get(origin, None if origin == "unknown" else origin))
        for name in names:
            await save_image(store, NewImage(str(ann.id), png(), name=f"{name}-{origin}.png"), actor=actor)
    store.close()


async def test_who_may_what_with_a_team_and_without_a_managers_channel(
    fake: FakeDiscord, ann: Person, tmp_path: Path
) -> None:
    """Deleting by name, the names that are suggested, and the audit: each refusal is seen by its asker alone, and says
    nothing of what is not theirs. Who may only read in the team, or is invited, is a manager of Bears and no more.
    """
    foxes, bears = next(iter(fake.world.guilds.values())), fake.guild("Bears")
    owners = {name: fake.user(name) for name in ("captain", "developer")}
    managers = {name: fake.user(name) for name in ("boss of foxes", "chief of bears", "reader", "invited")}
    fake.world.team = [
        *(TeamMember(owner) for owner in owners.values()),
        TeamMember(managers["reader"], "read_only"),
        TeamMember(managers["invited"], "admin", accepted=False),
    ]
    for name, person in managers.items():
        (foxes if "foxes" in name else bears).permissions[person] = USUAL | MANAGE_GUILD
    places = {name: (foxes if "foxes" in name else bears).channels[0] for name in managers}
    places |= {name: person.direct for name, person in owners.items()}
    people = owners | managers
    await made_by(ann, fake, tmp_path / "root", list(people))

    async def said(name: str, command: str, /, **options: object) -> str:
        message = await finished(await people[name].slash(command, options, channel=places[name]))
        assert message.ephemeral
        return message.text

    async def deletes(name: str) -> set[str]:
        answers = await asyncio.gather(
            *(said(name, "quota_admin delete-image", user=ann, name=f"{name}-{origin}.png") for origin in ORIGINS)
        )
        assert all("is gone" in answer or "Image Not Found" in answer for answer in answers)
        return {origin for origin, answer in zip(ORIGINS, answers, strict=True) if "is gone" in answer}

    async with running(fake, tmp_path / "root", GENERATOR="sketch"):
        await fake.synced()
        boss = people["boss of foxes"]
        found = await boss.autocomplete("quota_admin delete-image", "name", "", {"user": ann})
        assert {choice.value for choice in found} == {f"{name}-foxes.png" for name in people}
        for name in people:
            own_guild = {"foxes" if "foxes" in name else "bears"}
            assert await deletes(name) == (set(ORIGINS) if name in owners else own_guild)
            assert ("The log is whole" in await said(name, "audit")) == (name in owners)
    assert fake.complaints == []
