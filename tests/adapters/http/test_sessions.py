"""Signing in to the page with a token, and out again.

| who asks | what they get |
|---|---|
| who has a token | a cookie, and with it what the token allows, for its user |
| who has none, or one that holds no longer | 401 after a pause, one after the other for an address |
| who stole the cookie, and is no browser | may read until its owner signs out everywhere, and changes nothing |
| another web site, through the browser | nothing: the cookie is strict, and a change names its origin |
| whose token was revoked | 401 within a second, in every tab |
| the same person in two tabs | one session; signed out in one, it is over in both |
| the same person after a restart of the service | still signed in |
| who needs no token on this machine | everything, whatever their cookie was |
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.disk.files import Files
from adapters.http.failed_sign_ins import MOST_IN_LINE
from adapters.http.routes import ALL_ROUTES
from adapters.ledger.codec import decode
from adapters.tokens.kept import KeptTokens
from adapters.tokens.sessions import Sessions
from adapters.tokens.token import Scope, new_text
from domain.instants import EARLIEST
from tests.adapters.http.conftest import JSON, Running, Serve
from tests.adapters.http.test_tokens import WITHIN_SECONDS, answered, asked, given
from tests.adapters.http.wire import GenerationOutcome
from tests.adapters.tokens.test_sessions import FullDisk
from tests.hostile.builders import png

QUOTA = "/v1/users/1/quota"
BY_BROWSER = {"Sec-Fetch-Site": "same-origin"}


async def signed_in(service: Running, text: str) -> GenerationOutcome:
    """The answer to the form of the page."""
    return await service.send_json("POST", "/v1/session", {"token": text}, headers=BY_BROWSER)


def cookie_of(answer: GenerationOutcome) -> dict[str, str]:
    """The header that a browser sends from then on."""
    return {"Cookie": answer.headers["set-cookie"].partition(";")[0]}


async def holder(service: Running, scope: Scope = Scope.WRITE, **more: Any) -> tuple[str, dict[str, str]]:
    """A new token, and the cookie of a session with it."""
    text = given(service, scope, **more)["Authorization"].removeprefix("Bearer ")
    return text, cookie_of(await signed_in(service, text))


@pytest.fixture
async def service(serve: Serve) -> Running:
    """One that asks everybody for a token."""
    running: Running = await serve(needs_token=True)
    return running


async def test_who_signs_in_has_a_strict_cookie_that_no_script_reads(service: Running) -> None:
    """And the page is told who that is, what they may, and until when."""
    before = (await service.ask("GET", "/v1/session")).json
    assert (before["signed_in"], before["needed"], before["scope"], before["ways"]) == (False, True, None, ["token"])
    text = given(service, Scope.READ, user="1")["Authorization"].removeprefix("Bearer ")
    answer = await signed_in(service, f" {text}\n")
    attributes = {part.strip().partition("=")[0].lower() for part in answer.headers["set-cookie"].split(";")[1:]}
    assert attributes == {"httponly", "max-age", "path", "samesite"}
    assert "SameSite=Strict" in answer.headers["set-cookie"]
    told = (await service.ask("GET", "/v1/session", headers=cookie_of(answer))).json
    assert told == answer.json
    assert (told["by"], told["scope"], told["user"], told["is_bound"]) == ("token", "read", "1", True)


@pytest.mark.parametrize("scope", Scope)
async def test_a_session_is_let_in_to_what_its_token_allows(service: Running, scope: Scope) -> None:
    """To every route of its scope and of its user, and to no other, whatever is there."""
    bound = None if scope is Scope.ADMIN else "1"
    _, cookie = await holder(service, scope, user=bound)
    for route in ALL_ROUTES:
        if route.scope is None or route.path == "/v1/sessions":
            continue
        for user in ("1", "2"):
            method, path = asked(route, user)
            headers = {"Content-Type": JSON, **cookie, **BY_BROWSER}
            told = await service.ask(method, path, headers=headers, body=b"{}" * (method != "GET"))
            is_of_others = bound not in (None, user) if "{user}" in route.path else route.path == "/metrics" and bound
            refused = not scope.includes(route.scope) or bool(is_of_others)
            assert (told.status == 403) is refused, (path, told.status)
            assert told.status != 401


async def test_a_session_of_one_user_learns_nothing_of_another(service: Running) -> None:
    """Of a user who has something and of one whom nobody knows it is told the same on every route, byte for byte."""
    writer = given(service, Scope.WRITE)
    _, cookie = await holder(service, Scope.WRITE, user="1")
    assert (await service.upload("2", png(), "a.png", headers=writer)).status == 201
    for route in ALL_ROUTES:
        if route.scope is not None and "{user}" in route.path:
            of_one, of_none = [await answered(service, route, cookie | BY_BROWSER, user) for user in ("2", "3")]
            assert (of_one[0], of_none[0]) == (403, 403)
            assert of_one[1].replace(b"2", b"3") == of_none[1].replace(b"2", b"3"), route.path
            assert "ratelimit" not in of_one[2].headers


async def test_what_a_session_does_is_done_in_the_name_of_its_token(service: Running) -> None:
    """As the token itself would have done it."""
    text, cookie = await holder(service)
    assert (await service.upload("1", png(), headers=cookie | BY_BROWSER)).status == 201
    event = decode(list(service.store.opened().recorder.read())[-1])
    (token,) = KeptTokens(service.store.root, Files()).read()
    assert event.by == f"api:{token.name}"
    assert text not in str(event)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "{own}"}, 201),
        ({"Sec-Fetch-Site": "same-origin"}, 201),
    ],
)
async def test_a_cookie_changes_something_only_from_the_own_page(
    service: Running, headers: dict[str, str], status: int
) -> None:
    """Without a word of where it comes from it is a program's, and those have tokens."""
    _, cookie = await holder(service)
    host = service.address.removeprefix("http://")
    said = {name: value.format(own=service.address) for name, value in headers.items()}
    assert (await service.upload("1", png(), headers={"Host": host, **cookie, **said})).status == status


REFUSED = ["abby_" + "A" * 43, "abby_", "x", "Bearer x", "\u00e9" * 48, " ", "a" * 200]


@pytest.mark.parametrize("text", REFUSED)
async def test_what_is_no_token_signs_nobody_in(service: Running, text: str) -> None:
    """401 with a sentence, without a cookie, and not a word of it in the log."""
    with capture_logs() as logs:
        answer = await signed_in(service, text)
    assert (answer.status, "set-cookie" in answer.headers) == (401, False)
    assert answer.json["detail"].startswith("This token is not known here, was revoked, or has ended.")
    assert len(text) < 5 or text not in str(logs)


async def test_nothing_of_a_token_or_a_cookie_is_logged(service: Running) -> None:
    """Not by signing in, not by what is done then, not by signing out."""
    with capture_logs() as logs:
        text, cookie = await holder(service)
        await service.ask("GET", QUOTA, headers=cookie)
        await service.ask("DELETE", "/v1/session", headers=cookie | BY_BROWSER)
    assert [entry for entry in logs if entry["event"] == "signed in"]
    assert text not in str(logs)
    assert cookie["Cookie"].partition("=")[2] not in str(logs)


async def test_failed_sign_ins_wait_one_after_the_other_and_those_that_hold_do_not(service: Running) -> None:
    """More than a few at once are told to come later."""
    text = given(service, Scope.READ)["Authorization"].removeprefix("Bearer ")
    failing = [asyncio.create_task(signed_in(service, new_text())) for _ in range(MOST_IN_LINE + 3)]
    await asyncio.sleep(0.2)
    assert (await signed_in(service, text)).status == 200
    assert any(not one.done() for one in failing)
    statuses = sorted([(await one).status for one in failing])
    assert statuses == [401] * MOST_IN_LINE + [429] * 3
    late = next(one.result() for one in failing if one.result().status == 429)
    assert late.headers["retry-after"]


async def test_who_signs_out_is_out_in_every_tab_and_nobody_else_is(service: Running) -> None:
    """The cookie is taken back, and holds no longer where it was copied."""
    text, cookie = await holder(service)
    other = cookie_of(await signed_in(service, text))
    out = await service.ask("DELETE", "/v1/session", headers=cookie | BY_BROWSER)
    assert (out.json, "Max-Age=0" in out.headers["set-cookie"]) == ({"ended": 1}, True)
    assert (await service.ask("GET", QUOTA, headers=cookie)).status == 401
    assert (await service.ask("GET", QUOTA, headers=other)).status == 200
    again = await service.ask("DELETE", "/v1/session", headers=cookie | BY_BROWSER)
    assert again.json == {"ended": 0}


async def test_signing_out_everywhere_ends_every_session_of_the_token_and_no_other(service: Running) -> None:
    """Also asked for by the token itself."""
    others = given(service, Scope.READ)["Authorization"].removeprefix("Bearer ")
    text, first = await holder(service)
    second, other = [cookie_of(await signed_in(service, one)) for one in (text, others)]
    assert (await service.ask("DELETE", "/v1/sessions", headers=first | BY_BROWSER)).json == {"ended": 2}
    statuses = [(await service.ask("GET", QUOTA, headers=one)).status for one in (first, second, other)]
    assert statuses == [401, 401, 200]
    third = cookie_of(await signed_in(service, text))
    bearer = {"Authorization": f"Bearer {text}"}
    assert (await service.ask("DELETE", "/v1/sessions", headers=bearer)).json == {"ended": 1}
    assert (await service.ask("GET", QUOTA, headers=third)).status == 401


async def test_signing_in_again_replaces_the_session_of_the_browser(service: Running) -> None:
    """What was set before holds no longer (session fixation)."""
    text, first = await holder(service)
    second = await service.send_json("POST", "/v1/session", {"token": text}, headers=BY_BROWSER | first)
    assert (await service.ask("GET", QUOTA, headers=first)).status == 401
    assert (await service.ask("GET", QUOTA, headers=cookie_of(second))).status == 200


async def test_a_session_ends_with_its_token(service: Running) -> None:
    """Within a second after it was revoked; a new one of the same name is another."""
    _, cookie = await holder(service)
    kept = KeptTokens(service.store.root, Files())
    (token,) = kept.read()
    assert kept.remove(token.name)
    assert kept.add(token._replace(sha256="0" * 64))
    await asyncio.sleep(WITHIN_SECONDS)
    assert (await service.ask("GET", QUOTA, headers=cookie)).status == 401
    known = Sessions(service.store.root, Files())
    known.load()
    assert known.end(lambda _: True, EARLIEST) == 0


async def test_a_session_outlives_the_service(serve: Serve) -> None:
    """The next start knows it."""
    first: Running = await serve(needs_token=True)
    _, cookie = await holder(first)
    first.store.close()
    second: Running = await serve(needs_token=True)
    assert (await second.ask("GET", QUOTA, headers=cookie)).status == 200


async def test_a_cookie_that_holds_no_longer_bars_nobody_where_no_token_is_needed(serve: Serve) -> None:
    """A browser sends it unasked; one that holds is judged."""
    service: Running = await serve()
    _, cookie = await holder(service, Scope.READ, user="1")
    assert (await service.ask("GET", "/v1/users/2/quota", headers=cookie)).status == 403
    await service.ask("DELETE", "/v1/session", headers=cookie | BY_BROWSER)
    assert (await service.ask("GET", "/v1/users/2/quota", headers=cookie)).status == 200
    told = (await service.ask("GET", "/v1/session", headers=cookie)).json
    assert (told["signed_in"], told["needed"], told["scope"]) == (False, False, "admin")


async def test_a_token_in_the_header_counts_before_a_cookie(service: Running) -> None:
    """Who sends one means to be somebody: a wrong one is 401, cookie or not."""
    right = given(service, Scope.READ)
    _, cookie = await holder(service, Scope.ADMIN)
    wrong = {"Authorization": f"Bearer {new_text()}"}
    assert (await service.ask("GET", QUOTA, headers=cookie | wrong)).status == 401
    assert (await service.ask("GET", "/v1/users", headers=cookie | right)).status == 403


async def test_on_a_full_disk_one_signs_in_and_is_told_what_signing_out_is_worth(serve: Serve) -> None:
    """Whoever has to make room gets in; nobody is told that they are out for good, or that they are in still."""
    disk = FullDisk()
    service: Running = await serve(needs_token=True, files=disk)
    text, former = await holder(service)
    disk.full = True
    cookie = cookie_of(await signed_in(service, text))
    assert (await service.ask("GET", QUOTA, headers=cookie)).status == 200
    answer = await service.ask("DELETE", "/v1/session", headers=former | BY_BROWSER)
    assert answer.status == 503
    assert answer.json["detail"].startswith("You are signed out, and the disk did not take it")
    assert (await service.ask("GET", QUOTA, headers=former)).status == 401
    disk.full = False
    assert (await service.ask("DELETE", "/v1/session", headers=former | BY_BROWSER)).status == 200
    kept = Sessions(service.store.root, Files())
    kept.load()
    assert [kept.of_text(one["Cookie"].partition("=")[2], EARLIEST) is None for one in (former, cookie)] == [
        True,
        False,
    ]
