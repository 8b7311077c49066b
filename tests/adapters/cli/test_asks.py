"""`abby ask` and `abby asks`, on the log itself and through a service: asked, shown, answered, taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.adapters.application.evidence import events_of
from tests.adapters.cli.conftest import Abby
from tests.adapters.cli.processes import SMALL


@pytest.fixture
def known(abby: Abby) -> Abby:
    """The commands, on a log that knows ada."""
    assert abby("generate", "a fox", "--user", "ada", *SMALL).code == 0
    return abby


def all_of_it(abby: Abby, root: Path, fits: Any) -> None:
    """Each unit is asked for, one of each answer is given, and every answer is in its shape."""

    def told(*words: str, schema: str = "ask") -> Any:
        answer = abby(*words, "--json")
        assert answer.code == 0, answer.err
        assert fits(schema, answer.json)
        return answer.json

    assert told("asks", schema="asks")["asks"] == []
    assert "No request for more waits" in abby("asks").out
    assert told("ask", "ada")["ask"] is None
    first = told("ask", "ada", "--credits", "2.5", "--reason", "for\nthe fair", "--yes")["ask"]
    (waiting,) = told("asks", schema="asks")["asks"]
    assert (waiting["ask"], waiting["amount"], waiting["limit"]) == (first, 2.5, "user/month/credits")
    assert (waiting["reason"], waiting["state"]) == ("for the fair", "open")
    assert f"Request {first} waits for an answer until" in abby("ask", "ada").out
    lines = abby("asks").out
    assert all(words in lines for words in (first, "ada", "2.5 credits", "user/month/credits", "for the fair"))
    second = abby("ask", "ada", "--generations", "1", "--json")
    assert (second.code, second.json["refused"]["reason"]) == (1, "ASK_OPEN")
    assert first in second.json["refused"]["message"]
    given = told("asks", "approve", first, "--credits", "2", "--days", "7", "--reason", "for the fair alone")
    assert given["grant"]
    assert "approved by" in abby("ask", "ada").out
    again = abby("asks", "deny", first, "--json")
    assert (again.code, again.json["refused"]["reason"]) == (1, "ASK_CLOSED")
    other = told("ask", "ada", "--generations", "3", "--limit", "user/week/generations")["ask"]
    assert f"Request {other} of ada is denied." in abby("asks", "deny", other, "--reason", "not now").out
    third = told("ask", "ada", "--mb", "20")["ask"]
    assert told("ask", "ada", "--withdraw") == {
        "ask": third, "user": "ada", "answer": "withdrawn", "grant": None, "expires_at": None,
        "position": events_of(root, "AskAnswered")[-1]["pos"],
    }  # fmt: skip
    last = told("ask", "ada", "--generations", "3")["ask"]
    assert "has 3 generations more, for good, as grant" in abby("asks", "approve", last).out
    grants = [event["data"] for event in events_of(root, "GrantGiven")]
    assert [(one["unit"], one["amount"], one["source"]) for one in grants] == [
        ("credits", 2_000, "asked"),
        ("generations", 3, "asked"),
    ]


def test_on_the_log(known: Abby, root: Path, fits: Any) -> None:
    """Where no service runs."""
    all_of_it(known, root, fits)


@pytest.mark.usefixtures("service")
def test_through_a_service(abby: Abby, root: Path, fits: Any) -> None:
    """It holds the log, and carries them out."""
    all_of_it(abby, root, fits)


WRONG = [
    (("ask", "ada", "--credits", "1", "--mb", "1"), "Write one of --credits, --generations and --mb"),
    (("ask", "ada", "--mb", "0"), "A request for nothing asks for nothing"),
    (("ask", "ada", "--generations", "1001", "--yes"), "At most 1000 generations can be asked for"),
    (("ask", "ada", "--generations", "1", "--limit", "pool/day/generations"), "no limit of generations for one user"),
    (("ask", "ada", "--generations", "1", "--limit", "user/month/credits"), "no limit of generations for one user"),
    (("ask", "ada", "--generations", "1", "--reason", "x" * 201, "--yes"), "1 to 200 printable characters"),
    (("ask", "ada", "--withdraw", "--mb", "1"), "goes with no amount"),
    (("ask", "ada", "--withdraw"), "no request that is open"),
    (("ask", "CON"), "not allowed"),
    (("asks", "list", "q1"), "Write which one"),
    (("asks", "approve"), "Write which one"),
    (("asks", "deny", "q1", "--mb", "1"), "Write one of"),
    (("asks", "approve", "q1", "--days", "0"), "less than 1"),
]


@pytest.mark.parametrize(("words", "sentence"), WRONG, ids=[" ".join(words)[:60] for words, _ in WRONG])
def test_what_is_written_wrong_is_told(known: Abby, root: Path, words: tuple[str, ...], sentence: str) -> None:
    """With exit code 2, and nothing is recorded."""
    answer = known(*words)
    said = " ".join(answer.err.replace("│", " ").split())
    assert (answer.code, answer.out, sentence in said) == (2, "", True), answer.err
    assert events_of(root, "MoreAsked", "AskAnswered") == []


def test_what_is_no_request_is_not_answered(known: Abby) -> None:
    """It is told, and so is an amount of another unit than was asked for."""
    missing = known("asks", "approve", "0" * 16, "--json")
    assert (missing.code, missing.json["refused"]["reason"]) == (1, "NOT_FOUND")
    ask = known("ask", "ada", "--generations", "1", "--json").json["ask"]
    wrong = known("asks", "approve", ask, "--mb", "1")
    assert (wrong.code, "This request is for generations" in wrong.err) == (2, True)


def test_for_a_stranger_nothing_is_asked_unless_the_id_is_right(known: Abby, root: Path) -> None:
    """A mistyped id has no managers to ask."""
    refused = known("ask", "typo", "--mb", "1")
    assert (refused.code, "The log knows nothing of typo" in refused.err) == (1, True)
    assert events_of(root, "MoreAsked") == []
    assert known("ask", "typo", "--mb", "1", "--yes").code == 0
