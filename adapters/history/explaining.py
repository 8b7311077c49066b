"""Why a decision fell as it did, from an open log: the one function behind `abby explain`, `/why` and the HTTP route.

It reads the lines of one user and of the policy, found by their tags, and no others; only for an operator who asks
whose the pool was, all of that moment. What they mean is `projections/explanation.py`'s, how it reads for people
`wording/explanations.py`'s.
"""

from __future__ import annotations

from typing import Any

import orjson
from eventsourcing.dcb.api import DCBQuery, DCBQueryItem, DCBSequencedEvent

from adapters.application.quota_dictionary import source_figures
from adapters.history.past import Moment, Past
from adapters.ledger.codec import damaged, decode
from adapters.ports.event_log import EventSource, OpenedLog
from adapters.wording.explanations import told
from adapters.wording.limits import unit_of
from domain.credits import PER_CREDIT
from domain.event_data import to_data
from domain.events import Event, IdempotencyKey, ImpossibleFact, RequestRefused
from domain.grants import Grant
from domain.limit_names import CREDITS
from domain.refusals import Reason
from projections.deadlines import deadline
from projections.explanation import Explanation, Held, Line, Stored, WindowUse, explain, last_decision
from projections.limit_steps import LimitStep
from projections.pool_shares import PoolShares, shares_of

MOST_OF_A_REQUEST = 1_000
"""Lines of one request that are looked at."""
STEP = "/"
"""What stands in the key of a step of a request behind the caller's own."""


def explain_position(log: EventSource, position: int) -> Explanation | None:
    """The decision at a position; None where the log has none there. Raises LogDamaged. For a worker."""
    found = next(iter(log.read(after=position - 1, limit=1)), None) if position > 0 else None
    if found is None or found.position != position:
        return None
    event = decode(found)
    user = getattr(event, "user", None)
    lines = _lines_of(log, user)
    if user is None and all(at != position for at, _ in lines):
        lines = [*(line for line in lines if line[0] < position), (position, event)]
    return _explained(lines, position, user)


def explain_last(log: EventSource, user: str) -> Explanation | None:
    """What became of a user's newest request; None where there was none. Raises LogDamaged. For a worker."""
    lines = _lines_of(log, user)
    position = last_decision(lines)
    return None if position is None else _explained(lines, position, user)


def positions_of_request(log: OpenedLog, key: str, *, user: str | None = None) -> list[int]:
    """The positions of what was recorded for a caller's key, its steps included, of one user where one is given;
    refusals carry none. Raises LogDamaged. For a worker.
    """
    begins = b'"request":{"key":' + orjson.dumps(key)[:-1]
    found = []
    for stored in log.holding(begins):
        event = decode(stored)
        request: IdempotencyKey | None = getattr(event, "request", None)
        is_its = request is not None and (request.key == key or request.key.startswith(key + STEP))
        if is_its and user in {None, getattr(event, "user", None)}:
            found.append(stored.position)
        if len(found) == MOST_OF_A_REQUEST:
            break
    return found


def shares_at(past: Past, explanation: Explanation) -> PoolShares | None:
    """Whose the pool was just before a refusal because it was full, from the nearest kept snapshot on; None of any
    other decision. For operators alone. Raises LogDamaged.
    """
    event = explanation.event
    if not isinstance(event, RequestRefused) or event.reason != Reason.POOL_STORAGE.value:
        return None
    return shares_of(past.everybody(Moment(position=explanation.position - 1)).state)


def described_shares(shares: PoolShares) -> dict[str, Any]:
    """Whose the pool was, for an operator's programs; sizes in bytes."""
    return {
        "used_bytes": shares.used_bytes,
        "held_bytes": shares.held_bytes,
        "users": [share._asdict() for share in shares.largest],
        "other_users": shares.other_users,
        "other_bytes": shares.other_bytes,
        "holds": [
            {"user": held.user, "places": held.open, "bytes": held.held_bytes, "until": deadline(held)}
            for held in shares.holds
        ],
        "other_holds": shares.other_holds,
    }


def described(explanation: Explanation) -> dict[str, Any]:
    """The explanation for programs; sizes in bytes, credits as people read them."""
    event, unrecorded = explanation.event, explanation.unrecorded
    return {
        "position": explanation.position,
        "at": event.at,
        "user": explanation.user,
        "by": event.by,
        "events": [{"type": type(one).__name__, "data": to_data(one)} for one in explanation.events],
        "sentence": told(explanation).sentence,
        "limits": _limits(explanation),
        "limits_set": [_step(step) for step in explanation.steps],
        "tiers_set": [_of_tier(position, event) for position, event in explanation.tier_lines],
        "day": {
            "day": explanation.day,
            "used": explanation.places,
            "lines": [_line(line) for line in explanation.day_lines],
        },
        "storage": _storage(explanation),
        "windows": [_window(use) for use in explanation.windows],
        "grants": [_grant(grant) for grant in explanation.grants],
        "agrees": explanation.agrees,
        "unrecorded": None if unrecorded is None else unrecorded._asdict(),
        "told": list(told(explanation).lines),
    }


def _limits(explanation: Explanation) -> dict[str, Any]:
    limits, own = explanation.limits, explanation.override
    return {
        "daily": limits.daily,
        "user_bytes": limits.user_bytes,
        "pool_bytes": limits.pool_bytes,
        "windows": {name: _number(unit_of(name), most) for name, most in limits.windows},
        "unenforced": list(limits.unenforced),
        "own_until": None if own is None else own.until,
        "is_own": own is not None,
        "sources": source_figures(explanation.sources),
    }


def _of_tier(position: int, event: Event) -> dict[str, Any]:
    return {"position": position, "type": type(event).__name__, "data": to_data(event)}


def _storage(explanation: Explanation) -> dict[str, Any]:
    return {
        **explanation.usage._asdict(),
        "images": explanation.images,
        "standing": [
            {"position": image.position, "name": image.name, "bytes": image.bytes, "at": image.at}
            for image in explanation.standing
        ],
        "holds": [_hold(held) for held in explanation.holds],
    }


def _hold(held: Held) -> dict[str, Any]:
    return {
        "position": held.position,
        "reservation": held.reservation.reservation,
        "places": held.reservation.open,
        "bytes": held.reservation.held_bytes,
        "until": deadline(held.reservation),
    }


def _window(use: WindowUse) -> dict[str, Any]:
    """Of a window that others share no lines."""
    unit = unit_of(use.name)
    changed = "window_credits" if unit == CREDITS else "window_places"
    lines = [_of_window(line, _number(unit, getattr(line, changed))) for line in use.lines] if use.is_own else []
    figures = {name: _number(unit, getattr(use, name)) for name in ("limit", "used", "held")}
    return {"limit_name": use.name, "begins_on": use.begins_on, **figures, "is_own": use.is_own, "lines": lines}


def _of_window(line: Line, amount: float) -> dict[str, Any]:
    return {"position": line.position, "at": line.event.at, "type": type(line.event).__name__, "amount": amount}


def _grant(grant: Grant) -> dict[str, Any]:
    return {
        "grant": grant.grant,
        "unit": grant.unit,
        "position": grant.number,
        "at": grant.at,
        "amount": _number(grant.unit, grant.amount),
        "left": _number(grant.unit, grant.balance),
    }


def _step(step: LimitStep) -> dict[str, Any]:
    unit = unit_of(step.limit)
    values = {"value": step.value, "former": step.former}
    return step._asdict() | {name: None if one is None else _number(unit, one) for name, one in values.items()}


def _number(unit: str, amount: int) -> int | float:
    """Credits with up to three decimals, all else whole."""
    return amount / PER_CREDIT if unit == CREDITS else amount


def _line(line: Line) -> dict[str, Any]:
    return {
        "position": line.position,
        "at": line.event.at,
        "type": type(line.event).__name__,
        "places": line.places,
    }


def _lines_of(log: EventSource, user: str | None) -> list[Stored]:
    """The lines of a user and of the policy, in order."""
    tags = ["policy"] if user is None else ["policy", f"user:{user}"]
    query = DCBQuery(items=[DCBQueryItem(tags=[tag]) for tag in tags])
    return [_decoded(stored) for stored in log.read(query)]


def _decoded(stored: DCBSequencedEvent) -> Stored:
    return stored.position, decode(stored)


def _explained(lines: list[Stored], position: int, user: str | None) -> Explanation | None:
    try:
        return explain(lines, position, user)
    except ImpossibleFact as error:
        raise damaged(position, error) from error
