"""What a state knows, as one comparable value: two books that answer every question alike have equal states."""

from __future__ import annotations

from typing import Any

from domain.instants import LATEST
from projections.image_index import ImageIndex
from projections.quota_state import QuotaState


def state_of(state: QuotaState) -> dict[str, Any]:
    """Everything decisions read; what is over counts as forgotten already.

    Order counts where somebody relies on it: deadlines, answers, images of a user.
    """
    users, days, reservations, overrides, refusals, answers, grants, members = state._tables
    return {
        "position": state.position,
        "last_at": state.last_at,
        "policy": (state.policy_is_recorded, state.policy),
        "pool": state.pool,
        "users": dict(users.items()),
        "days": dict(days.items()),
        "reservations": {
            key: held for key, held in reservations.items() if held.open or held.forgotten_at > state.last_at
        },
        "due": [held.reservation for held in state.due(LATEST, 1_000_000)],
        "overrides": dict(overrides.items()),
        "refusals": dict(refusals.items()),
        "answers": list(answers.items()),
        "grants": dict(grants.items()),
        "tiers": list(state.tiers.by_key.items()),
        "members": dict(members.items()),
        "windows": {
            scope: {name: state.tally(scope, name) for name in names} for scope, names in _windows(state).items()
        },
        "points": {name: dict(sorted(rows.items())) for name, rows in state.points.dump().items()},
        "told": dict(sorted(state.thresholds.dump().items())),
        "asks": dict(sorted(state.asks.dump().items())),
        "images": index_of(state.gallery),
        "temp_files": index_of(state.temps),
    }


def _windows(state: QuotaState) -> dict[str, list[str]]:
    """The scopes that have windows, and their names."""
    return {scope: [name for name, *_ in rows] for scope, rows in state.windows.dump().items()}


def index_of(index: ImageIndex) -> dict[str, Any]:
    """Each user's names in order, folders and next number; a user without any of them is as good as unknown."""
    states = {
        user: (list(images.lines.items()), images.folders, images.next_number)
        for user, images in ((user, index.of(user)) for user in index.users())
    }
    return {user: state for user, state in states.items() if state != ([], {}, 1)}
