"""The answer to a request that is sent again under its key is that of the first time, whatever happened in between.

| route | what differs in the answer to a repeat |
|---|---|
| a reset, a user's limits | the quota, which is that of now |
| everybody's limits | `over`, which is of now |
| a tier, a user's tiers | all but whether something was changed, which is of now |
| points that are moved | `balance`, which is of now |
| a deletion | `replayed`, which says that it is one |
| a generation whose provider remarked something | `note`, which is told once |
| every other | nothing |
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import orjson
import pytest

from adapters.application.results import StoreSettings
from adapters.application.saving import NewImage, save_image
from adapters.http.routes import ALL_ROUTES
from tests.adapters.http.conftest import JSON, Running, Serve
from tests.adapters.http.test_edits import FORM, form
from tests.adapters.http.wire import GenerationOutcome
from tests.hostile.builders import png

WISH = {"prompt": "a boat", "width": 64, "height": 64}
OPENAI = {"prompt": "a boat", "size": "64x64", "user": "1"}
UPLOAD, LIMITS, POLICY = "/v1/users/1/images", "/v1/admin/users/1/limits", "/v1/admin/policy"


class Repeat(NamedTuple):
    """A request, what is done before it is sent again, and the members of its answer that are of now."""

    method: str
    path: str
    body: bytes = b""
    kind: str = JSON
    between: tuple[tuple[str, str, object], ...] = ()
    of_now: frozenset[str] = frozenset()


def of_json(method: str, path: str, body: object, **more: Any) -> Repeat:
    """One with a JSON body."""
    return Repeat(method, path, orjson.dumps(body), **more)


QUOTA = frozenset(
    {"user", "daily", "global", "limits", "position", "as_of", "storage", "pool", "day", "sources", "reached"}
)
NOTE = frozenset({"note"})
GRANTS = "/v1/admin/users/1/grants"
POINTS, MOVES = "/v1/users/1/points", "/v1/admin/users/1/points"
SPENT = ("POST", MOVES, {"kind": "burn", "amount": 1, "reason": "a"})
OFFERED = {"unit": "credits", "amount": 2.5, "price": 3, "reason": "a"}
ASKS = "/v1/users/1/asks"
WANTED_MORE = {"limit": "user/month/credits", "amount": 2.5}
RESERVED = "{reservation}"
WAITING = "{waiting}"
ALL_RESERVED = f"/v1/users/1/reservations/{RESERVED}"
REPEATS = {
    "a reset": of_json("POST", "/v1/admin/users/1/reset", {"reason": "a"}, of_now=QUOTA),
    "a user's limits": of_json(
        *("PUT", LIMITS, {"daily": 9, "reason": "a"}), between=(("PUT", LIMITS, {"reason": "none"}),), of_now=QUOTA
    ),
    "everybody's limits": of_json(
        *("PATCH", POLICY, {"daily": 9, "was": {"daily": 5}, "reason": "a"}),
        between=(("PATCH", POLICY, {"daily": 7, "was": {"daily": 9}, "reason": "b"}),),
        of_now=frozenset({"over"}),
    ),
    "a grant": of_json("POST", GRANTS, {"unit": "credits", "amount": 2.5, "reason": "a"}),
    "a grant taken away": Repeat("DELETE", f"{GRANTS}/{{grant}}?reason=over"),
    "an ask": of_json("POST", ASKS, WANTED_MORE),
    "an ask taken back": Repeat("DELETE", f"{ASKS}/{{ask}}"),
    "an answer": of_json("PUT", "/v1/admin/asks/{ask}", {"answer": "approved", "days": 7}),
    "a tier": of_json(
        *("PUT", "/v1/admin/tiers/gold", {"daily": 9, "reason": "a"}),
        of_now=frozenset({"former", "wanted", "members", "joining", "leaving", "over", "named"}),
    ),
    "a user's tier": of_json(
        *("PUT", "/v1/admin/users/1/tiers/silver", {"reason": "a"}), of_now=frozenset({"held", "together"})
    ),
    "a claim": Repeat("POST", f"{POINTS}/claim", between=(SPENT,), of_now=frozenset({"balance"})),
    "a gift": of_json(
        *("POST", f"{POINTS}/gifts", {"to": "2", "amount": 2, "reason": "a"}),
        between=(SPENT,),
        of_now=frozenset({"balance"}),
    ),
    "points": of_json("POST", MOVES, {"kind": "mint", "amount": 2, "reason": "a"}, of_now=frozenset({"balance"})),
    "a purchase": of_json(
        *("POST", "/v1/users/1/purchases", {"offer": "big", "seen": {"unit": "credits", "amount": 2.5, "price": 3}}),
        between=(("DELETE", "/v1/admin/market/offers/big", None),),
    ),
    "an offer": of_json("PUT", "/v1/admin/market/offers/ten", OFFERED),
    "an offer taken back": Repeat("DELETE", "/v1/admin/market/offers/big?reason=over"),
    "a favourite": Repeat("PUT", "/v1/users/2/favourites/a.png?owner=1"),
    "no favourite": Repeat("DELETE", "/v1/users/3/favourites/a.png?owner=1"),
    "a cleanup": of_json("POST", "/v1/admin/cleanup", {"days": 0}),
    "a deletion": Repeat("DELETE", f"{UPLOAD}/a.png", of_now=frozenset({"replayed"})),
    "deletions": of_json("POST", f"{UPLOAD}/deletions", {"names": ["a.png", "none.png"]}),
    "an upload": Repeat("POST", UPLOAD, png(8, 8), "image/png", (("DELETE", f"{UPLOAD}/image_1.png", None),)),
    "a generation": of_json("POST", "/v1/users/1/generations", WISH | {"count": 2}, of_now=NOTE),
    "an edit": Repeat("POST", "/v1/users/1/edits", form({"image": png(64, 64), "prompt": "dark"}), FORM, of_now=NOTE),
    "an upscale": of_json("POST", "/v1/users/1/upscales", {"source": "a.png", "width": 128}),
    "as OpenAI": of_json("POST", "/openai/v1/images/generations", OPENAI),
    "an edit as OpenAI": Repeat(
        "POST",
        "/openai/v1/images/edits",
        form({"image": png(64, 64), "prompt": "x", "user": "1"}),
        FORM,
    ),
    "a reservation": of_json("POST", "/v1/users/1/reservations", {"count": 1}),
    "a delivery": of_json("POST", f"{ALL_RESERVED}/completion", {"provider": "mine", "count": 1}),
    "a picture": Repeat("POST", f"{ALL_RESERVED}/completion", form({"image": png(9, 9), "provider": "mine"}), FORM),
    "a release": Repeat("DELETE", ALL_RESERVED),
    "a job's end": Repeat("DELETE", "/v1/users/1/jobs/{job}"),
    "out of the line": Repeat("DELETE", "/v1/users/1/queue/{waiting}"),
    "all out of the line": Repeat("DELETE", "/v1/users/1/queue"),
}


def test_every_route_that_takes_a_key_is_repeated_here() -> None:
    """A route that is added gets its row."""
    for route in ALL_ROUTES:
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(route.path))
        is_here = any(
            row.method == route.method and re.fullmatch(pattern, row.path.partition("?")[0]) for row in REPEATS.values()
        )
        assert is_here or not route.is_repeatable, (route.method, route.path)


@pytest.mark.parametrize("row", REPEATS.values(), ids=REPEATS)
async def test_a_repeat_is_answered_as_the_first_was(serve: Serve, row: Repeat) -> None:
    """Status, members and address; marked as a repeat."""
    service: Running = await serve(settings=StoreSettings(earn_daily=3))
    row = await prepared(service, row)
    first = await sent(service, row)
    assert first.status in {200, 201, 202}, first.body
    for method, path, body in row.between:
        changed = await service.ask(method, path, body=b"" if body is None else orjson.dumps(body), kind=JSON)
        assert changed.status == 200, changed.body
    again = await sent(service, row)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert (again.status, again.headers.get("location")) == (first.status, first.headers.get("location"))
    assert without(again.json, row.of_now) == without(first.json, row.of_now)


async def prepared(service: Running, row: Repeat) -> Repeat:
    """What the request speaks of is there: an image, an old file, a count, a reservation, a job, one that waits."""
    await service.upload("1", png(64, 64), "a.png")
    await save_image(service.store, NewImage("1", png(), name="old.png", temp=True))
    path = row.path
    await service.send_json("POST", MOVES, {"kind": "mint", "amount": 9, "reason": "a"})
    await service.send_json("PUT", "/v1/admin/market/offers/big", OFFERED)
    await service.ask("PUT", "/v1/users/3/favourites/a.png?owner=1")
    if RESERVED in path:
        held = await service.send_json("POST", "/v1/users/1/reservations", {"count": 1})
        path = path.replace(RESERVED, held.json["reservation"])
    if "{job}" in path:
        begun = await service.send_json("POST", "/v1/users/1/generations", WISH, headers={"Prefer": "respond-async"})
        path = begun.headers["location"]
    if "{grant}" in path:
        given = await service.send_json("POST", GRANTS, {"unit": "generations", "amount": 1, "reason": "a"})
        path = path.replace("{grant}", given.json["grant"])
    if "{ask}" in path:
        asked = await service.send_json("POST", ASKS, WANTED_MORE)
        path = path.replace("{ask}", asked.json["ask"])
    if path.endswith("/tiers/silver"):
        await service.send_json("PUT", "/v1/admin/tiers/silver", {"daily": 9, "reason": "a"})
    if WAITING in path:
        while service.studio._queue.take_turn("somebody else"):
            pass  # until none is free
        begun = await service.send_json("POST", "/v1/users/1/generations", WISH, headers={"Prefer": "respond-async"})
        path = path.replace(WAITING, begun.json["id"])
    return row._replace(path=path)


async def sent(service: Running, row: Repeat) -> GenerationOutcome:
    """The request under its key."""
    kind = row.kind if row.body else ""
    return await service.ask(row.method, row.path, body=row.body, kind=kind, headers={"Idempotency-Key": "again"})


def without(told: Any, names: frozenset[str]) -> Any:
    """The answer but for these members, wherever they are."""
    if isinstance(told, dict):
        return {name: without(value, names) for name, value in told.items() if name not in names}
    return told
