"""Credits and limits of windows as bodies have them: numbers, credits with up to three decimals; the ledger's are whole
thousandths.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field

from adapters.http.problems import BAD_REQUEST, Problem
from domain.commands import MAX_LIMIT
from domain.credits import CREDITS_RULE, PER_CREDIT, thousandths
from domain.limit_names import ALL_LIMITS, CREDITS, FURTHER, OF_A_USER, in_order
from domain.limits import Windows

LARGEST_CREDITS = 2**43
"""Beyond it a number of JSON does not tell every thousandth from the next."""
CREDITS_PATTERN = r"^[0-9]{1,12}(\.[0-9]{1,3})?$"

# What is judged here is described alone, so that its sentence names the limit that is wrong.
Most = Annotated[float, Field(json_schema_extra={"minimum": 0})]
WindowLimits = Annotated[dict[str, Most], Field(json_schema_extra={"propertyNames": {"enum": list(FURTHER)}})]
OwnWindowLimits = Annotated[dict[str, Most], Field(json_schema_extra={"propertyNames": {"enum": list(OF_A_USER)}})]
Credits = Annotated[
    float | Annotated[str, Field(json_schema_extra={"pattern": CREDITS_PATTERN})],
    Field(json_schema_extra={"minimum": 0, "examples": ["0.75", 3]}),
]
"""As a number, or as text, which no program rounds."""
LimitName = Annotated[str, Field(json_schema_extra={"enum": list(ALL_LIMITS)})]
LimitNames = Annotated[list[LimitName], Field(json_schema_extra={"uniqueItems": True})]


def stored_amount(told: float, unit: str, field: str) -> int:
    """Thousandths of credits, or a whole number of anything else; 400 for what is neither."""
    if unit == CREDITS:
        amount = round(told * PER_CREDIT) if 0 <= told <= LARGEST_CREDITS else -1
        if amount < 0 or amount / PER_CREDIT != told:
            raise _wrong(field, f"{told!r:.40} is not {CREDITS_RULE}, and no more than {LARGEST_CREDITS}")
        return amount
    if not 0 <= told <= MAX_LIMIT or int(told) != told:
        raise _wrong(field, f"{told!r:.40} is not a whole number of {unit} from 0 to {MAX_LIMIT}")
    return int(told)


def stored_credits(told: float | str | None, field: str) -> int | None:
    """The thousandths of credits as a number or as text; 400 for what is none."""
    if told is None or not isinstance(told, str):
        return None if told is None else stored_amount(told, CREDITS, field)
    if not re.fullmatch(CREDITS_PATTERN, told):
        raise _wrong(field, f"{told!r:.40} is not {CREDITS_RULE}, and of no more than 12 digits before its point")
    return thousandths(told)


def stored_windows(told: dict[str, float] | None, allowed: tuple[str, ...], field: str) -> Windows | None:
    """Limits of windows in the one order; 400 for a name or a number that is none."""
    if told is None:
        return None
    for name in told:
        if name not in allowed:
            raise _wrong(field, f"{name!r:.60} is no limit that can be set here; those are {', '.join(allowed)}")
    return in_order({name: stored_amount(most, name.rpartition("/")[2], field) for name, most in told.items()})


def stored_names(told: list[str] | None, field: str) -> tuple[str, ...] | None:
    """Names of limits in the one order; 400 for one that is none, or that is there twice."""
    if told is None:
        return None
    for name in told:
        if name not in ALL_LIMITS:
            raise _wrong(field, f"{name!r:.60} is no limit; those are {', '.join(ALL_LIMITS)}")
    if len(set(told)) != len(told):
        raise _wrong(field, "a limit is there twice")
    return tuple(name for name in ALL_LIMITS if name in told)


def _wrong(field: str, what: str) -> Problem:
    return Problem(BAD_REQUEST, f"In '{field}', {what}.", members={"field": field})
