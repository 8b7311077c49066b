"""A gift of points to another member: told where it was given, with a mention of whoever gets it and of nobody else."""

from __future__ import annotations

import discord

from adapters.application.market import PointsChanged, give_points
from adapters.discord.bot import Interaction, actor_of
from adapters.discord.embeds import NAME_CHARACTERS, message_embed
from adapters.discord.ending import AT_A_STOP
from adapters.discord.messages import Message
from adapters.discord.replies import Content, Reply, defer, tell
from adapters.discord.trading import GREEN, STOPPED_MEANWHILE, YELLOW, message_for_trade, units, written
from adapters.discord.untrusted_text import plain
from adapters.ports.faults import Fault
from domain.refusals import Refusal

WORDS_CHARACTERS = 200
"""Of a few words with a gift, and of a manager's reason."""
TITLE = "🎁 A Gift"
TO_ONESELF = Message("❌ Not To Yourself", "Choose somebody else: what is yours is yours already.", YELLOW)
TO_A_BOT = Message("❌ Not To A Bot", "Bots have no use for it. Choose a person.", YELLOW)
TO_A_STRANGER = Message(
    "❌ Not A Member", "Gifts are for members of the server in which you give them. Use it there.", YELLOW
)


async def give(interaction: Interaction, to: discord.Member | discord.User, amount: int, words: str | None) -> None:
    """Gives: who asked is told alone, and what was given by a message in the channel that rings up who gets it."""
    if (no := _no_gift(interaction, to)) is not None:
        await tell(interaction, no)
        return
    interaction.extras[AT_A_STOP] = STOPPED_MEANWHILE
    await defer(interaction, ephemeral=True)
    store, reply = interaction.client.store, Reply(interaction)
    called = store.settings.points_name
    done: PointsChanged | Refusal | Fault
    try:
        done = await give_points(
            store,
            str(interaction.user.id),
            str(to.id),
            amount,
            written(words),
            actor=actor_of(interaction),
            idempotency_key=str(interaction.id),
        )
    except Fault as fault:
        done = fault
    if not isinstance(done, PointsChanged):
        await reply.finish(Content([message_embed(message_for_trade(done, called))]))
        return
    giver, taker = (f"**{plain(one.display_name, NAME_CHARACTERS)}**" for one in (interaction.user, to))
    left = f"You gave {taker} {units(amount, called)}, and have {done.balance:,} left."
    await reply.finish(Content([message_embed(Message(TITLE, f"✅ {left}", GREEN))]))
    said = f"\n> {plain(words, WORDS_CHARACTERS)}" if words else ""
    text = f"{giver} gave {taker} **{units(amount, called)}**.{said}\n-# `/points` shows what you have."
    await reply.openly(Content([message_embed(Message(TITLE, text, GREEN))], named=to))


def _no_gift(interaction: Interaction, to: discord.Member | discord.User) -> Message | None:
    """Why somebody is given nothing, in kind words."""
    if to.id == interaction.user.id:
        return TO_ONESELF
    if to.bot:
        return TO_A_BOT
    return None if isinstance(to, discord.Member) else TO_A_STRANGER
