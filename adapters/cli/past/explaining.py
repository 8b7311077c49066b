"""`abby explain`: why a decision fell as it did, found by its position, by a request's key, or as a user's latest.

It reads beside a running service, and of a long log the lines of one user and of the policy.
"""

from __future__ import annotations

from contextlib import closing
from typing import NamedTuple

from rich.console import Console

from adapters.cli.exits import Exit
from adapters.cli.invocation import Invocation
from adapters.cli.output import Output, Refused, malformed
from adapters.cli.reach.access import log_of
from adapters.cli.tables import print_lines
from adapters.history.explaining import (
    described,
    described_shares,
    explain_last,
    explain_position,
    positions_of_request,
    shares_at,
)
from adapters.history.past import opened
from adapters.ports.event_log import FollowedLog
from adapters.wording.explanations import told, told_of_shares
from adapters.wording.figures import counted, echo
from domain.names import malformed_user
from domain.refusals import Reason
from projections.explanation import Explanation
from projections.pool_shares import PoolShares

MOST_POSITION_DIGITS = 15
NO_KEY = (
    "The log has nothing under the request key {}. A refusal is recorded without the key of its request, and after the "
    "20th of a user, reason and day not at all: `abby explain USER --last` tells the latest of a user."
)


class Wanted(NamedTuple):
    """What is to be explained: a position, a key, or with `last` a user."""

    what: str
    last: bool = False


class Found(NamedTuple):
    """What is explained, and the positions of the whole request where a key was given, and of
    a full pool whose it was.
    """

    explanation: Explanation
    request: tuple[int, ...] = ()
    shares: PoolShares | None = None


def explain(invocation: Invocation, output: Output, wanted: Wanted) -> int:
    """Tells why; a refusal (1) where there is no such decision."""
    if wanted.last and (sentence := malformed_user(wanted.what)):
        return output.refused(malformed(sentence))
    root, engine = log_of(invocation.set_up())
    with closing(engine.open_for_reading(root, at_end=True)) as log:
        output.doubted(log.doubt)
        found = _found(log, wanted)
    if isinstance(found, Refused):
        return output.refused(found)
    with opened(root, engine) as past:
        found = found._replace(shares=shares_at(past, found.explanation))
    shares = None if found.shares is None else described_shares(found.shares)
    answer = {**described(found.explanation), "request": list(found.request), "pool": shares}
    output.answer(answer, lambda console: _print(console, found))
    return Exit.DONE


def _found(log: FollowedLog, wanted: Wanted) -> Found | Refused:
    if wanted.last:
        explained = explain_last(log, wanted.what)
        return _none(f"The log has no request of {wanted.what}.") if explained is None else Found(explained)
    if wanted.what.isascii() and wanted.what.isdigit() and len(wanted.what) <= MOST_POSITION_DIGITS:
        explained = explain_position(log, int(wanted.what))
        if explained is not None:
            return Found(explained)
    positions = positions_of_request(log, wanted.what) if wanted.what else []
    explained = explain_position(log, positions[-1]) if positions else None
    if explained is not None:
        return Found(explained, tuple(positions))
    if wanted.what.isdigit():
        return _none(
            f"There is no position {wanted.what[:40]}: the log ends at {log.head}. Nor is it the key of a request. Of "
            f"a user, `abby explain {wanted.what[:40]} --last` explains the latest request."
        )
    if malformed_user(wanted.what) is None:
        return _none(f"{NO_KEY.format(echo(wanted.what))} If that is a user: `abby explain {wanted.what} --last`.")
    return _none(NO_KEY.format(echo(wanted.what)))


def _none(sentence: str) -> Refused:
    return Refused(Reason.NOT_FOUND.value, sentence, Exit.REFUSED)


def _print(console: Console, found: Found) -> None:
    explained = told(found.explanation)
    whose = f" Of {found.explanation.user}." if found.explanation.user else ""
    print_lines(console, f"{explained.headline}{whose}", style="bold")
    print_lines(console, explained.sentence)
    if found.request:
        positions = ", ".join(map(str, found.request))
        print_lines(console, f"The request left {counted(len(found.request), 'line')}: {positions}.")
    for title, lines in (
        ("Limits, from old to new", explained.limits),
        ("What was used of the day", explained.day),
        ("What was used of windows", explained.windows),
        ("What was stored and held", explained.storage),
        ("What grants bore", explained.grants),
        ("Whose the storage of all was, the largest first", told_of_shares(found.shares) if found.shares else ()),
        ("What the log cannot tell", explained.unknown),
    ):
        if lines:
            print_lines(console, "", title, style="bold")
            print_lines(console, *(f"  {line}" for line in lines))
