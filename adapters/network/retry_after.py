"""How long a service asks to be left alone, in the forms in which services say so."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_NUMBER = 9
"""Digits; more are no time that anybody means."""


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Seconds from Retry-After, a number or a date (RFC 9110, section 10.2.3), or from OpenAI's retry-after-ms.

    None for anything else. `headers` take a name in any case.
    """
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("Retry-After")
    if value is None:
        return None
    seconds = _number(value)
    return _until(value) if seconds is None else seconds


def _number(text: str) -> float | None:
    text = text.strip()
    if not text.isascii() or len(text.partition(".")[0]) > LONGEST_NUMBER:
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _until(date: str) -> float | None:
    try:
        at = parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return None
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())
