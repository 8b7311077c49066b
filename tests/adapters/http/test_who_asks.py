"""Only this machine may ask, and no other site's page through a person's browser."""

from __future__ import annotations

import pytest

from adapters.application.results import Actor
from adapters.application.saving import NewImage, save_image
from adapters.http.asking import is_loopback
from adapters.ledger.codec import decode
from tests.adapters.http.conftest import Running
from tests.adapters.http.wire import once, request
from tests.hostile.builders import png

UPLOAD = "/v1/users/1/images?name=a.png"
IMAGE = {"Content-Type": "image/png"}


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:8080", "LOCALHOST", "127.0.0.1", "127.0.0.1:1", "127.8.9.10", "[::1]", "[::1]:8080"],
)
def test_a_name_of_this_machine_is_loopback(host: str) -> None:
    """With and without a port."""
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "x",
        "example.org",
        "localhost.example.org",
        "127.0.0.1.example.org",
        "192.168.0.1",
        "0.0.0.0",
        "[::]",
        "::1",
        "localhost:port",
        "localhost:99999",
        "a@localhost",
        "localhost/",
        "localhost#",
        "2130706433",
        "0x7f.1",
        " localhost",
        "[::1",
    ],
)
def test_any_other_name_is_not(host: str) -> None:
    """Neither look-alikes nor spellings that some resolver would take."""
    assert not is_loopback(host)


async def test_a_host_that_is_not_this_machine_is_refused_for_reading_too(service: Running) -> None:
    """DNS rebinding: another site's name may lead here, and must get nothing."""
    for method, path in (("GET", "/"), ("GET", "/v1/users/1/quota"), ("POST", UPLOAD)):
        answer = await once(service.address, request(method, path, host="evil.example:8080"))
        assert answer.status == 400
        assert answer.json["type"].endswith("not-a-local-host")


@pytest.mark.parametrize(
    "head", ["GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: 127.0.0.1\r\n\r\n"]
)
async def test_a_request_has_exactly_one_host(service: Running, head: str) -> None:
    """None and two are malformed."""
    assert (await once(service.address, head)).status == 400


OTHERS = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "{own}", "Sec-Fetch-Site": "cross-site"},
]


@pytest.mark.parametrize("headers", OTHERS)
async def test_a_change_asked_for_by_another_site_is_refused(service: Running, headers: dict[str, str]) -> None:
    """403 and no event, whichever of the browser's two headers says so."""
    own = service.address
    sent = IMAGE | {name: value.format(own=own) for name, value in headers.items()}
    host = own.removeprefix("http://")
    refused = await once(own, request("POST", UPLOAD, host=host, headers=sent, body=png()))
    assert (refused.status, refused.json["type"]) == (403, "urn:abby-ledger:problem:other-site")
    assert (await service.quota("1"))["user"]["images"] == 0


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "{own}", "Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}]
)
async def test_a_change_asked_for_by_the_own_page_or_a_program_is_done(
    service: Running, headers: dict[str, str]
) -> None:
    """The control to the test above."""
    own = service.address
    sent = IMAGE | {name: value.format(own=own) for name, value in headers.items()}
    host = own.removeprefix("http://")
    assert (await once(own, request("POST", UPLOAD, host=host, headers=sent, body=png()))).status == 201


async def test_no_answer_may_be_read_by_another_origin(service: Running) -> None:
    """No CORS header anywhere, and a preflight is a method that is not allowed."""
    answer = await service.ask("GET", "/v1/users/1/quota", headers={"Origin": "https://evil.example"})
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    preflight = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    assert (await service.ask("OPTIONS", UPLOAD, headers=preflight)).status == 405


async def test_a_forwarded_address_changes_nothing(service: Running) -> None:
    """No proxy is trusted: who asks is who is connected."""
    headers = {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": "localhost", "Forwarded": "for=127.0.0.1"}
    raw = request("GET", "/v1/users/1/quota", host="evil.example", headers=headers)
    assert (await once(service.address, raw)).status == 400


async def test_a_client_calls_itself_what_it_is_or_nothing(service: Running) -> None:
    """The actor in the log is one of a few words."""
    for name in ("system", "api:bot", "claimed:cli", "discord:1", "", "x" * 1_000):
        assert (await service.upload("1", png(), headers={"Abby-Client": name})).status == 400


@pytest.mark.parametrize(
    ("headers", "by"),
    [({}, "api:local"), ({"Abby-Client": "page"}, "claimed:page"), ({"Abby-Client": "cli"}, "claimed:cli")],
)
async def test_a_clients_own_word_stands_in_the_log_as_claimed(
    service: Running, headers: dict[str, str], by: str
) -> None:
    """Nothing vouches for it: it is never written as the command line on the log itself is."""
    assert (await service.upload("1", png(), headers=headers)).status == 201
    stored = list(service.store.running().recorder.read())[-1]
    assert (decode(stored).by, decode(stored).origin) == (by, "http")


async def test_a_request_that_was_answered_before_names_were_claims_is_answered_alike(service: Running) -> None:
    """A repeat over the upgrade makes no second image."""
    actor = Actor("page", "http")
    await save_image(service.store, NewImage("1", png()), actor=actor, idempotency_key="k")
    again = await service.upload("1", png(), headers={"Abby-Client": "page", "Idempotency-Key": "k"})
    assert (again.status, again.headers["idempotency-replayed"]) == (201, "true")
    assert (await service.quota("1"))["user"]["images"] == 1


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "OPTIONS", "PATCH", "BREW"])
async def test_a_method_that_nothing_here_has_is_405(service: Running, method: str) -> None:
    """Before anything else is looked at."""
    target = "127.0.0.1:1" if method == "CONNECT" else "/"
    answer = await once(service.address, request(method, target))
    assert answer.status in (400, 405)
    assert answer.status == 400 or answer.headers["allow"] == (
        "GET, HEAD" if target == "/" else "DELETE, GET, HEAD, PATCH, POST, PUT"
    )


async def test_a_known_method_in_the_wrong_place_is_405_and_says_what_is_allowed(service: Running) -> None:
    """RFC 9110 asks for `Allow`."""
    answer = await service.ask("DELETE", "/v1/users/1/quota")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_a_page_of_another_site_has_nothing_worked_on_for_it(service: Running, site: str) -> None:
    """What it could not read anyway; a link that a person follows leads here all the same."""
    for path in ("/metrics", "/v1/events/stream", "/v1/users/1/images", "/v1/users/1/thumbnails/a.png"):
        for mode in ("cors", "no-cors"):
            fetched = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode}
            assert (await service.ask("GET", path, headers=fetched)).status == 403, (path, mode)
    followed = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}
    assert (await service.ask("GET", "/", headers=followed)).status == 200
    own = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}
    assert (await service.ask("GET", "/v1/users/1/images", headers=own)).status == 200
