"""Ends that have passed are 400 with the field that they are in, and nothing is given."""

from __future__ import annotations

from typing import Any

import pytest

from tests.adapters.http.conftest import Running

PAST = "2020-01-01T00:00:00Z"
GIVINGS: list[tuple[str, str, dict[str, Any], str]] = [
    ("POST", "/v1/admin/users/1/grants", {"unit": "generations", "amount": 1}, "expires_at"),
    (
        "POST",
        "/v1/admin/users/1/grants",
        {"unit": "generations", "amount": 3, "rollover": 1, "rollover_until": "2999-01-01T00:00:00Z"},
        "expires_at",
    ),
    ("PUT", "/v1/admin/users/1/tiers/gold", {"given": True}, "until"),
    ("PUT", "/v1/admin/users/1/limits", {"daily": 1}, "until"),
]


@pytest.mark.parametrize(("method", "path", "body", "field"), GIVINGS)
async def test_an_end_that_has_passed_is_refused(
    service: Running, method: str, path: str, body: dict[str, Any], field: str
) -> None:
    """With what to do."""
    await service.send_json("PUT", "/v1/admin/tiers/gold", {"daily": 3, "reason": "for friends"})
    position = service.store.running().state.position
    answer = await service.send_json(method, path, {**body, field: PAST, "reason": "a prize"})
    assert (answer.status, answer.json["field"]) == (400, field)
    assert answer.json["detail"].startswith("The end 2020-01-01 00:00 UTC has passed already. Give a time to come")
    assert service.store.running().state.position == position
