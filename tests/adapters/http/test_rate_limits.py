"""`RateLimit` and `RateLimit-Policy`: every answer about a user says what is left."""

from __future__ import annotations

import re

import pytest
from freezegun import freeze_time

from adapters.http.rate_limits import DAY_SECONDS
from domain.commands import SetPolicy
from domain.limit_names import in_order
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


@freeze_time("2028-02-29T18:00:00Z", real_asyncio=True)
async def test_further_limits_stand_behind_in_the_order_in_which_they_are_asked(serve: Serve) -> None:
    """Each with its own window's length and unit; one that is only tried out is none, a server's is told there."""
    windows = in_order(
        {
            "pool/month/credits": 9_000,
            "user/month/credits": 2_500,
            "guild/day/generations": 7,
            "user/week/generations": 3,
            "user/week/credits": 1,
        }
    )
    service: Running = await serve(SetPolicy(windows=windows, unenforced=("user/week/credits",)))
    assert (await service.send_json("POST", "/v1/users/1/reservations", {"credits_each": "0.75"})).status == 201
    headers = (await service.ask("GET", "/v1/users/1/quota")).headers
    assert headers["ratelimit-policy"].split(", ")[3:] == [
        '"user/week/generations";q=3;w=604800',
        '"user/month/credits";q=2500;w=2505600;qu="millicredits"',
        '"pool/month/credits";q=9000;w=2505600;qu="millicredits"',
    ]
    to_march = 6 * 3_600 + 1
    assert headers["ratelimit"].split(", ")[3:] == [
        f'"user/week/generations";r=2;t={5 * 86_400 + to_march}',
        f'"user/month/credits";r=1750;t={to_march}',
        f'"pool/month/credits";r=8250;t={to_march}',
    ]
    there = (await service.ask("GET", "/v1/users/1/quota?guild=9")).headers["ratelimit"]
    assert [item.partition(";")[0] for item in there.split(", ")][4:6] == [
        '"guild/day/generations"',
        '"user/month/credits"',
    ]
    again = (await service.ask("GET", "/v1/users/1/images")).headers["ratelimit"]
    assert [item.partition(";")[0] for item in again.split(", ")][3:] == [
        '"user/week/generations"', '"user/month/credits"', '"pool/month/credits"',
    ]  # fmt: skip


async def test_what_grants_have_left_is_left_of_a_users_own_limits(serve: Serve) -> None:
    """As of the daily one; of the pool's it is not. No number is beyond an integer of structured fields."""
    windows = in_order({"user/month/credits": 1_000, "pool/month/credits": 2**53 - 1})
    service: Running = await serve(SetPolicy(windows=windows, pool_bytes=2**53 - 1))
    grant = {"unit": "credits", "amount": 2, "reason": "a prize"}
    assert (await service.send_json("POST", "/v1/admin/users/1/grants", grant)).status == 201
    headers = (await service.ask("GET", "/v1/users/1/quota")).headers
    left = [item.split(";")[1] for item in headers["ratelimit"].split(", ")]
    assert left[3:] == ["r=3000", f"r={10**15 - 1}"]
    assert f'"pool";q={10**15 - 1}' in headers["ratelimit-policy"]


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
