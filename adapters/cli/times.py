"""Times of a command line, as people write them. What a time means is each command's to say."""

from __future__ import annotations

from datetime import UTC, datetime


def instant(text: str) -> str:
    """A time as people write it, in the ledger's form: a date is its 00:00, and without an offset it is UTC.

    Raises ValueError, with a sentence, for what is no time, and for one that lies outside the years 1 to 9999 in UTC.
    """
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except ValueError as error:
        raise ValueError(f"{text[:40]!r} is no time. Write it as 2026-01-31, or 2026-01-31T18:00 (UTC).") from error
    except OverflowError as error:
        raise ValueError(
            f"{text[:40]!r} lies outside the years 1 to 9999 in UTC. For limits without an end leave --until out."
        ) from error
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
