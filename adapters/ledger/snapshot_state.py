"""The stored form of all projections' state: what a snapshot holds besides its point in the log.

It is lines of JSON. The first names the schema; then come tables, in lines of at most ROWS_A_LINE rows, that of the
clock's corrections first, for whoever wants it alone; then images, as a line of users followed by one line for each of
them, which is decoded only when somebody looks at that user's names.
Where snapshots stand, and whether one is valid, is the log's; what the rows mean is the projections'.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

import orjson

from domain.commands import OF_DEFAULTS
from domain.limits import Limits, TakenIn
from domain.names import malformed_user
from domain.reservations import Reservation
from domain.usage import PoolUsage
from projections import asks, points, thresholds
from projections.activity import Activity, Tally
from projections.clock_corrections import ClockCorrections
from projections.image_index import UserImages
from projections.limit_changes import LimitChange, LimitChanges
from projections.preferences import Preferences
from projections.quota_fold import Tables
from projections.quota_state import QuotaState
from projections.stored_state import StoredState, load

SCHEMA = 6
"""Raised whenever a projection keeps something else, or the same in another shape: older snapshots are not used."""
FORMER = (3, 4, 5)
"""Those of earlier versions that are used for figures of the past: 3 tells nothing of corrections of the clock, 3 and 4
nothing of what settings gave, which was all there was, and none of what windows count and of tiers, so that no decision
can go on from them. Before 6 there were no points. What people heard of
limits and who asked for more are tables that may be missing.
"""
ROWS_A_LINE = 1_000
"""So that no line takes long to make while others wait for the interpreter."""

Projections = tuple[QuotaState, Preferences, LimitChanges, Activity, ClockCorrections]

_IN_NO_NAME = (b'"/', b'".', b"/.", b"//")
"""What stands in no line of images that a save made: a name begins with a letter or digit, and so does each part."""

_SHELVES = ("images", "temps")
_TABLE = b'{"table":"'
_KEYED_BY_USER = ("users", "days", "overrides", "grants", "members", asks.NAME)
_OF_USERS = tuple(
    b'%b%b"' % (_TABLE, name.encode())
    for name in (*_KEYED_BY_USER, "refusals", "reservations", "tiers", "book", *points.NAMES, thresholds.NAME)
)
"""How the lines begin that tell of one user's figures, and of what they are held against."""
_CORRECTIONS = "corrections"
_OF_CORRECTIONS = b'%b%b"' % (_TABLE, _CORRECTIONS.encode())
_SCHEMA_LINE = orjson.dumps({"schema": SCHEMA})
_KNOWN = frozenset({_SCHEMA_LINE, *(orjson.dumps({"schema": schema}) for schema in FORMER)})
"""The first lines of what is used."""


class Frozen(NamedTuple):
    """What all projections were at one moment."""

    state: StoredState
    preferences: dict[tuple[str, str], str]
    limits: dict[str, LimitChange]
    days: dict[str, dict[str, Tally]]
    totals: dict[str, Tally]
    corrections: dict[int, str] | None


def encode_state(frozen: Frozen) -> Iterator[bytes]:
    """The stored form, a line at a time."""
    yield _SCHEMA_LINE + b"\n"
    tables: dict[str, Mapping[Any, Any]] = {
        _CORRECTIONS: frozen.corrections or {},
        **frozen.state.tables,
        "preferences": frozen.preferences,
        "limits": frozen.limits,
    }
    tables |= {f"day {day}": tallies for day, tallies in frozen.days.items()}
    for name, table in {**tables, "totals": frozen.totals}.items():
        for rows in _parts(table.items()):
            yield _line({"table": name, "rows": rows})
    for name, images in frozen.state.images.items():
        for part in _parts(images.items()):
            yield _line({"shelves": name, "users": [user for user, _ in part]})
            for _, of_user in part:
                yield _line(of_user.dump()) if isinstance(of_user, UserImages) else of_user + b"\n"


def decode_state(stored: bytes) -> Projections | None:
    """The projections of a stored form; None where it is of another schema or no such form, and where a user or a name
    in it is none: paths are made of them.
    """
    lines = stored.split(b"\n")
    if lines[0] not in _KNOWN:
        return None
    try:
        found = _projections(*_sections(iter(lines[1:-1])))
        found[0].counts_windows = lines[0] == _SCHEMA_LINE
        return found
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None


def decode_user(stored: bytes, user: str) -> QuotaState | None:
    """One user's part of the quota state, and the policy: what a replay of that user's lines goes on from, whose pool
    is that part too. None where `decode_state` gives none.
    """
    lines = stored.split(b"\n")
    if lines[0] not in _KNOWN:
        return None
    try:
        tables, images = _sections(iter(lines[1:-1]), _OF_USERS)
        own = {name: shelves[user] for name, shelves in images.items() if user in shelves}
        if malformed_user(user) or any(map(_leads_away, own.values())):
            return None
        state = _user_state(tables, own, user)
        state.counts_windows = lines[0] == _SCHEMA_LINE
        return state
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None


def decode_corrections(stored: bytes) -> dict[int, str] | None:
    """Where the clock was corrected up to a stored form's position; None where it does not tell that, nor a beginning
    of one in which that does not end.
    """
    rows: list[tuple[int, str]] = []
    begin = len(_SCHEMA_LINE) + 1
    is_known = stored[: begin - 1] in _KNOWN
    while is_known and stored.startswith(_OF_CORRECTIONS, begin):
        end = stored.find(b"\n", begin)
        if end < 0:
            return None
        rows += orjson.loads(stored[begin:end])["rows"]
        begin = end + 1
    goes_on_otherwise = begin + len(_OF_CORRECTIONS) <= len(stored)
    return dict(rows) if rows and goes_on_otherwise else None


def _user_state(tables: Mapping[str, list[Any]], images: Mapping[str, bytes], user: str) -> QuotaState:
    rows: dict[str, list[Any]] = {name: [] for name in Tables._fields} | {"book": tables["book"]}
    rows["windows"] = []
    rows["tiers"] = tables.get("tiers", [])
    for name in _KEYED_BY_USER:
        rows[name] = [row for row in tables.get(name, []) if row[0] == user]
    rows["refusals"] = [row for row in tables.get("refusals", []) if row[0][0] == user]
    rows["reservations"] = [row for row in tables.get("reservations", []) if Reservation(*row[1]).user == user]
    rows |= points.rows_of(user, {name: tables.get(name, []) for name in points.NAMES})
    rows[thresholds.NAME] = thresholds.rows_of(user, tables.get(thresholds.NAME, []))
    state = load(rows, {name: {user: images[name]} if name in images else {} for name in _SHELVES}, orjson.loads)
    usage = state.user(user)
    state.whole.pool = PoolUsage(usage.image_bytes + usage.temp_bytes, usage.held_bytes)
    return state


def _sections(
    lines: Iterator[bytes], wanted: tuple[bytes, ...] = ()
) -> tuple[dict[str, list[Any]], dict[str, dict[str, bytes]]]:
    """The rows of each table, or of those whose lines begin as wanted, and the packed images."""
    tables: dict[str, list[Any]] = {}
    images: dict[str, dict[str, bytes]] = {name: {} for name in _SHELVES}
    for line in lines:
        if wanted and line.startswith(_TABLE) and not line.startswith(wanted):
            continue
        section = orjson.loads(line)
        if "table" in section:
            tables.setdefault(section["table"], []).extend(section["rows"])
        else:
            images[section["shelves"]].update(zip(section["users"], lines, strict=False))
    return tables, images


def _projections(tables: dict[str, list[Any]], images: dict[str, dict[str, bytes]]) -> Projections:
    for shelves in images.values():
        if any(map(malformed_user, shelves)) or any(map(_leads_away, shelves.values())):
            raise ValueError("a user or a name that no log has")
    named = {
        name: tables.get(name, [])
        for name in (*Tables._fields, "windows", "tiers", *points.NAMES, thresholds.NAME, asks.NAME, "book")
    }
    chosen = {(user, preference): value for (user, preference), value in tables.get("preferences", [])}
    days = {name[4:]: _tallies(rows) for name, rows in tables.items() if name.startswith("day ")}
    state = load(named, images, orjson.loads)
    changes = {name: LimitChange(_value(value), *members) for name, (value, *members) in tables.get("limits", [])}
    if "taken_in" not in dict(named["book"]):
        state.taken_in = _taken_in_before(state.policy, changes)
    return (
        state,
        Preferences(chosen),
        LimitChanges(changes),
        Activity(days, _tallies(tables.get("totals", []))),
        ClockCorrections(dict(tables[_CORRECTIONS]) if _CORRECTIONS in tables else None),
    )


def _value(stored: Any) -> Any:
    """The value of a limit, whose tuples came back as lists."""
    return tuple(map(_value, stored)) if isinstance(stored, list) else stored


def _taken_in_before(policy: Limits, changes: Mapping[str, LimitChange]) -> TakenIn:
    """What settings gave, by a snapshot of before managers changed limits: all, where they gave any."""
    is_given = any(change.source != OF_DEFAULTS for change in changes.values())
    return TakenIn(*policy) if is_given else TakenIn()


def _leads_away(packed: bytes) -> bool:
    """Whether a name in packed images could lead out of its user's folder. They stay packed: a start has no time for
    names that nobody asks for.
    """
    return any(map(packed.__contains__, _IN_NO_NAME)) or packed.count(b"\\") != packed.count(b"\\t")


def _tallies(rows: Iterable[tuple[str, list[Any]]]) -> dict[str, Tally]:
    return {user: Tally(*figures) for user, figures in rows}


def _parts(rows: Iterable[tuple[Any, Any]]) -> Iterator[list[tuple[Any, Any]]]:
    """The rows in parts that fit a line."""
    left = iter(rows)
    while part := list(islice(left, ROWS_A_LINE)):
        yield part


def _line(value: object) -> bytes:
    """Named tuples become plain ones, which orjson writes as lists."""
    return orjson.dumps(value, default=tuple, option=orjson.OPT_APPEND_NEWLINE)
