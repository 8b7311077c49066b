"""Lies about tiers, told as those of `lies.py` are, of the events of user 8."""

from __future__ import annotations

from tests.scripts.forgery import Lie, Line, changed, find, left_out, repeated, respelled, retagged, spelled
from tests.scripts.lies import another_users

ROLE = "guild:9/role:5"
GOLD, BLUE = {"tier": "gold"}, {"tier": "blue"}


def taken_away_twice(lines: list[Line]) -> int:
    """The tier that was taken away is taken away once more."""
    gone = next(line for line in reversed(lines) if line.type == "TierDefined")
    lines.append(gone._replace(ends=True))
    return len(lines)


def given_after_it_went(lines: list[Line]) -> int:
    """A tier is given that is nobody's any more."""
    lines.append(lines[find(lines, "TierAssigned", **BLUE)]._replace(ends=True))
    return len(lines)


def taken_back_after_it_went(lines: list[Line]) -> int:
    """What went with its tier is taken back."""
    back = lines[find(lines, "TierUnassigned")].with_data(tier="blue")
    lines.append(back._replace(ends=True))
    return len(lines)


def so_many(lines: list[Line]) -> int:
    """65 tiers: gold, everybody and 63 more."""
    plain = lines[find(lines, "TierDefined", **BLUE)]
    lines += [plain.with_data(tier=f"t{number}") for number in range(63)]
    return len(lines)


def named_before(lines: list[Line]) -> int:
    """The tier that names a group is one without groups when it is seen."""
    index = find(lines, "TierDefined", **GOLD)
    lines[index] = lines[index].with_data(groups=["group:vip"])
    return find(lines, "GroupsSeen") + 1


LIES: list[tuple[str, str, Lie]] = [
    ("a tier is taken away that there is not", "T1", respelled("TierDefined", '{"daily":1}', "null", tier="everybody")),
    ("a tier is taken away twice", "T1", taken_away_twice),
    ("a tier more than there can be", "T1", so_many),
    ("a tier is given that there is not", "T2", changed("TierAssigned", GOLD, tier="silver")),
    ("what is everybody's is given", "T2", changed("TierAssigned", GOLD, tier="everybody")),
    ("a tier is given after it was taken away", "T2", given_after_it_went),
    ("a tier was never defined", "T2", left_out("TierDefined", 2, **BLUE)),
    ("a tier is taken back twice", "T3", repeated("TierUnassigned")),
    ("a tier of another user is taken back", "T3", another_users("TierUnassigned")),
    ("a tier is taken back that was not given", "T3", changed("TierUnassigned", tier="everybody")),
    ("what went with its tier is taken back", "T3", taken_back_after_it_went),
    ("a group is seen that no tier names", "T4", changed("GroupsSeen", groups=["guild:9/role:6"])),
    ("one of the groups is named by none", "T4", changed("GroupsSeen", groups=["group:vip", "group:wip"])),
    ("the tier names another group", "T4", named_before),
]
"""What a log says that cannot have happened, by the rule that it breaks."""

NO_EVENTS: list[tuple[str, Lie]] = [
    ("a tier of capital letters", changed("TierDefined", GOLD, tier="Gold")),
    ("limits of everybody", respelled("TierDefined", '"user/month/credits"', '"pool/month/credits"', **GOLD)),
    ("no limits of windows", respelled("TierDefined", '{"user/month/credits":20000}', "{}", **GOLD)),
    ("limits in another order", respelled("TierDefined", '"user_bytes":9000,"daily":9', '"daily":9,"user_bytes":9000')),
    ("a group of another form", changed("TierDefined", GOLD, groups=["role:5"])),
    ("65 groups", changed("TierDefined", GOLD, groups=[f"group:g{number}" for number in range(65)])),
    ("257 groups seen", changed("GroupsSeen", groups=[ROLE] * 257)),
    ("a list of nothing", changed("TierDefined", GOLD, models=[])),
    ("65 models", changed("TierDefined", GOLD, models=[f"m{number}" for number in range(65)])),
    ("an operation that there is not", changed("TierDefined", GOLD, operations=["draw"])),
    ("a weight of nothing", changed("TierDefined", GOLD, weight=0)),
    ("a weight of 101", changed("TierDefined", GOLD, weight=101)),
    ("a tier without groups said", respelled("TierDefined", '"groups":[],', "", **BLUE)),
    ("a place of another form", changed("GroupsSeen", place="http")),
    ("an id of 21 digits", changed("GroupsSeen", place="guild:" + "9" * 21)),
    ("groups seen that came with a request", respelled("GroupsSeen", '"origin":"guild:9"',
                                                      '"origin":"guild:9","request":' + spelled({"key": "k"}))),
]  # fmt: skip
"""What has no form of section 4."""

FALSE_TAGS: list[tuple[str, Lie]] = [
    ("a tier of no policy", retagged("TierDefined", "[]", **BLUE)),
    ("a tier without its request", retagged("TierDefined", '["policy"]', **GOLD)),
    ("a tier given to nobody", retagged("TierAssigned", "[]", **GOLD)),
    ("groups of another user", retagged("GroupsSeen", '["user:7"]')),
]
"""What the tags say, where the data are true."""
