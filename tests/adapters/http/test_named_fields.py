"""A 400 names the field that is wrong, wherever it was given: in the body, the query or the path."""

from __future__ import annotations

import pytest

from adapters.http.routes import ALL_ROUTES
from tests.adapters.http.conftest import JSON, Running

MAKE, RESET, LIMITS = "/v1/users/1/generations", "/v1/admin/users/1/reset", "/v1/admin/users/1/limits"
POLICY, CLEANUP, PLACES = "/v1/admin/policy", "/v1/admin/cleanup", "/v1/users/1/reservations"
OPENAI, MANY = "/openai/v1/images/generations", "/v1/users/1/images/deletions"
WRONG = {
    "no number": ("POST", MAKE, b'{"prompt": "x", "cfg_scale": NaN}', "cfg_scale"),
    "infinite": ("POST", MAKE, b'{"prompt": "x", "cfg_scale": -Infinity}', "cfg_scale"),
    "twice": ("POST", MAKE, b'{"prompt": "x", "seed": 1, "seed": 1}', "seed"),
    "unknown": ("POST", MAKE, b'{"promt": "x"}', "promt"),
    "missing": ("POST", MAKE, b"{}", "prompt"),
    "another type": ("POST", MAKE, b'{"prompt": "x", "count": "1"}', "count"),
    "NUL": ("POST", MAKE, b'{"prompt": "a\\u0000"}', "prompt"),
    "an empty prompt": ("POST", MAKE, b'{"prompt": " "}', "prompt"),
    "a long prompt": ("POST", MAKE, b'{"prompt": "' + b"x" * 20_000 + b'"}', "prompt"),
    "a style that is none": ("POST", MAKE, b'{"prompt": "x", "style": "none such"}', "style"),
    "too much to avoid": ("POST", MAKE, b'{"prompt":"x","negative_prompt":"%s"}' % (b"x" * 20_000), "negative_prompt"),
    "a style of places": ("POST", PLACES, b'{"style": "A B\\n"}', "style"),
    "too wide": ("POST", MAKE, b'{"prompt": "x", "width": 99999}', "width"),
    "too high": ("POST", MAKE, b'{"prompt": "x", "height": 1}', "height"),
    "too many": ("POST", MAKE, b'{"prompt": "x", "count": 99}', "count"),
    "too many steps": ("POST", MAKE, b'{"prompt": "x", "steps": 9999}', "steps"),
    "a seed below 0": ("POST", MAKE, b'{"prompt": "x", "seed": -1}', "seed"),
    "too many places": ("POST", PLACES, b'{"count": 0}', "count"),
    "no reason": ("POST", RESET, b'{"reason": ""}', "reason"),
    "a limit below 0": ("PUT", LIMITS, b'{"daily": -1, "reason": "a"}', "daily"),
    "no time": ("PUT", LIMITS, b'{"until": "soon", "reason": "a"}', "until"),
    "in a dry run": ("PATCH", POLICY, b'{"daily": -1, "reason": "a", "dry_run": true}', "daily"),
    "all limits": ("PATCH", POLICY, b'{"pool_bytes": -1, "was": {"pool_bytes": 1}, "reason": "a"}', "pool_bytes"),
    "what was": ("PATCH", POLICY, b'{"daily": 1, "was": {"daily": -1}, "reason": "a"}', "was"),
    "not said": ("PATCH", POLICY, b'{"daily": 1, "reason": "a"}', "was"),
    "a further limit": ("PATCH", POLICY, b'{"windows": {"x": 1}, "reason": "a", "dry_run": true}', "windows"),
    "further limits that were": ("PATCH", POLICY, b'{"daily": 1, "was": {"windows": {"x": 1}}, "reason": "a"}', "was"),
    "one tried out": ("PATCH", POLICY, b'{"unenforced": ["x"], "reason": "a", "dry_run": true}', "unenforced"),
    "beside further limits": ("PATCH", POLICY, b'{"daily":-1,"windows":{},"reason":"a","dry_run":true}', "daily"),
    "a further limit of a user": ("PUT", LIMITS, b'{"windows": {"pool/day/credits": 1}, "reason": "a"}', "windows"),
    "those of a user that were": ("PUT", LIMITS, b'{"was": {"windows": {"x": 1}}, "reason": "a"}', "was"),
    "days": ("POST", CLEANUP, b'{"days": -1}', "days"),
    "days of a dry run": ("POST", CLEANUP, b'{"days": -1, "dry_run": true}', "days"),
    "a name": ("POST", MANY, b'{"names": ["CON"]}', "names"),
    "a cursor": ("GET", "/v1/users/1/images?cursor=x", b"", "cursor"),
    "the user in the path": ("GET", "/v1/users/CON/quota", b"", "user"),
    "the name in the path": ("GET", "/v1/users/1/images/CON", b"", "name"),
}
PARAMETERS = [
    (route, parameter.name)
    for route in ALL_ROUTES
    for parameter in route.query or ()
    if route.method == "GET" and "{id}" not in route.path and "{name}" not in route.path
]


@pytest.mark.parametrize(("method", "path", "body", "field"), WRONG.values(), ids=WRONG)
async def test_what_is_malformed_is_named(service: Running, method: str, path: str, body: bytes, field: str) -> None:
    """By the member `field`."""
    told = await service.ask(method, path, body=body, kind=JSON if body else "")
    assert (told.status, told.json.get("field")) == (400, field), told.json


async def test_every_parameter_of_a_query_is_named_and_so_is_one_that_is_none(service: Running) -> None:
    """Where it is given twice, which none may be."""
    for route, name in PARAMETERS:
        path = route.path.format(user="1")
        told = await service.ask("GET", f"{path}?{name}=1&{name}=1")
        assert (told.status, told.json["field"]) == (400, name), path
        assert (await service.ask("GET", f"{path}?nonesuch=1")).json["field"] == "nonesuch"


@pytest.mark.parametrize(
    ("body", "param"),
    [(b'{"prompt": "x", "user": "1", "n": 99}', "n"), (b'{"prompt": "x", "user": "1", "size": "9x9"}', "size")],
)
async def test_openai_clients_are_told_by_their_own_names(service: Running, body: bytes, param: str) -> None:
    """In `param`."""
    told = await service.ask("POST", OPENAI, body=body, kind=JSON)
    assert (told.status, told.json["error"]["param"]) == (400, param)
