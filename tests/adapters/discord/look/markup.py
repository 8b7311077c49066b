"""Discord's markup as HTML: what the bot's messages use of it, every other character as it stands.

Left to others: embeds, buttons and the page around them (`rendering`).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import escape

INLINE = re.compile(
    r"\\(?P<escaped>[^\w\s]|_)"
    r"|`(?P<code>[^`\n]+)`"
    r"|\*\*(?P<strong>(?:\\.|.)+?)\*\*"
    r"|\*(?P<em>(?!\s)(?:\\.|[^*\\])+)\*"
    r"|__(?P<u>(?:\\.|.)+?)__"
    r"|~~(?P<s>(?:\\.|.)+?)~~"
    r"|<t:(?P<moment>\d{1,11})(?::(?P<style>[tTdDfFR]))?>",
    re.DOTALL,
)
"""What is marked inside a line. A character behind a backslash stands for itself."""
PAIRED = ("strong", "em", "u", "s")
UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))
STYLES = {
    "t": "%H:%M",
    "T": "%H:%M:%S",
    "d": "%d/%m/%Y",
    "D": "%d %B %Y",
    "f": "%d %B %Y %H:%M",
    "F": "%A, %d %B %Y %H:%M",
}
"""The forms of a timestamp, as <https://discord.com/developers/docs/reference#message-formatting> lists them."""


def html_of(text: str, now: datetime) -> str:
    """The text as HTML; `now` is the moment from which relative times are told."""
    lines = []
    for line in text.split("\n"):
        if line.startswith("> "):
            lines.append(f"<blockquote>{_inline(line[2:], now)}</blockquote>")
        elif line.startswith("# "):
            lines.append(f"<b class='heading'>{_inline(line[2:], now)}</b>")
        else:
            lines.append(f"<p>{_inline(line, now) or '&nbsp;'}</p>")
    return "".join(lines)


def clock_time(moment: datetime) -> str:
    """As above a message of today."""
    return f"{moment:%H:%M}"


def _inline(text: str, now: datetime) -> str:
    shown, end = [], 0
    for found in INLINE.finditer(text):
        shown += [escape(text[end : found.start()]), _marked(found, now)]
        end = found.end()
    return "".join([*shown, escape(text[end:])])


def _marked(found: re.Match[str], now: datetime) -> str:
    if escaped := found["escaped"]:
        return escape(escaped)
    if code := found["code"]:
        return f"<code>{escape(code)}</code>"
    if moment := found["moment"]:
        return f"<time>{_told(datetime.fromtimestamp(int(moment), UTC), found['style'] or 'f', now)}</time>"
    tag = next(name for name in PAIRED if found[name])
    return f"<{tag}>{_inline(found[tag], now)}</{tag}>"


def _told(moment: datetime, style: str, now: datetime) -> str:
    return _relative(moment - now) if style == "R" else moment.strftime(STYLES[style])


def _relative(distance: timedelta) -> str:
    seconds = round(distance.total_seconds())
    name, size = next(((name, size) for name, size in UNITS if abs(seconds) >= size), ("", 0))
    count = round(abs(seconds) / size) if size else 0
    words = f"{count} {name}{'' if count == 1 else 's'}" if size else "a few seconds"
    return f"in {words}" if seconds > 0 else f"{words} ago"
