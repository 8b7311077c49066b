"""Every hostile input that a route of this service can get: the answer its row says, nothing left behind, never 500."""

from __future__ import annotations

import re
import time
from typing import Any
from urllib.parse import quote

import pytest
from structlog.testing import capture_logs

from tests.adapters.http.conftest import JSON, Running
from tests.adapters.http.wire import Wire, once, request
from tests.hostile.builders import png
from tests.hostile.rows import Row, rows, scenarios, sendable

BULK = ("deletions", "archives")
TEXT_USERS = [row for row in rows("user_id") if isinstance(row.source, str)]
OTHER_USERS = [row for row in rows("user_id") if not isinstance(row.source, str)]


def json_of(row: Row) -> bytes:
    """The bytes of a row; objects of very many keys are made here."""
    if isinstance(row.source, dict) and "$gen" in row.source:
        return b"{" + b",".join(b'"%d":0' % (key << 32) for key in range(row.source["n"])) + b"}"
    made: Any = row.input
    return made if isinstance(made, bytes) else made.encode("utf-8")


def escaped(text: str) -> str:
    """The text as one segment of a path, every byte that could mean something else behind a percent sign."""
    return quote(text.encode("utf-8", "surrogatepass"), safe="").replace(".", "%2E")


@pytest.mark.parametrize("row", TEXT_USERS, ids=lambda row: row.id)
async def test_a_user_id_in_a_path(service: Running, row: Row) -> None:
    """Refused with 400 on every route that has one, or accepted on all."""
    user = escaped(row.input)
    wanted = {200} if row.accepted else {400}
    answers = [
        await service.ask("GET", f"/v1/users/{user}/quota"),
        await service.ask("GET", f"/v1/users/{user}/images"),
    ]
    assert {answer.status for answer in answers} == wanted
    small = await service.ask("GET", f"/v1/users/{user}/thumbnails/a.png")
    many = [await service.send_json("POST", f"/v1/users/{user}/images/{what}", {"names": ["a"]}) for what in BULK]
    assert {small.status, *(answer.status for answer in many)} == ({200, 404} if row.accepted else {400})
    saved = await service.ask("POST", f"/v1/users/{user}/images?name=a.png", body=png(), kind="image/png")
    assert saved.status == (201 if row.accepted else 400)
    assert service.files() == ([f"images/users/{row.input}/a.png"] if row.accepted else [])


@pytest.mark.parametrize("row", OTHER_USERS, ids=lambda row: row.id)
async def test_a_user_id_that_is_no_text_cannot_be_sent_at_all(service: Running, row: Row) -> None:
    """The user is in the path, which is text; in a body it is an unknown field."""
    body = {"prompt": "a", "user": row.input}
    assert (await service.send_json("POST", "/v1/users/1/generations", body)).status == 400
    assert (await service.quota("1"))["position"] == 1


@pytest.mark.parametrize("row", sendable("image_name"), ids=lambda row: row.id)
async def test_an_image_name_in_a_query_and_in_a_path(service: Running, row: Row) -> None:
    """Refused with 400 wherever a name may stand, or stored exactly there."""
    name = row.input
    saved = await service.ask("POST", f"/v1/users/1/images?name={escaped(name)}", body=png(), kind="image/png")
    fetched = await service.ask("GET", f"/v1/users/1/images/{escaped(name)}")
    described = await service.ask("GET", f"/v1/users/1/details/{escaped(name)}")
    if row.accepted:
        assert (saved.status, fetched.status, described.status) == (201, 200, 200)
        assert service.files() == [f"images/users/1/{name}"]
        assert (await service.ask("GET", f"/v1/users/1/thumbnails/{escaped(name)}")).status == 200
    else:
        small = await service.ask("GET", f"/v1/users/1/thumbnails/{escaped(name)}")
        assert {saved.status, fetched.status, described.status, small.status} == {400}
        deleted = await service.ask("DELETE", f"/v1/users/1/images/{escaped(name)}")
        assert deleted.status == 400
        assert service.files() == []


@pytest.mark.parametrize("row", rows("json"), ids=lambda row: row.id)
async def test_a_json_body(service: Running, row: Row) -> None:
    """400 or 413 as the row says, in under a second, with no event."""
    body = json_of(row)
    started = time.monotonic()
    for what in ("generations", *(f"images/{bulk}" for bulk in BULK)):
        answer = await service.ask("POST", f"/v1/users/1/{what}", body=body, kind=JSON)
        assert answer.status in ({413} if row.expected == "413" else {400, 413} if len(body) > 100_000 else {400})
    assert time.monotonic() - started < 2
    assert (await service.quota("1"))["position"] == 1
    assert (await service.ask("GET", "/healthz")).status == 200


@pytest.mark.parametrize("row", sendable("http"), ids=lambda row: row.id)
@pytest.mark.parametrize("own_host", [False, True], ids=["as it is", "with our own Host"])
async def test_a_raw_request(service: Running, row: Row, own_host: bool) -> None:
    """The status that the row says, 400 where it says none; no error in the log, and the service lives on."""
    raw: Any = row.input
    data = raw.encode("latin-1")
    if own_host:
        data = data.replace(b"Host: x", b"Host: 127.0.0.1")
    with capture_logs() as lines:
        answer = await once(service.address, data)
    wanted = {int(word) for word in row.expected.replace(",", " ").replace("/", " ").split() if word.isdigit()}
    assert answer.status in (wanted or {400})
    assert "x" not in answer.headers
    assert not [line for line in lines if line["log_level"] in ("error", "critical")]
    assert (await once(service.address, request("GET", "/healthz"))).status == 200


def statuses(answers: bytes) -> list[int]:
    """The status of each answer that came on a connection."""
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) [A-Z]", answers)]


@pytest.mark.parametrize(
    "version",
    [
        *("HTTP/2.0", "HTTP/2", "HTTP/3.0", "HTTP/0.9", "HTTP/1.2", "HTTP/1.9", "HTTP/9.9", "HTTP/0.0", "HTTP/10.1"),
        *("HTTP/1.10", "HTTP/01.1", "HTTP/1", "HTTP/1.", "HTTP/.1", "HTTP/-1.1", "HTTP/a.b", "http/1.1", "HTTPS/1.1"),
        *("ICY/1.1", "RTSP/1.0", "HTTP 1.1", "HTTP/1.1 HTTP/1.1", "HTTP/1.1x", "HTTP/\u00b9.1", "x", ""),
    ],
)
async def test_a_version_that_is_not_spoken_is_refused_and_the_connection_closed(
    service: Running, version: str
) -> None:
    """505, or 400 where it is no version at all; what follows in the same bytes is no request any more."""
    smuggled = request("POST", "/v1/users/1/images?name=a.png", body=png())
    wire = await Wire.open(service.address)
    first = "PRI *" if version == "HTTP/2.0" else "GET /healthz"
    await wire.send(f"{first} {version}\r\nHost: 127.0.0.1\r\n\r\n".encode("latin-1") + smuggled)
    assert statuses(await wire.rest()) in ([505], [400])
    await wire.close()
    assert service.files() == []


@pytest.mark.parametrize("version", ["HTTP/2.0", "HTTP/0.9", "HTTP/3.0"])
async def test_other_versions_than_1_of_a_good_form_are_refused(service: Running, version: str) -> None:
    """Neither the page nor a change is reached by them, behind a good request neither."""
    wire = await Wire.open(service.address)
    bad = request("POST", "/v1/users/1/images?name=a.png", body=png()).replace(b"HTTP/1.1", version.encode())
    await wire.send(request("GET", "/healthz") + bad)
    assert statuses(await wire.rest()) in ([200, 505], [400])  # the parser may refuse what came with it, too
    await wire.close()
    assert service.files() == []


SCENARIOS_ELSEWHERE = {
    "same Idempotency-Key, other body": "test_idempotency.test_the_same_key_with_other_bytes_is_a_conflict",
    "multipart with 10,000 parts": "test_images.FORMS",
    "same Idempotency-Key, 50 parallel requests": (
        "test_idempotency.test_fifty_parallel_repeats_make_one_image_and_all_get_it"
    ),
    "multipart without closing boundary": "test_images.FORMS",
    "gzip body 194 kB -> 200 MB": "test_bodies_on_the_wire.test_a_gzip_bomb_does_not_grow_the_service",
    "10,000 chunks of 1 byte": "test_bodies_on_the_wire.test_ten_thousand_chunks_of_one_byte_are_read_as_one_body",
    "Range: bytes=0-,0-,0- x 1000": "test_image_bytes.test_one_range_is_served_and_whatever_is_none_gets_the_whole",
    "X-Forwarded-For: 127.0.0.1": "test_who_asks.test_a_forwarded_address_changes_nothing",
    "Content-Type: text/html on JSON route": "test_bodies_on_the_wire.test_json_must_be_called_json",
}


def test_every_scenario_is_acted_out_somewhere() -> None:
    """A new row of this area needs a test."""
    assert {row.input.text for row in scenarios("http")} == set(SCENARIOS_ELSEWHERE)


LINE_ENDS = (
    "/v1/users/1/images?order=newest",
    "/v1/users/1/images?operation=adopted",
    "/v1/users/1/images?from=2026-01-31",
    "/v1/users/1/images?q=fox",
    "/v1/users/1/events?type=ImageSaved",
    "/v1/events?user=1",
    "/v1/users/1/why?key=abc",
    "/v1/admin/report?by=day",
)


@pytest.mark.parametrize("path", LINE_ENDS)
async def test_a_line_end_behind_a_parameter_is_no_part_of_it(service: Running, path: str) -> None:
    """400, and not what nobody expected: `$` in Python's patterns lets one follow."""
    assert (await service.ask("GET", f"{path}%0A")).status == 400


async def test_a_boundary_that_is_continued_with_and_without_a_number_is_none(service: Running) -> None:
    """400: the parser of headers cannot sort what RFC 2231 does not allow."""
    kind = "multipart/form-data; boundary*0=a; boundary*=b"
    assert (await service.ask("POST", "/v1/users/1/images", body=b"--a--", kind=kind)).status == 400
