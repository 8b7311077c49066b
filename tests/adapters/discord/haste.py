"""What the programs of these tests begin with: the real ones, which connect again soon."""

from __future__ import annotations

CONNECTS_SOON = """
from functools import partial
import discord.shard
discord.shard.ExponentialBackoff = partial(discord.shard.ExponentialBackoff, 0.05)
"""
"""The library's own waits before it connects again double as they do, and are a twentieth as long."""
