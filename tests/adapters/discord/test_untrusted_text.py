"""Text of others in the bot's messages: nothing of it acts, whatever it is, and it keeps within its length."""

from __future__ import annotations

import re

import pytest
from discord.utils import escape_markdown
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.discord.untrusted_text import cut, inert, length, plain
from tests.adapters.discord.hostile_texts import LINK, LIVE, TEXTS

UNESCAPED = re.compile(r"(?<!\\)(?:\\\\)*[*_~|`\[\]]")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a cute rabbit", "a cute rabbit"),
        ("**bold** _it_ ~~no~~ ||spoiler|| `code`", r"\*\*bold\*\* \_it\_ \~\~no\~\~ \|\|spoiler\|\| \`code\`"),
        ("# big", r"\# big"),
        ("> quoted", r"\> quoted"),
        ("- item", r"\- item"),
        ("two\n# lines\r\n\t here", "two # lines here"),
        ("[name](https://example.org)", "\\[name\\](https:\u200b//example.org)"),
        ("hey @everyone and <@1>", "hey @\u200beveryone and <\u200b@\u200b1>"),
        ("<#1> <:a:1> </x:1> <t:1:R>", "<\u200b#1> <\u200b:a:1> <\u200b/x:1> <\u200bt:1:R>"),
        ("turned\u202eround\u2066", "turnedround"),
        ("\x00\x1b[0m\ud800", r"\[0m"),
        ("👩\u200d🚀 \U0001fae8", "👩\u200d🚀 \U0001fae8"),
        (" \n ", ""),
    ],
)
def test_nothing_of_a_text_acts(text: str, shown: str) -> None:
    """Markup, mentions, links, turned writing and control characters are shown or gone; emojis stay whole."""
    assert plain(text, 200) == shown


@settings(deadline=None)
@given(TEXTS, st.integers(0, 500))
@example("a" * 500, 499)
@example("\\" * 10, 9)
def test_any_text_is_harmless_and_within_its_length(text: str, at_most: int) -> None:
    """On one line, every character of markup escaped, no mention left, and it can be sent as UTF-8."""
    shown = plain(text, at_most)
    assert length(shown) <= at_most
    assert not LIVE.search(shown)
    assert not LINK.search(shown)
    assert not UNESCAPED.search(shown)
    assert "\n" not in shown
    shown.encode()


def test_the_librarys_own_escape_leaves_a_second_link_alive() -> None:
    """Why there is one of ours."""
    assert "[b](https://example.org)" in escape_markdown("[a](https://example.org) [b](https://example.org)")
    assert "[b]" not in plain("[a](https://example.org) [b](https://example.org)", 200)


@settings(deadline=None)
@given(TEXTS)
def test_breaking_mentions_twice_changes_nothing_more(text: str) -> None:
    """What was made harmless is not taken apart further."""
    assert inert(inert(text)) == inert(text)
    assert not LIVE.search(inert(text))


def test_our_own_timestamps_and_markup_stay() -> None:
    """They are the messages' own."""
    assert inert("**Next Reset:** <t:1767312000:R> `/delete`") == "**Next Reset:** <t:1767312000:R> `/delete`"


@pytest.mark.parametrize(
    ("text", "at_most", "shown"),
    [
        ("abcd", 5, "abcd"),
        ("abcde", 5, "abcde"),
        ("abcdef", 5, "abcd…"),
        ("🎨🎨", 4, "🎨🎨"),
        ("🎨🎨", 3, "🎨…"),
        ("🎨🎨", 2, "…"),
        ("ab cd", 4, "ab…"),
        ("ab", 0, ""),
        ("ab", -1, ""),
    ],
)
def test_a_text_is_cut_between_characters(text: str, at_most: int, shown: str) -> None:
    """One under, on, one over; no half of an emoji, no space before the ellipsis."""
    assert cut(text, at_most) == shown
