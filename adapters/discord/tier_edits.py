"""A tier is changed or taken away on Discord: from what to what and whom that touches is shown first, with a button.

What was asked stands in the question, as an id has no room for it, and the id has its digest and that of the tier as it
was shown. Who presses is asked for the right again; where somebody changed the tier meanwhile, nothing is changed.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from hashlib import sha256
from typing import Any, NamedTuple

import discord

from adapters.application.results import Changed
from adapters.application.tiers import (
    TierStep,
    define_tier_blocking,
    take_tier_away_blocking,
    tier_step,
    tiers_in_force,
)
from adapters.discord.bot import actor_of
from adapters.discord.embeds import message_embed
from adapters.discord.errors import OwnerOnly
from adapters.discord.governing import ASK_AGAIN, NONE, REASON
from adapters.discord.lasting_items import OwnItem
from adapters.discord.messages import Message, message_for_refusal
from adapters.discord.permissions import manages_what_all_share
from adapters.discord.replies import NOT_TAKEN, Content, Spare
from adapters.discord.untrusted_text import plain
from adapters.wording.figures import counted
from adapters.wording.limits import NOBODY_LOSES
from adapters.wording.tiers import tier_in_words
from domain.limit_grammar import limits_in_text, limits_of
from domain.limit_names import OF_A_USER
from domain.limits import MEGABYTE, UserLimits, replaced
from domain.refusals import Reason, Refusal
from domain.tier_commands import SeenTier
from domain.tiers import Tier

TITLE = "🎖️ Tiers"
GREEN, BLUE = discord.Colour.green(), discord.Colour.blurple()
TIER_FIELD, ASKED_FIELD = "Tier", "Asked"
TOLD_CHARACTERS = 900
"""Of one tier in an answer."""
MOST_TOLD = 20
REMOVED = "removed"
_NUMBERS = ("daily", "storage_mb", "weight", "waiting")


class TierOptions(NamedTuple):
    """What the options of a command say of a tier; None: it stays as it is. `limits` and `operations` are the text that
    was written, roles are groups.
    """

    daily: int | None = None
    storage_mb: int | None = None
    limits: str | None = None
    role: str | None = None
    without_role: str | None = None
    operations: str | None = None
    weight: int | None = None
    waiting: int | None = None
    removed: bool = False

    @property
    def text(self) -> str:
        """They as they stand in a question, a line each."""
        said = {name: value for name, value in self._asdict().items() if value is not None and value is not False}
        return "\n".join(f"{name}: {'yes' if value is True else value}" for name, value in said.items())

    def after(self, key: str, former: Tier | None) -> Tier | None:
        """The tier that they make of what is; None: there shall be none. Raises ValueError with a sentence."""
        if self.removed:
            return None
        tier = former or Tier(key)
        own = tier.limits
        limits = UserLimits(
            user_bytes=own.user_bytes if self.storage_mb is None else self.storage_mb * MEGABYTE,
            daily=own.daily if self.daily is None else self.daily,
            windows=self._windows(own) or None,
        )
        groups = {*tier.groups, *([self.role] if self.role else [])} - {self.without_role}
        return tier._replace(
            limits=limits,
            groups=tuple(sorted(group for group in groups if group)),
            operations=tier.operations if self.operations is None else _names(self.operations),
            weight=tier.weight if self.weight is None else self.weight,
            waiting=tier.waiting if self.waiting is None else self.waiting,
        )

    def _windows(self, own: UserLimits) -> tuple[tuple[str, int], ...]:
        if self.limits is None:
            return own.windows or ()
        return () if self.limits.strip().lower() == NONE else replaced((), limits_of(self.limits, OF_A_USER))


def options_in(text: str) -> TierOptions | None:
    """The options that a question of ours shows; None where they are none."""
    said: dict[str, Any] = {}
    for line in text.splitlines():
        name, _, value = line.partition(": ")
        if name not in TierOptions._fields:
            return None
        said[name] = int(value) if name in _NUMBERS and value.isdigit() else value
    said[REMOVED] = REMOVED in said
    return TierOptions(**said)


def message_of_all(tiers: tuple[Tier, ...]) -> Message:
    """Every tier in a line."""
    lines = [f"- {plain(tier_in_words(tier), TOLD_CHARACTERS)}" for tier in tiers[:MOST_TOLD]]
    lines += [f"and {len(tiers) - MOST_TOLD} more; `abby tiers` lists all."] if len(tiers) > MOST_TOLD else []
    return Message(TITLE, "\n".join(lines) or "There are no tiers: everybody has the same limits.", BLUE)


def question(user: int, key: str, step: TierStep, options: TierOptions) -> Content:
    """From what to what, who has it then, and who would be over a limit, with a button."""
    if step.former == step.wanted:
        return _content(Message(TITLE, f"{_told(step.wanted, key)}.\nNothing would be changed.", BLUE))
    lines = [f"It is {_told(step.former, key)}."] if step.former else []
    lines.append(f"**It would be {_told(step.wanted, key)}.**")
    lines.append(
        f"As far as the log knows, {counted(step.members, 'user')} with it then, {step.joining} of them new; "
        f"{step.leaving} without it. Who has a role that no tier named until now is known from their next command on."
    )
    if step.over:
        lines.append(f"⚠️ Over a limit then, and not now: {counted(step.over, 'user')}. {NOBODY_LOSES}")
    lines.append("It holds for all servers, from the next command on. Shall it be changed?")
    custom_id = f"abby:tier:{_digest(step.former)}:{_digest((key, options.text))}:{user}"
    button = discord.ui.Button[Any](label="Yes, change it", style=discord.ButtonStyle.danger, custom_id=custom_id)
    content = _content(Message(TITLE, "\n".join(lines), BLUE), button)
    for name, text in ((TIER_FIELD, key), (ASKED_FIELD, options.text)):
        if text:
            content.embeds[0].add_field(name=name, value=f"```\n{text}\n```", inline=False)
    return content


class TierItem(OwnItem, template=r"abby:tier:(?P<seen>[0-9a-f]{8}):(?P<asked>[0-9a-f]{8}):(?P<owner>[a-z0-9_-]{1,64})"):
    """The yes to the question."""

    def __init__(self, item: discord.ui.Item[Any], match: re.Match[str]) -> None:
        super().__init__(item, match)
        self.seen, self.asked = match["seen"], match["asked"]

    @property
    def paced_as(self) -> str:
        """As the command that asks."""
        return "tiers set"

    async def contents(self, interaction: discord.Interaction[Any]) -> AsyncGenerator[tuple[Content, Spare]]:
        """What was done. Raises OwnerOnly where who presses may not any more."""
        if not manages_what_all_share(interaction):
            raise OwnerOnly
        yield _content(await self._changed(interaction)), NOT_TAKEN

    async def _changed(self, interaction: discord.Interaction[Any]) -> Message:
        """Changes the tier, where it is as it was shown."""
        shown = _fields_of(interaction.message)
        key, options = shown.get(TIER_FIELD, ""), options_in(shown.get(ASKED_FIELD, ""))
        if options is None or _digest((key, options.text)) != self.asked:
            return ASK_AGAIN
        store = interaction.client.store
        former = next((tier for tier in tiers_in_force(store) if tier.tier == key), None)
        try:
            wanted = options.after(key, former)
        except ValueError:
            return ASK_AGAIN
        if _digest(former) != self.seen and former != wanted:
            return message_for_refusal(Refusal(Reason.LIMITS_CHANGED, detail=_told(former, key)))
        if wanted is None and former is None:
            return Message(TITLE, "It is no more already: nothing was changed.", GREEN)
        done = await _carried_out(interaction, key, wanted, SeenTier(former))
        if isinstance(done, Refusal):
            return message_for_refusal(done)
        again = "" if done.position else " It was so already: nothing was changed."
        return Message(TITLE, f"✅ {_told(wanted, key)}.{again}", GREEN)


async def asked_step(interaction: discord.Interaction[Any], key: str, options: TierOptions) -> TierStep | Refusal:
    """What the options would make of a tier. Raises ValueError with a sentence for limits that are none."""
    store = interaction.client.store
    former = next((tier for tier in tiers_in_force(store) if tier.tier == key), None)
    wanted = options.after(key, former)
    step: TierStep | Refusal = await store.workers.surveying.run(tier_step, store, key, wanted)
    return step


async def _carried_out(
    interaction: discord.Interaction[Any], key: str, wanted: Tier | None, seen: SeenTier
) -> Changed | Refusal:
    store, actor = interaction.client.store, actor_of(interaction)
    changing = store.workers.changing
    done: Changed | Refusal
    if wanted is None:
        done = await changing.run(take_tier_away_blocking, store, key, REASON, seen=seen, actor=actor)
    else:
        done = await changing.run(define_tier_blocking, store, wanted, REASON, seen=seen, actor=actor)
    return done


def _told(tier: Tier | None, key: str) -> str:
    return plain(f"no tier {key} any more" if tier is None else tier_in_words(tier), TOLD_CHARACTERS)


def _names(text: str) -> tuple[str, ...] | None:
    """Names with commas between them; `all` is no list."""
    names = sorted({name.strip() for name in text.split(",") if name.strip()})
    return None if names == ["all"] else tuple(names)


def _fields_of(message: discord.Message | None) -> dict[str, str]:
    embeds = message.embeds if message else []
    return {str(field.name): str(field.value).strip("`\n") for embed in embeds for field in embed.fields}


def _digest(of: Tier | tuple[str, str] | None) -> str:
    """Stands in an id for what it has no room for."""
    if isinstance(of, Tier):
        of = (limits_in_text(of.limits.windows or ()), repr((*of.limits[:2], *of[2:])))
    return sha256(repr(of).encode()).hexdigest()[:8]


def _content(message: Message, button: discord.ui.Button[Any] | None = None) -> Content:
    if button is None:
        return Content([message_embed(message)])
    view = discord.ui.View(timeout=None)
    view.add_item(button)
    view.stop()  # the library need not remember it, as the id says all
    return Content([message_embed(message)], (), view)
