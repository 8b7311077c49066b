"""Where a week's digest is posted: whether the channel is there, of which server it is, and what the bot may send
there. When, and what is told, is `digests`' to say.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import discord

OWN, WHOLE = "DISCORD_DIGEST_CHANNELS", "DISCORD_DIGEST_WHOLE"
ADVICE = "Correct {}, or give the bot its rights in that channel; the week's digest is posted as soon as it can be."
NARROWED = "In channel {} the bot may not {}: the week's digest is posted there as {}. With this right it is whole."


class Misplaced(Exception):
    """Nothing can be posted there; the message tells the operator why, and what to do."""


class Place(NamedTuple):
    """A channel that can be posted to. `guild` is the one whose figures are told there, None where all are."""

    channel: Any
    channel_id: int
    guild: str | None
    setting: str
    may_embed: bool = True
    may_attach: bool = True

    @property
    def narrowed(self) -> str:
        """What the operator is told where not all can be sent; "" where all can."""
        if not self.may_embed:
            return NARROWED.format(self.channel_id, "embed links", "plain text")
        if not self.may_attach:
            return NARROWED.format(self.channel_id, "attach files", "text without its picture")
        return ""

    def refused(self, error: discord.HTTPException) -> Misplaced:
        """What a refusal of Discord's means."""
        return _misplaced(self.channel_id, self.setting, f"does not take the bot's message ({error.status})")


async def find_place(client: discord.Client, channel_id: int, *, whole: bool) -> Place:
    """The channel as it is now. Raises Misplaced, and what the library raises where Discord is away."""
    setting = WHOLE if whole else OWN
    try:
        channel: Any = client.get_channel(channel_id) or await client.fetch_channel(channel_id)
    except (discord.NotFound, discord.InvalidData) as error:
        raise _misplaced(channel_id, setting, "is not there, or was deleted") from error
    except discord.Forbidden as error:
        raise _misplaced(channel_id, setting, "is not one that the bot may see") from error
    if not isinstance(channel, discord.abc.Messageable):
        raise _misplaced(channel_id, setting, "takes no messages")
    guild = getattr(channel, "guild", None)
    if guild is None and not whole:
        raise _misplaced(channel_id, setting, "is in no server, so there is none whose figures could be told there")
    may = _permissions(channel, guild)
    if may is not None and not may.view_channel:
        raise _misplaced(channel_id, setting, "is not one that the bot may see")
    writes = may is None or (may.send_messages_in_threads if isinstance(channel, discord.Thread) else may.send_messages)
    if not writes:
        raise _misplaced(channel_id, setting, "is not one that the bot may write in")
    return Place(
        channel=channel,
        channel_id=channel_id,
        guild=None if whole or guild is None else str(guild.id),
        setting=setting,
        may_embed=may is None or may.embed_links,
        may_attach=may is None or may.attach_files,
    )


def _permissions(channel: Any, guild: discord.Guild | None) -> discord.Permissions | None:
    """What the bot may do there, None where that is not known."""
    if guild is None or guild.me is None:
        return None
    return channel.permissions_for(guild.me)  # type: ignore[no-any-return]  # every kind of channel has it


def _misplaced(channel_id: int, setting: str, why: str) -> Misplaced:
    return Misplaced(f"{setting}: channel {channel_id} {why}. {ADVICE.format(setting)}")
