"""Settings of points, the community's own currency: what is earned, and what they are called."""

from __future__ import annotations

from pydantic import Field

from adapters.settings.kinds import WholeNumber
from adapters.settings.section import Section

MOST_EARNED = 1_000_000
NAME_PATTERN = r"^[^\W\d_]([\w ]{0,30}\w)?$"
"""A word, or a few, of any script."""


class MarketConfig(Section):
    """What users earn by themselves; 0 is nothing. Recorded is what was given, so another value changes no past."""

    earn_daily: WholeNumber = Field(
        0, ge=0, le=MOST_EARNED, validation_alias="EARN_DAILY",
        description=f"a whole number of points from 0 to {MOST_EARNED}",
    )  # fmt: skip
    earn_favourite: WholeNumber = Field(
        0, ge=0, le=MOST_EARNED, validation_alias="EARN_FAVOURITE",
        description=f"a whole number of points from 0 to {MOST_EARNED}",
    )  # fmt: skip
    points_name: str = Field(
        "points", pattern=NAME_PATTERN, validation_alias="POINTS_NAME", description="a word for many, such as stars"
    )
