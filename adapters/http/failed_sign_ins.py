"""Failed sign-ins, each told after a pause, one after the other for an address: guessing costs time, and no more.

A token that holds is let in at once, also from an address at which others guess: it has 256 random bits, and many
people may share an address.
"""

from __future__ import annotations

from collections import Counter
from ipaddress import IPv6Address, ip_address

from adapters.http.pace import Pace
from adapters.http.problems import TOO_MANY_SIGN_INS, Problem

PAUSE_SECONDS = 0.5
MOST_IN_LINE = 5
RETRY_SECONDS = 3


class FailedSignIns:
    """For one event loop."""

    def __init__(self) -> None:
        self._pace = Pace()
        self._in_line: Counter[str] = Counter()

    async def wait(self, address: str) -> None:
        """Returns when a failure may be told at this address. Raises a Problem, 429, where too many wait already."""
        place = _place(address)
        if self._in_line[place] >= MOST_IN_LINE:
            raise Problem(
                TOO_MANY_SIGN_INS,
                "Too many sign-ins have failed at this address just now. Wait a few seconds, then try again.",
                headers={"Retry-After": str(RETRY_SECONDS)},
            )
        self._in_line[place] += 1
        try:
            await self._pace.keep(place, PAUSE_SECONDS)
        finally:
            self._in_line[place] -= 1
            if not self._in_line[place]:
                del self._in_line[place]


def _place(address: str) -> str:
    """Whose address it is: of IPv6 everybody has a network of their own."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return found.exploded[:19] if isinstance(found, IPv6Address) and found.ipv4_mapped is None else address
