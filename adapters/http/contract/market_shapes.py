"""What routes answer of marks. What they answer of points and offers is `application/market_figures`'s, as the command
line tells it too.
"""

from __future__ import annotations

from typing_extensions import TypedDict


class MarkedImage(TypedDict):
    """Whether a user marks this picture of an owner; `changed` is false where that was so before."""

    owner: str
    name: str
    favourite: bool
    changed: bool
