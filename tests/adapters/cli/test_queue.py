"""`abby queue` beside a running service: what waits, of all and of one, and what is taken out of the line."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.cli.conftest import Abby
from tests.adapters.cli.processes import Service, serving

NEVER = """
import asyncio
from adapters.generation.sketch.provider import SketchProvider

async def never(*_):
    await asyncio.Event().wait()

SketchProvider.generate = never
"""
"""Its turns are never over, so that others wait: a sketch has two at a time."""


@pytest.fixture
def busy(root: Path, env_file: Path) -> Iterator[Service]:
    """A service both of whose turns are taken. It is killed, since it would wait for them until its time is up."""
    with serving(root, env_file, NEVER) as running:
        for _ in range(2):
            begin(running, "eve", "a wall")
        yield running
        running.process.kill()


def begin(service: Service, user: str, prompt: str) -> str:
    """The id of one more request."""
    request = urllib.request.Request(
        f"{service.address}/v1/users/{user}/generations",
        data=json.dumps({"prompt": prompt, "width": 64, "height": 64}).encode(),
        headers={"Content-Type": "application/json", "Prefer": "respond-async"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return str(json.load(answer)["id"])


def test_the_line_is_shown_and_left(busy: Service, abby: Abby, fits: Any) -> None:
    """Of all with their users, of one with the words; what is taken out is told once, and is out."""
    otter, heron = begin(busy, "ada", "an otter"), begin(busy, "ada", "a heron")
    badger = begin(busy, "bob", "a badger")
    whole = abby("queue", "--json")
    assert (whole.code, fits("queue", whole.json)) == (0, True)
    assert {(one["id"], one["user"]) for one in whole.json["waiting"]} == {
        (otter, "ada"), (heron, "ada"), (badger, "bob"),
    }  # fmt: skip
    assert [one["place"] for one in whole.json["waiting"]] == [1, 2, 3]
    hers = abby("queue", "ada", "--json")
    assert fits("queue", hers.json)
    assert {one["prompt"] for one in hers.json["waiting"]} == {"an otter", "a heron"}
    table = abby("queue").out
    for words in ("place", "ada", "bob", "1 picture from words", otter):
        assert words in table
    gone = abby("queue", "ada", "--cancel", otter, "--json")
    assert (gone.code, gone.json, fits("queue", gone.json)) == (0, {"taken_out": [otter]}, True)
    again = abby("queue", "ada", "--cancel", otter, "--json")
    assert (again.code, again.json["refused"]["reason"]) == (1, "NOT_FOUND")
    assert abby("queue", "bob", "--cancel", heron).code == 1
    assert "1 request of ada taken out of the line" in abby("queue", "ada", "--cancel-all").out
    assert [one["user"] for one in abby("queue", "--json").json["waiting"]] == ["bob"]


def test_without_a_service_there_is_nothing_to_take_out(abby: Abby) -> None:
    """One is not found; all are none."""
    assert abby("generate", "x", "--user", "ada", "--width", "64", "--height", "64").code == 0
    told = abby("queue", "ada", "--cancel", "0" * 32, "--json")
    assert (told.code, told.json["refused"]["reason"]) == (1, "NOT_FOUND")
    assert abby("queue", "ada", "--cancel-all", "--json").json == {"taken_out": []}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--cancel", "0" * 32], "Name the user"),
        (["--cancel-all"], "Name the user"),
        (["ada", "--cancel", "0" * 32, "--cancel-all"], "one of the two"),
        (["a/b"], "user"),
    ],
)
def test_what_contradicts_itself_is_a_wrong_argument(words: list[str], sentence: str, abby: Abby) -> None:
    """2, and nothing is asked."""
    told = abby("queue", *words)
    assert told.code == 2
    assert sentence in told.err
