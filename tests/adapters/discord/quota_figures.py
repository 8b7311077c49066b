"""Quota figures as `get_quota_status` gives them, made by the projections' own arithmetic."""

from __future__ import annotations

from typing import Any

from domain.limits import MEGABYTE, megabytes, percentage, status_of


def figures(
    used_mb: float = 45.2, limit_mb: int = 500, *, daily: tuple[int, int] = (2, 5), pool_used_mb: float = 1000
) -> dict[str, Any]:
    """The dictionary of a user who has used so much; the pool has 5000 MB."""
    used, limit = round(used_mb * MEGABYTE), limit_mb * MEGABYTE
    pool_used, pool = round(pool_used_mb * MEGABYTE), 5000 * MEGABYTE
    return {
        "user": _part(used, limit, "limit_mb") | {"images": 3},
        "global": _part(pool_used, pool, "total_mb"),
        "daily": {"used": daily[0], "limit": daily[1], "resets_at": "2026-01-02T00:00:00.000000Z"},
        "windows": [],
        "grants": [],
        "reached": [],
        "sources": [],
        "tiers": [],
    }


def window(name: str, used: float, most: float, *, enforced: bool = True) -> dict[str, Any]:
    """A further limit by its name, of which so much is used."""
    return {
        "limit": name,
        "unit": name.rpartition("/")[2],
        "used": used,
        "held": 0,
        "most": most,
        "remaining": max(0, most - used),
        "resets_at": "2026-02-01T00:00:00.000000Z",
        "enforced": enforced,
    }


def grant(unit: str, left: float, ends_at: str | None = None, source: str = "manager") -> dict[str, Any]:
    """What is left of a grant."""
    return {"grant": "a" * 16, "unit": unit, "left": left, "amount": left, "ends_at": ends_at, "source": source}


def _part(used: int, limit: int, limit_name: str) -> dict[str, Any]:
    return {
        "used_mb": megabytes(used),
        "reserved_mb": 0.0,
        limit_name: megabytes(limit),
        "percentage": percentage(used, limit),
        "status": status_of(used, limit).value,
    }
