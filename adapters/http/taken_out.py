"""What was answered to those who took requests out of the line under a key, so that a repeat takes nothing else out.

The line is forgotten at the end of the process, and so are these: a bounded number of the latest. Left to others: the
line itself (`studio`), and keys of what the log records.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import NamedTuple

from adapters.http.problems import refused
from domain.refusals import Reason, Refusal

MOST_KEPT = 1_000


class TakenOut(NamedTuple):
    """The ids of requests that are out of the line; `replayed`: since this request was first sent."""

    ids: Sequence[str]
    replayed: bool


class TakingOut:
    """The latest answers of one service, for its event loop."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], tuple[str, Sequence[str]]] = OrderedDict()

    def once(self, user: str, by: str, key: str | None, wanted: str, take_out: Callable[[], Sequence[str]]) -> TakenOut:
        """What `take_out` took out, or took out before under this key of whoever asks. `wanted` tells the request from
        others under its key. Raises the Problem of a key that is another request's.
        """
        if key is not None and (known := self._kept.get((by, key))) is not None:
            if known[0] != wanted:
                raise refused(Refusal(Reason.REQUEST_CONFLICT, user))
            return TakenOut(known[1], replayed=True)
        ids = take_out()
        if key is not None:
            self._kept[by, key] = wanted, ids
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return TakenOut(ids, replayed=False)
