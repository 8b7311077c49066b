"""Figures in words: sizes with their unit, numbers with their noun, times to the minute, what was asked for, and what
was handed in. No sentences.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from domain.limits import MEGABYTE, megabytes

KILOBYTE = 1024
ECHO_LENGTH = 40
LONG_SECONDS = 90
"""From so many on, a time is told in minutes."""


def size_in_words(size_bytes: int) -> str:
    """A size for people: MB with two decimals, kB and bytes where that would say nothing."""
    if size_bytes >= MEGABYTE // 10:
        return f"{megabytes(size_bytes)} MB"
    return f"{size_bytes // KILOBYTE} kB" if size_bytes >= KILOBYTE else f"{size_bytes} bytes"


def in_mb(size_mb: float) -> str:
    """A size that is in MB already."""
    return f"{size_mb:,.2f} MB"


def counted(count: int, one: str, many: str | None = None) -> str:
    """A number with its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def about(seconds: float) -> str:
    """A time that nobody knows to the second."""
    if seconds < LONG_SECONDS:
        return f"about {counted(max(1, round(seconds)), 'second')}"
    return f"about {counted(round(seconds / 60), 'minute')}"


def minute(at: str) -> str:
    """A time of the ledger, for people: to the minute, in UTC."""
    return f"{at[:10]} {at[11:16]} UTC"


_WISHES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "text_to_image": ("picture from words", "pictures from words"),
        "image_to_image": ("picture from another", "pictures from another"),
        "upscale": ("upscale", "upscales"),
        "unspecified": ("picture", "pictures"),
    }
)
"""What is asked for by each operation of the log, one and several."""


def wish(count: int, operation: str, style: str | None) -> str:
    """What was asked for, and how many of it."""
    asked = counted(count, *_WISHES[operation])
    return f"{asked} in the style {style}" if style else asked


def echo(value: object) -> str:
    """What was handed in, short and without control characters, fit to be shown."""
    try:
        text = ascii(value)
    except ValueError:  # Python writes no number of thousands of digits
        return "a number of thousands of digits"
    return text if len(text) <= ECHO_LENGTH else f"{text[: ECHO_LENGTH - 3]}..."


def printable_lines(text: str, most: int) -> str:
    """What another program said, fit to be shown: its lines stay, what would steer a terminal is escaped."""
    shown = "".join(char if char == "\n" or char.isprintable() else f"\\x{ord(char):02x}" for char in text.strip())
    return shown if len(shown) <= most else f"{shown[:most]}..."
