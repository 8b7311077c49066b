"""Logs in which one member of one event is wrong, whatever the member and whatever is wrong with it: correct positions,
batches, tags, hashes and watermarks otherwise, as a careful forger makes them.

It knows neither the product nor the verifiers. The values are spelled as they stand in a line, because some wrong ones
can be spelled alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from typing import NamedTuple

from tests.scripts.forgery import Line, chained, spelled

HEADER = b'{"log":"0f1e2d3c4b5a69788796a5b4c3d2e1f0","format":1,"created":"2026-03-10T11:59:58.000000Z"}\n'
DAY = "2026-03-10T12:00:00.000000Z"
BEFORE = "2026-03-10T11:00:00.000000Z"
"""Where the clock goes back to, by an hour, in the last event."""
NEXT_MONTH = "2026-04-01T00:00:00.000000Z"
STAGED = "9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d"
BAIT = "bait.png"
"""What files are called at which forged values point."""

_WHO = {"at": DAY, "user": "42", "by": "discord:42"}
_REQUEST = {"key": "job-7", "digest": "9d" * 32}
_LIMITS = {"user_bytes": 9_000, "pool_bytes": 90_000, "daily": 5, "gen_bytes": 1_000, "moderated_free": False,
           "windows": {"guild/day/generations": 100, "user/month/credits": 20_000},
           "unenforced": ["pool/storage"], "tell_at": [80]}  # fmt: skip
_OWN = {"user_bytes": 1, "daily": 9, "windows": {"user/day/credits": 8_000}}
_GRANT = {"grant": "g1", "unit": "credits", "amount": 9_000, "source": "bought", "reason": "an offer", "priority": 3,
          "expires_at": NEXT_MONTH, "rollover": 500,
          "rollover_until": "2026-05-01T00:00:00.000000Z"}  # fmt: skip
_IMAGE = {"sha256": "ab" * 32, "media_type": "image/png", "width": 64, "height": 48}
_TEMP = {"name": "t.png", "bytes": 50, "replaced_bytes": 0, **_IMAGE, "operation": "unspecified", "temp": True}
_LAST = {"origin": "guild:9", "request": _REQUEST}
_R = {"reservation": "5f0c7d3e9a1b4c2d8e6f70819a2b3c4d"}
_PLACES = {"operation": "text_to_image", "count": 3, "bytes_each": 1_000, "expires_at": "2026-03-10T12:15:00.000000Z",
           "style": "3d-model", "provider": "stability", "model": "core", "credits_each": 3_000,
           "drawn": [{"grant": "g1", "unit": "credits", "amount": 4_000}]}  # fmt: skip
_COST = {"provider": "stability", "model": "sdxl-1.0", "seconds": 6.875, "credits": 0.4, "seed": 4294967295,
         "cost": 5_000, "returned": [{"grant": "g1", "unit": "credits", "amount": 1_000}]}  # fmt: skip
_BACK = {"cost": 3_000, "returned": [{"grant": "g1", "unit": "credits", "amount": 3_000}]}
_KEPT = {**_TEMP, "name": "Sub/a.png", "bytes": 900, "operation": "text_to_image", "temp": False, "staged": STAGED}
_ASKED = {"asked": {"count": 1, "bytes": 900, "replaced_bytes": 0, "credits": 400}, "limit": 5, "used": 5, "held": 0}
_FULL = {"style": "anime", "window": "pool/month/credits", "provider": "stability", "model": "core", "origin": "http"}
_TRIED = {"provider": "stability"}

BASE: list[tuple[str, dict[str, object]]] = [
    ("PolicyChanged", {"at": DAY, "by": "system", "limits": _LIMITS, "source": "manager", "taken_in": ["daily"],
                       "reason": "a busy week", **_LAST}),
    ("GrantGiven", {**_WHO, **_GRANT, **_LAST}),
    ("GenerationReserved", {**_WHO, **_R, **_PLACES, **_LAST}),
    ("GenerationCompleted", {**_WHO, **_R, "count": 2, **_COST, **_LAST}),
    ("ImageSaved", {**_WHO, **_KEPT, **_R, **_LAST}),
    ("GenerationReleased", {**_WHO, **_R, "count": 2, "delivered": 1, "reason": "unknown", "refunded": 1,
                            **_TRIED, **_BACK, **_LAST}),
    ("ImageDeleted", {**_WHO, "name": "Sub/a.png", "bytes": 900, "temp": False, "reason": "user", **_LAST}),
    ("ImageSaved", {**_WHO, **_TEMP, "staged": "1b" * 16}),
    ("CleanupCompleted", {"at": DAY, "by": "cli", "files": [{"user": "42", "name": "t.png", "bytes": 50}],
                          "freed_bytes": 50, "older_than_days": 7, **_LAST}),
    ("RequestRefused", {**_WHO, "reason": "WINDOW_LIMIT", "command": "SaveImage", **_ASKED, "last": True, **_FULL}),
    ("LimitExceeded", {**_WHO, "reason": "WINDOW_LIMIT", "command": "SaveImage", **_ASKED, **_FULL}),
    ("LimitsOverridden", {**_WHO, "limits": _OWN, "reason": "a game", "until": DAY, **_LAST}),
    ("DailyCountReset", {**_WHO, "reason": "kindness", **_LAST}),
    ("PreferenceSet", {**_WHO, "preference": "style", "value": "pixel-art", **_LAST}),
    ("PointsMoved", {"at": DAY, "by": "cli", "payer": "mint", "payee": "user:42", "amount": 9, "kind": "mint",
                     "reason": "a game", **_LAST}),
    ("OfferSet", {"at": DAY, "by": "cli", "offer": "ten", "unit": "generations", "amount": 10, "price": 5,
                  "reason": "a fair", "days": 30, **_LAST}),
    ("OfferWithdrawn", {"at": DAY, "by": "cli", "offer": "ten", "reason": "it is over", **_LAST}),
    ("FavouriteSet", {**_WHO, "owner": "7", "name": "Sub/a.png", "image": 4, "on": True, **_LAST}),
    ("ThresholdCrossed", {"at": DAY, "by": "system", "limit_name": "user/month/credits", "percent": 80, "used": 16_000,
                          "most": 20_000, "user": "42", "begins": "2026-03-01", "origin": "guild:9"}),
    ("ThresholdCrossed", {"at": DAY, "by": "system", "limit_name": "guild/day/generations", "percent": 80, "used": 16,
                          "most": 20, "guild": "9", "begins": "2026-03-10", "origin": "guild:9"}),
    ("MoreAsked", {**_WHO, "ask": "a1", "unit": "credits", "amount": 900, "limit_name": "user/day/credits",
                   "reason": "a fair", **_LAST}),
    ("AskAnswered", {**_WHO, "ask": "a1", "answer": "approved", "amount": 800, "grant": "g2", "expires_at": NEXT_MONTH,
                     "reason": "for the fair", **_LAST}),
    ("GrantGiven", {**_WHO, "grant": "g2", "unit": "credits", "amount": 800, "source": "asked", "reason": "a fair",
                    "expires_at": NEXT_MONTH, **_LAST}),
    ("GrantVoided", {**_WHO, "grant": "g1", "reason": "a mistake", **_LAST}),
    ("TierDefined", {"at": DAY, "by": "cli", "tier": "gold", "limits": _OWN, "groups": ["guild:9/role:5"],
                     "reason": "boosters", "providers": ["sketch"], "models": ["v1"], "operations": ["upscale"],
                     "weight": 3, "waiting": 7, **_LAST}),
    ("TierAssigned", {**_WHO, "tier": "gold", "reason": "a contest", "until": DAY, **_LAST}),
    ("GroupsSeen", {**_WHO, "place": "guild:9", "groups": ["guild:9/role:5"], "origin": "guild:9"}),
    ("TierUnassigned", {**_WHO, "tier": "gold", "reason": "it is over", **_LAST}),
    ("ClockCorrected", {"at": BEFORE, "by": "cli", "was": DAY, "now": BEFORE, **_LAST}),
]  # fmt: skip
"""One event of each type with every member it can have, and a temp file for the cleanup."""

Raw = dict[str, "str | Raw"]
"""Members by name, each as it is spelled; those of an object within likewise, and so is the only one of a list."""
LISTS = frozenset({"files", "drawn", "returned"})
"""Lists of one object."""
Wrong = Callable[[str, str], str | None]
"""Makes another spelling of a member's name and spelling; None leaves the member out."""

_TEXTS = {
    "a text": "5",
    "empty": "",
    "too long": "a" * 1_281,
    "up": f"../../../{BAIT}",
    "up within": f"a/../../{BAIT}",
    "up a level": f"../{BAIT}",
    "far up": "../" * 12 + BAIT,
    "two dots": "..",
    "a dot": ".",
    "a folder in a folder": "a/b/c.png",
    "absolute": f"/{BAIT}",
    "backslashes": f"..\\..\\{BAIT}",
    "a drive": f"C:\\{BAIT}",
    "a stream": "a.png:b",
    "a share": f"\\\\host\\share\\{BAIT}",
    "NUL": f"{BAIT}\0.png",
    "a line end": "a\nb",
    "a tab": "a\tb",
    "escape": "\x1b[2J",
    "a device": "con",
    "a device with an ending": "CON.png",
    "a device before a space": "Lpt1 .png",
    "a desktop's file": "Desktop.ini",
    "a dot at the end": "a.png.",
    "a space at the end": "a ",
    "hidden": ".png",
    "31 digits": "a" * 31,
    "33 digits": "a" * 33,
    "capital digits": "AB" * 16,
    "64 capital digits": "AB" * 32,
    "65 digits": "ab" * 32 + "a",
    "no digits": "gh" * 32,
    "other letters": "\u0430.png",
    "full-width digits": "\uff15",
    "a day that is not": "2026-02-30T12:00:00.000000Z",
    "a year before the first": "0000-01-01T12:00:00.000000Z",
    "a second of 60": "2026-03-10T12:00:60.000000Z",
    "another zone": "2026-03-10T12:00:00.000000+00:00",
    "markup": "text/html",
}
_SPELLINGS = {
    "null": "null",
    "true": "true",
    "a list": "[]",
    "an object": "{}",
    "a number": "5",
    "negative": "-5",
    "a fraction": "1.5",
    "a fraction of none": "5.0",
    "an exponent": "5e0",
    "a leading zero": "05",
    "minus zero": "-0",
    "2^53 + 1": str(2**53 + 1),
    "2^63": str(2**63),
    "2^64": str(2**64),
    "400 digits": "9" * 400,
    "a huge exponent": "1e999",
    "no number": "NaN",
    "infinity": "-Infinity",
    "a half surrogate": '"\\ud800"',
    "half a pair": '"a\\udc00b"',
    "a surrogate's bytes": '"\udced\udca0\udc80"',
    "no UTF-8": '"\udcff"',
    "a long form of a slash": '"..\udcc0\udcaf' + BAIT + '"',
    "a bare control": '"a\x01b"',
    "half an escape": '"\\u12"',
    "an escape that is not needed": '"\\u0061"',
    "an escaped slash": '"..\\/' + BAIT + '"',
    "deep": "[" * 2_000 + "]" * 2_000,
    "deep objects": '{"a":' * 2_000 + "1" + "}" * 2_000,
    "no end": '"a',
    "nothing": "",
    "a single quotation mark": "'5'",
}
KINDS: dict[str, Wrong] = {
    "missing": lambda _name, _old: None,
    "of another case": lambda _name, old: old.swapcase(),
    "a space before": lambda _name, old: f" {old}",
    "a space after": lambda _name, old: f"{old} ",
    "a member more": lambda _name, old: f'{old},"colour":1',
    "twice": lambda name, old: f'{old},"{name}":{old}',
    "a second object": lambda _name, old: f"{old}}},{{",
    **{kind: (lambda _name, _old, new=new: new) for kind, new in _SPELLINGS.items()},  # type: ignore[misc]  # each its own
    **{kind: (lambda _name, _old, new=new: spelled(new)) for kind, new in _TEXTS.items()},  # type: ignore[misc]  # each its own
}
"""What may be wrong with a member."""

_ANY_TEXT = frozenset(_TEXTS) - {"empty", "too long", "NUL", "a line end", "a tab", "escape"} | {"of another case"}
_WHOLE = frozenset({"a number"})
_NUMBER = _WHOLE | {"a fraction", "a fraction of none", "an exponent", "2^53 + 1"}
_IN_AN_ID = {
    "a text",
    "a device",
    "a device with an ending",
    "a desktop's file",
    "a dot at the end",
    "31 digits",
    "33 digits",
}
_HEX = {"capital digits", "of another case"}
MAY_STAND: dict[str, frozenset[str]] = {
    **dict.fromkeys(("by", "origin", "preference", "value", "reason", "key", "guild"), _ANY_TEXT),
    **dict.fromkeys(("provider", "model"), frozenset(_TEXTS) - {"too long"} | {"of another case"}),
    **dict.fromkeys(
        ("bytes", "bytes_each", "replaced_bytes", "width", "height", "freed_bytes", "count", "delivered"), _WHOLE
    ),
    **dict.fromkeys(
        ("refunded", "limit", "used", "held", "older_than_days", "user_bytes", "pool_bytes", "daily"), _WHOLE
    ),
    **dict.fromkeys(("temp", "last", "moderated_free", "on"), frozenset({"true"})),
    **dict.fromkeys(("gen_bytes", "credits_each", "amount", "priority", "rollover", "cost", "price", "days"), _WHOLE),
    **dict.fromkeys(("percent", "most"), _WHOLE),
    "image": _WHOLE | {"2^53 + 1"},
    **dict.fromkeys(("models", "providers"), frozenset({"of another case"})),
    **dict.fromkeys(("guild/day/generations", "user/month/credits", "user/day/credits"), _WHOLE),
    "seconds": _NUMBER,
    "credits": _NUMBER | {"negative", "minus zero"},
    "seed": _WHOLE | {"negative", "2^53 + 1", "2^63"},
    **dict.fromkeys(("user", "owner"), frozenset({"a text", "31 digits", "33 digits", "no digits"})),
    "name": frozenset(
        {
            "a text",
            "of another case",
            "31 digits",
            "33 digits",
            "capital digits",
            "64 capital digits",
            "65 digits",
            "no digits",
            "markup",
        }
    ),
    **dict.fromkeys(
        ("reservation", "grant", "offer", "ask"), frozenset(_IN_AN_ID | _HEX | {"64 capital digits", "no digits"})
    ),
    "command": frozenset(
        {"a device", "of another case", "31 digits", "33 digits", "capital digits", "64 capital digits", "no digits"}
    ),
    **dict.fromkeys(("style", "tier"), frozenset({"a text", "a device", "31 digits", "33 digits", "no digits"})),
    "groups": frozenset({"a list"}),
    **dict.fromkeys(("weight", "waiting"), _WHOLE),
    "limits": frozenset({"null"}),
    "files": frozenset({"a list"}),
}
"""What need not be refused by its form alone, because the member may have such a value; all must agree on it."""
MAY_STAND_IN = frozenset(
    (kind, member, "2^53 + 1")
    for kinds, members in (
        (("RequestRefused", "LimitExceeded"), ("bytes", "limit", "used", "held")),
        (("GrantGiven",), ("amount", "rollover")),
        (("MoreAsked", "AskAnswered"), ("amount",)),
        (("GenerationReserved", "GenerationCompleted", "GenerationReleased"), ("amount", "cost")),
    )
    for kind in kinds
    for member in members
)
"""The same in one type alone: more was asked for than anything that is kept can have."""
OPTIONAL = frozenset(
    {"origin", "request", "credits", "seed", "reservation", "until", "style", "provider", "taken_in", "windows"}
    | {"unenforced", "credits_each", "drawn", "cost", "returned", "window", "priority", "rollover", "rollover_until"}
    | {"guild/day/generations", "user/month/credits", "user/day/credits", "days", "tell_at"}
    | {"providers", "models", "operations", "weight", "waiting", "begins"}
)
"""What may be missing wherever it stands."""
OPTIONAL_IN = frozenset(
    {("PolicyChanged", "reason"), ("MoreAsked", "reason"), ("AskAnswered", "reason"), ("AskAnswered", "expires_at")}
    | {(type_name, limit) for type_name in ("LimitsOverridden", "TierDefined") for limit in ("user_bytes", "daily")}
    | {(type_name, "model") for type_name in ("GenerationReserved", "RequestRefused", "LimitExceeded")}
    | {("GrantGiven", "expires_at"), ("PointsMoved", "reason")}
)
"""What may be missing in one type."""


class Row(NamedTuple):
    """A log whose last event has one wrong member, and whether its form alone makes it damaged."""

    name: str
    log: bytes
    position: int
    is_refused: bool


def rows(*, all_kinds: bool) -> Iterator[Row]:
    """Every member of every type. All kinds for what paths are made of; for the others a quarter of them, in turn,
    where the name comes first, and a few for its further ones; or, asked for, all.
    """
    before = [line_of(*event)._replace(ends=event[0] != "AskAnswered") for event in BASE]  # its grant is of its batch
    seen: list[str] = []
    for index, (type_name, _) in enumerate(BASE):
        for path in paths_of(type_name, index):
            for kind in KINDS if all_kinds else _chosen(type_name, path[-1], seen):
                line = forged(index, path, KINDS[kind])
                if line != before[index]:
                    log = chained(HEADER, [*before[:index], line])
                    refused = must_be_refused(type_name, path[-1], kind)
                    yield Row(f"{type_name}.{'.'.join(path)}: {kind}", log, index + 1, refused)
            seen.append(path[-1])


PATHS = frozenset({"user", "name", "staged"})
"""What paths are made of."""
_FEW = ("missing", "up", "negative", "a member more")
_OTHERWISE = {
    ("GenerationReleased", "reason"),
    ("ImageDeleted", "reason"),
    ("RequestRefused", "reason"),
    ("LimitExceeded", "reason"),
    ("GrantGiven", "source"),
    ("GrantGiven", "reason"),
    ("ThresholdCrossed", "limit_name"),
    ("ThresholdCrossed", "begins"),
    ("MoreAsked", "limit_name"),
    ("LimitsOverridden", "reason"),
    ("LimitsOverridden", "limits"),
    ("ImageSaved", "operation"),
}
"""Members that have a form of their own in this type."""
_FREE = {("LimitsOverridden", "reason"), ("GrantGiven", "reason")}
"""Of these, those that are any text."""


def _chosen(type_name: str, member: str, seen: list[str]) -> Iterable[str]:
    if member in PATHS and type_name.startswith(("Image", "Cleanup")):
        return KINDS
    if member in seen and (type_name, member) not in _OTHERWISE:
        return _FEW
    return [kind for number, kind in enumerate(KINDS) if number % 4 == len(seen) % 4]


def must_be_refused(type_name: str, member: str, kind: str) -> bool:
    """Whether no event of the type can have this."""
    if kind == "missing":
        return member not in OPTIONAL and (type_name, member) not in OPTIONAL_IN
    if (type_name, member, kind) in MAY_STAND_IN:
        return False
    listed = (type_name, member) in _OTHERWISE and (type_name, member) not in _FREE
    return (listed and member != "limits") or kind not in MAY_STAND.get(member, frozenset())


def paths_of(type_name: str, index: int) -> list[tuple[str, ...]]:
    """The members of an event, and those of the objects within; of the lean second ImageSaved none."""
    if index and type_name in {name for name, _ in BASE[:index]}:
        return []
    return list(_paths(raw(BASE[index][1])))


def _paths(told: Raw) -> Iterator[tuple[str, ...]]:
    for name, value in told.items():
        yield (name,)
        if isinstance(value, dict):
            yield from ((name, *inner) for inner in _paths(value))


def forged(index: int, path: tuple[str, ...], wrong: Wrong) -> Line:
    """An event with one member spelled otherwise."""
    type_name, members = BASE[index]
    told = raw(members)
    inside = told
    for name in path[:-1]:
        deeper = inside[name]
        assert isinstance(deeper, dict)
        inside = deeper
    name = path[-1]
    new = wrong(name, joined(name, inside[name]))
    if new is None:
        del inside[name]
    else:
        inside[name] = new
    return Line(type_name, tags_of(type_name, told), joined("", told))


def raw(members: dict[str, object]) -> Raw:
    """Each member as it is spelled."""
    told: Raw = {}
    for name, value in members.items():
        inner = value[0] if name in LISTS and isinstance(value, list) else value
        told[name] = raw(inner) if isinstance(inner, dict) else spelled(inner)
    return told


def joined(name: str, told: str | Raw) -> str:
    """The JSON of what is spelled."""
    if isinstance(told, str):
        return told
    inside = ",".join(f'"{member}":{joined(member, value)}' for member, value in told.items())
    return f"[{{{inside}}}]" if name in LISTS else f"{{{inside}}}"


def line_of(type_name: str, members: dict[str, object]) -> Line:
    """The event as it is written."""
    told = raw(members)
    return Line(type_name, tags_of(type_name, told), joined("", told))


_OF_THE_POLICY = {"PolicyChanged", "ClockCorrected", "OfferSet", "OfferWithdrawn", "TierDefined"}


def tags_of(type_name: str, told: Raw) -> str:
    """The tags that follow from what is told, as far as anything does."""
    files = told.get("files")
    user = told.get("user", files.get("user") if isinstance(files, dict) else None)
    tags = [f'"user:{user[1:]}'] if isinstance(user, str) and user[:1] == '"' else []
    tags += [str(told[name]) for name in ("payer", "payee") if str(told.get(name)).startswith('"user:')]
    tags += ['"pool"'] if type_name.startswith(("Image", "GenerationRe", "Cleanup")) else []
    tags += ['"pool"'] if type_name == "ThresholdCrossed" and not tags else []
    tags += ['"policy"'] if type_name in _OF_THE_POLICY else []
    request = told.get("request")
    by, key = _value(told.get("by")), _value(request.get("key") if isinstance(request, dict) else None)
    if by is not None and key is not None:
        tags.append(f'"request:{sha256(by + bytes(1) + key).hexdigest()[:32]}"')
    return f"[{','.join(tags)}]"


def _value(told: object) -> bytes | None:
    """The UTF-8 of a spelled string; None for what is none."""
    try:
        value = json.loads(told) if isinstance(told, str) else None
        return value.encode() if isinstance(value, str) else None
    except (ValueError, RecursionError):
        return None
