"""What is said with a change of limits or counts: why, which limits, until when, and what they were seen to be."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field

from adapters.http.contract.amounts import OwnWindowLimits, stored_windows
from adapters.http.contract.bodies import Body
from adapters.http.contract.shapes import PRINTABLE
from adapters.http.problems import BAD_REQUEST, Problem
from domain.commands import MAX_LIMIT, MAX_TEXT
from domain.instants import STORED_TIME
from domain.limit_names import OF_A_USER
from domain.limits import Override, UserLimits

# What the ledger judges is described alone here, so that its sentence is the same wherever it is asked.
Reason = Annotated[str, Field(json_schema_extra={"minLength": 1, "maxLength": MAX_TEXT, "pattern": PRINTABLE})]
Limit = Annotated[int, Field(json_schema_extra={"minimum": 0, "maximum": MAX_LIMIT})]
TIME = STORED_TIME.removesuffix(r"\.\d{6}Z") + r"(?:\.\d{1,6})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)"
"""A time by RFC 3339, as any program writes it."""
End = Annotated[str, Field(json_schema_extra={"pattern": f"^{TIME}$", "examples": ["2026-12-01T00:00:00Z"]})]


class Why(Body):
    """Why it is done."""

    reason: Reason
    """For the log, and for whoever asks later."""


class SeenLimits(Body):
    """A user's own limits, as whoever changes them saw them; with no limit, none."""

    user_bytes: Limit | None = None
    """What the images of the user may take together, in bytes."""
    daily: Limit | None = None
    """Generations a day."""
    windows: OwnWindowLimits | None = None
    """Further limits by their names: generations, or credits with at most three decimals."""
    until: End | None = None
    """When they end; without it, never."""

    @property
    def override(self) -> Override:
        """As the use case takes them; 400 for an end that is no time, and for further limits that are none."""
        return self.override_in("windows")

    def override_in(self, field: str) -> Override:
        """The same, where a problem with the further limits is one of another field."""
        windows = stored_windows(self.windows, OF_A_USER, field) or None
        return Override(UserLimits(self.user_bytes, self.daily, windows), stored_time(self.until))


class OwnLimits(Why, SeenLimits):
    """What a user has in place of everybody's limits; with no limit given, nothing any more."""

    was: SeenLimits | None = None
    """What they are at present, as far as whoever changes them knows: 412 where they are others by now."""


def stored_time(until: str | None, field: str = "until") -> str | None:
    """The time as the log has it; 400 for what is none."""
    if until is None:
        return None
    try:
        if re.fullmatch(TIME, until, re.ASCII):
            moment = datetime.fromisoformat(until).astimezone(UTC)
            return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    except OverflowError:
        pass
    sentence = (
        f"The field '{field}' must be a time by RFC 3339, such as 2026-12-01T00:00:00Z or 2026-12-01T01:00:00+01:00."
    )
    raise Problem(BAD_REQUEST, sentence, members={"field": field})
