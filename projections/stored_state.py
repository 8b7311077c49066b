"""The state of a state as plain rows, and the state that is made of them: what a snapshot keeps.

Rows are named tuples by key. How they are stored, and which version of them, is the projector's; a state made of stored
rows answers as the one they came from, and goes on as it would.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from domain.grants import Draw, Grant
from domain.limits import Limits, Override, TakenIn, UserLimits, Windows
from domain.reservations import Reservation
from domain.tiers import Assignment, Member, SeenAt, Tier, Tiers
from domain.usage import DayCount, KeyedAnswer, PoolUsage, UserUsage
from projections import asks, points, thresholds, windows
from projections.gallery import Gallery
from projections.image_index import ImageIndex, Unpack, UserImages
from projections.quota_fold import Tables
from projections.quota_state import QuotaState
from projections.tables import Table

Rows = Iterable[tuple[Any, Any]]
"""Keys and values as they come back from being stored: lists in place of tuples."""


class StoredState(NamedTuple):
    """Tables of rows by name, and the images of both name spaces by user."""

    tables: dict[str, dict[Any, Any]]
    images: dict[str, dict[str, UserImages | bytes]]


def dump(state: QuotaState) -> StoredState:
    """The state as it is at this moment; what it does later changes nothing of it. For the thread that changes it."""
    tables: dict[str, dict[Any, Any]] = {name: table.dump() for name, table in state.tables._asdict().items()}
    tables["windows"] = state.windows.dump()
    tables |= state.points.dump()
    tables[thresholds.NAME] = state.thresholds.dump()
    tables[asks.NAME] = state.asks.dump()
    tables["tiers"] = dict(state.tiers.by_key)
    tables["book"] = {
        "position": state.position,
        "last_at": state.last_at,
        "policy": state.policy,
        "policy_is_recorded": state.policy_is_recorded,
        "taken_in": state.taken_in,
        "pool": state.pool,
    }
    return StoredState(tables, {"images": state.gallery.dump(), "temps": state.temps.dump()})


def load(rows: Mapping[str, Rows], images: Mapping[str, dict[str, bytes]], unpack: Unpack) -> QuotaState:
    """The state of stored rows. Raises KeyError, TypeError or ValueError where they are not those of a state."""
    tables = Tables(
        users=Table({user: UserUsage(*usage) for user, usage in rows["users"]}),
        days=Table({user: tuple(DayCount(*count) for count in days) for user, days in rows["days"]}),
        reservations=Table({held: _reservation(*members) for held, members in rows["reservations"]}),
        overrides=Table({user: Override(_own_limits(*own), until) for user, (own, until) in rows["overrides"]}),
        refusals=Table({(user, reason): (day, times) for (user, reason), (day, times) in rows["refusals"]}),
        answers=Table({tag: _answer(*members) for tag, members in rows["answers"]}),
        grants=Table({user: tuple(Grant(*members) for members in grants) for user, grants in rows["grants"]}),
        members=Table({user: _member(*members) for user, members in rows["members"]}),
    )
    gallery, temps = Gallery(images["images"], unpack), ImageIndex(images["temps"], unpack)
    state = QuotaState(tables, gallery, temps, windows.of_rows(rows["windows"]))
    whole = dict(rows["book"])
    state.position, state.last_at = whole["position"], whole["last_at"]
    state.policy, state.policy_is_recorded = _limits(*whole["policy"]), whole["policy_is_recorded"]
    state.taken_in = _taken_in(*whole.get("taken_in", ()))
    state.ranks.tiers = Tiers(_tier(*members) for _, members in rows["tiers"])
    state.whole.pool = PoolUsage(*whole["pool"])
    state.points = points.of_rows({name: list(rows[name]) for name in points.NAMES})
    state.thresholds = thresholds.of_rows(list(rows.get(thresholds.NAME, ())))
    state.asks = asks.of_rows(list(rows.get(asks.NAME, ())))
    return state


def _answer(digest: str, positions: Iterable[int], at: str, reservation: str | None) -> KeyedAnswer:
    return KeyedAnswer(digest, tuple(positions), at, reservation)


def _reservation(*members: Any) -> Reservation:
    """A reservation whose draws came back as lists."""
    reservation = Reservation(*members)
    return reservation._replace(drawn=tuple(Draw(*draw) for draw in reservation.drawn))


def _member(assigned: Any, seen: Any) -> Member:
    return Member(
        tuple(Assignment(*one) for one in assigned), tuple(SeenAt(place, tuple(groups)) for place, groups in seen)
    )


def _tier(*members: Any) -> Tier:
    """A tier whose tuples came back as lists."""
    tier = Tier(*members)
    return tier._replace(
        limits=_own_limits(*tier.limits),
        groups=tuple(tier.groups),
        providers=_names(tier.providers),
        models=_names(tier.models),
        operations=_names(tier.operations),
    )


def _names(names: Any) -> tuple[str, ...] | None:
    return None if names is None else tuple(names)


def _own_limits(user_bytes: int | None, daily: int | None, windows: Any = None) -> UserLimits:
    return UserLimits(user_bytes, daily, _pairs(windows))


def _limits(*members: Any) -> Limits:
    """Limits whose tuples came back as lists."""
    limits = Limits(*members)
    return limits._replace(
        windows=_pairs(limits.windows) or (), unenforced=tuple(limits.unenforced), tell_at=tuple(limits.tell_at)
    )


def _taken_in(*members: Any) -> TakenIn:
    """The same of what settings gave, where None is nothing."""
    taken = TakenIn(*members)
    return taken._replace(
        windows=_pairs(taken.windows),
        unenforced=None if taken.unenforced is None else tuple(taken.unenforced),
        tell_at=None if taken.tell_at is None else tuple(taken.tell_at),
    )


def _pairs(windows: Any) -> Windows | None:
    return None if windows is None else tuple((name, most) for name, most in windows)
