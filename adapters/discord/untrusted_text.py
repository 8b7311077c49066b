"""Text that others wrote, made harmless before it is shown: no markup, no mention, no link, within a length.

Answers for how a prompt, a name or a service's sentence looks in a message. What is said around it is `words`' and
`embeds`'. discord.py's `escape_markdown` is not enough here: behind a `[name](address)` it escapes nothing up to the
end of the line.
"""

from __future__ import annotations

import re
import unicodedata

ELLIPSIS = "…"
READ_CHARACTERS = 10_000
"""So much of a text is looked at; no message has room for more."""
_APART = "\u200b"
"""A space of no width: between two characters that Discord would take together, it keeps them apart."""

_MARKUP = re.compile(r"([\\*_~|`\[\]])")
_LINE_MARKUP = re.compile(r"^([#>+-])")
_LINK = re.compile(r":(?=//)")
_OF_OPERATORS = re.compile(r"\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b|`abby ")
_HALF = re.compile("[\ud800-\udfff]")
_AT = re.compile(r"@(?!\u200b)")
_TAG = re.compile(r"<(?!\u200b|t:\d{1,11}(?::[tTdDfFR])?>)")
"""What opens a mention, an emoji or an address; a timestamp, which these messages have of their own, is none."""
_UNSHOWN = frozenset({"Cc", "Cs", "Co"})
"""Unicode's categories of control characters, halves of pairs, and private use."""
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn the direction of the text, also of the words behind it."""


def plain(text: str, at_most: int) -> str:
    """The text on one line, without anything that Discord acts upon, and at most so long."""
    line = " ".join(text[:READ_CHARACTERS].split())
    shown = "".join(one for one in line if one not in _TURNING and unicodedata.category(one) not in _UNSHOWN)
    escaped = _LINE_MARKUP.sub(r"\\\1", _MARKUP.sub(r"\\\1", cut(shown, at_most)))
    apart = _LINK.sub(f":{_APART}", escaped).replace("<", f"<{_APART}")
    return cut(inert(apart), at_most)


def names_a_setting(text: str) -> bool:
    """Whether a service speaks of what its operator has set, or could run: that is no help to a member."""
    return _OF_OPERATORS.search(text) is not None


def inert(text: str) -> str:
    """The text with every mention broken, without halves of characters; our own markup and timestamps stay."""
    return _TAG.sub(f"<{_APART}", _AT.sub(f"@{_APART}", _HALF.sub("", text)))


def length(text: str) -> int:
    """As Discord may count at most: in units of UTF-16, where an emoji is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, at_most: int) -> str:
    """The text where it fits, else its beginning and an ellipsis; at most 0 leaves nothing."""
    if length(text) <= at_most:
        return text
    if at_most < 1:
        return ""
    units = text.encode("utf-16-le", "surrogatepass")[: 2 * (at_most - 1)]
    return units.decode("utf-16-le", "ignore").rstrip() + ELLIPSIS
