"""Multipart forms are read strictly: whole, with few parts and known fields."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.http.problems import Problem
from adapters.http.uploads import MAX_PARTS, Part, parse_form

B = "frontier"


def part(field: str, data: bytes, headers: str = "") -> bytes:
    """One part with its boundary line before it."""
    return f'--{B}\r\nContent-Disposition: form-data; name="{field}"\r\n{headers}\r\n'.encode() + data + b"\r\n"


def form(*parts: bytes) -> bytes:
    """A whole form."""
    return b"".join(parts) + f"--{B}--\r\n".encode()


def test_a_whole_form_gives_its_fields_with_their_bytes_unchanged() -> None:
    """Line ends and dashes inside a file are the file's own."""
    data = b"\x89PNG\r\n--front\r\n\r\n--"
    assert parse_form(form(part("image", data), part("name", b"a.png")), B) == [
        Part("image", data),
        Part("name", b"a.png"),
    ]


@given(st.lists(st.binary(max_size=60), max_size=MAX_PARTS))
def test_any_bytes_without_the_boundary_survive(contents: list[bytes]) -> None:
    """What was put into a form comes out of it."""
    contents = [content.replace(b"--frontier", b"") for content in contents]
    body = form(*(part("f", content) for content in contents))
    assert [found.data for found in parse_form(body, B)] == contents


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_a_problem_and_never_an_error(body: bytes) -> None:
    """Nothing but a Problem comes out of nonsense."""
    with pytest.raises(Problem):
        parse_form(body, "no such boundary")


@given(st.integers(0, 200))
def test_a_form_cut_anywhere_is_refused(cut: int) -> None:
    """The closing boundary is what says that a form is whole."""
    whole = form(part("image", b"x" * 20), part("name", b"a.png"))
    body = whole[: min(cut, len(whole) - 4)]
    with pytest.raises(Problem):
        parse_form(body, B)


REFUSED = {
    "no boundary at the start": (b"preamble\r\n" + form(part("image", b"x")), 400),
    "something after the end": (form(part("image", b"x")) + b"more", 400),
    "a part without a field": (f"--{B}\r\nContent-Type: image/png\r\n\r\nx\r\n--{B}--".encode(), 400),
    "a part without headers' end": (f"--{B}\r\nContent-Disposition: form-data\r\n--{B}--".encode(), 400),
    "headers that are too long": (form(part("image", b"x", "X-Long: " + "a" * 4_000 + "\r\n")), 400),
    "headers that are not UTF-8": (form(part("image", b"x")).replace(b"form-data", b"form-\xff"), 400),
    "a name continued with and without a number": (
        form(part("image", b"x").replace(b"name=", b"name*0=a; name*=")),
        400,
    ),
    "a transfer encoding": (form(part("image", b"eA==", "Content-Transfer-Encoding: base64\r\n")), 400),
    "one part too many": (form(*[part("image", b"x")] * (MAX_PARTS + 1)), 413),
    "10,000 parts": (form(*[part("image", b"x")] * 10_000), 413),
}


@pytest.mark.parametrize(("body", "status"), REFUSED.values(), ids=REFUSED.keys())
def test_an_unclear_form_is_refused(body: bytes, status: int) -> None:
    """Each with the status that says whose fault it is."""
    with pytest.raises(Problem) as refused:
        parse_form(body, B)
    assert refused.value.kind.status == status
