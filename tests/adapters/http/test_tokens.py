"""Who may ask for what with which token: every route, before anything is looked up.

| who asks | this machine needs none | everybody needs one |
|---|---|---|
| without a token | everything | 401, but for open routes |
| with one that holds | what its scope allows, for its user | the same |
| with one that is unknown, revoked or over, cut, twice, or in another scheme | 401 | 401 |
| the commands of the account that runs the service | everything | everything |
"""

from __future__ import annotations

import asyncio
import re
import time
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.disk.files import Files
from adapters.http.contract.route import Route
from adapters.http.routes import ALL_ROUTES
from adapters.ledger.codec import decode
from adapters.tokens.judging import KnownTokens
from adapters.tokens.kept import KeptTokens
from adapters.tokens.token import Scope, Token, digest_of, new_text
from domain.instants import EARLIEST, LATEST
from tests.adapters.http.conftest import JSON, Running, Serve
from tests.adapters.http.wire import once
from tests.hostile.builders import png
from tests.hostile.rows import Row, assert_acted_out, rows

HERE = "tests.adapters.http.test_tokens."
ACTED_OUT = {
    r"Bearer token + \u00e9 (non-ASCII)": [HERE + "test_what_is_no_token_is_401"],
    "Authorization: Bearer": [HERE + "test_what_is_no_token_is_401"],
    "bot-scope token on admin route": [HERE + "test_a_token_is_let_in_to_what_its_scope_includes"],
    "Authorization: bearer <first half of token>": [HERE + "test_what_is_no_token_is_401"],
    "two Authorization headers": [HERE + "test_what_is_no_token_is_401"],
    "token in query string ?token=": [HERE + "test_a_token_in_the_query_lets_nobody_in_and_is_not_logged"],
    "user A token, user B's image id": [
        HERE + "test_a_token_for_one_user_learns_nothing_of_another",
        "tests.adapters.http.test_sessions.test_a_session_of_one_user_learns_nothing_of_another",
    ],
    "revoked token": [
        HERE + "test_a_token_that_was_revoked_is_refused_within_a_second",
        "tests.adapters.http.test_sessions.test_a_session_ends_with_its_token",
    ],
}
"""The rows of the hostile list on who may ask, each with the tests that act it out."""
WITHIN_SECONDS = 1.0
"""A token that was revoked lets nobody in any more."""
SCOPES = {
    ("GET", "/"): "open",
    ("GET", "/page/{file}"): "open",
    ("GET", "/docs"): "open",
    ("GET", "/openapi.json"): "open",
    ("GET", "/healthz"): "open",
    ("GET", "/readyz"): "open",
    ("GET", "/v1/session"): "open",
    ("POST", "/v1/session"): "open",
    ("DELETE", "/v1/session"): "open",
    ("DELETE", "/v1/sessions"): "read",
    ("GET", "/v1/session/discord"): "open",
    ("GET", "/v1/session/discord/callback"): "open",
    ("GET", "/metrics"): "read",
    ("GET", "/v1/styles"): "read",
    ("POST", "/v1/users/{user}/generations"): "write",
    ("GET", "/v1/provider"): "read",
    ("GET", "/v1/price"): "read",
    ("POST", "/v1/users/{user}/edits"): "write",
    ("POST", "/v1/users/{user}/upscales"): "write",
    ("POST", "/v1/users/{user}/reservations"): "write",
    ("POST", "/v1/users/{user}/reservations/{id}/completion"): "write",
    ("DELETE", "/v1/users/{user}/reservations/{id}"): "write",
    ("GET", "/v1/users/{user}/jobs"): "read",
    ("GET", "/v1/users/{user}/jobs/{id}"): "read",
    ("DELETE", "/v1/users/{user}/jobs/{id}"): "write",
    ("GET", "/v1/users/{user}/queue"): "read",
    ("DELETE", "/v1/users/{user}/queue"): "write",
    ("DELETE", "/v1/users/{user}/queue/{id}"): "write",
    ("GET", "/v1/admin/queue"): "admin",
    ("POST", "/v1/users/{user}/images"): "write",
    ("GET", "/v1/users/{user}/images"): "read",
    ("POST", "/v1/users/{user}/images/deletions"): "write",
    ("POST", "/v1/users/{user}/images/archives"): "read",
    ("GET", "/v1/users/{user}/images/{name}"): "read",
    ("DELETE", "/v1/users/{user}/images/{name}"): "write",
    ("GET", "/v1/users/{user}/thumbnails/{name}"): "read",
    ("GET", "/v1/users/{user}/details/{name}"): "read",
    ("GET", "/v1/policy"): "read",
    ("GET", "/openai/v1/models"): "read",
    ("GET", "/openai/v1/models/{model}"): "read",
    ("POST", "/openai/v1/images/generations"): "write",
    ("POST", "/openai/v1/images/edits"): "write",
    ("GET", "/v1/users"): "admin",
    ("GET", "/v1/users/{user}"): "read",
    ("GET", "/v1/users/{user}/quota"): "read",
    ("GET", "/v1/users/{user}/history"): "read",
    ("GET", "/v1/users/{user}/why"): "read",
    ("GET", "/v1/events"): "admin",
    ("GET", "/v1/events/stream"): "admin",
    ("GET", "/v1/users/{user}/events"): "read",
    ("GET", "/v1/users/{user}/events/stream"): "read",
    ("GET", "/v1/admin/report"): "admin",
    ("GET", "/v1/admin/charts.js"): "admin",
    ("GET", "/v1/admin/log"): "admin",
    ("POST", "/v1/admin/users/{user}/reset"): "admin",
    ("GET", "/v1/admin/users/{user}/limits"): "admin",
    ("PUT", "/v1/admin/users/{user}/limits"): "admin",
    ("PATCH", "/v1/admin/policy"): "admin",
    ("GET", "/v1/admin/users/{user}/grants"): "admin",
    ("POST", "/v1/admin/users/{user}/grants"): "admin",
    ("DELETE", "/v1/admin/users/{user}/grants/{grant}"): "admin",
    ("GET", "/v1/admin/asks"): "admin",
    ("PUT", "/v1/admin/asks/{ask}"): "admin",
    ("GET", "/v1/users/{user}/asks"): "read",
    ("POST", "/v1/users/{user}/asks"): "write",
    ("DELETE", "/v1/users/{user}/asks/{ask}"): "write",
    ("GET", "/v1/admin/tiers"): "admin",
    ("PUT", "/v1/admin/tiers/{tier}"): "admin",
    ("GET", "/v1/admin/users/{user}/tiers"): "admin",
    ("PUT", "/v1/admin/users/{user}/tiers/{tier}"): "admin",
    ("POST", "/v1/admin/cleanup"): "admin",
    ("GET", "/v1/users/{user}/points"): "read",
    ("POST", "/v1/users/{user}/points/claim"): "write",
    ("POST", "/v1/users/{user}/points/gifts"): "write",
    ("POST", "/v1/admin/users/{user}/points"): "admin",
    ("GET", "/v1/market"): "read",
    ("POST", "/v1/users/{user}/purchases"): "write",
    ("GET", "/v1/users/{user}/funds"): "read",
    ("PUT", "/v1/admin/market/offers/{offer}"): "admin",
    ("DELETE", "/v1/admin/market/offers/{offer}"): "admin",
    ("PUT", "/v1/users/{user}/favourites/{name}"): "write",
    ("DELETE", "/v1/users/{user}/favourites/{name}"): "write",
}


@pytest.mark.parametrize("row", rows("auth"), ids=lambda row: row.id)
def test_every_row_of_the_hostile_list_is_acted_out(row: Row) -> None:
    """A row that is added fails here until it is."""
    assert_acted_out(row, ACTED_OUT)


def test_the_scope_of_every_route() -> None:
    """A route that is added says here who may ask for it."""
    assert {(route.method, route.path): route.scope or "open" for route in ALL_ROUTES} == SCOPES


def given(service: Running, scope: Scope, *, user: str | None = None, ends_at: str | None = None) -> dict[str, str]:
    """The header of a new token."""
    text = new_text()
    name = f"{scope}-{digest_of(text)[:8]}"
    token = Token(name=name, scope=scope, user=user, made_at=EARLIEST, ends_at=ends_at, sha256=digest_of(text))
    assert KeptTokens(service.store.root, Files()).add(token)
    return {"Authorization": f"Bearer {text}"}


def asked(route: Route, user: str = "1") -> tuple[str, str]:
    """A request to a route that would be answered."""
    ids = {"id": "0" * 32, "grant": "0" * 16, "ask": "0" * 16}
    return route.method, route.path.format(
        user=user, name="a.png", file="app.js", model="sketch", tier="gold", offer="ten", **ids
    )


async def answered(service: Running, route: Route, headers: dict[str, str], user: str = "1") -> Any:
    """What comes of it, without what differs from request to request."""
    method, path = asked(route, user)
    told = await service.ask(method, path, headers={"Content-Type": JSON, **headers}, body=b"{}" * (method != "GET"))
    return told.status, re.sub(rb"urn:abby-ledger:request:\w+", b"", told.body), told


async def test_without_a_token_where_one_is_needed_only_open_routes_answer(serve: Serve) -> None:
    """And a 401 tells how to ask (RFC 6750), and nothing of the user."""
    service: Running = await serve(needs_token=True)
    for route in ALL_ROUTES:
        status, _, told = await answered(service, route, {})
        assert (status == 401) is (route.scope is not None), route.path
        if status == 401:
            assert told.headers["www-authenticate"].startswith("Bearer")
            assert "ratelimit" not in told.headers


@pytest.mark.parametrize("scope", Scope)
async def test_a_token_is_let_in_to_what_its_scope_includes(serve: Serve, scope: Scope) -> None:
    """To every such route, and to no other: 403, whatever is there."""
    service: Running = await serve(needs_token=True)
    token = given(service, scope)
    for route in ALL_ROUTES:
        status, _, _ = await answered(service, route, token)
        assert (status == 403) is (route.scope is not None and not scope.includes(route.scope)), (route.path, status)
        assert status != 401


@pytest.mark.parametrize("scope", [Scope.READ, Scope.WRITE])
async def test_a_token_for_one_user_learns_nothing_of_another(serve: Serve, scope: Scope) -> None:
    """Of an image that stands and of one that does not it is told the same, byte for byte."""
    service: Running = await serve(needs_token=True)
    token, writer = given(service, scope, user="1"), given(service, Scope.WRITE)
    assert (await service.upload("2", png(), "a.png", headers=writer)).status == 201
    for route in ALL_ROUTES:
        if route.scope is None or "{user}" not in route.path:
            continue
        of_own, of_one, of_none = [await answered(service, route, token, user) for user in ("1", "2", "3")]
        assert of_one[0] == 403
        assert of_one[1].replace(b"2", b"3") == of_none[1].replace(b"2", b"3"), route.path
        assert "ratelimit" not in of_one[2].headers
        assert (of_own[0] != 403) is scope.includes(route.scope)


BROKEN = {
    "nothing behind the scheme": ["Bearer"],
    "another scheme": ["Basic {}"],
    "no scheme": ["{}"],
    "cut in half": ["Bearer {half}"],
    "one character more": ["Bearer {}a"],
    "a letter that is not ASCII": ["Bearer {}\u00e9"],
    "a byte that is no UTF-8": ["Bearer {}\udce9"],
    "another one": ["Bearer abby_" + "A" * 43],
    "twice": ["Bearer {}", "Bearer {}"],
    "the first half, in small letters": ["bearer {half}"],
}


@pytest.mark.parametrize("needs_token", [False, True])
@pytest.mark.parametrize("headers", BROKEN.values(), ids=BROKEN.keys())
async def test_what_is_no_token_is_401(serve: Serve, headers: list[str], needs_token: bool) -> None:
    """Also where none is needed: who sends one means to be somebody."""
    service: Running = await serve(needs_token=needs_token)
    text = given(service, Scope.ADMIN)["Authorization"].removeprefix("Bearer ")
    lines = "".join(f"Authorization: {line.format(text, half=text[:20])}\r\n" for line in headers)
    raw = f"GET /v1/users/1/quota HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}\r\n"
    with capture_logs() as logs:
        told = await once(service.address, raw.encode("utf-8", "surrogateescape"))
    assert told.status == 401
    assert text not in str(logs)
    assert text.encode() not in told.body


async def test_a_token_in_the_query_lets_nobody_in_and_is_not_logged(serve: Serve) -> None:
    """Addresses are kept in histories and logs."""
    service: Running = await serve(needs_token=True)
    text = given(service, Scope.ADMIN)["Authorization"].removeprefix("Bearer ")
    with capture_logs() as logs:
        told = await service.ask("GET", f"/v1/users/1/quota?token={text}")
    assert (told.status, text in str(logs)) == (401, False)


async def test_a_token_that_was_revoked_is_refused_within_a_second(serve: Serve) -> None:
    """However often it was used before."""
    service: Running = await serve(needs_token=True)
    token = given(service, Scope.READ)
    assert (await service.ask("GET", "/v1/users/1/quota", headers=token)).status == 200
    (kept,) = KeptTokens(service.store.root, Files()).read()
    assert KeptTokens(service.store.root, Files()).remove(kept.name)
    await asyncio.sleep(WITHIN_SECONDS)
    assert (await service.ask("GET", "/v1/users/1/quota", headers=token)).status == 401


async def test_a_token_made_anew_under_a_name_was_not_used_yet(serve: Serve) -> None:
    """The date is that of the token, and of what was revoked none is kept."""
    service: Running = await serve(needs_token=True)
    kept = KeptTokens(service.store.root, Files())
    headers = given(service, Scope.READ)
    await service.ask("GET", "/v1/users/1/quota", headers=headers)
    (former,) = kept.read()
    assert list(kept.used()) == [former.sha256]
    assert kept.remove(former.name)
    text = new_text()
    assert kept.add(former._replace(sha256=digest_of(text)))
    assert former.name not in kept.used()
    assert kept.used().get(digest_of(text)) is None
    await service.ask("GET", "/v1/users/1/quota", headers={"Authorization": f"Bearer {text}"})
    assert list(kept.used()) == [digest_of(text)]


async def test_a_token_is_known_from_the_moment_it_is_made(serve: Serve) -> None:
    """However short ago the file was looked at: whoever has just made one asks at once."""
    service: Running = await serve(needs_token=True)
    for _ in range(5):
        token = given(service, Scope.READ)
        assert (await service.ask("GET", "/v1/users/1/quota", headers=token)).status == 200


async def test_whoever_guesses_has_the_file_read_once_for_many(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """A guess is judged by a look that began after it came, which all have together who come meanwhile."""
    service: Running = await serve(needs_token=True)
    looks, look = list[int](), KnownTokens.look

    def counted(known: KnownTokens) -> None:
        looks.append(1)
        time.sleep(0.05)  # a slow disk
        look(known)

    monkeypatch.setattr(KnownTokens, "look", counted)
    guesses = [{"Authorization": f"Bearer {new_text()}"} for _ in range(40)]
    told = await asyncio.gather(*(service.ask("GET", "/v1/users/1/quota", headers=guess) for guess in guesses))
    assert {answer.status for answer in told} == {401}
    assert len(looks) <= 5


@pytest.mark.parametrize(("ends_at", "status"), [(EARLIEST, 401), (LATEST, 200)])
async def test_a_token_holds_until_its_end(serve: Serve, ends_at: str, status: int) -> None:
    """Not longer."""
    service: Running = await serve(needs_token=True)
    told = await service.ask("GET", "/v1/users/1/quota", headers=given(service, Scope.READ, ends_at=ends_at))
    assert told.status == status


async def test_what_a_token_does_is_done_in_its_name(service: Running) -> None:
    """Also where none is needed, and whatever its holder claims to be; its last use is known by the day."""
    token = given(service, Scope.WRITE)
    await service.upload("1", png(), headers=token | {"Abby-Client": "page"})
    event = decode(list(service.store.opened().recorder.read())[-1])
    kept = KeptTokens(service.store.root, Files())
    (known,) = kept.read()
    assert event.by == f"api:{known.name}"
    assert kept.used() == {known.sha256: event.at[:10]}


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"tokens":[{}]}', b'{"tokens":[{"name":1}]}', b"\xff"])
async def test_a_damaged_file_of_tokens_lets_nobody_in(serve: Serve, data: bytes) -> None:
    """500 with a reference; the log of the service says which file it is."""
    service: Running = await serve(needs_token=True)
    token = given(service, Scope.ADMIN)
    KeptTokens(service.store.root, Files()).path.write_bytes(data)
    with capture_logs() as logs:
        told = await service.ask("GET", "/v1/users/1/quota", headers=token)
    assert told.status == 500
    assert "tokens.json" in str(logs)


async def test_a_pass_that_another_start_made_lets_nobody_in(serve: Serve) -> None:
    """That of the service's own start lets its commands in: `tests/adapters/cli/test_token.py`."""
    service: Running = await serve(needs_token=True)
    kept = KeptTokens(service.store.root, Files())
    former = kept.make_pass()
    assert kept.read_pass() == former
    told = await service.ask("GET", "/v1/users", headers={"Authorization": f"Bearer {former}"})
    assert told.status == 401  # of a service that made none


def test_the_files_are_their_owners_alone(tmp_path: Any) -> None:
    """Whoever reads the pass or the hashes is the account that runs the service."""
    (tmp_path / "logs").mkdir()
    kept = KeptTokens(tmp_path, Files())
    kept.make_pass()
    kept.add(Token("a", Scope.READ, None, EARLIEST, None, digest_of(new_text())))
    kept.note_used({"a": "2026-01-01"})
    for path in (tmp_path / "logs").iterdir():
        assert path.stat().st_mode & 0o077 == 0, path


async def test_a_request_of_a_token_sends_its_request_once(service: Running) -> None:
    """Two tokens may use one key: it belongs to who sends it."""
    first, second = given(service, Scope.WRITE), given(service, Scope.WRITE)
    key = {"Idempotency-Key": "one"}
    saved = [await service.upload("1", png(), headers=token | key) for token in (first, first, second)]
    assert [told.status for told in saved] == [201, 201, 201]
    assert [told.headers.get("idempotency-replayed") for told in saved] == [None, "true", None]
    assert len((await service.ask("GET", "/v1/users/1/images")).json["images"]) == 2
