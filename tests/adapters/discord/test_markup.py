"""The markup of Discord as HTML, for the page that shows a session."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.adapters.discord.look.markup import html_of
from tests.adapters.discord.look.rendering import render

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
AT_NOON = int(NOON.timestamp())


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("plain", "<p>plain</p>"),
        ("<script>&'\"", "<p>&lt;script&gt;&amp;&#x27;&quot;</p>"),
        ("**bold** and *thin*", "<p><strong>bold</strong> and <em>thin</em></p>"),
        ("**a\\_b\\*\\*c**", "<p><strong>a_b**c</strong></p>"),
        ("**<i>**", "<p><strong>&lt;i&gt;</strong></p>"),
        ("`**<code>**`", "<p><code>**&lt;code&gt;**</code></p>"),
        ("__under__ ~~gone~~", "<p><u>under</u> <s>gone</s></p>"),
        ("\\<t:0:R>", "<p>&lt;t:0:R&gt;</p>"),
        ("2 * 3 * 4", "<p>2 * 3 * 4</p>"),
        ("> said\nnot said", "<blockquote>said</blockquote><p>not said</p>"),
        ("# Title", "<b class='heading'>Title</b>"),
        ("a\n\nb", "<p>a</p><p>&nbsp;</p><p>b</p>"),
    ],
)
def test_markup_becomes_html_and_all_else_is_text(text: str, html: str) -> None:
    """What is no markup stays as it is, harmless."""
    assert html_of(text, NOON) == html


@pytest.mark.parametrize(
    ("distance", "style", "words"),
    [
        (0, "R", "a few seconds ago"),
        (30, "R", "in a few seconds"),
        (-60, "R", "1 minute ago"),
        (2 * 3600, "R", "in 2 hours"),
        (-3 * 86_400, "R", "3 days ago"),
        (0, "t", "12:00"),
        (0, "D", "01 January 2026"),
    ],
)
def test_a_timestamp_is_told_in_words(distance: int, style: str, words: str) -> None:
    """From the moment of the message, so that the page says the same whenever it is opened."""
    assert html_of(f"<t:{AT_NOON + distance}:{style}>", NOON) == f"<p><time>{words}</time></p>"


def test_a_component_that_the_page_cannot_draw_is_an_error(tmp_path: Path) -> None:
    """So that no part of a message is missing in silence."""
    looks = {"at": AT_NOON, "components": [{"type": 17, "components": []}]}
    message = {"author": "Abby", "is_bot": True, "command": None, "created_at": AT_NOON, "files": {}}
    message |= {"ephemeral": False, "loading": False, "deleted": False, "history": [looks]}
    session = tmp_path / "session.json"
    session.write_text(json.dumps({"channels": [{"name": "a", "guild": "b", "messages": [message]}]}))
    with pytest.raises(ValueError, match="type 17"):
        render(session, tmp_path / "page.html")
