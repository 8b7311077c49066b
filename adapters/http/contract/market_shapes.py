"""What routes answer of marks, and of what somebody can pay with. What they answer of points and offers is
`application/market_figures`'s, as the command line tells it too.
"""

from __future__ import annotations

from typing_extensions import TypedDict

from adapters.http.contract.shapes import Count


class Funds(TypedDict):
    """What a user has of what offers are paid in: points, or with `outside` the units of a currency that another
    service keeps. `balance` is None where that service does not tell it, and `sentence` says why.
    """

    called: str
    outside: bool
    balance: Count | None
    sentence: str | None


class MarkedImage(TypedDict):
    """Whether a user marks this picture of an owner; `changed` is false where that was so before."""

    owner: str
    name: str
    favourite: bool
    changed: bool
