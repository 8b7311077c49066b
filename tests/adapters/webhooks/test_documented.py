"""`docs/webhooks.md` is true: its example is what arrives, and its lines of Python tell ours from others'."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from adapters.webhooks.backing_off import LONGEST_ASKED_SECONDS, LONGEST_SECONDS
from adapters.webhooks.messages import MOST_BODY_BYTES
from adapters.webhooks.receiver import ANSWER_SECONDS
from adapters.webhooks.telling import AWAY_SECONDS
from domain.events import PolicyChanged
from tests.adapters.webhooks.inbox import OTHER_SECRET, SECRET, policy_changes, telling

DOCUMENT = (Path(__file__).parents[3] / "docs" / "webhooks.md").read_text(encoding="utf-8")
(PYTHON,) = re.findall(r"^```python\n(.*?)^```$", DOCUMENT, re.DOTALL | re.MULTILINE)
(EXAMPLE,) = re.findall(r"^```json\n(.*?)^```$", DOCUMENT, re.DOTALL | re.MULTILINE)

Check = Callable[[str, dict[str, str], bytes], bool]


def documented() -> Check:
    """The function that the document gives."""
    names: dict[str, Any] = {}
    exec(PYTHON, names)  # the document's own lines
    check: Check = names["is_from_abby"]
    return check


async def arrived(tmp_path: Path) -> tuple[dict[str, str], bytes]:
    """One message as it comes over the wire."""
    came: list[tuple[dict[str, str], bytes]] = []

    async def hear(request: web.Request) -> web.Response:
        came.append(({name.lower(): value for name, value in request.headers.items()}, await request.read()))
        return web.Response()

    async with telling(tmp_path) as (store, inbox, teller):
        inbox.hear = hear
        policy_changes(store, 2)
        await teller.run(store, lambda: bool(came))
    return came[0]


async def test_the_lines_of_the_document_know_what_is_ours(tmp_path: Path) -> None:
    """What was sent, and nothing that was changed, is another's or is old."""
    check, (headers, body) = documented(), await arrived(tmp_path)
    assert check(SECRET, headers, body)
    assert check(SECRET, headers | {"webhook-signature": f"v1,AAAA {headers['webhook-signature']}"}, body)
    assert not check(OTHER_SECRET, headers, body)
    assert not check(SECRET, headers, body + b" ")
    assert not check(SECRET, headers | {"webhook-id": "msg_0"}, body)
    old = str(int(headers["webhook-timestamp"]) - 301)
    assert not check(SECRET, headers | {"webhook-timestamp": old}, body)


async def test_the_example_has_the_form_of_what_arrives(tmp_path: Path) -> None:
    """The same members, of an event that may have more."""
    _, body = await arrived(tmp_path)
    example, told = json.loads(EXAMPLE), json.loads(body)
    assert list(example) == list(told)
    assert example["type"] == told["type"]
    assert example["data"]["limits"].keys() == told["data"]["limits"].keys()
    assert example["data"].keys() <= set(PolicyChanged._fields)


@pytest.mark.parametrize(
    ("said", "is_so"),
    [
        ("longer than 20,000 bytes", MOST_BODY_BYTES == 20_000),
        ("20 seconds are waited", ANSWER_SECONDS == 20),
        ("at most ten minutes", LONGEST_SECONDS == 600),
        ("up to an hour", LONGEST_ASKED_SECONDS == 3_600),
        ("after a quarter of an hour", AWAY_SECONDS == 900),
    ],
)
def test_a_bound_of_the_document_is_that_of_the_program(said: str, *, is_so: bool) -> None:
    """Each that it names."""
    assert said in DOCUMENT
    assert is_so
