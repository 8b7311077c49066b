"""The form of a report's first line, member by member: a report comes from elsewhere, and anybody can sign one."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from domain.instants import STORED_TIME
from domain.names import USER_PATTERN

MOST = 2**53
"""The largest number that every program reads alike."""

Count = Annotated[int, Field(ge=0, le=MOST)]
Instant = Annotated[str, Field(pattern=rf"^(?:{STORED_TIME})\Z")]
Word = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z_ -]{0,63}\Z")]
User = Annotated[str, Field(pattern=USER_PATTERN.removesuffix("$") + r"\Z")]


class _Part(BaseModel):
    """Closed, and of just these types."""

    model_config = ConfigDict(extra="forbid", strict=True, regex_engine="python-re")


class _Pool(_Part):
    used_bytes: Count
    held_bytes: Count


class _Balance(_Part):
    images: Count
    temp_files: Count
    image_bytes: Count
    temp_bytes: Count
    held_bytes: Count
    day: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d\Z")] | None
    generations: Count


class _Said(_Part):
    abby_report: Literal[1]
    at: Instant
    log: Annotated[str, Field(pattern=r"^[0-9a-f]{32}\Z")]
    created: Instant
    position: Annotated[int, Field(ge=1, le=MOST)]
    size: Annotated[int, Field(ge=1, le=MOST)]
    hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}\Z")]
    agrees: bool
    findings: dict[Word, Count]
    images: Count
    temp_files: Count
    events: dict[Word, Count]
    pool: _Pool
    users: dict[User, _Balance]


def is_report(said: Any) -> bool:
    """Whether it has the form that docs/signed-reports.md tells."""
    try:
        found = _Said.model_validate(said)
    except ValidationError:
        return False
    return found.agrees is not bool(found.findings)
