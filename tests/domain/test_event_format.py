"""The stored shape of every event, version 1: members, tags, what is left out, lines that must decode for ever."""

from __future__ import annotations

import json
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from domain.ask_events import AskAnswered, MoreAsked
from domain.event_data import from_data, to_data
from domain.event_forms import misshapen
from domain.events import (
    MAX_FILES_A_CLEANUP,
    MAX_RECORDED_REFUSALS,
    TYPES,
    Asked,
    CleanedFile,
    Event,
    IdempotencyKey,
    ImpossibleFact,
    LimitExceeded,
    PreferenceSet,
    idempotency_tag,
    tags_of,
)
from domain.limits import Limits, UserLimits
from domain.point_events import FavouriteSet, OfferSet, OfferWithdrawn, PointsMoved
from domain.threshold_events import ThresholdCrossed
from tests.domain.examples import (
    BY,
    NOON,
    OTHER,
    USER,
    assigned,
    cleaned,
    completed,
    corrected,
    deleted,
    granted,
    key,
    no_tier,
    on,
    overridden,
    policy,
    refused,
    released,
    reserved,
    reset,
    saved,
    seen,
    tier,
    unassigned,
    voided,
)
from tests.domain.history import typed

SAMPLES = Path(__file__).parent.parent / "samples"
KEY = key("k")

# type: whether it concerns a user, whether it may carry a request, further members, further members that may be missing
FORMAT: dict[str, tuple[bool, bool, str, str]] = {
    "PolicyChanged": (False, True, "limits source", "taken_in reason"),
    "GenerationReserved": (
        True,
        True,
        "reservation operation count bytes_each expires_at",
        "style provider model credits_each drawn",
    ),
    "GenerationCompleted": (True, True, "reservation count provider model seconds", "credits seed cost returned"),
    "GenerationReleased": (True, True, "reservation count delivered reason refunded", "provider cost returned"),
    "ImageSaved": (
        True,
        True,
        "name bytes replaced_bytes sha256 media_type width height operation temp staged",
        "reservation",
    ),
    "ImageDeleted": (True, True, "name bytes temp reason", ""),
    "CleanupCompleted": (False, True, "files freed_bytes older_than_days", ""),
    "RequestRefused": (True, False, "reason command asked limit used held last", "style window provider model"),
    "LimitExceeded": (True, False, "reason command asked limit used held", "style window provider model"),
    "LimitsOverridden": (True, True, "limits reason", "until"),
    "DailyCountReset": (True, True, "reason", ""),
    "PreferenceSet": (True, True, "preference value", ""),
    "ClockCorrected": (False, True, "was now", ""),
    "GrantGiven": (
        True,
        True,
        "grant unit amount source reason",
        "priority expires_at rollover rollover_until",
    ),
    "GrantVoided": (True, True, "grant reason", ""),
    "PointsMoved": (False, True, "payer payee amount kind", "reason offer"),
    "OfferSet": (False, True, "offer unit amount price reason", "days"),
    "OfferWithdrawn": (False, True, "offer reason", ""),
    "FavouriteSet": (True, True, "owner name image on", ""),
    "ThresholdCrossed": (False, False, "limit_name percent used most", "user guild begins"),
    "TierDefined": (
        False,
        True,
        "tier limits groups reason",
        "providers models operations weight waiting",
    ),
    "TierAssigned": (True, True, "tier reason", "until"),
    "TierUnassigned": (True, True, "tier reason", ""),
    "GroupsSeen": (True, False, "place groups", ""),
    "MoreAsked": (True, True, "ask unit amount limit_name", "reason"),
    "AskAnswered": (True, True, "ask answer", "amount grant expires_at reason"),
}
DEFAULTS = {"drawn": (), "returned": (), "priority": 0, "rollover": 0, ("GenerationReleased", "cost"): 0}
"""Members whose default says more than None."""


@pytest.mark.parametrize("name", FORMAT)
def test_each_type_has_exactly_the_members_of_the_design(name: str) -> None:
    """`at` and `by` always, `user` where one is concerned, `origin` where there is one, `request` where one may be."""
    user, request, required, optional = FORMAT[name]
    event_class = TYPES[name]
    may_miss = {*optional.split(), "origin", *(["request"] if request else [])}
    assert set(event_class._fields) == {"at", "by", *(["user"] if user else []), *required.split(), *may_miss}
    defaults = {member: DEFAULTS.get((name, member), DEFAULTS.get(member)) for member in may_miss}
    assert event_class._field_defaults == defaults


def test_every_type_is_in_the_table() -> None:
    """And no other; the stored name is the name of the class."""
    assert set(TYPES) == set(FORMAT)
    assert {event_class.__name__ for event_class in TYPES.values()} == set(FORMAT)


def test_values_within_are_objects_with_the_members_of_the_design() -> None:
    """limits, asked, files, request."""
    limits = to_data(policy())["limits"]
    assert list(limits) == ["user_bytes", "pool_bytes", "daily", "gen_bytes", "moderated_free"]
    assert to_data(refused())["asked"] == {"count": 1, "bytes": 100, "replaced_bytes": 0}
    assert to_data(cleaned((USER, "t.png", 5)))["files"] == [{"user": USER, "name": "t.png", "bytes": 5}]
    assert to_data(saved(request=KEY))["request"] == {"key": "k", "digest": "a" * 64}
    assert to_data(overridden(daily=0))["limits"] == {"daily": 0}
    assert to_data(overridden(user_bytes=0, daily=1))["limits"] == {"user_bytes": 0, "daily": 1}
    assert to_data(overridden())["limits"] is None


def test_what_has_its_default_is_left_out() -> None:
    """But a zero that is not the default is written."""
    lean = to_data(completed())
    assert list(lean) == ["at", "user", "by", "reservation", "count", "provider", "model", "seconds"]
    assert to_data(completed(seed=0, credits=0.0)) == {**lean, "credits": 0.0, "seed": 0}
    assert to_data(saved(temp=False))["temp"] is False


class Word(str):
    """A word that is more than a string, as a caller's enumeration may be."""

    __slots__ = ()


def test_a_word_of_a_callers_own_type_is_stored_as_the_word() -> None:
    """Whoever embeds the ledger may have words of their own."""
    assert to_data(deleted(reason=Word("admin"))) == to_data(deleted(reason="admin"))


def lines() -> list[dict[str, Any]]:
    files = sorted(SAMPLES.glob("events_v1*.jsonl"), key=lambda file: len(file.name))
    return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("line", lines(), ids=lambda line: line["type"])
def test_every_stored_line_of_version_1_decodes_for_ever(line: dict[str, Any]) -> None:
    """And is written today as it was written then, member by member in the same order."""
    data = to_data(from_data(line["type"], line["data"]))
    assert json.dumps(data) == json.dumps(line["data"])


def spelled(data: dict[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    ("name", "member", "default"),
    [
        (name, member, default)
        for name, event_class in TYPES.items()
        for member, default in event_class._field_defaults.items()
        if default is not None
    ],
)
def test_what_has_its_default_has_no_spelling(name: str, member: str, default: object) -> None:
    """One value is spelled in one way, and this one by nothing; so a reader who writes it again writes the same."""
    data = next(line["data"] for line in lines() if line["type"] == name and member in line["data"])
    assert f"a {member} that is not" in str(misshapen(name, spelled({**data, member: default})))


def test_a_list_of_many_texts_that_ends_wrongly_is_refused_at_once() -> None:
    """A text has one way to match: with two, 64 of them would have more than anybody can try."""
    line = next(line["data"] for line in lines() if line["type"] == "TierDefined")
    names = {**line, "limits": {}, "providers": [f"p{number}" for number in range(64)], "waiting": 0}
    assert "a waiting that is not" in str(misshapen("TierDefined", spelled(names)))


SINCE_0_2 = {
    "GenerationReserved": 1,
    "GenerationReleased": 1,
    "RequestRefused": 1,
    "PolicyChanged": 2,
    "PointsMoved": 1,
}
"""Types that got members in version 0.2, with the lines that have them; that which had all before is kept too. Of a
policy there is one that a start gave, and one of a manager's; of points one that paid for an offer, and a gift.
"""
SINCE_WINDOWS = dict.fromkeys(
    (
        "GenerationReserved",
        "GenerationCompleted",
        "GenerationReleased",
        "RequestRefused",
        "PolicyChanged",
        "LimitsOverridden",
    ),
    1,
)
"""The same of members that came with credits, windows and grants."""
SINCE_THRESHOLDS = {"PolicyChanged": 1, "ThresholdCrossed": 1}
"""The same of what came with thresholds: of these there is one of a user's limit, of a guild's and of the pool's."""


def test_a_line_with_every_member_and_one_without_the_optional_ones_is_kept_of_each_type() -> None:
    """Two of each, and more where a member came later."""
    assert Counter(line["type"] for line in lines()) == {
        name: 2 + SINCE_0_2.get(name, 0) + SINCE_WINDOWS.get(name, 0) + SINCE_THRESHOLDS.get(name, 0) for name in FORMAT
    }
    for name, (user, request, required, optional) in FORMAT.items():
        lean, *others = sorted((set(line["data"]) for line in lines() if line["type"] == name), key=len)
        assert lean == {"at", "by", *(["user"] if user else []), *required.split()}
        assert set().union(*others) == {*lean, *optional.split(), "origin", *(["request"] if request else [])}


def test_what_a_stored_line_means() -> None:
    """The values within come back as what they were."""
    read = {line["type"]: from_data(line["type"], line["data"]) for line in reversed(lines())}
    request = IdempotencyKey("job-7/reserve", "0f" * 32)
    limits = Limits(5_000_000, 9_000_000, 7, 1_500_000, moderated_free=True)
    expected: list[Event] = [
        policy(by="system", origin="guild:9", **limits._asdict()),
        overridden(
            user_bytes=0, daily=9, until=on(20), reason="a contest", by="discord:1", origin="guild:9", request=request
        ),
        cleaned((USER, "t.png", 100), (OTHER, "up/u.gif", 23), by="cli", origin="http", request=request),
        refused(
            "USER_STORAGE", command="SaveImage", asked=Asked(1, 900, 100), limit=1000, used=150, held=60, last=True,
            by="api:bot", origin="http",
        ),
        PreferenceSet(NOON, USER, "page", "style", "pixel-art", "http", request),
    ]  # fmt: skip
    assert [typed(read[type(event).__name__]) for event in expected] == [typed(event) for event in expected]


def test_what_stored_lines_of_tiers_mean() -> None:
    """Lists come back as tuples, limits as limits; a tier that is taken away has none."""
    read = [from_data(line["type"], line["data"]) for line in lines() if line["type"] in {"TierDefined", "GroupsSeen"}]
    request = IdempotencyKey("job-7/reserve", "0f" * 32)
    expected: list[Event] = [
        tier(
            user_bytes=0, daily=20, windows=(("user/month/credits", 20_000),),
            groups=("group:vip", "guild:9/role:5"), providers=("sketch", "stability"), models=("core",),
            operations=("text_to_image", "upscale"), weight=3, waiting=5, origin="guild:9", request=request,
        )._replace(by="discord:1", reason="boosters"),
        no_tier()._replace(by="cli"),
        seen("group:vip", place="api:site", origin="http"),
        seen(),
    ]  # fmt: skip
    assert [typed(event) for event in read] == [typed(event) for event in expected]
    assert to_data(tier())["limits"] == {}
    assert to_data(no_tier())["limits"] is None


@pytest.mark.parametrize(
    ("name", "data", "because"),
    [
        ("ImageLiked", to_data(saved()), "unknown event type 'ImageLiked'"),
        ("imagesaved", to_data(saved()), "unknown event type"),
        ("Limits", {}, "unknown event type"),
        ("ImageDeleted", {**to_data(deleted()), "v": 2}, "ImageDeleted has missing, unknown or misshapen members"),
        ("ImageDeleted", {"at": NOON, "by": BY}, "missing, unknown or misshapen"),
        ("ImageDeleted", [], "missing, unknown or misshapen"),
        ("ImageDeleted", None, "missing, unknown or misshapen"),
        ("ImageDeleted", {**to_data(deleted()), "request": {"key": "k"}}, "misshapen"),
        ("ImageDeleted", {**to_data(deleted()), "request": "k"}, "misshapen"),
        ("PolicyChanged", {**to_data(policy()), "limits": {"weekly": 7}}, "misshapen"),
        ("CleanupCompleted", {**to_data(cleaned()), "files": 5}, "misshapen"),
        ("CleanupCompleted", {**to_data(cleaned()), "files": [{"user": USER}]}, "misshapen"),
        ("LimitsOverridden", {**to_data(overridden()), "limits": [1, 2]}, "misshapen"),
        ("RequestRefused", {**to_data(refused()), "asked": {"count": 1}}, "misshapen"),
    ],
)
def test_an_unknown_type_or_another_shape_stops_the_reading(name: str, data: Any, because: str) -> None:
    """A missing, an unknown and a misshapen member; a later version has `v`, and is unknown here."""
    with pytest.raises(ImpossibleFact, match=because):
        from_data(name, data)


REQUEST_TAG = "request:" + sha256(b"library\0k").hexdigest()[:32]

TAGS: list[tuple[Event, list[str]]] = [
    (policy(), ["policy"]),
    (reserved(), ["user:42", "pool"]),
    (reserved(request=KEY), ["user:42", "pool", REQUEST_TAG]),
    (completed(), ["user:42"]),
    (completed(request=KEY), ["user:42", REQUEST_TAG]),
    (released(), ["user:42", "pool"]),
    (saved(), ["user:42", "pool"]),
    (saved(temp=True, request=KEY), ["user:42", "pool", REQUEST_TAG]),
    (deleted(), ["user:42", "pool"]),
    (cleaned(), []),
    (cleaned(request=KEY), [REQUEST_TAG]),
    (
        cleaned((USER, "a", 1), (OTHER, "b", 2), (USER, "c", 3), request=KEY),
        ["user:42", "user:77", "pool", REQUEST_TAG],
    ),
    (refused(), ["user:42"]),
    (LimitExceeded(*refused()[:9]), ["user:42"]),
    (granted(), ["user:42"]),
    (granted(request=KEY), ["user:42", REQUEST_TAG]),
    (voided(), ["user:42"]),
    (tier(), ["policy"]),
    (tier(request=KEY), ["policy", REQUEST_TAG]),
    (assigned(), ["user:42"]),
    (unassigned(request=KEY), ["user:42", REQUEST_TAG]),
    (seen("guild:9/role:5"), ["user:42"]),
    (overridden(), ["user:42"]),
    (reset(), ["user:42"]),
    (PreferenceSet(NOON, USER, BY, "style", "anime"), ["user:42"]),
    (corrected(was=NOON, now=NOON), ["policy"]),
    (corrected(was=NOON, now=NOON, request=KEY), ["policy", REQUEST_TAG]),
    (PointsMoved(NOON, BY, "user:42", "user:77", 5, "gift"), ["user:42", "user:77"]),
    (PointsMoved(NOON, BY, "user:42", "user:77", 5, "gift", request=KEY), ["user:42", "user:77", REQUEST_TAG]),
    (PointsMoved(NOON, BY, "mint", "user:42", 5, "claim"), ["user:42"]),
    (PointsMoved(NOON, BY, "user:42", "market", 5, "purchase", offer="o"), ["user:42"]),
    (OfferSet(NOON, BY, "o", "bytes", 1, 2, "a game"), ["policy"]),
    (OfferWithdrawn(NOON, BY, "o", "a game"), ["policy"]),
    (FavouriteSet(NOON, USER, BY, OTHER, "cat.png", 3, on=True), ["user:42"]),
    (MoreAsked(NOON, USER, BY, "a1", "generations", 3, "user/day/generations"), ["user:42"]),
    (AskAnswered(NOON, USER, BY, "a1", "denied", request=KEY), ["user:42", REQUEST_TAG]),
    (ThresholdCrossed(NOON, "system", "user/storage", 80, 8, 10, user=USER), ["user:42"]),
    (ThresholdCrossed(NOON, "system", "pool/storage", 80, 8, 10), ["pool"]),
    (ThresholdCrossed(NOON, "system", "guild/day/credits", 80, 8, 10, guild="9", begins="2026-03-10"), ["pool"]),
]


@pytest.mark.parametrize(("event", "tags"), TAGS, ids=[type(event).__name__ for event, _ in TAGS])
def test_tags_find_users_the_pool_the_policy_and_requests(event: Event, tags: list[str]) -> None:
    """Every user concerned once, `pool` where bytes or holds change, `policy`, the request."""
    assert tags_of(event) == tags


def test_every_type_has_its_tags_tested() -> None:
    """No type without a row."""
    assert {type(event).__name__ for event, _ in TAGS} == set(FORMAT)


def test_a_request_tag_shows_no_key_and_keeps_actors_apart() -> None:
    """The first 32 hex of SHA-256(by NUL key)."""
    assert idempotency_tag("library", "k") == REQUEST_TAG
    assert idempotency_tag("api:a", "b") != idempotency_tag("api:ab", "")
    assert "secret" not in idempotency_tag("cli", "secret")


def test_the_bounds_of_one_event_are_those_of_the_design() -> None:
    """500 files, 20 refusals."""
    assert (MAX_FILES_A_CLEANUP, MAX_RECORDED_REFUSALS) == (500, 20)


def test_the_defaults_of_values_within_are_part_of_the_format() -> None:
    """They are written out, so that a later default changes no stored line."""
    assert Asked(1, 2) == (1, 2, 0, 0)
    assert UserLimits() == (None, None, None)
    assert list(to_data(policy())["limits"]) == list(Limits._fields[:5])
    assert "credits" not in to_data(refused())["asked"]
    assert CleanedFile._field_defaults == {}
