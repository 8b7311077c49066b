"""Changes for a user of whom the log knows nothing: whoever sits there is asked, a program is told to say --yes."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Any

import pytest

from adapters.application.saving import NewImage, save_image
from adapters.engines.opening import open_store
from tests.adapters.cli.conftest import Abby
from tests.adapters.cli.processes import Service, png

CHANGES = [("reset",), ("limits", "--daily", "3"), ("limits", "--clear"), ("grant", "--credits", "1")]


class Person(io.StringIO):
    """A stream with somebody at its other end."""

    def isatty(self) -> bool:
        """As a terminal answers."""
        return True


@pytest.fixture
def filled(root: Path) -> Path:
    """A root that knows ada."""
    store = open_store(root)
    asyncio.run(save_image(store, NewImage("ada", png())))
    store.close()
    return root


def written(root: Path) -> int:
    """How long the log is."""
    return (root / "logs" / "events.jsonl").stat().st_size


@pytest.mark.parametrize("change", CHANGES, ids=" ".join)
def test_a_program_is_refused_and_told_how(change: tuple[str, ...], filled: Path, abby: Abby, fits: Any) -> None:
    """1, nothing is recorded, and the sentence names --yes; with it, it is done, and the user is known from then on."""
    before = written(filled)
    name, *options = change
    told = abby(name, "typo", *options)
    assert (told.code, told.out) == (1, "")
    assert "The log knows nothing of typo." in told.err
    assert "--yes" in told.err
    as_json = abby(name, "typo", *options, "--json")
    assert as_json.code == 1
    assert fits("refused", as_json.json)
    assert as_json.json["refused"]["reason"] == "NOT_FOUND"
    assert written(filled) == before
    assert abby(name, "typo", *options, "--yes").code == 0
    assert abby(name, "typo", *options).code == (1 if "--clear" in options else 0)  # clearing nothing is no event
    assert abby(name, "ada", *options).code == 0


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("YES\n", 0), ("n\n", 1), ("\n", 1), ("", 1), ("what\n", 1)])
def test_a_person_is_asked(answer: str, code: int, filled: Path, abby: Abby, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anything but a clear yes changes nothing."""
    before = written(filled)
    screen = Person()
    monkeypatch.setattr("sys.stdin", Person(answer))
    monkeypatch.setattr("sys.stderr", screen)
    assert abby("reset", "typo").code == code
    assert "The log knows nothing of typo. Is the id right" in screen.getvalue()
    assert (written(filled) > before) is (code == 0)


def test_through_the_service_it_is_the_same(service: Service, abby: Abby) -> None:
    """The service that holds the log is asked whom it knows."""
    assert service.address
    told = abby("reset", "typo")
    assert (told.code, "--yes" in told.err) == (1, True)
    assert abby("reset", "typo", "--yes").code == 0
    assert abby("limits", "typo", "--daily", "2").code == 0
