"""`RateLimit` and `RateLimit-Policy`: every answer about a user says what is left."""

from __future__ import annotations

import re

import pytest

from adapters.http.rate_limits import DAY_SECONDS
from domain.commands import SetPolicy
from tests.adapters.http.conftest import Running, Serve
from tests.hostile.builders import png

MEGABYTE = 1_048_576


def parsed(header: str) -> dict[str, dict[str, str]]:
    """The policies of a header by name, with their parameters."""
    found = {}
    for item in header.split(", "):
        name, *members = item.split(";")
        assert re.fullmatch('"[a-z]+"', name)
        found[name.strip('"')] = dict(member.split("=") for member in members)
    return found


async def test_what_is_left_goes_down_with_what_is_used(serve: Serve) -> None:
    """To the byte and the place; a refusal says it too, and never a shorter time than it asks to wait."""
    service: Running = await serve(SetPolicy(daily=2, user_bytes=MEGABYTE, pool_bytes=2 * MEGABYTE))
    fresh = (await service.ask("GET", "/v1/users/1/quota")).headers
    assert fresh["ratelimit-policy"] == (
        f'"daily";q=2;w={DAY_SECONDS}, "storage";q={MEGABYTE};qu="content-bytes", '
        f'"pool";q={2 * MEGABYTE};qu="content-bytes"'
    )
    left = parsed(fresh["ratelimit"])
    assert (left["daily"]["r"], left["storage"], left["pool"]) == (
        "2",
        {"r": str(MEGABYTE)},
        {"r": str(2 * MEGABYTE)},
    )
    saved = parsed((await service.upload("1", png())).headers["ratelimit"])
    assert (saved["daily"]["r"], saved["storage"]["r"]) == ("1", str(MEGABYTE - len(png())))
    await service.upload("1", png())
    refused = await service.upload("1", png())
    now = parsed(refused.headers["ratelimit"])["daily"]
    assert (refused.status, now["r"]) == (429, "0")
    assert 0 < int(now["t"]) <= int(refused.headers["retry-after"]) <= DAY_SECONDS + 1


@pytest.mark.parametrize("path", ["/v1/users/1/images", "/v1/users/1/images/none.png", "/v1/users/1/why"])
async def test_every_answer_about_a_user_says_it(service: Running, path: str) -> None:
    """Also that there is nothing."""
    assert parsed((await service.ask("GET", path)).headers["ratelimit"])["daily"]["r"] == "5"


@pytest.mark.parametrize("path", ["/", "/healthz", "/v1/styles", "/v1/users", "/v1/users/CON/quota"])
async def test_no_other_answer_does(service: Running, path: str) -> None:
    """What is about nobody, or about nobody who can be."""
    assert "ratelimit" not in (await service.ask("GET", path)).headers


async def test_a_storage_that_has_stopped_says_nothing_of_what_is_left(service: Running) -> None:
    """Its figures are old."""
    service.store.close()
    answer = await service.ask("GET", "/v1/users/1/images")
    assert (answer.status, "ratelimit" in answer.headers) == (503, False)
