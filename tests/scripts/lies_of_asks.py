"""Lies about users who ask for more, and what they were given: see `lies.py`."""

from __future__ import annotations

from tests.scripts.forgery import Lie, Line, changed, find, left_out, repeated, respelled, retagged
from tests.scripts.lies import another_users

ASKED, ANSWERED, GIVEN = "MoreAsked", "AskAnswered", "GrantGiven"
Q1, Q2, Q3, Q4 = ({"ask": f"q{number}"} for number in range(1, 5))
FIRST, THIRD = {"grant": "qg1"}, {"grant": "qg3"}
WEEKS_LATER = "2026-04-02T12:00:00.000000Z"


def given_in_another_batch(lines: list[Line]) -> int:
    """Something is approved, and given by itself."""
    index = find(lines, ANSWERED, **Q1)
    lines[index] = lines[index]._replace(ends=True)
    return index + 1


def nothing_given(lines: list[Line]) -> int:
    """Something is approved, and nothing follows in its batch."""
    given_in_another_batch(lines)
    index = find(lines, GIVEN, **FIRST)
    del lines[index]
    return index


def given_later(lines: list[Line]) -> int:
    """Between an approval and its grant something else happens."""
    index = find(lines, ANSWERED, **Q1)
    other = lines[find(lines, "PreferenceSet")].with_data(at=lines[index].members["at"])
    lines.insert(index + 1, other._replace(ends=False))
    return index + 2


def given_to_another(lines: list[Line]) -> int:
    """Who asked is not who is given."""
    index = find(lines, GIVEN, **FIRST)
    tags = lines[index].tags.replace('"user:50"', '"user:51"')
    lines[index] = lines[index].with_data(user="51")._replace(tags=tags)
    return index + 1


def lapsed(lines: list[Line]) -> int:
    """The answer comes after more than seven days, and all that follows with it."""
    index = find(lines, ANSWERED, **Q2)
    lines[index:] = [line.with_data(at=WEEKS_LATER) for line in lines[index:]]
    return index + 1


def on_the_day_it_lapses(lines: list[Line]) -> int:
    """The answer comes when seven days are over, to the microsecond."""
    asked = lines[find(lines, ASKED, **Q2)].members["at"]
    index = find(lines, ANSWERED, **Q2)
    over = asked.replace("2026-03-21", "2026-03-28")
    assert over != asked
    lines[index:] = [line.with_data(at=over) for line in lines[index:]]
    return index + 1


LIES: list[tuple[str, str, Lie]] = [
    ("bytes beyond a limit of credits", "Q1", changed(ASKED, Q1, unit="bytes")),
    ("generations beyond a storage", "Q1", changed(ASKED, Q3, unit="generations")),
    ("credits beyond a limit of generations", "Q1", changed(ASKED, Q2, unit="credits")),
    ("two asks at once", "Q2", repeated(ASKED, Q4, ask="q9")),
    ("the same asked twice", "Q2", repeated(ASKED, Q1)),
    ("one answer left out", "Q2", left_out(ANSWERED, 0, **Q2)),
    ("an ask answered twice", "Q3", repeated(ANSWERED, Q2)),
    ("an ask answered that was not made", "Q3", left_out(ASKED, 0, **Q2)),
    ("another ask answered", "Q3", changed(ANSWERED, Q2, ask="q1")),
    ("another user's ask answered", "Q3", another_users(ANSWERED, **Q2)),
    ("answered after it lapsed", "Q3", lapsed),
    ("answered when it lapses", "Q3", on_the_day_it_lapses),
    ("approved without an amount", "Q3", changed(ANSWERED, Q1, amount=None)),
    ("approved without a grant", "Q3", changed(ANSWERED, Q1, grant=None)),
    ("denied, and something given", "Q3", respelled(ANSWERED, '"denied"', '"denied","amount":3,"grant":"g"', **Q2)),
    ("denied until a time", "Q3", respelled(ANSWERED, '"denied"', f'"denied","expires_at":"{WEEKS_LATER}"', **Q2)),
    ("approved, and nothing given", "Q4", nothing_given),
    ("given in another batch", "Q4", given_in_another_batch),
    ("given after something else", "Q4", given_later),
    ("given to another", "Q4", given_to_another),
    ("another grant given", "Q4", changed(GIVEN, FIRST, grant="qg9")),
    ("another unit given", "Q4", changed(GIVEN, FIRST, unit="bytes")),
    ("more given than was approved", "Q4", changed(GIVEN, FIRST, amount=2_001)),
    ("less given than was approved", "Q4", changed(GIVEN, THIRD, amount=999)),
    ("given for ever", "Q4", changed(GIVEN, FIRST, expires_at=None)),
    ("given until another time", "Q4", changed(GIVEN, FIRST, expires_at=WEEKS_LATER)),
    ("given as if nobody asked", "Q4", changed(GIVEN, FIRST, source="manager")),
    ("given as if somebody asked", "Q4", changed(GIVEN, {"grant": "g5"}, source="asked")),
    ("given with a rollover", "Q4", respelled(GIVEN, 'Z","origin"', 'Z","rollover":1,"origin"', **FIRST)),
]  # fmt: skip
"""What is told, the rule that it breaks, and how it is told."""

NO_EVENTS: list[tuple[str, Lie]] = [
    ("an ask beyond a limit of all", changed(ASKED, Q1, limit_name="pool/month/credits")),
    ("an ask beyond a limit of a guild", changed(ASKED, Q2, limit_name="guild/day/generations")),
    ("an ask beyond the storage of all", changed(ASKED, Q3, limit_name="pool/storage")),
    ("an ask beyond no limit", changed(ASKED, Q1, limit_name=None)),
    ("an ask for nothing", changed(ASKED, Q1, amount=0)),
    ("an ask of no id", changed(ASKED, Q1, ask="a b")),
    ("an answer that there is not", changed(ANSWERED, Q2, answer="lapsed")),
    ("nothing approved", changed(ANSWERED, Q1, amount=0)),
    ("approved until a day that is not", changed(ANSWERED, Q1, expires_at="2026-02-30T12:00:00.000000Z")),
    ("a reason of nothing", changed(ANSWERED, Q2, reason="")),
    ("an answer before its ask", respelled(ANSWERED, '"ask":"q2","answer":"denied"', '"answer":"denied","ask":"q2"',
                                           **Q2)),
    ("a grant of another source", changed(GIVEN, FIRST, source="begged")),
]  # fmt: skip
"""What is told, in data that have no form of section 4."""

FALSE_TAGS: list[tuple[str, Lie]] = [
    ("an ask of nobody", retagged(ASKED, "[]", **Q2)),
    ("an answer tagged with who answered", retagged(ANSWERED, '["user:1"]', **Q2)),
    ("an ask without its request", retagged(ASKED, '["user:50"]', **Q1)),
]
"""What the tags say, where the data are true."""
