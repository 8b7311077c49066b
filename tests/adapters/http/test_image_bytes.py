"""The bytes of an image over HTTP: whole or one range of them, and never others than were kept."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

import pytest

from adapters.application.reading import image_path
from tests.adapters.http.conftest import Running
from tests.hostile.builders import png_of_size

DATA = png_of_size(1_000)
TAG = f'"{sha256(DATA).hexdigest()}"'
DIGEST = f"sha-256=:{b64encode(sha256(DATA).digest()).decode()}:"
URL = "/v1/users/1/images/a.png"
END = len(DATA)

RANGES = {
    "the beginning": ("bytes=0-9", 206, (0, 10)),
    "one byte": ("bytes=0-0", 206, (0, 1)),
    "the middle": ("bytes=10-19", 206, (10, 20)),
    "to the end": ("bytes=990-", 206, (990, END)),
    "beyond the end": ("bytes=990-5000", 206, (990, END)),
    "all of it": ("bytes=0-", 206, (0, END)),
    "the last ones": ("bytes=-10", 206, (END - 10, END)),
    "more than there are, from the end": ("bytes=-5000", 206, (0, END)),
    "in capitals": ("BYTES=0-9", 206, (0, 10)),
    "behind the end": (f"bytes={END}-", 416, None),
    "far behind the end": ("bytes=" + "9" * 4_400 + "-", 416, None),
    "none at the end": ("bytes=-0", 416, None),
    "several": ("bytes=0-1,3-4", 200, None),
    "a thousand": ("bytes=" + ",".join(["0-"] * 1_000), 200, None),
    "backwards": ("bytes=9-0", 200, None),
    "nothing": ("bytes=-", 200, None),
    "of another unit": ("items=0-9", 200, None),
    "no number": ("bytes=a-b", 200, None),
    "a sign": ("bytes=+1-2", 200, None),
    "digits of another script": ("bytes=\xb2-", 200, None),
}


@pytest.fixture
async def kept(service: Running) -> Running:
    """A service with one image."""
    assert (await service.upload("1", DATA, "a.png")).status == 201
    return service


async def test_one_range_is_served_and_whatever_is_none_gets_the_whole(kept: Running) -> None:
    """206 with just these bytes, 416 that says how many there are, else 200: nothing multiplies an answer."""
    for says, (value, status, part) in RANGES.items():
        answer = await kept.ask("GET", URL, headers={"Range": value})
        assert answer.status == status, says
        if part:
            begin, end = part
            assert answer.body == DATA[begin:end], says
            assert answer.headers["content-range"] == f"bytes {begin}-{end - 1}/{END}", says
        elif status == 416:
            assert answer.headers["content-range"] == f"bytes */{END}", says
            assert answer.json["type"] == "urn:abby-ledger:problem:range"
        else:
            assert (answer.body, "content-range" in answer.headers) == (DATA, False), says


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ({"If-Range": TAG}, 206),
        ({"If-Range": '"other"'}, 200),
        ({"If-Range": f"W/{TAG}"}, 200),
        ({"If-Range": "Thu, 01 Jan 2026 00:00:00 GMT"}, 200),
        ({"If-None-Match": TAG}, 304),
        ({"If-None-Match": '"other"', "If-Range": TAG}, 206),
    ],
    ids=str,
)
async def test_a_range_is_of_the_image_that_is_meant(kept: Running, condition: dict[str, str], status: int) -> None:
    """Another one by now is given whole; one that is known is not sent at all."""
    answer = await kept.ask("GET", URL, headers={"Range": "bytes=0-9", **condition})
    assert (answer.status, len(answer.body)) == (status, {206: 10, 200: END, 304: 0}[status])


async def test_the_head_of_an_image_tells_the_whole_of_it(kept: Running) -> None:
    """A range is of GET alone (RFC 9110, 14.2)."""
    head = await kept.ask("HEAD", URL, headers={"Range": "bytes=0-9"})
    assert (head.status, head.headers["content-length"], head.headers["accept-ranges"]) == (200, str(END), "bytes")
    assert (head.headers["etag"], head.headers["repr-digest"]) == (TAG, DIGEST)


@pytest.mark.parametrize(
    ("wanted", "is_told"),
    [
        (None, True),
        ("sha-256=10", True),
        ("sha-512=3, sha-256=1", True),
        ("sha-512=9", True),
        ("sha-256=0", False),
        ("sha-512=3, sha-256=0", False),
        ("sha-256=0,", False),
        ("sha-2560=0", True),
        ("]", True),
    ],
)
async def test_the_digest_is_told_with_the_whole_and_with_a_part(
    kept: Running, wanted: str | None, is_told: bool
) -> None:
    """It is that of the whole each time (RFC 9530), and is left out where a client says that it wants none."""
    asked = {} if wanted is None else {"Want-Repr-Digest": wanted}
    for more in ({}, {"Range": "bytes=0-9"}):
        answer = await kept.ask("GET", URL, headers=asked | more)
        assert answer.headers.get("repr-digest") == (DIGEST if is_told else None)


async def test_bytes_that_are_not_those_that_were_kept_are_not_given_out(kept: Running) -> None:
    """As many, and others: 404 that says that the file is damaged, whole or in part, and to HEAD."""
    path = image_path(kept.store, "1", "a.png")
    assert path is not None
    path.write_bytes(DATA[:-20] + bytes([DATA[-20] ^ 1]) + DATA[-19:])
    for method, headers in (
        ("GET", {}),
        ("GET", {"Range": "bytes=0-9"}),
        ("GET", {"If-None-Match": TAG}),
        ("HEAD", {}),
    ):
        answer = await kept.ask(method, URL, headers=headers)
        assert answer.status == 404
        if method == "GET":
            assert answer.json["type"] == "urn:abby-ledger:problem:file-gone"
