"""A service that others reach: through a proxy that speaks TLS, or without one where a setting says so.

| who asks | what they get |
|---|---|
| a browser, by https through the named proxy | the page, a cookie for TLS alone, and that TLS is to stay |
| the same without TLS | 403 with a sentence |
| somebody who says of themselves that they came by a proxy | what their own address gets: 403 without TLS |
| a page of another name that leads here | 400 |
| a command on this machine | what it always gets |
"""

from __future__ import annotations

import asyncio
from ipaddress import ip_network

import pytest
from structlog.testing import capture_logs

from adapters.network.reach import Reach
from adapters.tokens.token import Scope, new_text
from tests.adapters.http.conftest import Running, Serve
from tests.adapters.http.test_tokens import given
from tests.adapters.http.wire import GenerationOutcome

PUBLIC = "https://abby.example"
HOST = {"Host": "abby.example"}
BY_TLS = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}
BEHIND = Reach(public_url=PUBLIC, proxies=(ip_network("127.0.0.1"),))
QUOTA = "/v1/users/1/quota"


@pytest.fixture
async def service(serve: Serve) -> Running:
    """Behind a proxy on this machine."""
    running: Running = await serve(needs_token=True, reach=BEHIND)
    return running


async def signed_in(service: Running, headers: dict[str, str], text: str) -> GenerationOutcome:
    """By the form of the page."""
    return await service.send_json("POST", "/v1/session", {"token": text}, headers=headers)


async def test_by_https_the_cookie_is_for_tls_alone(service: Running) -> None:
    """Its name lets no other host set it, and the browser is told to stay with TLS."""
    text = given(service, Scope.WRITE, user="1")["Authorization"].removeprefix("Bearer ")
    by_page = HOST | BY_TLS | {"Origin": PUBLIC}
    answer = await signed_in(service, by_page, text)
    name, _, rest = answer.headers["set-cookie"].partition("=")
    assert name == "__Host-abby-session"
    assert "; Secure" in rest
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    cookie = {"Cookie": answer.headers["set-cookie"].partition(";")[0]}
    assert (await service.ask("GET", QUOTA, headers=HOST | BY_TLS | cookie)).status == 200
    assert (await service.ask("DELETE", "/v1/session", headers=by_page | cookie)).json == {"ended": 1}


@pytest.mark.parametrize("host", ["abby.example:443", "127.0.0.1:8080", "ABBY.EXAMPLE"])
async def test_the_page_may_change_things_however_the_proxy_names_the_host(service: Running, host: str) -> None:
    """Its origin is the public one; another site's is not, though the proxy passes it on."""
    text = given(service, Scope.WRITE)["Authorization"].removeprefix("Bearer ")
    for origin, status in ((PUBLIC, 200), ("http://abby.example", 403), ("https://evil.example", 403)):
        answer = await signed_in(service, {"Host": host, **BY_TLS, "Origin": origin}, text)
        assert answer.status == status, origin


PLAIN = {
    "the proxy was asked without TLS": HOST | BY_TLS | {"X-Forwarded-Proto": "http"},
    "the proxy does not say": HOST | {"X-Forwarded-For": "203.0.113.7"},
    "the proxy says something else": HOST | BY_TLS | {"X-Forwarded-Proto": "wss"},
    "no proxy's word": HOST,
    "this machine's own name, through the proxy": BY_TLS | {"X-Forwarded-Proto": "http"},
}


@pytest.mark.parametrize("headers", PLAIN.values(), ids=PLAIN.keys())
async def test_without_tls_nothing_is_answered(service: Running, headers: dict[str, str]) -> None:
    """403, and where to go; also for the page's files and for whether it lives."""
    for path in ("/", "/healthz", QUOTA):
        answer = await service.ask("GET", path, headers=headers)
        assert answer.status == 403
        assert answer.json["detail"].startswith(f"Use {PUBLIC}.")
        assert "strict-transport-security" not in answer.headers


async def test_this_machine_is_let_in_as_ever(service: Running) -> None:
    """The commands of `abby` ask on loopback, with no proxy between."""
    answer = await service.ask("GET", "/healthz")
    assert (answer.status, "strict-transport-security" in answer.headers) == (200, False)


async def test_another_name_that_leads_here_is_refused(service: Running) -> None:
    """DNS rebinding, and what a client adds to what the proxy tells."""
    for headers in ({"Host": "evil.example"}, HOST | {"X-Forwarded-Host": "evil.example"}):
        assert (await service.ask("GET", "/", headers=headers | BY_TLS)).status == 400


async def test_nobody_who_is_not_named_is_believed(serve: Serve) -> None:
    """Who says that they came by https through a proxy, and is none, is told to go there; and the log says so."""
    reach = BEHIND._replace(proxies=(ip_network("10.0.0.2"),))
    service: Running = await serve(needs_token=True, reach=reach)
    with capture_logs() as logs:
        assert (await service.ask("GET", "/", headers=HOST | BY_TLS)).status == 403
    assert [entry["reason"] for entry in logs if entry["event"] == "what a proxy says is ignored"]


async def test_where_plain_is_allowed_a_network_is_let_in(serve: Serve) -> None:
    """By the public name, without a cookie for TLS, and by no other name."""
    reach = Reach(public_url="http://abby.lan:8080", allows_plain=True)
    service: Running = await serve(needs_token=True, reach=reach)
    text = given(service, Scope.READ)["Authorization"].removeprefix("Bearer ")
    own = {"Host": "abby.lan:8080", "Origin": "http://abby.lan:8080"}
    assert (await signed_in(service, own, text)).headers["set-cookie"].startswith("abby-session=")
    assert (await service.ask("GET", "/", headers={"Host": "evil.example"})).status == 400


async def test_who_guesses_behind_the_proxy_slows_nobody_else_down(service: Running) -> None:
    """Each address of the clients has its own line."""
    near, far = (HOST | BY_TLS | {"X-Forwarded-For": address} for address in ("203.0.113.7", "198.51.100.1"))
    guessing = [asyncio.create_task(signed_in(service, near, new_text())) for _ in range(4)]
    await asyncio.sleep(0.05)
    assert (await asyncio.wait_for(signed_in(service, far, new_text()), 1.2)).status == 401
    assert any(not one.done() for one in guessing)
    for one in guessing:
        assert (await one).status == 401
