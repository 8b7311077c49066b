#!/usr/bin/env python3
"""Verifies a log: header, lines, hashes, positions, batches, the watermark beside it, the account of its events.

    python3 scripts/verify_log.py shared/logs/events.jsonl

One file, the standard library alone, no code of the product: it was written from docs/log-format.md, whose sections
and rules it names. It changes nothing. Exit codes: 0 whole, 3 torn (the last batch is not whole, all before it is),
1 damaged, 2 could not be asked.
"""

from __future__ import annotations

import argparse
import hmac
import json
import os
import re
import stat
import sys
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

EXIT_CODES = {"whole": 0, "damaged": 1, "torn": 3}
CANNOT_ASK = 2
MAX_LINE_BYTES, MAX_HEADER_BYTES = 16_777_216, 512
MAX_BATCH, MAX_FILES, MAX_DRAWS = 100_000, 500, 2_000
GRANTS_KEPT = 64  # of one user, however little is left of them: rule A17
SLOT_BYTES, SLOT_OFFSETS = 512, (0, 4096)
ENDING = 75  # `,"hash":"<64 hex>"}`, without the LF
KEY_BYTES, SEALS = 32, b" seals"
NO_END = "the line does not end"
SEGMENT_BYTES, SEGMENTS_AHEAD = 4 * 1024 * 1024, 2  # so many for each process, so that memory stays bounded
BAR_CELLS = 30
NO_WATERMARK = (
    "none beside it, so a cut end cannot be seen; a service does not start so (`abby salvage --to DIR` makes one)"
)

# Section 4: the forms of members, and the types. One value has one spelling, so expressions over bytes are exact.
RUN, ESCAPE = rb'[^"\\\x00-\x1f]*+', rb'\\(?:["\\bfnrt]|u00(?:0[0-7bef]|1[0-9a-f]))'
STRING = rb'"%b(?:%b%b)*+"' % (RUN, ESCAPE, RUN)  # any at all, as types and tags are
TEXT = rb'"(?>[^"\\\x00-\x1f]{1,1280}+"|(?:[^"\\\x00-\x1f]|\\["\\]){1,1280}+")'  # quick, and for good: lists have it
CALLED = rb'"(?:[^"\\\x00-\x1f]|%b){0,1280}+"' % ESCAPE
LEAP = rb"(?:\d\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"
DAYS = rb"(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8])"
DAY = rb"(?!0000)(?:\d{4}-(?:%b)|%b-02-29)" % (DAYS, LEAP)
TIME = rb'"%bT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z"' % DAY
SOME, LONG, PLACES = rb"[1-9]\d{0,17}", rb"(?:0|[1-9]\d{0,17})", rb"(?:0|[1-9]\d?|100)"
NUMBER = rb"(?:0|[1-9]\d{0,17})(?:\.\d{1,25})?(?:[eE][-+]?\d{1,2})?"
FLAG, DIGEST = rb"(?:true|false)", rb'"[0-9a-f]{64}"'
DEVICE, DESKTOP = rb"(?:con|prn|aux|nul|com[1-9]|lpt[1-9])", rb"(?:thumbs\.db|ehthumbs\.db|desktop\.ini)"
USER = rb'"(?!%b")[a-z0-9_-]{1,64}"' % DEVICE
PART = rb'(?!(?i:%b *[./"]|%b[/"]))[A-Za-z0-9](?:[A-Za-z0-9._ -]*[A-Za-z0-9_-])?' % (DEVICE, DESKTOP)
NAME = rb'"(?=[^"]{1,120}")%b(?:/%b)?"' % (PART, PART)
MOST = str(2**53)  # a number is below it where a digit is, and those before are its own
BELOW = (rf"{MOST[:at]}[{int(not at)}-{int(digit) - 1}]\d{{{15 - at}}}" for at, digit in enumerate(MOST) if digit > "0")
WHOLE = rf"(?:0|[1-9]\d{{0,14}}|{'|'.join(BELOW)}|{MOST})".encode()
FILE = rb'\{"user":(%b),"name":(%b),"bytes":(%b)\}' % (USER, NAME, WHOLE)
ANY_FILE = rb'\{"user":%b,"name":%b,"bytes":%b\}' % (USER, NAME, WHOLE)
LIMITS = rb'"user_bytes":W,"pool_bytes":W,"daily":W,"gen_bytes":W,'.replace(b"W", WHOLE)
ASKED = rb'\{"count":%b,"bytes":%b,"replaced_bytes":%b(?:,"credits":%b)?\}' % (PLACES, LONG, WHOLE, SOME)
ID = rb'"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"'
DRAW = rb'\{"grant":(%b),"unit":("(?:generations|credits)"),"amount":(%b)\}' % (ID, SOME)
ANY_DRAW = rb'\{"grant":%b,"unit":"(?:generations|credits)","amount":%b\}' % (ID, SOME)
DRAWS = rb"\[%b(?:,%b){0,%d}\]" % (ANY_DRAW, ANY_DRAW, MAX_DRAWS - 1)
NAMES = [f"{of}/{per}/{unit}" for unit in ("generations", "credits") for of in ("user", "guild", "pool") for per in
         ("day", "week", "month")]  # fmt: skip
FURTHER = NAMES[1:]  # the first of them is `daily`


def some_of(names: list[str], value: bytes, *, ends: bytes) -> bytes:
    """At least one of some names, each once and in this order, with a form after it, up to where the list ends."""
    inside = b"".join(rb'(?:"%b"%b(?:,(?=")|(?=%b)))?' % (name.encode(), value, ends) for name in names)
    return rb"(?!%b)%b%b" % (ends, inside, ends)


WINDOWS = rb"\{" + some_of(FURTHER, b":" + WHOLE, ends=rb"\}")
OWN_WINDOWS = rb"\{" + some_of([name for name in FURTHER if name.startswith("user")], b":" + WHOLE, ends=rb"\}")
UNENFORCED = rb"\[" + some_of([*NAMES, "user/storage", "pool/storage"], b"", ends=rb"\]")
FREE = rb'"moderated_free":(?P<moderated_free>%b)' % FLAG
PERCENT = rb"(?:[1-9]\d?|100)"
TELL_AT = rb"\[%b(?:,%b){0,19}\]" % (PERCENT, PERCENT)
FURTHER_LIMITS = rb'(?:,"windows":%b)?(?:,"unenforced":%b)?(?:,"tell_at":%b)?' % (WINDOWS, UNENFORCED, TELL_AT)
POLICY = rb"\{%b%b%b\}" % (LIMITS, FREE, FURTHER_LIMITS)
OWN_LIMIT = b'(?:"%b":' + WHOLE + rb'(?:,(?=")|(?=\})))?'
OWN_BOTH = OWN_LIMIT % b"user_bytes" + OWN_LIMIT % b"daily"
OWN_LIMITS = rb'(?:null|\{(?!\})%b(?:"windows":%b)?\})' % (OWN_BOTH, OWN_WINDOWS)
TIER_LIMITS = rb'(?:null|\{%b(?:"windows":%b)?\})' % (OWN_BOTH, OWN_WINDOWS)
GROUP = rb'"(?:guild:[0-9]{1,20}/role:[0-9]{1,20}|group:[a-z0-9][a-z0-9_-]{0,63})"'
EVERYBODY, MOST_TIERS = b'"everybody"', 64
OPERATIONS = ("text_to_image", "image_to_image", "upscale", "unspecified")


def one_of(*words: str) -> bytes:
    """One of some words, as a string."""
    return b'"(?:%b)"' % "|".join(words).encode()


def list_of(form: bytes, most: int) -> bytes:
    """From 1 to so many of a form."""
    return rb"\[%b(?:,%b){0,%d}\]" % (form, form, most - 1)


LIMIT = one_of("user_bytes", "pool_bytes", "daily", "gen_bytes", "moderated_free", "windows", "unenforced", "tell_at")
FORMS = {
    name: form
    for names, form in (
        ("at expires_at rollover_until until was now", TIME),
        ("bytes bytes_each replaced_bytes width height freed_bytes older_than_days credits_each", WHOLE),
        ("limit used held cost=spent", LONG),
        ("amount rollover cost most=some", SOME),
        ("count delivered refunded", PLACES),
        ("priority percent", PERCENT),
        ("by origin preference value reason guild", TEXT),
        ("provider model", CALLED),
        ("reservation grant offer ask", ID),
        ("answer", one_of("approved", "denied", "withdrawn")),
        ("limit_name=limit_asked", one_of(*(name for name in NAMES if name.startswith("user")), "user/storage")),
        ("style", rb'"[a-z0-9][a-z0-9_-]{0,63}"'),
        ("staged", rb'"[0-9a-f]{32}"'),
        ("media_type", one_of("image/png", "image/jpeg", "image/webp", "image/gif", "application/octet-stream")),
        ("command", rb'"[A-Za-z]{1,64}"'),
        ("seconds", NUMBER),
        ("credits", rb"-?" + NUMBER),
        ("temp last on", FLAG),
        ("price amount=points", rb"(?!0)" + WHOLE),
        ("days", rb"[1-9]\d{0,4}"),
        ("image", rb"[1-9]\d{0,17}"),
        ("payer payee", rb'"(?:mint|market|user:(?!%b")[a-z0-9_-]{1,64})"' % DEVICE),
        ("kind", one_of("mint", "burn", "gift", "claim", "favourite", "purchase")),
        ("unit=offered", one_of("generations", "credits", "bytes")),
        ("seed", rb"(?:0|[1-9]\d{0,18}|-[1-9]\d{0,17})"),
        ("user owner", USER),
        ("name", NAME),
        ("sha256", DIGEST),
        ("files", rb"\[(?:%b(?:,%b)*)?\]" % (ANY_FILE, ANY_FILE)),
        ("request", rb'\{"key":(?P<key>%b),"digest":%b\}' % (TEXT, DIGEST)),
        ("asked", ASKED),
        ("limits=policy", POLICY),
        ("limits=own", OWN_LIMITS),
        ("limits=of_tier", TIER_LIMITS),
        ("tier", rb'"[a-z0-9][a-z0-9_-]{0,63}"'),
        ("groups", rb"(?:\[\]|%b)" % list_of(GROUP, 64)),
        ("groups=seen", rb"(?:\[\]|%b)" % list_of(GROUP, 256)),
        ("place", rb'"(?:guild:[0-9]{1,20}|api:[a-z0-9][a-z0-9_-]{0,63})"'),
        ("providers models", list_of(TEXT, 64)),
        ("operations", list_of(one_of(*OPERATIONS), len(OPERATIONS))),
        ("weight waiting", rb"(?:[1-9]\d?|100)"),
        ("operation", one_of(*OPERATIONS)),
        ("operation=saved", one_of(*OPERATIONS, "adopted")),
        ("source", one_of("environment", "constructor", "default", "manager")),
        ("source=granted", one_of("manager", "earned", "bought", "gifted", "asked")),
        ("taken_in", rb"\[%b(?:,%b){0,7}\]" % (LIMIT, LIMIT)),
        ("unit", one_of("generations", "credits", "bytes")),
        ("window", one_of(*FURTHER)),
        ("limit_name=limit_told", one_of(*NAMES, "user/storage", "pool/storage")),
        ("begins=first_day", b'"%b"' % DAY),
        ("drawn returned", DRAWS),
        ("reason=release", one_of("failed", "rejected", "moderated", "not_kept", "expired", "cancelled", "unknown")),
        ("reason=deletion", one_of("user", "admin", "privacy", "repair")),
        ("reason=exceeded", one_of("DAILY_LIMIT", "WINDOW_LIMIT", "USER_STORAGE", "POOL_STORAGE")),
    )
    for name in names.split()
}
TYPES = """
PolicyChanged | policy | at moderated_free | at by limits=policy source taken_in? reason? origin? request?
GenerationReserved | pool | at user reservation count bytes_each credits_each drawn
 | at user by reservation operation count bytes_each expires_at style? provider? model? credits_each? drawn? origin?
 request?
GenerationCompleted | | at user reservation count cost returned
 | at user by reservation count provider model seconds credits? seed? cost=spent? returned? origin? request?
GenerationReleased | pool | at user reservation count delivered reason refunded cost returned
 | at user by reservation count delivered reason=release refunded provider? cost? returned? origin? request?
ImageSaved | pool | at user name bytes replaced_bytes operation temp reservation
 | at user by name bytes replaced_bytes sha256 media_type width height operation=saved temp staged reservation? origin?
 request?
ImageDeleted | pool | at user name bytes temp | at user by name bytes temp reason=deletion origin? request?
CleanupCompleted | | at files freed_bytes | at by files freed_bytes older_than_days origin? request?
RequestRefused | | at by
 | at user by reason=exceeded command asked limit used held last style? window? provider? model? origin?
LimitExceeded | | at by
 | at user by reason=exceeded command asked limit used held style? window? provider? model? origin?
LimitsOverridden | | at by | at user by limits=own reason until? origin? request?
DailyCountReset | | at user | at user by reason origin? request?
PreferenceSet | | at by | at user by preference value origin? request?
ClockCorrected | policy | at was now | at by was now origin? request?
GrantGiven | | at user grant unit amount expires_at rollover rollover_until source
 | at user by grant unit amount source=granted reason priority? expires_at? rollover? rollover_until? origin? request?
GrantVoided | | at user grant | at user by grant reason origin? request?
PointsMoved | | at payer payee amount kind reason offer
 | at by payer payee amount=points kind reason? offer? origin? request?
OfferSet | policy | at offer price unit amount days
 | at by offer unit=offered amount=points price reason days? origin? request?
OfferWithdrawn | policy | at offer | at by offer reason origin? request?
FavouriteSet | | at user owner image on | at user by owner name image on origin? request?
TierDefined | policy | at tier limits groups
 | at by tier limits=of_tier groups reason providers? models? operations? weight? waiting? origin? request?
TierAssigned | | at user tier | at user by tier reason until? origin? request?
TierUnassigned | | at user tier | at user by tier reason origin? request?
GroupsSeen | | at groups | at user by place groups=seen origin?
ThresholdCrossed | | at limit_name percent used most user guild begins
 | at by limit_name=limit_told percent used most=some user? guild? begins=first_day? origin?
MoreAsked | | at user ask unit limit_name | at user by ask unit amount limit_name=limit_asked reason? origin? request?
AskAnswered | | at user ask answer amount grant expires_at
 | at user by ask answer amount? grant? expires_at? reason? origin? request?
"""
POSITION = rb"([1-9]\d{0,17})"
PLACE = rb'\{"pos":%b,"batch":\[%b,%b\],"type":' % (POSITION, POSITION, POSITION)
LINE = re.compile(rb'%b(%b),"tags":\[((?:%b(?:,%b)*)?)\],"data(?:":(?=\{)|64":(?="))' % (PLACE, STRING, STRING, STRING))
FIXED_FORM = re.compile(rb'%b".*,"hash":"[0-9a-f]{64}"\}\n' % PLACE, re.DOTALL)
HEADER = re.compile(rb'\{"log":"([0-9a-f]{32})","format":(\d+),"created":(%b)\}\n' % TIME)
SLOT = re.compile(
    rb'(?P<sum>(?P<body>\{"log":"(?P<log>[0-9a-f]{32})","counter":(?P<counter>%b),"position":(?P<position>%b)'
    rb',"size":(?P<size>%b),"hash":"(?P<hash>[0-9a-f]{64})","reconciled":%b(?P<ended>,"ended":true)?)'
    rb'(?:,"seal":"(?P<seal>[0-9a-f]{64})")?)'
    rb',"check":"(?P<check>[0-9a-f]{64})"\} *\n' % ((LONG,) * 4)
)

Fact = tuple[Any, ...]
"""The type of an event and the members that the account takes, as bytes; `b"?"` and a sentence for what is no event."""


class Kind(NamedTuple):
    """A type of events: the form of its data, its members, those that the account takes, the tag that it always has."""

    data: re.Pattern[bytes]
    members: frozenset[str]
    taken: tuple[str, ...]
    tag: bytes


def kinds() -> Iterator[tuple[bytes, Kind]]:
    """The table of types, by their names as they stand in a line."""
    for row in TYPES.strip().replace("\n ", " ").split("\n"):
        name, tag, taken, names = (cell.strip() for cell in row.split("|"))
        form, tag = b"", f'"{tag}"' if tag else ""
        for word in names.split():
            spec = word.rstrip("?")
            member = spec.partition("=")[0].encode()
            part = b'%b"%b":(?P<%b>%b)' % (b"," if form else b"", member, member, FORMS[spec])
            form += b"(?:%b)?" % part if word.endswith("?") else part
        data = re.compile(rb"\{%b\}" % form)
        yield f'"{name}"'.encode(), Kind(data, frozenset(data.groupindex), tuple(taken.split()), tag.encode())


KINDS = dict(kinds())
CLOCK = b'"ClockCorrected"'
OF_A_BATCH = {CLOCK, b'"PointsMoved"', b'"AskAnswered"'}  # whose rules ask where their batch ends
MINT, MARKET, A_USER = b'"mint"', b'"market"', b'"user:'
SIDES = {  # rule P1: who pays whom, and whether there is a reason, or perhaps
    b'"mint"': (MINT, A_USER, (True,)),
    b'"burn"': (A_USER, MINT, (True,)),
    b'"gift"': (A_USER, A_USER, (True, False)),
    b'"claim"': (MINT, A_USER, (False,)),
    b'"favourite"': (MINT, A_USER, (False,)),
    b'"purchase"': (A_USER, MARKET, (False,)),
}
MOST_POINTS = 2**53 - 1
APPROVED, ASKED, OPEN_DAYS = b'"approved"', b'"asked"', 7


class Place(NamedTuple):
    """The position of an event, and the first and last one of its batch."""

    position: int
    first: int
    last: int

    def is_followed_by(self, other: Place) -> bool:
        """Whether another may come next: sections 1 and 3."""
        if other.position != self.position + 1:
            return False
        if self.position < self.last:
            return other[1:] == self[1:]
        return other.first == other.position and 0 <= other.last - other.first < MAX_BATCH


class Tip(NamedTuple):
    """The end of a batch: its position, the bytes up to there, its hash."""

    position: int
    size: int
    digest: bytes


class Segment(NamedTuple):
    """What a part of the file holds: the place of its first line and of its last good one, a fact for each, the end of
    the last batch that ends in it, how many do; the offset of its first bad line, with why; what ends at the mark.
    """

    begin: int
    first: Place | None
    last: Place | None
    facts: list[Fact]
    tip: Tip | None
    batches: int
    bad: tuple[int, str] | None
    marked: Tip | None


class Part(NamedTuple):
    """What to read: lines that begin in [begin, end) of the first `size` bytes. `digest` is the hash before them, None
    to take it from the line there; `mark` is the offset of which the hash is asked.
    """

    path: Path
    begin: int
    end: int
    size: int
    digest: bytes | None
    mark: int
    chain_only: bool


def read_segment(part: Part) -> Segment | None:
    """Reads and verifies the lines that begin in a part of the file; None where none does."""
    before = ENDING + 1
    with part.path.open("rb") as log:
        log.seek(part.begin - before)
        data = log.read(part.end - 1 - part.begin + before)
        data += log.readline(min(MAX_LINE_BYTES, part.size - part.end + 1))
    start = data.find(b"\n", ENDING) + 1
    if not 0 < start < len(data):
        return None
    digest = part.digest
    if digest is None:  # as sure as the line before, which the segment before judges
        stored = re.fullmatch(rb"[0-9a-f]{64}", data[start - 67 : start - 3])
        digest = bytes.fromhex(stored[0].decode()) if stored else b""
    return follow(data[start:].split(b"\n"), Tip(0, part.begin - before + start, digest), part)


def follow(lines: list[bytes], tip: Tip, part: Part) -> Segment:
    """Follows the chain through lines, up to the first bad one; what comes after the last LF is given as the last."""
    _, begin, digest = tip
    offset, batches = begin, 0
    first = last = whole = bad = marked = None
    facts: list[Fact] = []
    rest = lines.pop()
    for line in lines:
        digest = sha256(digest + line[:-ENDING]).digest()
        found = LINE.match(line)
        if line[-ENDING:] != b',"hash":"%b"}' % digest.hex().encode():
            bad = offset, "its hash does not fit its bytes" if found else "it is no event line"
            break
        if found is None or not is_text(line) or len(line) >= MAX_LINE_BYTES:
            bad = offset, "it has not the form of an event line"
            break
        place = Place(int(found[1]), int(found[2]), int(found[3]))
        if last is not None and not last.is_followed_by(place):
            bad = offset, f"position {place.position} and its batch do not follow position {last.position}"
            break
        first, last = first or place, place
        facts.append(() if part.chain_only else fact_of(line, found))
        offset += len(line) + 1
        if place.position == place.last:
            batches += 1
            whole = Tip(place.position, offset, digest)
            marked = whole if offset == part.mark else marked
    else:
        bad = (offset, NO_END) if rest else None
    return Segment(begin=begin, first=first, last=last, facts=facts, tip=whole, batches=batches, bad=bad, marked=marked)


def is_text(line: bytes) -> bool:
    """Whether bytes are UTF-8."""
    try:
        return line.isascii() or line.decode() is not None
    except UnicodeDecodeError:
        return False


def fact_of(line: bytes, found: re.Match[bytes]) -> Fact:
    """The event of a line, as the account takes it: section 4."""
    kind = KINDS.get(found[4])
    if kind is None:
        return b"?", f"no event of version 1: the type is {found[4].decode()}"
    data = kind.data.fullmatch(line, found.end(), len(line) - ENDING)
    if data is None or ("files" in kind.taken and data["files"].count(b"{") > MAX_FILES):
        return b"?", f"no event of version 1: its data have not the form of {found[4].decode()}"
    if found[5] != tags_of(kind, data):
        return b"?", "its tags are not those of its type and data"
    return (found[4], *data.group(*kind.taken), *([found[3]] if found[4] in OF_A_BATCH else []))


def tags_of(kind: Kind, data: re.Match[bytes]) -> bytes:
    """The tags that follow from data, as they stand in a line."""
    tags = [kind.tag] if kind.tag else []
    if "percent" in kind.members:
        tags = [b'"pool"' if data["user"] is None else b'"user:' + data["user"][1:]]
    elif "user" in kind.members:
        tags.insert(0, b'"user:' + data["user"][1:])
    elif "payer" in kind.members:
        tags = [side for side in dict.fromkeys(data.group("payer", "payee")) if side.startswith(A_USER)]
    elif "files" in kind.members:
        users = dict.fromkeys(user for user, _, _ in re.findall(FILE, data["files"]))
        tags = [b'"user:' + user[1:] for user in users] + ([b'"pool"'] if users else [])
    if "key" in kind.members and data["key"] is not None:
        digest = sha256(value_of(data["by"]) + b"\0" + value_of(data["key"])).hexdigest()
        tags.append(b'"request:%b"' % digest[:32].encode())
    return b",".join(tags)


def value_of(text: bytes) -> bytes:
    """The UTF-8 of a string's value."""
    return str(json.loads(text)).encode() if b"\\" in text else text[1:-1]


class Impossible(Exception):
    """An event that cannot have happened after the ones before it; the message says why."""


class Draw(NamedTuple):
    """So much of a grant."""

    grant: bytes
    unit: bytes
    amount: int

    def __str__(self) -> str:
        return f"{self.amount} {self.unit.decode()} of {self.grant.decode()}"


Draws = tuple[Draw, ...]
GENERATIONS, CREDITS = b'"generations"', b'"credits"'


def later(at: bytes, days: int) -> bytes:
    """So many days of 24 hours later."""
    moment = datetime.fromisoformat(at[1:-2].decode()) + timedelta(days=days)
    return f'"{moment.isoformat(timespec="microseconds")}Z"'.encode()


def draws_of(told: bytes | None) -> Draws:
    """The draws that stand in an event, none where it has none."""
    return tuple(Draw(grant, unit, int(amount)) for grant, unit, amount in re.findall(DRAW, told)) if told else ()


def total(draws: Draws, unit: bytes) -> int:
    """What draws of a unit come to."""
    return sum(draw.amount for draw in draws if draw.unit == unit)


@dataclass(slots=True)
class Grant:
    """A known grant, and what is left of it."""

    unit: bytes
    balance: int
    expires_at: bytes | None
    rollover: int
    rollover_until: bytes | None
    lapsed: bool = False
    voided: bool = False

    def available(self, at: bytes) -> int:
        """What can be drawn at a time."""
        if self.voided:
            return 0
        if self.expires_at is None or at < self.expires_at:
            return self.balance
        if self.rollover_until is None or at >= self.rollover_until:
            return 0
        return self.balance if self.lapsed else min(self.balance, self.rollover)

    def change(self, amount: int, at: bytes) -> None:
        """Something is drawn (below 0) or goes back, and what does not roll over lapses before."""
        if self.expires_at is not None and at >= self.expires_at and not self.lapsed:
            self.balance, self.lapsed = min(self.balance, self.rollover), True
        self.balance += amount


@dataclass(slots=True)
class Reservation:
    """A known reservation: section 5."""

    user: bytes
    count: int
    bytes_each: int
    day: tuple[bytes, bytes]
    resets: int
    each: int
    drawn: Draws
    own_credits: int
    unreported: int = 0
    completed: int = 0
    settled: int = 0
    released: int = 0
    delivered: int = 0

    @property
    def open(self) -> int:
        """Places neither settled nor released."""
        return self.count - self.settled - self.released

    @property
    def waiting(self) -> int:
        """Open places that were delivered."""
        return min(self.open, max(0, self.completed - self.settled - self.delivered))

    @property
    def own_places(self) -> int:
        """Open places that no grant bears."""
        return self.open - total(self.drawn, GENERATIONS)

    def take(self, unit: bytes, amount: int, *, back: bool) -> Draws:
        """Takes an amount of a unit from the front or the back of what is drawn, as far as it is there."""
        taken, left = [], []
        for draw in reversed(self.drawn) if back else self.drawn:
            part = min(draw.amount, amount) if draw.unit == unit else 0
            amount -= part
            taken += [draw._replace(amount=part)] if part else []
            left += [draw._replace(amount=draw.amount - part)] if part < draw.amount else []
        self.drawn = tuple(reversed(left)) if back else tuple(left)
        return tuple(taken)

    def use_up(self, credits_used: int) -> None:
        """Credits that were held are spent: own ones first."""
        own = min(self.own_credits, credits_used)
        self.own_credits -= own
        self.take(CREDITS, credits_used - own, back=False)

    def give_back(self, credits_held: int) -> Draws:
        """Credits that were held are not needed; gives those that go back to grants."""
        returned = self.take(CREDITS, credits_held, back=True)
        self.own_credits -= credits_held - total(returned, CREDITS)
        return returned

    def complete(self, count: int, cost: int) -> Draws:
        """Places are delivered; gives what goes back to grants."""
        before = self.open - self.waiting
        self.completed += count
        held = (before - self.open + self.waiting) * self.each
        late = min(count - (before - self.open + self.waiting), self.unreported)
        self.unreported -= late
        used = min(held, max(0, cost - late * self.each))
        self.use_up(used)
        return self.give_back(held - used)

    def settle(self) -> None:
        """A place is settled."""
        before = self.open - self.waiting
        if self.own_places < 1:
            self.take(GENERATIONS, 1, back=False)
        self.settled += 1
        if self.open - self.waiting < before:
            self.use_up(self.each)
            self.unreported += 1

    def release(self, count: int, delivered: int, back: int) -> Draws:
        """Places are released, of which some are given back; gives what goes back to grants."""
        self.take(GENERATIONS, max(0, count - back - self.own_places), back=False)
        returned = self.take(GENERATIONS, back, back=True) + self.give_back((count - delivered) * self.each)
        self.released += count
        self.delivered += delivered
        return returned


@dataclass(slots=True)
class Told:
    """What people heard of a limit last, and the least that was used and held since."""

    window: bytes
    percent: int
    least: int


POOL, USER_STORAGE, POOL_STORAGE = b"pool", b'"user/storage"', b'"pool/storage"'


class Account:
    """The accounts of section 5; `apply` takes them past the next event, or raises Impossible."""

    def __init__(self) -> None:
        self.position = 0
        self.at, self.free = b"", b"false"
        self.to_cancel = self.cancelled_by = 0  # what a corrected clock leaves to be released, up to which position
        self.total = 0  # bytes that all users use and hold
        self.own: Counter[bytes] = Counter()  # of these by user, without temp files
        self.told: dict[tuple[bytes, bytes], Told] = {}  # of a limit, by whose it is
        self.current: dict[tuple[bytes, bytes, bytes], int] = {}  # (temp, user, name) -> bytes
        self.reservations: dict[bytes, Reservation] = {}
        self.resets: Counter[tuple[bytes, bytes]] = Counter()  # of a user and day
        self.grants: dict[bytes, dict[bytes, Grant]] = {}  # of a user, by their ids
        self.points: Counter[bytes] = Counter()  # by account
        self.claims: dict[bytes, bytes] = {}  # the day of the last by account
        self.offers: dict[bytes, tuple[bytes | None, ...]] = {}  # price, unit, amount and days of those that stand
        self.owed: tuple[bytes | None, ...] = ()  # what was paid for and is given by the next event
        self.asks: dict[bytes, tuple[bytes, bytes, bytes]] = {}  # of a user, open or lapsed: its id, time and unit
        self.approved: tuple[bytes | None, ...] = ()  # what was approved and is given by the next event
        self.marks: dict[tuple[bytes, bytes], bytes] = {}  # of a user and image
        self.tiers: dict[bytes, frozenset[bytes]] = {}  # their groups
        self.assigned: set[tuple[bytes, bytes]] = set()  # users and tiers
        self.earned: tuple[int, bytes] | None = None  # where a picture was marked for the first time, whose it is

    def apply(self, fact: Fact) -> None:
        """The next event. Its rules are named in what is raised."""
        name, at, *rest = fact
        if name == b"?":
            raise Impossible(at)
        if at < self.at and name != CLOCK:
            raise Impossible("it is earlier than the event before it (A1)")
        if self.to_cancel and name != b'"GenerationReleased"':
            raise Impossible("reservations that were open when the clock was corrected are not released (A3)")
        if self.owed and name != b'"GrantGiven"':
            raise Impossible("what was bought is not given right after it was paid (P8)")
        if self.approved and name != b'"GrantGiven"':
            raise Impossible("what was approved is not given right after it (Q4)")
        if (rule := self._RULES.get(name)) is not None:
            rule(self, at, *rest)
        if self.to_cancel and self.position + 1 == self.cancelled_by:
            raise Impossible("its batch leaves reservations that the corrected clock should have released (A3)")
        if self.total >= 2**63:
            raise Impossible("all users together use and hold more bytes than there can be (A13)")
        self.position += 1
        self.at = at

    def totals(self) -> dict[str, int]:
        """What stands at the end."""
        images = [size for (temp, _, _), size in self.current.items() if temp == b"false"]
        temps = [size for (temp, _, _), size in self.current.items() if temp == b"true"]
        return {
            "images": len(images),
            "image_bytes": sum(images),
            "temp_files": len(temps),
            "temp_bytes": sum(temps),
            "open_places": sum(held.open for held in self.reservations.values()),
            "held_bytes": sum(held.open * held.bytes_each for held in self.reservations.values()),
            "points": sum(count for account, count in self.points.items() if account != MINT),
        }

    def _policy(self, _at: bytes, free: bytes) -> None:
        self.free = free

    def _corrected(self, at: bytes, was: bytes, now: bytes, last: bytes) -> None:
        if not was == self.at > now == at:
            raise Impossible("the clock was not corrected from the time of the event before it to its own (A2)")
        self.reservations = {name: held for name, held in self.reservations.items() if held.open}
        self.to_cancel, self.cancelled_by = len(self.reservations), int(last)
        self.claims = {account: min(day, now[1:11]) for account, day in self.claims.items()}
        self.told = {of: told for of, told in self.told.items() if told.window[1:11] <= now[1:11]}
        self.asks = {user: (ask, min(since, now), unit) for user, (ask, since, unit) in self.asks.items()}

    def _reserved(self, at: bytes, user: bytes, name: bytes, *figures: bytes | None) -> None:
        count, bytes_each, each = (int(figure or 0) for figure in figures[:3])
        drawn = draws_of(figures[3])
        own_credits = count * each - total(drawn, CREDITS)
        if name in self.reservations or count < 1 or total(drawn, GENERATIONS) > count or own_credits < 0:
            raise Impossible("a reservation made twice, or of no place, or that draws more than it needs (A4)")
        for draw in drawn:
            grant = self.grants.get(user, {}).get(draw.grant)
            if grant is None or grant.unit != draw.unit or grant.available(at) < draw.amount:
                raise Impossible(f"{draw} are drawn, which cannot be (A14)")
            grant.change(-draw.amount, at)
        day = user, at[1:11]
        self.reservations[name] = Reservation(
            user=user,
            count=count,
            bytes_each=bytes_each,
            day=day,
            resets=self.resets[day],
            each=each,
            drawn=drawn,
            own_credits=own_credits,
        )
        self._count(user, count * bytes_each)

    def _completed(self, at: bytes, user: bytes, name: bytes, *figures: bytes | None) -> None:
        held = self._known(name, user)
        count, (cost, told) = int(figures[0] or 0), figures[1:]
        if count < 1 or held.completed + count > held.count:
            raise Impossible(f"{held.completed} of {held.count} places delivered, and {count} now (A6)")
        if held.each and cost is None:
            raise Impossible("what has a price is delivered, and no cost is told (A15)")
        self._give_back(at, user, told, held.complete(count, int(cost or 0)), "A15")

    def _released(self, at: bytes, user: bytes, name: bytes, *figures: bytes) -> None:
        held = self._known(name, user)
        count, delivered, reason, refunded = int(figures[0]), int(figures[1]), figures[2], int(figures[3])
        if self.to_cancel and (reason, count) != (b'"cancelled"', held.open):
            raise Impossible("it does not cancel what was open when the clock was corrected (A3)")
        if count < 1 or delivered > held.waiting or count - delivered > held.open - held.waiting:
            asked = f"{count} places released, {delivered} of them delivered"
            raise Impossible(f"{asked}, where {held.open} are open and {held.waiting} delivered (A7)")
        back = count if reason == b'"moderated"' and self.free == b"true" else count - delivered
        returned = held.release(count, delivered, back)
        right = back - total(returned, GENERATIONS) if self.resets[held.day] == held.resets else 0
        if refunded != right:
            raise Impossible(f"{refunded} places given back to the day, where {right} is right (A8)")
        cost = (count - delivered) * held.each if reason == b'"unknown"' else 0
        if int(figures[4] or 0) != cost:
            raise Impossible(f"{int(figures[4] or 0)} thousandths of credits spent, where {cost} is right (A16)")
        self._give_back(at, user, figures[5], returned, "A16")
        self._count(user, -count * held.bytes_each)
        self.to_cancel = max(0, self.to_cancel - 1)

    def _give_back(self, at: bytes, user: bytes, told: bytes | None, returned: Draws, rule: str) -> None:
        if draws_of(told) != returned:
            right = ", ".join(map(str, returned)) or "nothing"
            raise Impossible(f"what goes back to grants is not {right}, which is right ({rule})")
        for draw in returned:
            self.grants[user][draw.grant].change(draw.amount, at)

    def _given(self, at: bytes, user: bytes, name: bytes, unit: bytes, amount: bytes, *ends: bytes | None) -> None:
        own = self.grants.setdefault(user, {})
        if name in own:
            raise Impossible("a grant given twice (A17)")
        if len(own) >= GRANTS_KEPT:
            drawn = {draw.grant for held in self.reservations.values() if held.user == user for draw in held.drawn}
            for other in [other for other in own if other not in drawn and not own[other].available(at)]:
                del own[other]
        expires_at, rollover, rollover_until, source = ends
        if self.owed and (user, unit, amount, expires_at, rollover, source) != self.owed:
            raise Impossible("what is given is not what was bought (P8)")
        if (self.approved or source == ASKED) and (
            user,
            name,
            unit,
            amount,
            expires_at,
            rollover,
            source,
        ) != self.approved:
            raise Impossible("what is given is not what was approved, or nothing was (Q4)")
        self.owed = self.approved = ()
        own[name] = Grant(unit, int(amount), expires_at, int(rollover or 0), rollover_until)

    def _voided(self, _at: bytes, user: bytes, name: bytes) -> None:
        grant = self.grants.get(user, {}).get(name)
        if grant is None or grant.voided:
            raise Impossible("a grant voided that is not known, or was before (A18)")
        grant.voided = True

    def _saved(self, _at: bytes, user: bytes, name: bytes, *members: bytes) -> None:
        size, replaced, operation, temp, reservation = members
        if (reservation is None) != (temp == b"true" or operation == b'"adopted"'):
            raise Impossible("an image without a place, or a temp or adopted file with one (A9)")
        growth = int(size) - int(replaced)
        if reservation is not None:
            held = self._known(reservation, user)
            if held.open < 1:
                raise Impossible("a place settled, where none is open (A9)")
            held.settle()
            growth -= held.bytes_each
            if held.settled == held.count:
                del self.reservations[reservation]
        key = temp, user, name.lower()
        if int(replaced) != self.current.get(key, 0):
            raise Impossible(f"it replaces {int(replaced)} bytes, where {self.current.get(key, 0)} stand (A10)")
        self.current[key] = int(size)
        self._count(user, growth, temp=temp)

    def _deleted(self, _at: bytes, user: bytes, name: bytes, size: bytes, temp: bytes) -> None:
        if self.current.pop((temp, user, name.lower()), None) != int(size):
            raise Impossible(f"{name.decode()} with {int(size)} bytes goes, and does not stand (A11, A12)")
        self._count(user, -int(size), temp=temp)

    def _count(self, user: bytes, change: int, *, temp: bytes = b"false") -> None:
        """What a user, and so all users together, use and hold more, or less."""
        self.total += change
        if temp == b"false":
            self.own[user] += change
        for of, now in (((POOL, POOL_STORAGE), self.total), ((user, USER_STORAGE), self.own[user])):
            if self.told and (told := self.told.get(of)) is not None:
                told.least = min(told.least, now)

    def _crossed(self, at: bytes, limit: bytes, *members: bytes | None) -> None:
        percent, used, most = (int(figure or 0) for figure in members[:3])
        user, guild, window = members[3:]
        scope, is_storage = limit[1:].partition(b"/")[0], limit in {USER_STORAGE, POOL_STORAGE}
        if (user is not None, guild is not None, window is None) != (scope == b"user", scope == b"guild", is_storage):
            raise Impossible("a limit that is told is not of whom it is, or has no window, or has one (H1)")
        if (window or at)[1:11] > at[1:11]:
            raise Impossible("a limit is told of a window that is yet to come (H1)")
        whose = user or guild or POOL
        if used * 100 < most * percent or (is_storage and used != (self.total if user is None else self.own[user])):
            raise Impossible(f"{used} of {most} are told to be {percent} %, or other bytes than there are (H2)")
        if (told := self.told.get((whose, limit))) is not None:
            if window is not None and (told.window, told.percent) >= (window, percent):
                raise Impossible(f"{percent} % of a window told again, or after a later one (H3)")
            if window is None and percent <= told.percent and told.least * 100 >= most * (percent - 5):
                raise Impossible(f"{percent} % of a storage told again, which was never less since (H4)")
        self.told[whose, limit] = Told(window or b"", percent, used)

    def _cleaned(self, at: bytes, files: bytes, freed: bytes) -> None:
        found = re.findall(FILE, files)
        if sum(int(size) for _, _, size in found) != int(freed):
            raise Impossible(f"the files do not add up to {int(freed)} bytes (A12)")
        for user, name, size in found:
            self._deleted(at, user, name, size, b"true")

    def _reset(self, at: bytes, user: bytes) -> None:
        self.resets[user, at[1:11]] += 1

    def _tier(self, _at: bytes, tier: bytes, limits: bytes, groups: bytes) -> None:
        if limits != b"null":
            self.tiers[tier] = frozenset(re.findall(GROUP, groups))
            if len(self.tiers) > MOST_TIERS:
                raise Impossible(f"a tier more than {MOST_TIERS} (T1)")
            return
        if self.tiers.pop(tier, None) is None:
            raise Impossible(f"the tier {tier.decode()} is taken away, and there is none (T1)")
        self.assigned = {one for one in self.assigned if one[1] != tier}

    def _assigned(self, _at: bytes, user: bytes, tier: bytes) -> None:
        if tier not in self.tiers or tier == EVERYBODY:
            raise Impossible(f"the tier {tier.decode()} is given, and there is none to give (T2)")
        self.assigned.add((user, tier))

    def _unassigned(self, _at: bytes, user: bytes, tier: bytes) -> None:
        if (user, tier) not in self.assigned:
            raise Impossible(f"the tier {tier.decode()} is taken back, and was not given (T3)")
        self.assigned.remove((user, tier))

    def _seen(self, _at: bytes, groups: bytes) -> None:
        if not frozenset(re.findall(GROUP, groups)) <= frozenset().union(*self.tiers.values()):
            raise Impossible("groups are told that no tier names (T4)")

    def _moved(self, at: bytes, payer: bytes, payee: bytes, amount: bytes, kind: bytes, *more: bytes | None) -> None:
        reason, offer, last = more
        pays, is_paid, reasons = SIDES[kind]
        fits = payer.startswith(pays) and payee.startswith(is_paid) and payer != payee
        if not fits or (reason is not None) not in reasons or (offer is not None) != (kind == b'"purchase"'):
            raise Impossible("points that moved so are none of their kind (P1)")
        if self.points[payer] - int(amount) < (-MOST_POINTS if payer == MINT else 0):
            raise Impossible(f"{int(amount)} points of {payer.decode()}, which has {self.points[payer]} (P2)")
        if kind == b'"claim"' and self.claims.get(payee, b"") >= at[1:11]:
            raise Impossible("a day's points claimed a second time (P3)")
        if kind == b'"favourite"' and self.earned != (self.position, payee):
            raise Impossible("a reward for a mark that was not made right before, or not for the first time (P4)")
        if offer is not None:
            self._bought(at, payer, amount, offer, int(last or 0))
        self.points[payer] -= int(amount)
        self.points[payee] += int(amount)
        if kind == b'"claim"':
            self.claims[payee] = at[1:11]

    def _bought(self, at: bytes, payer: bytes, paid: bytes, offer: bytes, last: int) -> None:
        price, unit, amount, days = self.offers.get(offer, (b"", b"", b"", b""))
        if price != paid:
            raise Impossible(f"{int(paid)} points paid for an offer that is not there, or costs otherwise (P5)")
        if self.position + 1 == last:
            raise Impossible("its batch takes the price of an offer, and gives nothing (P8)")
        expires_at = None if days is None else later(at, int(days))
        self.owed = (b'"' + payer[len(A_USER) :], unit, amount, expires_at, None, b'"bought"')

    def _offered(self, _at: bytes, offer: bytes, *terms: bytes | None) -> None:
        self.offers[offer] = terms

    def _withdrawn(self, _at: bytes, offer: bytes) -> None:
        if self.offers.pop(offer, None) is None:
            raise Impossible("an offer withdrawn that is not there (P6)")

    def _marked(self, _at: bytes, user: bytes, owner: bytes, image: bytes, on: bytes) -> None:
        former = self.marks.get((user, image))
        if on == (former or b"false"):
            raise Impossible("a picture marked, or no longer, as it was already (P7)")
        self.marks[user, image] = on
        is_earned = former is None and owner != user
        self.earned = (self.position + 1, A_USER + owner[1:]) if is_earned else None

    def _asked(self, at: bytes, user: bytes, ask: bytes, unit: bytes, limit: bytes) -> None:
        if unit != (b'"bytes"' if limit == USER_STORAGE else b'"' + limit.rpartition(b"/")[2]):
            raise Impossible("more is asked for of another unit than the limit has (Q1)")
        if user in self.asks and at < later(self.asks[user][1], OPEN_DAYS):
            raise Impossible("more is asked for while a request of this user is open (Q2)")
        self.asks[user] = ask, at, unit

    def _answered(self, at: bytes, user: bytes, ask: bytes, answer: bytes, *members: bytes | None) -> None:
        amount, grant, expires_at, last = members
        known, since, unit = self.asks.pop(user, (b"", at, b""))
        if known != ask or at >= later(since, OPEN_DAYS):
            raise Impossible("a request is answered that is not this user's, or not open (Q3)")
        if answer != APPROVED:
            if (amount, grant, expires_at) != (None, None, None):
                raise Impossible("a request is not approved, and something given (Q3)")
            return
        if amount is None or grant is None:
            raise Impossible("a request is approved, and nothing given (Q3)")
        if self.position + 1 == int(last or 0):
            raise Impossible("its batch approves a request, and gives nothing (Q4)")
        self.approved = (user, grant, unit, amount, expires_at, None, ASKED)

    def _known(self, name: bytes, user: bytes) -> Reservation:
        held = self.reservations.get(name)
        if held is None or held.user != user:
            raise Impossible("the reservation is not known, or another user's (A5)")
        return held

    _RULES: dict[bytes, Callable[..., None]] = {  # noqa: RUF012 - never changed
        b'"PolicyChanged"': _policy,
        b'"GenerationReserved"': _reserved,
        b'"GenerationCompleted"': _completed,
        b'"GenerationReleased"': _released,
        b'"ImageSaved"': _saved,
        b'"ImageDeleted"': _deleted,
        b'"CleanupCompleted"': _cleaned,
        b'"DailyCountReset"': _reset,
        b'"GrantGiven"': _given,
        b'"GrantVoided"': _voided,
        CLOCK: _corrected,
        b'"PointsMoved"': _moved,
        b'"OfferSet"': _offered,
        b'"OfferWithdrawn"': _withdrawn,
        b'"FavouriteSet"': _marked,
        b'"TierDefined"': _tier,
        b'"TierAssigned"': _assigned,
        b'"TierUnassigned"': _unassigned,
        b'"GroupsSeen"': _seen,
        b'"ThresholdCrossed"': _crossed,
        b'"MoreAsked"': _asked,
        b'"AskAnswered"': _answered,
    }


class Slot(NamedTuple):
    """A valid slot of the watermark: section 6."""

    log_id: str
    counter: int
    tip: Tip
    ended: bool
    body: bytes
    seal: bytes | None


class Key(NamedTuple):
    """What `logs/.key` holds: section 6."""

    secret: bytes
    has_sealed: bool

    @classmethod
    def read(cls, path: Path) -> Key:
        """The key of a file. Raises ValueError where it is none."""
        stored = path.read_bytes()
        if stored[KEY_BYTES:] not in {b"", SEALS} or len(stored) < KEY_BYTES:
            raise ValueError(f"it is not a key: {KEY_BYTES} bytes, and perhaps `{SEALS.decode()}` after them")
        return cls(stored[:KEY_BYTES], len(stored) > KEY_BYTES)

    def doubts(self, slot: Slot) -> str | None:
        """Why a slot is not one that was written with this key, None where it is, or was before there were seals."""
        if slot.seal is None:
            return (
                "the watermark beside it, head, has no seal, and this key made one before" if self.has_sealed else None
            )
        own = hmac.digest(self.secret, b"abby head 1", sha256)
        if hmac.digest(own, slot.body, sha256).hex().encode() == slot.seal:
            return None
        return "the watermark beside it, head, was not written with this key"


class Finding(NamedTuple):
    """What is wrong, and where: the position that belongs there and the byte offset of its line, None for neither."""

    position: int | None
    offset: int | None
    what: str


@dataclass
class Report:
    """What stands in a log: its whole part in `positions`, `batches` and `hash`; section 7's verdict. `ends_early`: it
    is damaged in that it ends there and there was more once, as an older copy beside a newer watermark does.
    """

    file: str
    size_bytes: int
    verdict: str = "damaged"
    log: str | None = None
    created: str | None = None
    positions: int = 0
    batches: int = 0
    hash: str | None = None
    watermark: int | None = None
    torn_bytes: int = 0
    ends_early: bool = False
    seal: str = "not looked at: no key was given"
    findings: tuple[Finding, ...] = ()
    totals: dict[str, int] | None = None


Progress = Callable[[int], None]
"""Told how many bytes have been read."""


def read_slots(head: Path) -> list[Slot] | None:
    """The valid slots of a watermark, the one that holds first; None where there is no such file."""
    if not head.exists():
        return None
    data = head.read_bytes()
    slots = []
    for offset in SLOT_OFFSETS:
        found = SLOT.fullmatch(data[offset : offset + SLOT_BYTES])
        if found and len(found[0]) == SLOT_BYTES and sha256(found["sum"]).hexdigest().encode() == found["check"]:
            tip = Tip(int(found["position"]), int(found["size"]), bytes.fromhex(found["hash"].decode()))
            slot = Slot(
                log_id=found["log"].decode(),
                counter=int(found["counter"]),
                tip=tip,
                ended=found["ended"] is not None,
                body=found["body"],
                seal=found["seal"],
            )
            slots.append(slot)
    return sorted(slots, key=lambda slot: slot.counter, reverse=True)


class Verifier:
    """One look at one log; `run` is its whole life."""

    def __init__(
        self, path: Path, *, jobs: int, chain_only: bool, segment_bytes: int, progress: Progress, key: Key | None
    ) -> None:
        self.path, self.jobs, self.chain_only, self.segment_bytes = path, jobs, chain_only, segment_bytes
        self.key = key
        self.progress = progress
        self.slots = read_slots(path.with_name("head"))  # before the log, which goes on while we look
        self.is_copy = path.with_name("copy-of").exists()
        self.report = Report(str(path), path.stat().st_size)
        self.account = Account()
        self.bad: Finding | None = None
        self.impossible: Finding | None = None
        self.marked: Tip | None = None
        self.cut_off = False

    def run(self) -> Report:
        """Reads the log from its first byte to its last."""
        report = self.report
        with self.path.open("rb") as log:
            header = HEADER.fullmatch(log.readline(MAX_HEADER_BYTES))
        if header is None or header[2] != b"1":
            report.findings = (Finding(None, 0, "its first line is not the header of a log of format 1"),)
            return report
        report.log, report.created = header[1].decode(), header[3].decode().strip('"')
        tip = self.read(Tip(0, len(header[0]), sha256(header[0][:-1]).digest()))
        report.positions, report.hash = tip.position, tip.digest.hex()
        damage = self.damage(tip, len(header[0]))
        report.findings = tuple(found for found in (damage, self.impossible) if found)
        if not report.findings:
            report.verdict = "torn" if self.bad else "whole"
            report.torn_bytes = report.size_bytes - tip.size
            report.findings = (self.bad,) if self.bad else ()
        if not self.chain_only and self.impossible is None:
            report.totals = self.account.totals()
        return report

    def read(self, tip: Tip) -> Tip:
        """Joins the segments after the header; gives the end of the whole part."""
        place, waiting = Place(0, 0, 0), list[Fact]()
        with closing(self.segments(tip)) as segments:
            for segment in segments:
                if segment.first is not None and not place.is_followed_by(segment.first):
                    what = f"position {segment.first.position} and its batch do not follow position {place.position}"
                    self.bad = Finding(place.position + 1, segment.begin, what)
                    break
                place = segment.last or place
                self.marked = segment.marked or self.marked
                waiting += segment.facts
                if segment.tip is not None:
                    ended = segment.tip.position - tip.position
                    self.account_for(waiting[:ended])
                    del waiting[:ended]
                    tip = segment.tip
                    self.report.batches += segment.batches
                if segment.bad is not None:
                    self.bad = Finding(place.position + 1, *segment.bad)
                    break
        self.cut_off = self.bad is None or self.bad.what == NO_END
        if self.bad is None and place.position < place.last:
            what = f"the log ends inside the batch of positions {place.first} to {place.last}"
            self.bad = Finding(place.position + 1, self.report.size_bytes, what)
        return tip

    def segments(self, tip: Tip) -> Generator[Segment]:
        """The file in segments, in their order, verified here or, where there are many, in other processes."""
        size, step = self.report.size_bytes, self.segment_bytes
        mark = self.slots[0].tip.size if self.slots else 0
        self.marked = tip if mark == tip.size else None
        parts = (
            Part(
                path=self.path,
                begin=at,
                end=min(at + step, size),
                size=size,
                digest=None if at > tip.size else tip.digest,
                mark=mark,
                chain_only=self.chain_only,
            )
            for at in range(tip.size, size, step)
        )
        alone = self.jobs == 1 or size - tip.size <= 2 * step
        results = ((part.end, read_segment(part)) for part in parts) if alone else self.in_processes(parts)
        for end, segment in results:
            if segment is not None:
                yield segment
            self.progress(end)

    def in_processes(self, parts: Iterator[Part]) -> Iterator[tuple[int, Segment | None]]:
        """Each part's end and segment; only so many are under way as keep every process busy."""
        under_way: deque[tuple[int, Future[Segment | None]]] = deque()
        executor = ProcessPoolExecutor(self.jobs, mp_context=get_context("spawn"))
        try:
            for part in parts:
                under_way.append((part.end, executor.submit(read_segment, part)))
                if len(under_way) > self.jobs * SEGMENTS_AHEAD:
                    end, future = under_way.popleft()
                    yield end, future.result()
            for end, future in under_way:
                yield end, future.result()
        finally:
            executor.shutdown(cancel_futures=True)

    def account_for(self, facts: list[Fact]) -> None:
        """Takes the account past events of the whole part, up to the first impossible one."""
        if self.chain_only or self.impossible is not None:
            return
        try:
            for fact in facts:
                self.account.apply(fact)
        except Impossible as error:
            position = self.account.position + 1
            with self.path.open("rb") as log:
                offset = sum(len(line) for line in islice(log, position))
            self.impossible = Finding(position, offset, str(error))

    def damage(self, tip: Tip, header_bytes: int) -> Finding | None:
        """What, by section 7, is no torn batch; `tip` ends the whole part."""
        if self.slots is not None:
            if any(slot.log_id != self.report.log for slot in self.slots):
                return Finding(None, None, "the watermark beside it, head, is that of another log")
            if not self.slots and self.report.size_bytes > header_bytes:
                return Finding(None, None, "the watermark beside it, head, cannot be read")
        if self.slots and (found := self.contradiction(self.slots[0], tip)) is not None:
            return found
        if self.bad is not None and not self.is_copy and (later := self.later_batch()) is not None:
            return self.bad._replace(what=f"{self.bad.what}, and a later batch was written after it, at byte {later}")
        return None

    def contradiction(self, slot: Slot, tip: Tip) -> Finding | None:
        """What of the log is not as the slot that holds says; `tip` ends the whole part."""
        mark, size = slot.tip, self.report.size_bytes
        self.report.watermark = mark.position
        if self.key is not None:
            if (doubt := self.key.doubts(slot)) is not None:
                self.report.seal = "wrong"
                return Finding(None, None, doubt)
            self.report.seal = "none yet" if slot.seal is None else "made with the key"
        if size < mark.size or tip.position < mark.position:
            position, offset, what = self.bad or Finding(tip.position + 1, tip.size, "the log ends")
            surely = f"{mark.position} positions and {mark.size} bytes were surely on the disk once"
            self.report.ends_early = self.bad is None or self.cut_off
            return Finding(position, offset, f"{what}, and {surely}")
        if self.marked != mark:
            return Finding(mark.position, mark.size, "it is not the log that was written: changed or replaced")
        if slot.ended and size > mark.size:
            what = f"{size - mark.size:,} bytes were added after the service had stopped, and not by it"
            return Finding(mark.position + 1, mark.size, what)
        return None

    def later_batch(self) -> int | None:
        """The offset of a line, from the bad one on, whose batch begins after the position that belongs there."""
        assert self.bad is not None
        assert self.bad.position is not None
        assert self.bad.offset is not None
        offset, is_line = self.bad.offset, True
        with self.path.open("rb") as log:
            log.seek(offset)
            while line := log.readline(MAX_LINE_BYTES):
                found = FIXED_FORM.fullmatch(line) if is_line else None
                if found and self.bad.position < int(found[2]) <= int(found[1]) <= int(found[3]):
                    return offset
                offset += len(line)
                is_line = line.endswith(b"\n")
        return None


def is_ordinary(status: os.stat_result) -> bool:
    """Whether a log may be kept in such a file (section 1): no link, no pipe, no device, and of one name."""
    return stat.S_ISREG(status.st_mode) and status.st_nlink == 1


def verify(
    path: Path,
    *,
    jobs: int = 1,
    chain_only: bool = False,
    segment_bytes: int = SEGMENT_BYTES,
    progress: Progress = lambda _: None,
    key: Key | None = None,
) -> Report:
    """Verifies a log, the seal of its watermark only with the key. Raises OSError where it cannot be read, or is no
    ordinary file of one name.
    """
    for file in (path, path.with_name("head")):
        if os.path.lexists(file) and not is_ordinary(file.lstat()):
            raise OSError(None, f"{file.name} is no ordinary file, or has a second name (a hard link)")
    verifier = Verifier(path, jobs=jobs, chain_only=chain_only, segment_bytes=segment_bytes, progress=progress, key=key)
    return verifier.run()


def in_words(report: Report) -> Iterator[str]:
    """The report, for people."""
    yield f"{report.file}: {report.verdict}"
    for position, offset, what in report.findings:
        where = [f"position {position:,}"] if position is not None else []
        where += [f"byte {offset:,}"] if offset is not None else []
        yield f"  {', '.join(where)}{': ' if where else ''}{what}"
    if report.log is not None:
        yield f"  log {report.log}, begun {report.created}, {report.size_bytes:,} bytes"
        yield f"  whole: {report.positions:,} events in {report.batches:,} batches, the last hash {report.hash}"
        mark = NO_WATERMARK if report.watermark is None else f"{report.watermark:,}"
        yield f"  watermark: {mark}"
        if report.watermark is not None:
            yield f"  its seal: {report.seal}"
        if report.verdict != "damaged" and report.watermark is not None and report.positions > report.watermark:
            yield f"  {report.positions - report.watermark:,} events stand after the watermark: only hashes say whose"
        yield "  snapshots: not looked at; `abby verify` compares them with the log"
    if report.totals is not None:
        yield "  at the end: " + ", ".join(f"{name} {count:,}" for name, count in report.totals.items())
    if report.verdict == "torn":
        then = "" if report.watermark is None else "; the next start sets them aside"
        yield f"  {report.torn_bytes:,} bytes are of a batch that nobody was told of{then}."
    elif report.ends_early:
        yield f"  This copy is whole up to position {report.positions:,}, where it ends, and older than the watermark"
        yield "  beside it, or its end was cut off. Nothing was changed. `abby salvage --to DIR` takes it from here."
    elif report.verdict == "damaged":
        yield "  Nothing was changed. Put the log back from a copy, if there is one whose report says whole;"
        yield "  `abby salvage --to DIR` writes a new log of what is whole before the damage."


def bar(size_bytes: int) -> Progress:
    """A progress bar on the terminal; silence elsewhere."""

    def show(done: int) -> None:
        cells = BAR_CELLS * done // size_bytes
        ends = "\r\x1b[K" if done >= size_bytes else ""
        sys.stderr.write(f"\r[{'#' * cells}{'.' * (BAR_CELLS - cells)}] {100 * done // size_bytes:3} %{ends}")
        sys.stderr.flush()

    return show if sys.stderr.isatty() else lambda _: None


def main(arguments: list[str]) -> int:
    """The command line; gives the exit code."""
    parser = argparse.ArgumentParser(description="Verifies a log of Abby Ledger (docs/log-format.md).")
    parser.add_argument("file", type=Path, help="the log, such as shared/logs/events.jsonl")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("--chain", action="store_true", help="only hashes, positions, batches and the watermark")
    parser.add_argument("--key", type=Path, help="the log's key, logs/.key: looks at the seal of the watermark too")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: one for each core)")
    given = parser.parse_args(arguments)
    if given.jobs < 1:
        parser.error("--jobs needs a number from 1 up")
    try:
        key = None if given.key is None else Key.read(given.key)
    except (OSError, ValueError) as error:
        print(f"The key {given.key} cannot be used: {error}. Name the file .key beside the log.", file=sys.stderr)
        return CANNOT_ASK
    try:
        progress = bar(max(1, given.file.stat().st_size))
        report = verify(given.file, jobs=given.jobs, chain_only=given.chain, progress=progress, key=key)
    except OSError as error:
        print(f"{given.file} cannot be read: {error.strerror or error}. Name the log, events.jsonl.", file=sys.stderr)
        return CANNOT_ASK
    print(json.dumps(asdict(report), indent=2) if given.json else "\n".join(in_words(report)))
    return EXIT_CODES[report.verdict]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
