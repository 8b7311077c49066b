"""The managers' commands: cleaning up, quotas of others, and whether the log is whole. Who may is `permissions`'."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from adapters.application.deleting import clean_up_blocking, cleanable, delete_save
from adapters.application.governing import override_limits_blocking, policy_step, reset_daily_blocking
from adapters.application.granting import give_grant_blocking
from adapters.application.over_windows import over_windows
from adapters.application.readiness import readiness_of
from adapters.application.reading import override_of, quota_status
from adapters.application.results import Changed, DeletedImage
from adapters.application.saves import save_under, saves_from, saves_of
from adapters.application.tiers import assign_tier_blocking, unassign_tier_blocking
from adapters.discord.bot import AbbyBot, Interaction, actor_of, guild_of
from adapters.discord.embeds import message_embed, quota_embed
from adapters.discord.errors import NotAllowed
from adapters.discord.governing import (
    REASON,
    Options,
    ask_to_change,
    ask_to_clean,
    message_for_cleanup,
    tried_wanted,
    windows_wanted,
)
from adapters.discord.granting import LARGEST_AMOUNT, Unit, gift_of, grants_content, message_for_gift
from adapters.discord.inputs import choices_of, suggestions
from adapters.discord.messages import Message, message_for_refusal, timestamp
from adapters.discord.own_limits import not_possible, own_after, own_in_words
from adapters.discord.permissions import (
    check_managers,
    check_shared_managers,
    is_owner,
    manages_here,
    manages_what_all_share,
    may_delete,
)
from adapters.discord.replies import NOT_TAKEN, Content, Reply, defer, respond
from adapters.discord.tiering import message_for_tiers, suggested_tiers
from adapters.discord.untrusted_text import plain
from adapters.ports.clock import utc_now
from adapters.ports.faults import Fault
from adapters.ports.log_reports import LogReport
from adapters.wording.figures import size_in_words
from domain.images import SECONDS_A_DAY
from domain.instants import later
from domain.limit_names import OF_A_USER
from domain.limits import MEGABYTE, UserLimits
from domain.names import MAX_STYLE_CHARS
from domain.refusals import Refusal
from domain.validation import MAX_DAYS

MOST_MB = 1_000_000
MOST_DAILY = 1_000_000
NOTE_CHARACTERS = 300
REASON_CHARACTERS = 200
LIMITS_CHARACTERS = 900
"""Of all further limits as they are written."""
GREEN = discord.Colour.green()

Someone = discord.Member | discord.User
ManagersAnswer = Message | Refusal


async def suggest_theirs(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    """The images of the user who is named in the same command, as far as whoever types may delete them: managers see
    the names of what was made in their server, and none of a user who is known to be no member.
    """
    someone = getattr(interaction.namespace, "user", None)
    if someone is None or not manages_here(interaction):
        return []
    user = str(someone.id)
    if is_owner(interaction):
        return suggestions(interaction, user, typed)
    if isinstance(someone, discord.User):
        return []
    store, here = interaction.client.store, actor_of(interaction).origin
    assert here is not None, "an interaction comes from somewhere"
    try:
        fitting = [save for save in saves_of(store, user) if typed.strip().lower() in save.name.lower()]
        theirs = await store.workers.reading.run(lambda: list(saves_from(store, user, fitting, here)))
    except Fault:
        return []  # the command itself tells the fault
    return choices_of([one.name for one in theirs])


async def suggest_tiers(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    """The tiers that there are, for who may give them."""
    return suggested_tiers(interaction.client.store, typed) if manages_what_all_share(interaction) else []


class ManagingCog(commands.Cog):
    """For whoever may manage the server, and for the bot's owner; seen by them alone. What all servers share is for the
    owner, and for the managers of the managers' channel's server.
    """

    quota_admin = app_commands.Group(
        name="quota_admin",
        description="Quotas of other users",
        default_permissions=discord.Permissions(manage_guild=True),
    )

    def __init__(self, bot: AbbyBot) -> None:
        self.bot = bot

    @app_commands.command(description="Remove old temporary files; images are never removed by age")
    @app_commands.describe(days="How old they are, where not as set", dry_run="First show what would go, then ask")
    @app_commands.default_permissions(manage_guild=True)
    @check_shared_managers
    async def storage_cleanup(
        self,
        interaction: Interaction,
        days: app_commands.Range[int, 0, MAX_DAYS] | None = None,
        dry_run: bool = False,
    ) -> None:
        """The seeds' words for what was done; or what would be."""
        await defer(interaction, ephemeral=True)
        store = self.bot.store
        if not dry_run:
            done = await store.workers.changing.run(clean_up_blocking, store, days, actor=actor_of(interaction))
            await _answer(interaction, message_for_cleanup(done))
            return
        age = store.settings.cleanup_days if days is None else days
        found = await store.workers.surveying.run(cleanable, store, age)
        if isinstance(found, Refusal):
            await _answer(interaction, found)
        else:
            await Reply(interaction).finish(ask_to_clean(interaction.user.id, found))

    @quota_admin.command(description="Show a user's quota")
    @app_commands.describe(user="Whose")
    @check_managers
    async def show(self, interaction: Interaction, user: Someone) -> None:
        """As the user sees it."""
        refuse_non_members(interaction, user)
        status = quota_status(self.bot.store, str(user.id), guild_of(interaction))
        embed = quota_embed(status, user.display_name)
        await respond(interaction, embed)

    @quota_admin.command(
        description="Give a user limits of their own; what you leave out stays; with neither, take theirs away"
    )
    @app_commands.describe(
        user="Whom",
        daily="Generations a day",
        storage_mb="Storage in MB",
        days="For how long; otherwise as before, or for good",
        limits="Further ones, such as user/month/credits=20, user/week/generations=9; or none",
    )
    @check_shared_managers
    async def set(
        self,
        interaction: Interaction,
        user: Someone,
        daily: app_commands.Range[int, 0, MOST_DAILY] | None = None,
        storage_mb: app_commands.Range[int, 0, MOST_MB] | None = None,
        days: app_commands.Range[int, 1, MAX_DAYS] | None = None,
        limits: app_commands.Range[str, 1, LIMITS_CHARACTERS] | None = None,
    ) -> None:
        """What is left out stays as it is."""
        refuse_non_members(interaction, user)
        await defer(interaction, ephemeral=True)
        try:
            windows = windows_wanted(limits, *OF_A_USER)
        except ValueError as error:
            await _answer(interaction, not_possible(error))
            return
        wanted = UserLimits(None if storage_mb is None else storage_mb * MEGABYTE, daily, windows)
        former = override_of(self.bot.store, str(user.id))
        own, until = own_after(former, wanted, days)
        done = await self.bot.store.workers.changing.run(
            override_limits_blocking,
            self.bot.store,
            str(user.id),
            REASON,
            own,
            until=until,
            seen=former,
            actor=actor_of(interaction),
        )
        await _answer(interaction, _changed(done, f"{own_in_words(own, until)} for {_name(user)}."))

    @quota_admin.command(description="Show the limits for everybody, or ask to change some of them")
    @app_commands.describe(
        daily="Generations a day",
        storage_mb="Storage of each user in MB",
        pool_mb="Storage of all together in MB",
        limits="All further ones, such as pool/month/credits=500, user/month/credits=20; or none",
        tried="All that are only tried out, such as user/month/credits; or none",
    )
    @app_commands.rename(tried="try")
    @check_shared_managers
    async def everybody(
        self,
        interaction: Interaction,
        daily: app_commands.Range[int, 0, MOST_DAILY] | None = None,
        storage_mb: app_commands.Range[int, 0, MOST_MB] | None = None,
        pool_mb: app_commands.Range[int, 0, MOST_MB] | None = None,
        limits: app_commands.Range[str, 1, LIMITS_CHARACTERS] | None = None,
        tried: app_commands.Range[str, 1, LIMITS_CHARACTERS] | None = None,
    ) -> None:
        """All servers share them: from what to what, and who would be over it, is shown first."""
        await defer(interaction, ephemeral=True)
        store, surveying = self.bot.store, self.bot.store.workers.surveying
        try:
            options = Options(daily, storage_mb, pool_mb, windows_wanted(limits), tried_wanted(tried))
        except ValueError as error:
            await _answer(interaction, not_possible(error))
            return
        step = await surveying.run(policy_step, store, options.wanted)
        if isinstance(step, Refusal):
            await _answer(interaction, step)
            return
        over = await surveying.run(over_windows, store, step)
        await Reply(interaction).finish(ask_to_change(interaction.user.id, step, options, over))

    @quota_admin.command(description="Give a user something beyond the limits, which is used up once")
    @app_commands.describe(
        user="Whom", unit="Of what", amount="How much", days="For how long; otherwise for good", reason="Why"
    )
    @check_shared_managers
    async def grant(
        self,
        interaction: Interaction,
        user: Someone,
        unit: Unit,
        amount: app_commands.Range[float, 0.001, LARGEST_AMOUNT],
        days: app_commands.Range[int, 1, MAX_DAYS] | None = None,
        reason: app_commands.Range[str, 1, REASON_CHARACTERS] | None = None,
    ) -> None:
        """Recorded as given by who asks."""
        refuse_non_members(interaction, user)
        await defer(interaction, ephemeral=True)
        gift = gift_of(unit, amount, days, reason)
        if isinstance(gift, Message):
            await _answer(interaction, gift)
            return
        done = await self.bot.store.workers.changing.run(
            give_grant_blocking, self.bot.store, str(user.id), gift, actor=actor_of(interaction)
        )
        await _answer(interaction, done if isinstance(done, Refusal) else message_for_gift(gift, _name(user)))

    @quota_admin.command(description="Show what a user has left of grants, and take one away")
    @app_commands.describe(user="Whose")
    @check_shared_managers
    async def grants(self, interaction: Interaction, user: Someone) -> None:
        """Each with a button, which asks first."""
        refuse_non_members(interaction, user)
        await defer(interaction, ephemeral=True)
        await Reply(interaction).finish(grants_content(interaction, str(user.id)), NOT_TAKEN)

    @quota_admin.command(description="Show a user's tiers, give one by hand, or take one back that was given so")
    @app_commands.describe(
        user="Whom",
        tier="Which; leave it out to see theirs",
        days="For how long; otherwise for good",
        take_back="Take it back",
    )
    @app_commands.autocomplete(tier=suggest_tiers)
    @check_shared_managers
    async def tier(
        self,
        interaction: Interaction,
        user: Someone,
        tier: app_commands.Range[str, 1, MAX_STYLE_CHARS] | None = None,
        days: app_commands.Range[int, 1, MAX_DAYS] | None = None,
        take_back: bool = False,
    ) -> None:
        """What is done is told with what the user has then."""
        refuse_non_members(interaction, user)
        await defer(interaction, ephemeral=True)
        store, their_id, actor = self.bot.store, str(user.id), actor_of(interaction)
        changing, done = store.workers.changing, None
        if tier is not None and take_back:
            done = await changing.run(unassign_tier_blocking, store, their_id, tier, REASON, actor=actor)
        elif tier is not None:
            end = later(utc_now(), seconds=days * SECONDS_A_DAY) if days else None
            done = await changing.run(assign_tier_blocking, store, their_id, tier, REASON, until=end, actor=actor)
        await _answer(
            interaction, done if isinstance(done, Refusal) else message_for_tiers(store, their_id, _name(user))
        )

    @quota_admin.command(description="Set a user's count of today to 0")
    @app_commands.describe(user="Whose")
    @check_shared_managers
    async def reset(self, interaction: Interaction, user: Someone) -> None:
        """Recorded as done by who asks."""
        refuse_non_members(interaction, user)
        await defer(interaction, ephemeral=True)
        done = await self.bot.store.workers.changing.run(
            reset_daily_blocking, self.bot.store, str(user.id), REASON, actor=actor_of(interaction)
        )
        await _answer(interaction, _changed(done, f"Today's count of {_name(user)} is 0 again."))

    @quota_admin.command(name="delete-image", description="Delete an image of a user")
    @app_commands.describe(user="Whose", name="Which")
    @app_commands.autocomplete(name=suggest_theirs)
    @check_managers
    async def delete_image(
        self, interaction: Interaction, user: Someone, name: app_commands.Range[str, 1, 120]
    ) -> None:
        """Recorded as done by who asks."""
        refuse_non_members(interaction, user)
        await defer(interaction, ephemeral=True)
        save = save_under(self.bot.store, str(user.id), name)
        if save is None or not await may_delete(interaction, str(user.id), save):
            await _answer(interaction, _none_of_theirs(user, name))
            return
        done = await delete_save(self.bot.store, str(user.id), save, actor=actor_of(interaction), reason="admin")
        if isinstance(done, DeletedImage):
            freed = size_in_words(done.freed_bytes)
            text = f"**{plain(done.name, 120)}** of {_name(user)} is gone; {freed} are free again."
            await _answer(interaction, Message("🗑️ Image Deleted", text, GREEN))
        else:
            await _answer(interaction, done)

    @app_commands.command(description="Verify the log: is it whole, what is its head, what needs a look")
    @app_commands.default_permissions(manage_guild=True)
    @check_shared_managers
    async def audit(self, interaction: Interaction) -> None:
        """Reads the log from its first byte to its last, beside the running bot."""
        await defer(interaction, ephemeral=True)
        surveying, store = self.bot.store.workers.surveying, self.bot.store
        report = await surveying.run(store.engines.log.verify, store.root)
        await _answer(interaction, await surveying.run(self._told, report))

    def _told(self, report: LogReport) -> Message:
        readiness = readiness_of(self.bot.store)
        verdict = "The log is whole: every hash fits." if report.is_whole else "**The log is damaged.** Stop the bot."
        cleanup = timestamp(readiness.last_cleanup, "R") if readiness.last_cleanup else "not since the start"
        lines = [
            verdict,
            f"**Head**: position {report.positions}, hash `{str(report.digest)[:16]}`",
            f"**Now**: position {readiness.position}",
            f"**Last cleanup**: {cleanup}",
            *(f"⚠️ {plain(note, NOTE_CHARACTERS)}" for note in readiness.notes),
        ]
        good = report.is_whole and not readiness.degraded
        return Message("🔎 Audit", "\n".join(lines), GREEN if good else discord.Colour.red())


def refuse_non_members(interaction: Interaction, user: Someone) -> None:
    """Managers of a server manage its members, the bot's owner everybody. Raises NotAllowed."""
    if not isinstance(user, discord.Member) and not interaction.client.is_owner_id(interaction.user.id):
        raise NotAllowed


def _none_of_theirs(user: Someone, name: str) -> Message:
    """One answer for what is not there and for what is not the manager's to know of."""
    text = (
        f"{_name(user)} has no image **{plain(name, NOTE_CHARACTERS)}** that you may delete. Managers delete what was "
        "made in their server; what was made elsewhere only its maker and the bot's owner delete."
    )
    return Message("❌ Image Not Found", text, discord.Colour.red())


async def _answer(interaction: Interaction, answer: ManagersAnswer) -> None:
    message = message_for_refusal(answer) if isinstance(answer, Refusal) else answer
    await Reply(interaction).finish(Content([message_embed(message)]))


def _changed(done: Changed | Refusal, text: str) -> ManagersAnswer:
    if isinstance(done, Refusal):
        return done
    return Message("✅ Done", text if done.position else f"{text} It was so already: nothing was changed.", GREEN)


def _name(user: Someone) -> str:
    return f"**{plain(user.display_name, 100)}**"
