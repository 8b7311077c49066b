"""`abby grant`, `abby grants` and `abby void-grant`, on the log itself: given, used up, shown and taken away."""

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
    """Each unit is given, told and taken away, and one of them makes a picture beyond the limit."""

    def told(*words: str, schema: str = "grant") -> Any:
        answer = abby(*words, "--json")
        assert answer.code == 0, answer.err
        assert fits(schema, answer.json)
        return answer.json

    assert "ada has nothing left beyond the limits." in abby("grants", "ada").out
    given = told("grant", "ada", "--credits", "2.001", "--reason", "a prize", "--days", "30", "--priority", "7")
    picture = told("grant", "ada", "--generations", "3")
    assert "ada has 1.5 MB beyond the limits, for good: grant " in abby("grant", "ada", "--mb", "1.5").out
    recorded = [event["data"] for event in events_of(root, "GrantGiven")]
    assert [(one["unit"], one["amount"]) for one in recorded] == [
        ("credits", 2_001),
        ("generations", 3),
        ("bytes", 1_572_864),
    ]
    assert (recorded[0]["reason"], recorded[0]["priority"], recorded[0]["grant"]) == ("a prize", 7, given["grant"])
    assert (recorded[0]["at"] < recorded[0]["expires_at"], "expires_at" in recorded[1]) == (True, False)
    assert abby("limits", "ada", "--daily", "1").code == 0
    assert abby("generate", "a fox", "--user", "ada", *SMALL).code == 0
    shown = told("grants", "ada", schema="grants")["grants"]
    assert {one["unit"]: one["left"] for one in shown} == {"credits": 2.001, "generations": 2, "bytes": 1_572_864}
    lines = abby("grants", "ada").out
    assert all(words in lines for words in ("2.001 credits", "2 generations", "3 generations", "1.5 MB", "for good"))
    assert told("void-grant", "ada", picture["grant"], "--reason", "a mistake")["changed"] is True
    assert abby("generate", "a fox", "--user", "ada", *SMALL).code == 1
    assert told("void-grant", "ada", picture["grant"]) == {"user": "ada", "grant": picture["grant"], "changed": False}
    assert "was taken away before" in abby("void-grant", "ada", picture["grant"]).out
    assert [event["data"]["reason"] for event in events_of(root, "GrantVoided")] == ["a mistake"]
    assert "2 generations" not in abby("grants", "ada").out
    missing = abby("void-grant", "ada", "nothing", "--json")
    assert (missing.code, missing.json["refused"]["reason"]) == (1, "NOT_FOUND")


def test_on_the_log(known: Abby, root: Path, fits: Any) -> None:
    """Where no service runs."""
    all_of_it(known, root, fits)


@pytest.mark.parametrize("beside_a_service", [False, True])
def test_a_grant_ends_and_a_part_of_it_stays(
    known: Abby, root: Path, request: pytest.FixtureRequest, beside_a_service: bool
) -> None:
    """At a time, of whatever it is; the log and the answer say all of it."""
    if beside_a_service:
        request.getfixturevalue("service")
    for unit, rollover, stored in (
        (("--credits", "2.5"), "1.001", (2_500, 1_001)),
        (("--generations", "3"), "2", (3, 2)),
        (("--mb", "2"), "0.5", (2_097_152, 524_288)),
    ):
        times = ("--until", "2999-01-31", "--rollover-until", "2999-02-28T12:00")
        told = known("grant", "ada", *unit, *times, "--rollover", rollover, "--priority", "3")
        assert told.code == 0, told.err
        words = " ".join(told.out.split())
        assert "until 2999-01-31 00:00 UTC, and of what is left then " in words
        assert " until 2999-02-28 12:00 UTC: grant " in words
        *_, given = (event["data"] for event in events_of(root, "GrantGiven"))
        assert (given["amount"], given["rollover"]) == stored
        assert (given["expires_at"][:16], given["rollover_until"][:16]) == ("2999-01-31T00:00", "2999-02-28T12:00")
        assert given["priority"] == 3


ROLLING = ("grant", "ada", "--generations", "2", "--until", "2999-01-31")
WRONG = [
    ((*ROLLING, "--days", "3"), "--days or --until"),
    (("grant", "ada", "--generations", "2", "--until", "2020-01-31"), "has passed already"),
    (("grant", "ada", "--generations", "2", "--until", "soon"), "is no time"),
    ((*ROLLING, "--rollover", "1"), "--rollover-until"),
    ((*ROLLING, "--rollover-until", "2999-02-01"), "--rollover"),
    (("grant", "ada", "--generations", "2", "--rollover", "1", "--rollover-until", "2999-02-01"), "the grant's end"),
    ((*ROLLING, "--rollover", "3", "--rollover-until", "2999-02-01"), "not more than that"),
    ((*ROLLING, "--rollover", "0", "--rollover-until", "2999-02-01"), "--rollover"),
    ((*ROLLING, "--rollover", "0.5", "--rollover-until", "2999-02-01"), "--rollover"),
    ((*ROLLING, "--rollover", "1", "--rollover-until", "2999-01-31"), "comes after"),
    (("grant", "ada"), "Write one of --credits, --generations and --mb"),
    (("grant", "ada", "--credits", "1", "--mb", "1"), "Write one of --credits, --generations and --mb"),
    (("grant", "ada", "--credits", "0"), "the least is 0.001"),
    (("grant", "ada", "--credits", "0.0001"), "at most three decimals"),
    (("grant", "ada", "--mb", "0"), "A grant of nothing gives nothing"),
    (("grant", "ada", "--generations", "0"), "less than 1"),
    (("grant", "ada", "--generations", "1", "--priority", "101"), "more than 100"),
    (("grant", "ada", "--generations", "1", "--days", "0"), "less than 1"),
    (("grant", "ada", "--generations", "1", "--reason", ""), "reason"),
    (("grant", "CON", "--generations", "1"), "not allowed"),
    (("grants", "CON"), "not allowed"),
    (("void-grant", "CON", "g1"), "not allowed"),
    (("void-grant", "ada", "no id"), "1 to 64"),
]


@pytest.mark.parametrize(("words", "sentence"), WRONG, ids=[" ".join(words) for words, _ in WRONG])
def test_what_is_written_wrong_is_told(known: Abby, root: Path, words: tuple[str, ...], sentence: str) -> None:
    """With exit code 2, and nothing is recorded."""
    answer = known(*words)
    said = " ".join(answer.err.replace("│", " ").split())
    assert (answer.code, answer.out, sentence in said) == (2, "", True), answer.err
    assert events_of(root, "GrantGiven", "GrantVoided") == []


def test_of_a_stranger_it_is_said_that_nothing_is_known(known: Abby) -> None:
    """A mistyped id has no grants either."""
    answer = known("grants", "typo")
    assert (answer.code, "The log knows nothing of typo" in answer.err) == (0, True)
