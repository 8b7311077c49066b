"""The one description of what a stored event may look like: for each type its members in their order, for each member
the form of its value, and whether it may be left out.

A form is a regular expression over the bytes of the stored JSON, in which one value has one spelling: so an expression
is exact, knows a whole number from a fraction and a flag, and costs a replay next to nothing. Everything that reads a
log asks here before it makes an event of a line; what an event may do after those before it is for the folds to say.
`docs/log-format.md` has the same forms for whoever writes a verifier, and tests hold both against each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple

from domain.ask_events import ANSWERS, LIMITS_ASKED_ABOUT
from domain.commands import DELETE_REASONS, OPERATIONS, POLICY_SOURCES, RELEASE_REASONS
from domain.events import MAX_FILES_A_CLEANUP, TYPES
from domain.grants import GRANT_UNITS, SOURCES
from domain.instants import STORED_DAY, STORED_TIME
from domain.limit_names import ALL_LIMITS, CREDITS, FURTHER, GENERATIONS, OF_A_USER
from domain.limits import Limits
from domain.names import STORED_NAME, STORED_STYLE, STORED_USER
from domain.point_commands import OFFER_UNITS
from domain.point_events import KINDS, MARKET, MINT
from domain.threshold_events import MOST_TELL_AT
from domain.tiers import MAX_ALLOWED, MAX_GROUPS, MAX_GROUPS_SEEN, STORED_GROUP, STORED_PLACE

MOST_TYPES = 64
"""Types of events whose expressions are kept; there are fewer."""
MOST_DRAWS = 2_000
"""Draws in one event: a user has at most a thousand grants to draw on, of each unit."""
MOST_SHOWN = 60
"""Bytes of a wrong value that a sentence quotes."""
ADOPTED = "adopted"
MEDIA_TYPES = ("image/png", "image/jpeg", "image/webp", "image/gif", "application/octet-stream")
"""What images are stored as; the last where nobody looked at the bytes."""
EXCEEDED = ("DAILY_LIMIT", "WINDOW_LIMIT", "USER_STORAGE", "POOL_STORAGE")


class Form(NamedTuple):
    """A form of values: what it is called in a sentence, and the expression that each of them matches."""

    words: str
    pattern: str


class Member(NamedTuple):
    """A member of an event type: its name, its form, whether it is left out where it has nothing to say."""

    name: str
    form: Form
    optional: bool


def _one_of(*words: str) -> Form:
    return Form(f"one of {', '.join(words)}", f'"(?:{"|".join(map(re.escape, words))})"')


def _object(words: str, **members: Form) -> Form:
    inside = ",".join(f'"{name}":{form.pattern}' for name, form in members.items())
    return Form(words, rf"\{{{inside}\}}")


def _list_of(what: str, of: Form, *, least: int, most: int) -> Form:
    inside = rf"{of.pattern}(?:,{of.pattern}){{0,{most - 1}}}"
    return Form(f"a list of {least} to {most} {what}", rf"\[{inside}\]" if least else rf"\[(?:{inside})?\]")


def _some_of(of: Form, names: Iterable[str]) -> str:
    """An object of some of these members, in this order, each of the form."""
    inside = "".join(rf'(?:"{name}":{of.pattern}(?:,(?=")|(?=\}})))?' for name in names)
    return rf"\{{{inside}\}}"


_NO_MORE_THAN_2_53 = (
    r"[1-9]\d{0,14}|[1-8]\d{15}|900[0-6]\d{12}|9007(?:0\d{11}|1(?:[0-8]\d{10}|9(?:[0-8]\d{9}|9(?:[01]\d{8}|2(?:[0-4]\d{7}|"
    r"5(?:[0-3]\d{6}|4(?:[0-6]\d{5}|7(?:[0-3]\d{4}|4(?:0(?:[0-8]\d\d|9(?:[0-8]\d|9[0-2])))))))))))"
)
_BYTE = r'[^"\\\x00-\x1f]'
_ESCAPE = r'\\(?:["\\bfnrt]|u00(?:0[0-7bef]|1[0-9a-f]))'

WHOLE = Form("a whole number from 0 to 9007199254740992 (2^53)", f"(?:0|{_NO_MORE_THAN_2_53})")
PLACES = Form("a whole number from 0 to 100", r"(?:0|[1-9]\d?|100)")
PRIORITY = Form("a whole number from 1 to 100", r"(?:[1-9]\d?|100)")
SUM = Form("a whole number of at most 18 digits", r"(?:0|[1-9]\d{0,17})")
MORE_THAN_NONE = Form("a whole number from 1 to 999999999999999999", r"[1-9]\d{0,17}")
SEED = Form("a whole number of at most 19 digits", r"(?:0|[1-9]\d{0,18}|-[1-9]\d{0,17})")
SECONDS = Form("a number from 0 up", r"(?:0|[1-9]\d{0,17})(?:\.\d{1,25})?(?:[eE][-+]?\d{1,2})?")
NUMBER_OF_CREDITS = Form("a number", f"-?{SECONDS.pattern}")
POINTS = Form("a whole number from 1 to 9007199254740992 (2^53)", f"(?:{_NO_MORE_THAN_2_53})")
POSITION = Form("a position: a whole number from 1 up, of at most 18 digits", r"[1-9]\d{0,17}")
DAYS = Form("a number of days from 1 to 99999", r"[1-9]\d{0,4}")
FLAG = Form("true or false", "(?:true|false)")
TEXT = Form(
    "a text of 1 to 1280 bytes without control characters",
    rf'"(?>{_BYTE}{{1,1280}}+"|(?:{_BYTE}|\\["\\]){{1,1280}}")',
)
"""Its first way is the quicker one, and taken for good: else a list of texts could be read in 2^64 ways."""
CALLED = Form("a text of at most 1280 bytes", rf'"(?>{_BYTE}{{0,1280}}+"|(?:{_BYTE}|{_ESCAPE}){{0,1280}}")')
FIRST_DAY = Form("a day that exists, such as 2026-01-31", f'"(?!0000){STORED_DAY}"')
TIME = Form("a time that exists, such as 2026-01-31T00:00:00.000000Z", f'"{STORED_TIME}"')
USER = Form("a user id: 1 to 64 of a-z, 0-9, '_' and '-', and no device of Windows", f'"{STORED_USER}"')
ACCOUNT = Form(f"an account: user: and a user id, {MINT} or {MARKET}", f'"(?:{MINT}|{MARKET}|user:(?:{STORED_USER}))"')
NAME = Form("an image name as they are allowed, in one folder at most", f'"{STORED_NAME}"')
ID = Form("an id: 1 to 64 letters, digits, '.', '_' and '-'", '"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"')
STYLE = Form("the key of a style: 1 to 64 of a-z, 0-9, '_' and '-', a letter or digit first", f'"{STORED_STYLE}"')
TIER = Form("the key of a tier: 1 to 64 of a-z, 0-9, '_' and '-', a letter or digit first", f'"{STORED_STYLE}"')
GROUP = Form("a group: guild:ID/role:ID or group:NAME", f'"{STORED_GROUP}"')
PLACE = Form("a place where groups are seen: guild:ID or api:NAME", f'"{STORED_PLACE}"')
FROM_1_TO_100 = Form("a whole number from 1 to 100", r"(?:[1-9]\d?|100)")
STAGED = Form("32 lower-case hex digits", '"[0-9a-f]{32}"')
DIGEST = Form("64 lower-case hex digits", '"[0-9a-f]{64}"')
COMMAND = Form("the name of a command", '"[A-Za-z]{1,64}"')
_WINDOWS = rf"(?!\{{\}}){_some_of(WHOLE, FURTHER)}"
_OWN_WINDOWS = rf"(?!\{{\}}){_some_of(WHOLE, OF_A_USER)}"
_NAMES = "".join(rf'(?:"{name}"(?:,(?=")|(?=\])))?' for name in ALL_LIMITS)
POLICY = Form(
    "limits: user_bytes, pool_bytes, daily, gen_bytes (whole numbers up to 2^53), moderated_free (true or false); "
    "windows (whole numbers by the names of limits, in their order), unenforced (names of limits, in their order) and "
    f"tell_at (1 to {MOST_TELL_AT} whole numbers from 1 to 100) where there are such",
    rf'\{{"user_bytes":{WHOLE.pattern},"pool_bytes":{WHOLE.pattern},"daily":{WHOLE.pattern},"gen_bytes":{WHOLE.pattern},'
    rf'"moderated_free":{FLAG.pattern}(?:,"windows":{_WINDOWS})?(?:,"unenforced":(?!\[\])\[{_NAMES}\])?'
    rf'(?:,"tell_at":\[{PRIORITY.pattern}(?:,{PRIORITY.pattern}){{0,{MOST_TELL_AT - 1}}}\])?\}}',
)
_OF_ONE = (
    rf'\{{(?:"user_bytes":{WHOLE.pattern}(?:,(?=")|(?=\}})))?(?:"daily":{WHOLE.pattern}(?:,(?=")|(?=\}})))?'
    rf'(?:"windows":{_OWN_WINDOWS})?\}}'
)
OWN_LIMITS = Form(
    "null, or limits of one user: user_bytes, daily (whole numbers up to 2^53), windows, or several of them",
    rf"(?:null|(?!\{{\}}){_OF_ONE})",
)
TIER_LIMITS = Form(
    "null, or an object of limits of a tier: user_bytes, daily (whole numbers up to 2^53), windows, or some of them",
    rf"(?:null|{_OF_ONE})",
)
_LIMIT = f'"(?:{"|".join(Limits._fields)})"'
TAKEN_IN = Form(
    f"a list of 1 to {len(Limits._fields)} names of limits",
    rf"\[{_LIMIT}(?:,{_LIMIT}){{0,{len(Limits._fields) - 1}}}\]",
)
ASKED = Form(
    "what was asked for: count, bytes, replaced_bytes (whole numbers), credits (thousandths) where they are not 0",
    rf'\{{"count":{PLACES.pattern},"bytes":{SUM.pattern},"replaced_bytes":{WHOLE.pattern}'
    rf'(?:,"credits":{MORE_THAN_NONE.pattern})?\}}',
)
_DRAW = _object("a draw", grant=ID, unit=_one_of(GENERATIONS, CREDITS), amount=MORE_THAN_NONE).pattern
DRAWS = Form(
    f"a list of 1 to {MOST_DRAWS} draws, each with grant, unit (generations or credits) and amount",
    rf"\[{_DRAW}(?:,{_DRAW}){{0,{MOST_DRAWS - 1}}}\]",
)
_FILE = _object("a file", user=USER, name=NAME, bytes=WHOLE).pattern
FILES = Form(
    f"a list of at most {MAX_FILES_A_CLEANUP} files, each with user, name and bytes",
    rf"\[(?:{_FILE}(?:,{_FILE}){{0,{MAX_FILES_A_CLEANUP - 1}}})?\]",
)
REQUEST = _object(
    "a request: its key (1 to 1280 bytes, no control characters) and a digest of 64 lower-case hex digits",
    key=TEXT,
    digest=DIGEST,
)

_FORMS: dict[str, Form] = {
    **dict.fromkeys(("at", "expires_at", "rollover_until", "until", "was", "now"), TIME),
    **dict.fromkeys(("bytes", "bytes_each", "replaced_bytes", "width", "height", "freed_bytes"), WHOLE),
    **dict.fromkeys(("older_than_days", "credits_each"), WHOLE),
    **dict.fromkeys(("limit", "used", "held"), SUM),
    **dict.fromkeys(("amount", "rollover", "cost", "most"), MORE_THAN_NONE),
    **dict.fromkeys(("drawn", "returned"), DRAWS),
    **dict.fromkeys(("grant", "ask"), ID),
    "answer": _one_of(*ANSWERS),
    "unit": _one_of(*GRANT_UNITS),
    **dict.fromkeys(("priority", "percent"), PRIORITY),
    "window": _one_of(*FURTHER),
    **dict.fromkeys(("count", "delivered", "refunded"), PLACES),
    **dict.fromkeys(("by", "origin", "preference", "value", "reason", "guild"), TEXT),
    **dict.fromkeys(("provider", "model"), CALLED),
    **dict.fromkeys(("providers", "models"), _list_of("names", TEXT, least=1, most=MAX_ALLOWED)),
    **dict.fromkeys(("weight", "waiting"), FROM_1_TO_100),
    "operations": _list_of("operations", _one_of(*OPERATIONS), least=1, most=len(OPERATIONS)),
    "tier": TIER,
    "place": PLACE,
    "groups": _list_of("groups", GROUP, least=0, most=MAX_GROUPS),
    **dict.fromkeys(("temp", "last"), FLAG),
    "user": USER,
    "name": NAME,
    "reservation": ID,
    "style": STYLE,
    "staged": STAGED,
    "sha256": DIGEST,
    "media_type": _one_of(*MEDIA_TYPES),
    "owner": USER,
    "image": POSITION,
    "on": FLAG,
    **dict.fromkeys(("payer", "payee"), ACCOUNT),
    "kind": _one_of(*KINDS),
    "offer": ID,
    "price": POINTS,
    "days": DAYS,
    "operation": _one_of(*OPERATIONS),
    "source": _one_of(*POLICY_SOURCES),
    "taken_in": TAKEN_IN,
    "command": COMMAND,
    "seconds": SECONDS,
    "credits": NUMBER_OF_CREDITS,
    "seed": SEED,
    "asked": ASKED,
    "files": FILES,
    "request": REQUEST,
}
"""The form of each member, wherever it appears, except where the next table says otherwise."""
_OF_A_TYPE: dict[tuple[str, str], Form] = {
    ("PolicyChanged", "limits"): POLICY,
    ("LimitsOverridden", "limits"): OWN_LIMITS,
    ("GenerationReleased", "reason"): _one_of(*RELEASE_REASONS),
    ("ImageDeleted", "reason"): _one_of(*DELETE_REASONS),
    ("RequestRefused", "reason"): _one_of(*EXCEEDED),
    ("LimitExceeded", "reason"): _one_of(*EXCEEDED),
    ("GenerationCompleted", "cost"): SUM,
    ("GrantGiven", "source"): _one_of(*SOURCES),
    ("PointsMoved", "amount"): POINTS,
    ("ThresholdCrossed", "limit_name"): _one_of(*ALL_LIMITS),
    ("ThresholdCrossed", "begins"): FIRST_DAY,
    ("OfferSet", "unit"): _one_of(*OFFER_UNITS),
    ("OfferSet", "amount"): POINTS,
    ("TierDefined", "limits"): TIER_LIMITS,
    ("GroupsSeen", "groups"): _list_of("groups", GROUP, least=0, most=MAX_GROUPS_SEEN),
    ("MoreAsked", "limit_name"): _one_of(*LIMITS_ASKED_ABOUT),
    ("ImageSaved", "operation"): _one_of(*OPERATIONS, ADOPTED),
}

MEMBERS: dict[str, tuple[Member, ...]] = {
    type_name: tuple(
        Member(name, _OF_A_TYPE.get((type_name, name)) or _FORMS[name], name in event._field_defaults)
        for name in event._fields
    )
    for type_name, event in TYPES.items()
}
"""The members of each event type, in the order in which they are stored."""


def _matches(members: Iterable[Member]) -> Callable[[bytes], object]:
    pattern = ""
    for name, form, optional in members:
        part = f'{"," if pattern else ""}"{name}":{form.pattern}'
        pattern += f"(?:{part})?" if optional else part
    return re.compile(rf"\{{{pattern}\}}".encode()).fullmatch


@lru_cache(maxsize=MOST_TYPES)
def _whole_event(type_name: str) -> Callable[[bytes], object] | None:
    """Whether bytes are data of a type; None for a type that there is not. Made when the first event of it is met."""
    members = MEMBERS.get(type_name)
    return None if members is None else _matches(members)


def misshapen(type_name: str, data: bytes) -> str | None:
    """Why the stored `data` of this type are no event of this version, as a sentence that names the member and what it
    should be; None where they are one.
    """
    matches = _whole_event(type_name)
    if matches is None:
        return f"unknown event type {type_name[:MOST_SHOWN]!r}; perhaps a later version of Abby wrote it"
    return None if matches(data) else f"{type_name} has {_why(MEMBERS[type_name], data)}"


def _why(members: tuple[Member, ...], data: bytes) -> str:
    """What is wrong with data that do not match: the first member from the beginning that is not as it should be."""
    at = 1
    if not data.startswith(b"{"):
        return f"no object of members, but {_shown(data)}"
    for name, form, optional in members:
        key = f'{"," if at > 1 else ""}"{name}":'.encode()
        if not data.startswith(key, at):
            if optional:
                continue
            return f"no {name} in its place, but {_shown(data[at:])}; it is {form.words}"
        found = re.compile(form.pattern.encode()).match(data, at + len(key))
        if found is None or data[found.end() : found.end() + 1] not in {b",", b"}"}:
            return f"a {name} that is not {form.words}, but {_shown(data[at + len(key) :])}"
        at = found.end()
    unknown = "a member that it cannot have (perhaps a later version of Abby wrote it)"
    return f"{unknown}, or one twice, or an end of another form: {_shown(data[at:])}"


def _shown(data: bytes) -> str:
    """The beginning of some bytes, fit for a sentence."""
    text = ascii(data[:MOST_SHOWN].decode(errors="replace"))[1:-1]
    return f"{text}{'...' if len(data) > MOST_SHOWN else ''}" if data else "nothing"
