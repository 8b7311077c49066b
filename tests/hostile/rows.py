"""Loads the hostile inputs of `hostile.jsonl`: what a stranger may send, each with what is expected of the product.

`rows(area)` gives the rows of one area. A row builds its input when it is first asked for: literals as they are,
`$repeat`, `$concat` and `$b64` as text or bytes, `$gen` as what its builder in `builders.py` makes. A `$scenario`
becomes a `Scenario`, which the test acts out. Left to the tests: what "refused" looks like at their level.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from tests.hostile.builders import build

HOSTILE_FILE = Path(__file__).with_name("hostile.jsonl")


class Scenario(NamedTuple):
    """Something to act out rather than to send."""

    text: str


@dataclass(frozen=True)
class Row:
    """One hostile input. `id` is the area and the line of the file; `source` is the input as it is written there."""

    id: str
    source: Any
    expected: str

    @cached_property
    def input(self) -> Any:
        """What is sent: text, bytes, any JSON value, or a Scenario."""
        return _expanded(self.source)

    @property
    def accepted(self) -> bool:
        """Whether the product must take this input. All others it must refuse."""
        return self.expected.startswith("accept")

    @property
    def save_as(self) -> str | None:
        """The image name under which a picture is to be saved where the row is about that name; None: any that fits."""
        return "declared.png" if self.generator == "declared_png_is_jpeg" else None

    @property
    def generator(self) -> str | None:
        """The kind of a `$gen` input."""
        return self.source["$gen"] if _directive(self.source) == "$gen" else None

    @property
    def is_scenario(self) -> bool:
        """Whether a test acts this row out instead of sending it."""
        return _directive(self.source) == "$scenario"


def rows(area: str) -> list[Row]:
    """Every row of an area, in the order of the file."""
    found = []
    for number, line in enumerate(HOSTILE_FILE.read_bytes().splitlines(), 1):
        record = json.loads(line)
        if record["area"] == area:
            found.append(Row(f"{area}-{number}", record["input"], record["expected"]))
    if not found:
        raise LookupError(f"hostile.jsonl has no rows of the area {area!r}")
    return found


def sendable(area: str) -> list[Row]:
    """The rows of an area that are sent as they are."""
    return [row for row in rows(area) if not row.is_scenario]


def assert_acted_out(row: Row, acted_out: Mapping[str, Sequence[str]]) -> None:
    """The table names tests for a scenario, by module and name, and each of them is there."""
    assert isinstance(row.input, Scenario)
    tests = acted_out[row.input.text]
    assert tests
    for test in tests:
        module, _, name = test.rpartition(".")
        assert name.startswith("test_")
        assert callable(getattr(import_module(module), name))


def scenarios(area: str) -> list[Row]:
    """The rows of an area that a test acts out; a test compares them with those it knows, so that none is forgotten."""
    return [row for row in rows(area) if row.is_scenario]


def _expanded(source: Any) -> Any:
    directive = _directive(source)
    return _EXPANSIONS[directive](source) if directive else source


def _directive(source: Any) -> str | None:
    """The directive of an input; None for a literal, also for one such as {"$gt": ""}."""
    if not isinstance(source, dict):
        return None
    return next((key for key in source if key in _EXPANSIONS), None)


def _repeated(source: Any) -> Any:
    unit, times = source["$repeat"]
    return _expanded(unit) * times


def _concatenated(source: Any) -> Any:
    first, *others = [_expanded(part) for part in source["$concat"]]
    for part in others:
        first += part
    return first


_EXPANSIONS: dict[str, Callable[[Any], Any]] = {
    "$repeat": _repeated,
    "$concat": _concatenated,
    "$b64": lambda source: base64.b64decode(source["$b64"], validate=True),
    "$gen": lambda source: build(source["$gen"], {key: value for key, value in source.items() if key != "$gen"}),
    "$scenario": lambda source: Scenario(source["$scenario"]),
}
