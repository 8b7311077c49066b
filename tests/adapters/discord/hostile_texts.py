"""What strangers may write into a prompt or a name, and what must be left of it in no message."""

from __future__ import annotations

import re

from hypothesis import strategies as st

LIVE = re.compile(r"@(everyone|here)|<@[!&]?\d|<#\d|<a?:\w+:\d|</\w+|<id:")
"""A mention, a custom emoji or a command as Discord acts upon it."""
LINK = re.compile(r"(?<!\\)\[[^\]]*\]\(http")
"""A link that hides its address; only the bot's own words may have one."""

_MENTIONS = ["@everyone", "@here", "<@123456789012345678>", "<@!1>", "<@&1>", "<#1>", "</delete:1>", "<id:home>"]
_TAGS = ["<:x:1>", "<a:x:1>", "<t:1:R>", "[x](https://example.org)", "https://example.org/a_b", "](http://x.y)", "["]
_MARKUP = ["```", "`", "**", "||", "\\", "# ", "> ", "- ", "\n", "\r\n", "\u2028"]
_WRITING = ["\u202e", "\u2067", "\u200b", "\x00", "\ud800", "👩\u200d🚀", "🎨", "é́́", "מלכה", "a"]
_PIECES = [*_MENTIONS, *_TAGS, *_MARKUP, *_WRITING]


def _filled_with(piece: str, characters: int) -> str:
    return (piece * characters)[:characters]


_ANY_CHARACTER = st.characters(exclude_categories=())
TEXTS = st.one_of(
    st.lists(st.sampled_from(_PIECES), max_size=40).map("".join),
    st.text(_ANY_CHARACTER, max_size=200),
    st.builds(_filled_with, st.sampled_from(_PIECES), st.sampled_from([100, 1_000, 10_000])),
)
"""Pieces that act in any order, any characters at all, and ten thousand characters of one piece."""
