"""What managers hear of a member's tiers on Discord.

Who has which is `application/tiers.py`'s.
"""

from __future__ import annotations

import discord

from adapters.application.reading import ReadableStorage
from adapters.application.tiers import Held, tiers_in_force, tiers_of
from adapters.discord.inputs import choices_of
from adapters.discord.messages import Message, timestamp
from adapters.discord.untrusted_text import plain
from adapters.ports.faults import Fault
from adapters.wording.tiers import limits_in_words
from domain.tiers import EVERYBODY

MOST_NAMED = 20
"""Reasons for tiers that one answer names."""
QUOTED = 100


def suggested_tiers(store: ReadableStorage, typed: str) -> list[discord.app_commands.Choice[str]]:
    """The tiers whose keys hold what is typed."""
    try:
        keys = [tier.tier for tier in tiers_in_force(store)]
    except Fault:
        return []  # the command itself tells the fault
    return choices_of([key for key in keys if typed.strip().lower() in key])


def message_for_tiers(store: ReadableStorage, user: str, name: str) -> Message:
    """Which tiers a user has, why, until when, and what they give together. Raises Faults."""
    found = tiers_of(store, user)
    lines = []
    for held in found.held[:MOST_NAMED]:
        end = f" until {timestamp(held.until, 'f')}" if held.until else ""
        lines.append(f"- **{plain(held.tier, QUOTED)}** {_why(held)}{end}")
    own = limits_in_words(found.benefits.limits)
    given = f"Together they give {', '.join(own)}." if own else "They give the limits of everybody."
    text = "\n".join([f"{name} has:", *lines, given]) if lines else f"{name} has no tier."
    return Message("🎖️ Tiers", text, discord.Colour.green())


def _why(held: Held) -> str:
    """A role of any server is named by its id, which Discord shows by its name where it knows it."""
    if held.tier == EVERYBODY:
        return "as who has no other"
    _, is_role, role = (held.group or "").partition("/role:")
    return f"by <@&{role}>" if is_role else f"by {held.group or 'hand'}"
