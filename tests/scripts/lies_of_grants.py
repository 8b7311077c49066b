"""Lies about limits of windows, prices and grants, told as those of `lies.py` are, of the events of user 9."""

from __future__ import annotations

from typing import Any

from tests.scripts.forgery import Lie, Line, changed, find, left_out, repeated, respelled, retagged, spelled
from tests.scripts.lies import another_users

AT = "2026-03-20T11:00:00.000000Z"
NEXT_DAY = "2026-03-21T09:00:00.000000Z"

DRAWING = {"reservation": "drawing"}
FIRST = {**DRAWING, "cost": 2_500}
LATE = {**DRAWING, "cost": 4_000}
FAILED = {**DRAWING, "reason": "failed"}
UNKNOWN = {**DRAWING, "reason": "unknown"}
ROLLED = {"reservation": "rolled"}
FREE = {"reservation": "free"}


def places(grant: str, amount: int) -> dict[str, Any]:
    """A draw of generations."""
    return {"grant": grant, "unit": "generations", "amount": amount}


def paid(grant: str, amount: int) -> dict[str, Any]:
    """A draw of credits."""
    return {"grant": grant, "unit": "credits", "amount": amount}


def shows_at(lie: Lie, type_name: str, **where: object) -> Lie:
    """A lie that shows at a later event."""

    def told(lines: list[Line]) -> int:
        lie(lines)
        return find(lines, type_name, **where) + 1

    return told


def voided_before_it_is_drawn_on(lines: list[Line]) -> int:
    """The grant of generations is void when the drawing is reserved."""
    index = find(lines, "LimitExceeded")
    void = lines[find(lines, "GrantVoided")].with_data(at=AT)
    lines.insert(index, void)
    return find(lines, "GenerationReserved", **DRAWING) + 1


LIES: list[tuple[str, str, Lie]] = [
    ("more is refunded than the own windows bore", "A8", changed("GenerationReleased", ROLLED, refunded=2)),
    ("what the own windows bore is not refunded", "A8", changed("GenerationReleased", ROLLED, refunded=0)),
    ("what a grant bore is refunded", "A8", changed("GenerationReleased", FAILED, refunded=1)),
    ("more is drawn than there are places", "A4", changed("GenerationReserved", DRAWING, drawn=[places("g1", 5)])),
    ("what is free is paid by a grant", "A4", changed("GenerationReserved", FREE, drawn=[paid("g4", 1)])),
    ("what has no price is paid by a grant", "A4", changed("GenerationReserved", ROLLED, credits_each=None,
                                                           drawn=[paid("g4", 1)])),
    ("more is paid than it costs", "A4", changed("GenerationReserved", ROLLED, drawn=[paid("g4", 301)])),
    ("a grant that was never given is drawn on", "A14", left_out("GrantGiven", 3, grant="g2")),
    ("a grant of another id is drawn on", "A14", changed("GenerationReserved", DRAWING, drawn=[places("g9", 1)])),
    ("a grant of another user is drawn on", "A14", shows_at(another_users("GrantGiven", grant="g1"),
                                                            "GenerationReserved", **DRAWING)),
    ("a grant of generations pays", "A14", changed("GenerationReserved", DRAWING, drawn=[paid("g1", 1)])),
    ("a grant of bytes pays", "A14", changed("GenerationReserved", DRAWING, drawn=[paid("g3", 1)])),
    ("more is drawn than was granted", "A14", changed("GenerationReserved", DRAWING, drawn=[paid("g2", 1_501)])),
    ("a grant was smaller", "A14", shows_at(changed("GrantGiven", {"grant": "g2"}, amount=1_499),
                                            "GenerationReserved", **DRAWING)),
    ("more is drawn in two parts", "A14", changed("GenerationReserved", DRAWING, drawn=[paid("g2", 1_000),
                                                                                       paid("g2", 501)])),
    ("more is drawn than rolls over", "A14", changed("GenerationReserved", ROLLED, drawn=[places("g1", 3)])),
    ("less rolls over", "A14", shows_at(changed("GrantGiven", {"grant": "g1"}, rollover=None), "GenerationReserved",
                                        **ROLLED)),
    ("nothing rolls over", "A14", shows_at(changed("GrantGiven", {"grant": "g1"}, rollover_until=None),
                                           "GenerationReserved", **ROLLED)),
    ("what rolled over is over at that moment", "A14", shows_at(
        changed("GrantGiven", {"grant": "g1"}, rollover_until=NEXT_DAY), "GenerationReserved", **ROLLED)),
    ("a grant is over before anything is drawn", "A14", shows_at(
        changed("GrantGiven", {"grant": "g1"}, expires_at=AT, rollover=1), "GenerationReserved", **DRAWING)),
    ("a void grant is drawn on", "A14", voided_before_it_is_drawn_on),
    ("what has a price is delivered without a cost", "A15", changed("GenerationCompleted", FIRST, cost=None)),
    ("it cost less, and nothing more went back", "A15", changed("GenerationCompleted", FIRST, cost=2_499)),
    ("it cost more, and it went back all the same", "A15", changed("GenerationCompleted", FIRST, cost=2_501)),
    ("nothing went back", "A15", changed("GenerationCompleted", FIRST, returned=None)),
    ("more went back", "A15", changed("GenerationCompleted", FIRST, returned=[paid("g4", 501)])),
    ("the grant of the front gets it back", "A15", changed("GenerationCompleted", FIRST, returned=[paid("g2", 500)])),
    ("it went back twice", "A15", changed("GenerationCompleted", FIRST, returned=[paid("g4", 500)] * 2)),
    ("it went back in two parts", "A15", changed("GenerationCompleted", FIRST, returned=[paid("g4", 250)] * 2)),
    ("it went back in another unit", "A15", changed("GenerationCompleted", FIRST, returned=[places("g4", 500)])),
    ("a late delivery gives something back", "A15", respelled(
        "GenerationCompleted", '"cost":4000', '"cost":4000,"returned":[' + spelled(paid("g4", 1)) + "]", **LATE)),
    ("a service of which nobody knows cost nothing", "A16", changed("GenerationReleased", UNKNOWN, cost=None)),
    ("a service of which nobody knows cost less", "A16", changed("GenerationReleased", UNKNOWN, cost=2_999)),
    ("what failed cost something", "A16", respelled(
        "GenerationReleased", '"provider":"stability"', '"provider":"stability","cost":3000', **FAILED)),
    ("nothing goes back of a release", "A16", changed("GenerationReleased", FAILED, returned=None)),
    ("credits go back in another order", "A16", changed(
        "GenerationReleased", FAILED, returned=[places("g1", 1), paid("g2", 1_500), paid("g4", 500)])),
    ("credits go back before places", "A16", changed(
        "GenerationReleased", FAILED, returned=[paid("g4", 500), paid("g2", 1_500), places("g1", 1)])),
    ("fewer credits go back", "A16", changed(
        "GenerationReleased", FAILED, returned=[places("g1", 1), paid("g4", 500), paid("g2", 1_499)])),
    ("more places go back", "A16", changed("GenerationReleased", ROLLED, returned=[places("g1", 2)])),
    ("another grant gets it back", "A16", changed("GenerationReleased", ROLLED, returned=[places("g5", 1)])),
    ("what nothing was drawn for goes back", "A16", respelled(
        "GenerationReleased", '"refunded":2', '"refunded":2,"returned":[' + spelled(places("g1", 1)) + "]",
        user="42", reason="expired", at=NEXT_DAY)),
    ("a grant is given twice", "A17", repeated("GrantGiven", {"grant": "g2"})),
    ("a grant is given anew, otherwise", "A17", repeated("GrantGiven", {"grant": "g3"}, unit="credits", amount=1)),
    ("a grant is voided twice", "A18", repeated("GrantVoided")),
    ("a grant is voided that was never given", "A18", changed("GrantVoided", grant="g9")),
    ("a grant of another user is voided", "A18", another_users("GrantVoided")),
]  # fmt: skip
"""What is told, the rule that it breaks, and how it is told."""

POLICY = {"at": AT, "source": "environment"}
WINDOWS = '"windows":{"guild/day/generations":1,"user/month/credits":10000,"pool/month/credits":1000000}'
UNENFORCED = '"unenforced":["guild/day/generations"]'
OWN = '"limits":{"windows":{"user/week/generations":9,"user/day/credits":9500}}'


def policy(old: str, new: str) -> Lie:
    """The limits of windows are spelled otherwise."""
    return respelled("PolicyChanged", old, new, **POLICY)


def own(new: str) -> Lie:
    """The limits of a user are spelled otherwise."""
    return respelled("LimitsOverridden", OWN, f'"limits":{new}', user="9")


def given(grant: str, **changes: object) -> Lie:
    """A grant is given otherwise."""
    return changed("GrantGiven", {"grant": grant}, **changes)


NO_EVENTS: list[tuple[str, Lie]] = [
    ("windows of nothing", policy(WINDOWS, '"windows":{}')),
    ("a window of no name", policy("guild/day", "guild/hour")),
    ("a window that is the daily limit", policy("guild/day", "user/day")),
    ("a window twice", policy('"windows":{', '"windows":{"guild/day/generations":1,')),
    ("windows in another order", policy('"user/month/credits":10000,"pool/month/credits":1000000',
                                        '"pool/month/credits":1000000,"user/month/credits":10000')),
    ("windows with a comma at the end", policy("1000000}", "1000000,}")),
    ("a limit below nothing", policy("10000,", "-10000,")),
    ("a limit of a fraction", policy("10000,", "10000.5,")),
    ("a limit beyond 2^53", policy("1000000}", "9007199254740993}")),
    ("a limit as a text", policy("1000000}", '"1000000"}')),
    ("nothing is tried out", policy(UNENFORCED, '"unenforced":[]')),
    ("a limit of no name is tried out", policy(UNENFORCED, '"unenforced":["guild/storage"]')),
    ("a limit is tried out twice", policy(UNENFORCED, UNENFORCED.replace("[", '["guild/day/generations",'))),
    ("limits are tried out in another order", policy(UNENFORCED, '"unenforced":["pool/storage","user/storage"]')),
    ("limits are tried out before the windows", policy(f"{WINDOWS},{UNENFORCED}", f"{UNENFORCED},{WINDOWS}")),
    ("a setting of no name", changed("PolicyChanged", POLICY, taken_in=["storage"])),
    ("more settings than there are", changed("PolicyChanged", POLICY, taken_in=["windows"] * 9)),
    ("own windows of nothing", own('{"windows":{}}')),
    ("own windows of a guild", own('{"windows":{"guild/day/generations":1}}')),
    ("own windows before the others", own('{"windows":{"user/day/credits":1},"daily":1}')),
    ("own limits with a comma at the end", own('{"daily":1,}')),
    ("nothing is drawn", changed("GenerationReserved", DRAWING, drawn=[])),
    ("nothing of a grant is drawn", changed("GenerationReserved", DRAWING, drawn=[places("g1", 0)])),
    ("bytes are drawn", changed("GenerationReserved", DRAWING, drawn=[{**places("g3", 1), "unit": "bytes"}])),
    ("a draw of no unit", changed("GenerationReserved", DRAWING, drawn=[{"grant": "g1", "amount": 1}])),
    ("a draw of an id that is none", changed("GenerationReserved", DRAWING, drawn=[places("../g1", 1)])),
    ("more draws than an event holds", changed("GenerationReserved", DRAWING, drawn=[paid("g4", 1)] * 2_001)),
    ("a price beyond 2^53", changed("GenerationReserved", DRAWING, credits_each=2**53 + 1)),
    ("a price of a fraction", changed("GenerationReserved", DRAWING, credits_each=0.5)),
    ("a cost below nothing", changed("GenerationCompleted", FIRST, cost=-1)),
    ("a cost of a fraction", changed("GenerationCompleted", FIRST, cost=2_500.5)),
    ("nothing went back, at length", changed("GenerationCompleted", FIRST, returned=[])),
    ("a cost of nothing of a release", respelled("GenerationReleased", '"cost":3000', '"cost":0', **UNKNOWN)),
    ("asked for no credits, at length", respelled("LimitExceeded", '"replaced_bytes":0}', '"replaced_bytes":0,'
                                                  '"credits":0}', used=2)),
    ("a limit of no name says no", changed("RequestRefused", {"user": "9"}, window="user/day/pictures")),
    ("the daily limit by its other name", changed("RequestRefused", {"user": "9"}, window="user/day/generations")),
    ("a limit that is tried out says no for the last time", respelled("LimitExceeded", '"held":0', '"held":0,'
                                                                      '"last":false', used=2)),
    ("a limit that is tried out for another reason", changed("LimitExceeded", reason="NAME_TAKEN")),
    ("19 digits of a limit", changed("LimitExceeded", limit=10**18)),
    ("a grant of nothing", given("g1", amount=0)),
    ("a grant of another unit", given("g1", unit="points")),
    ("a grant of another source", given("g1", source="default")),
    ("a priority of nothing, at length", given("g1", priority=0)),
    ("a priority of 101", given("g1", priority=101)),
    ("a rollover of nothing, at length", given("g1", rollover=0)),
    ("a grant until a day that is not", given("g1", rollover_until="2026-02-30T00:00:00.000000Z")),
    ("a grant of an id that is none", changed("GrantGiven", {"grant": "g1"}, grant="-g1")),
    ("a grant is voided without a reason", changed("GrantVoided", reason=None)),
]  # fmt: skip
"""What is told, in data that have no form of section 4."""

FALSE_TAGS: list[tuple[str, Lie]] = [
    ("a grant without its request", retagged("GrantGiven", '["user:9"]', grant="g1")),
    ("a grant of nobody", retagged("GrantGiven", "[]", grant="g2")),
    ("a grant of the pool", retagged("GrantGiven", '["user:9","pool"]', grant="g2")),
    ("a voided grant of another user", retagged("GrantVoided", '["user:7"]')),
    ("what was tried out, of the pool", retagged("LimitExceeded", '["user:9","pool"]')),
]
"""What the tags say, where the data are true."""
