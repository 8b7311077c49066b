"""Lies about what people heard of limits, told as those of `lies.py` are: of user 30, a guild and the pool."""

from __future__ import annotations

from tests.scripts.forgery import Lie, Line, changed, find, left_out, repeated, respelled, retagged

CROSSED = "ThresholdCrossed"
DAILY: dict[str, object] = {"limit_name": "user/day/generations", "percent": 80}
FULL: dict[str, object] = {"limit_name": "user/day/generations", "percent": 100}
MONTH: dict[str, object] = {"limit_name": "user/month/credits"}
STORED: dict[str, object] = {"user": "30", "limit_name": "user/storage"}
GUILD: dict[str, object] = {"limit_name": "guild/week/generations"}
POOL: dict[str, object] = {"limit_name": "pool/storage"}
POLICY: dict[str, object] = {"at": "2026-03-21T09:00:00.000000Z", "source": "environment"}
TELL_AT = '"tell_at":[80,95,100]'


def without_a_fall(lines: list[Line]) -> int:
    """What a storage was freed of is a temp file instead: so it never was less, and is told twice."""
    index = find(lines, "ImageDeleted", user="30")
    del lines[index]
    brought = find(lines, "ImageSaved", user="30", name="again.png")
    lines[brought] = lines[brought].with_data(bytes=1)
    told = [
        place for place, line in enumerate(lines) if line.type == CROSSED and STORED.items() <= line.members.items()
    ]
    lines[told[-1]] = lines[told[-1]].with_data(used=801)
    return told[-1] + 1


LIES: list[tuple[str, str, Lie]] = [
    ("a user's limit of the pool", "H1", changed(CROSSED, MONTH, limit_name="pool/month/credits")),
    ("a user's limit of a guild too", "H1", respelled(CROSSED, '"user":"30"', '"user":"30","guild":"8"', **DAILY)),
    ("a guild's limit of the pool", "H1", changed(CROSSED, GUILD, guild=None)),
    ("the pool's limit of a guild", "H1", changed(CROSSED, GUILD, limit_name="pool/week/generations")),
    ("a guild's limit of nobody", "H1", changed(CROSSED, POOL, limit_name="guild/day/credits", begins="2026-03-21")),
    ("a window that is not said", "H1", changed(CROSSED, DAILY, begins=None)),
    ("a storage with a window", "H1", respelled(CROSSED, '"user":"30"', '"user":"30","begins":"2026-03-21"', **STORED)),
    ("a window that is yet to come", "H1", changed(CROSSED, DAILY, begins="2026-03-22")),
    ("less is used than is told", "H2", changed(CROSSED, DAILY, used=3)),
    ("the limit is higher than is told", "H2", changed(CROSSED, GUILD, most=6)),
    ("more percent than are used", "H2", changed(CROSSED, MONTH, percent=81)),
    ("a user stores more", "H2", changed(CROSSED, STORED, used=801)),
    ("the pool stores more", "H2", changed(CROSSED, POOL, used=10**17)),
    ("told twice", "H3", repeated(CROSSED, FULL)),
    ("a lower percentage after a higher", "H3", repeated(CROSSED, FULL, percent=95)),
    ("a former window after a later one", "H3", repeated(CROSSED, FULL, begins="2026-03-20")),
    ("a guild's limit told twice", "H3", repeated(CROSSED, GUILD)),
    ("a storage told twice", "H4", repeated(CROSSED, STORED)),
    ("the pool told twice", "H4", repeated(CROSSED, POOL)),
    ("a storage told again that never fell", "H4", without_a_fall),
    ("a storage of which less is told", "H2", left_out("ImageSaved", 0, name="full.png")),
]  # fmt: skip
"""What is told, the rule that it breaks, and how it is told."""

NO_EVENTS: list[tuple[str, Lie]] = [
    ("nothing of a limit", changed(CROSSED, DAILY, percent=0)),
    ("more than all of a limit", changed(CROSSED, FULL, percent=101)),
    ("a percentage of a fraction", changed(CROSSED, DAILY, percent=79.5)),
    ("a percentage as a text", changed(CROSSED, DAILY, percent="80")),
    ("a limit of nothing is told", changed(CROSSED, DAILY, most=0)),
    ("19 digits of a limit that is told", changed(CROSSED, DAILY, most=10**18)),
    ("a limit of no name is told", changed(CROSSED, DAILY, limit_name="user/hour/generations")),
    ("a storage of a guild", changed(CROSSED, STORED, limit_name="guild/storage")),
    ("a window on a day that is not", changed(CROSSED, DAILY, begins="2026-02-30")),
    ("a window before the first year", changed(CROSSED, DAILY, begins="0000-03-21")),
    ("a window that is a time", changed(CROSSED, DAILY, begins="2026-03-21T00:00:00.000000Z")),
    ("a guild of no name", changed(CROSSED, GUILD, guild="")),
    ("a guild before the user", respelled(CROSSED, '"user":"30"', '"guild":"8","user":"30"', **DAILY)),
    ("told without a limit", changed(CROSSED, DAILY, limit_name=None)),
    ("told with a request", respelled(CROSSED, '"begins":"2026-03-21"', '"begins":"2026-03-21","request":{}', **DAILY)),
    ("no percentages, at length", respelled("PolicyChanged", TELL_AT, '"tell_at":[]', **POLICY)),
    ("a percentage of nothing", respelled("PolicyChanged", TELL_AT, '"tell_at":[0]', **POLICY)),
    ("a percentage of more than all", respelled("PolicyChanged", TELL_AT, '"tell_at":[101]', **POLICY)),
    ("more percentages than there may be", respelled("PolicyChanged", TELL_AT, f'"tell_at":{[1] * 21}'.replace(" ", ""),
                                                     **POLICY)),
    ("one percentage, and no list", respelled("PolicyChanged", TELL_AT, '"tell_at":80', **POLICY)),
]  # fmt: skip
"""What is told, in data that have no form of section 4."""

FALSE_TAGS: list[tuple[str, Lie]] = [
    ("a user's limit tagged with the pool", retagged(CROSSED, '["pool"]', **DAILY)),
    ("a user's limit tagged with both", retagged(CROSSED, '["user:30","pool"]', **DAILY)),
    ("the pool's limit without a tag", retagged(CROSSED, "[]", **POOL)),
    ("a guild's limit tagged with who asked", retagged(CROSSED, '["user:31"]', **GUILD)),
]
"""What the tags say, where the data are true."""
