"""What is said with a change of limits or counts: why, which limits, until when, and what they were seen to be."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from adapters.http.contract.bodies import Body
from adapters.http.contract.shapes import PRINTABLE
from domain.commands import MAX_LIMIT, MAX_TEXT
from domain.instants import STORED_TIME
from domain.limits import Override, UserLimits

# What the ledger judges is described alone here, so that its sentence is the same wherever it is asked.
Reason = Annotated[str, Field(json_schema_extra={"minLength": 1, "maxLength": MAX_TEXT, "pattern": PRINTABLE})]
Limit = Annotated[int, Field(json_schema_extra={"minimum": 0, "maximum": MAX_LIMIT})]
End = Annotated[str, Field(json_schema_extra={"pattern": f"^{STORED_TIME}$"})]


class Why(Body):
    """Why it is done."""

    reason: Reason
    """For the log, and for whoever asks later."""


class SeenLimits(Body):
    """A user's own limits, as whoever changes them saw them; with neither limit, none."""

    user_bytes: Limit | None = None
    """What the images of the user may take together, in bytes."""
    daily: Limit | None = None
    """Generations a day."""
    until: End | None = None
    """When they end; without it, never."""

    @property
    def override(self) -> Override:
        """As the use case takes them."""
        return Override(UserLimits(self.user_bytes, self.daily), self.until)


class OwnLimits(Why, SeenLimits):
    """What a user has in place of everybody's limits; with neither limit given, nothing any more."""

    was: SeenLimits | None = None
    """What they are at present, as far as whoever changes them knows: 412 where they are others by now."""
