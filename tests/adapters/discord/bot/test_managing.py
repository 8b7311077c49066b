"""The managers' commands: who may use them, and what they do."""

from __future__ import annotations

import re

import pytest

from tests.adapters.discord.bot.stage import Stage, finished
from tests.adapters.discord.fake.client import ClientRefuses
from tests.adapters.discord.fake.people import Person
from tests.adapters.discord.fake.world import MANAGE_GUILD, USUAL

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("one bot")]

COMMANDS = ["storage_cleanup", "audit", "quota_admin show", "quota_admin reset", "quota_admin set"]
ABOUT_ALL = ["storage_cleanup", "audit", "quota_admin everybody"]


@pytest.fixture
def boss(stage: Stage) -> Person:
    """Who may manage the server, and is not its owner."""
    return stage.discord.user("boss", permissions=USUAL | MANAGE_GUILD)


@pytest.fixture
def owner(stage: Stage) -> Person:
    """Of the application, so that everything may be done; here also of the server."""
    owner = stage.guild.owner
    assert isinstance(owner, Person)
    return owner


@pytest.mark.parametrize("command", [*COMMANDS, "quota_admin everybody"])
async def test_others_neither_see_nor_use_them(ann: Person, command: str) -> None:
    """Discord hides them in a server; in direct messages it shows them, and the bot itself refuses."""
    options = {} if command in ABOUT_ALL else {"user": ann}
    with pytest.raises(ClientRefuses):
        await ann.slash(command, options)
    message = await finished(await ann.slash(command, options, channel=ann.direct))
    assert "Not Allowed" in message.text
    assert message.ephemeral


@pytest.mark.parametrize("command", ["quota_admin reset", "quota_admin set", *ABOUT_ALL])
async def test_without_a_managers_channel_nobody_but_the_owner_acts_on_what_all_servers_share(
    ann: Person, boss: Person, command: str
) -> None:
    """Whoever invites the bot manages a server. The refusal says what the owner can do."""
    message = await finished(await boss.slash(command, {} if command in ABOUT_ALL else {"user": ann}))
    assert "only the bot's owner changes them" in message.text
    assert "`DISCORD_MANAGERS_CHANNEL`" in message.text
    assert message.ephemeral


async def test_the_owner_of_the_application_always_may(ann: Person, owner: Person) -> None:
    """In direct messages too, and for everybody."""
    message = await finished(await owner.slash("quota_admin show", {"user": ann}, channel=owner.direct))
    assert "Daily Generations: 0/5" in message.text


async def test_a_cleanup_tells_files_and_space(owner: Person) -> None:
    """In the seeds' words."""
    message = await finished(await owner.slash("storage_cleanup", {"days": 1}))
    assert "**Files Deleted**: 0" in message.text
    assert "**Space Freed**: 0.00MB" in message.text


async def test_the_limits_for_everybody_are_shown_and_then_changed(stage: Stage, ann: Person, owner: Person) -> None:
    """Who would be over them is told before; a yes to what stood before somebody else's change changes nothing."""
    await stage.imagine(ann, count=4)
    shown = await finished(await owner.slash("quota_admin everybody", {}))
    assert "In force: 5 generations a day, 500.0 MB of storage for each user, 5000.0 MB for all together" in shown.text
    wishes = ({"daily": 2, "pool_mb": 4000}, {"daily": 9})
    asked, again = [await finished(await owner.slash("quota_admin everybody", wish)) for wish in wishes]
    for words in ("From 5 to 2 generations a day", "From 5000.0 MB to 4000.0 MB"):
        assert words in asked.text
    assert re.search(r"1 user has made more today|\d+ users have made more today", asked.text)  # others have today too
    await owner.click(asked, "Yes, change them")
    await stage.changed(asked, "✅ In force: 2 generations a day, 500.0 MB of storage for each user, 4000.0 MB")
    assert "Daily Generations: 4/2" in (await finished(await ann.slash("quota"))).text
    assert "Daily Generation Limit Reached" in (await stage.imagine(ann)).text
    await owner.click(again, "Yes, change them")
    await stage.changed(again, "Somebody else changed the limits meanwhile")
    assert "Daily Generations: 4/2" in (await finished(await ann.slash("quota"))).text
    same = await finished(await owner.slash("quota_admin everybody", {"daily": 2}))
    assert "Nothing would be changed" in same.text
    back = await finished(await owner.slash("quota_admin everybody", {"daily": 5, "pool_mb": 5000}))
    await owner.click(back, "Yes, change them")
    await stage.changed(back, "✅ In force: 5 generations a day")


async def test_a_cleanup_may_be_shown_first(owner: Person) -> None:
    """Nothing would go here."""
    message = await finished(await owner.slash("storage_cleanup", {"days": 0, "dry_run": True}))
    assert "Nothing would go" in message.text


async def test_a_quota_is_shown_set_and_reset(stage: Stage, ann: Person, owner: Person) -> None:
    """Each is in force at once, and taken away again."""
    await stage.imagine(ann, count=4)
    assert "Daily Generations: 4/5" in (await finished(await owner.slash("quota_admin show", {"user": ann}))).text
    done = await finished(await owner.slash("quota_admin set", {"user": ann, "daily": 9, "storage_mb": 20, "days": 2}))
    assert "9 generations a day and 20.0 MB of storage until <t:" in done.text
    text = (await finished(await ann.slash("quota"))).text
    assert "Daily Generations: 4/9" in text
    assert "/ 20.0MB" in text
    done = await finished(await owner.slash("quota_admin set", {"user": ann, "daily": 8}))
    assert "8 generations a day and 20.0 MB of storage until <t:" in done.text, "what is left out stays"
    await finished(await owner.slash("quota_admin reset", {"user": ann}))
    done = await finished(await owner.slash("quota_admin set", {"user": ann}))
    assert "The limits of everybody hold again" in done.text
    assert "Daily Generations: 0/5" in (await finished(await ann.slash("quota"))).text


async def test_a_user_without_room_is_refused_in_the_seeds_words(stage: Stage, ann: Person, owner: Person) -> None:
    """Before anything is made, and `/why` says it again."""
    await finished(await owner.slash("quota_admin set", {"user": ann, "storage_mb": 0}))
    message = await stage.imagine(ann)
    assert "Storage Error" in message.text
    assert "Your storage quota is full" in message.text
    assert "Your storage quota is full" in (await finished(await ann.slash("why"))).text
    assert "Daily Generations: 0/5" in (await finished(await ann.slash("quota"))).text


async def test_a_users_image_is_deleted_by_a_manager(stage: Stage, ann: Person, boss: Person) -> None:
    """Its name is suggested; the button under it works for managers too."""
    await stage.imagine(ann)
    shown = await stage.imagine(ann)
    assert "Daily Generations: 2/5" in (await finished(await boss.slash("quota_admin show", {"user": ann}))).text
    (_, first) = await boss.autocomplete("quota_admin delete-image", "name", "", {"user": ann})
    done = await finished(await boss.slash("quota_admin delete-image", {"user": ann, "name": first.value}))
    assert "image\\_1.png** of **ann" in done.text
    done = await finished(await boss.slash("quota_admin delete-image", {"user": ann, "name": first.value}))
    assert "Image Not Found" in done.text
    await (await boss.click(shown, "Delete")).acknowledged()
    await boss.click(shown, "Yes, delete it")
    await stage.changed(shown, "Image Deleted")


async def test_the_audit_reads_the_whole_log(owner: Person) -> None:
    """Verdict, head, and the last cleanup, which the start made."""
    text = (await finished(await owner.slash("audit"))).text
    for words in ("The log is whole", "**Head**: position", "**Last cleanup**: <t:"):
        assert words in text


async def test_why_of_a_member_is_for_managers_of_their_server(
    stage: Stage, ann: Person, bob: Person, boss: Person
) -> None:
    """They see figures and no name of a picture; a member sees their own alone, whoever they name."""
    await stage.imagine(ann)
    text = (await finished(await boss.slash("why", {"user": ann}))).text
    assert "Limits, from old to new" in text
    assert "Kept, " in text
    assert "image\\_1" not in text
    assert "image\\_1" in (await finished(await ann.slash("why", {"user": ann}))).text
    refused = await finished(await bob.slash("why", {"user": ann}))
    assert "Not Allowed" in refused.text
    assert refused.ephemeral
    assert "has asked for nothing yet" in (await finished(await boss.slash("why", {"user": bob}))).text


async def test_why_of_others_is_not_told_in_direct_messages(ann: Person, boss: Person, owner: Person) -> None:
    """A manager manages a server; the owner of the application everybody."""
    assert "Not Allowed" in (await finished(await boss.slash("why", {"user": ann}, channel=boss.direct))).text
    assert "nothing yet" in (await finished(await owner.slash("why", {"user": ann}, channel=owner.direct))).text
