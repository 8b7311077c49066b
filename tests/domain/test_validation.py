"""Which commands nobody could carry out: every bound at its edge, every list at its end, each with a sentence."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from domain.ask_commands import AnswerAsk, AskForMore
from domain.commands import (
    DELETE_REASONS,
    MAX_COUNT,
    MAX_LIMIT,
    MAX_TEXT,
    OPERATIONS,
    POLICY_SOURCES,
    RELEASE_REASONS,
    START_SOURCES,
    Command,
    FreshName,
    SetPreference,
)
from domain.point_commands import BuyOffer, Offer, SetOffer, WithdrawOffer
from domain.refusals import Reason
from domain.validation import MAX_DAYS, MAX_KEY_CHARS, MAX_TTL_SECONDS, malformed
from tests.domain.examples import (
    CORRECT_CLOCK,
    NOON,
    SWEEP,
    adopt,
    assign,
    clean_up,
    complete,
    correct_clock,
    delete,
    give,
    key,
    on,
    override,
    release,
    reserve,
    reset_daily,
    save,
    set_policy,
    sweep,
    void,
)
from tests.domain.history import given

EDGES: list[Any] = [None, 0, MAX_LIMIT]
NOT_WHOLE: list[Any] = [1.0, True, "1", float("nan")]
NO_ENDS: list[Any] = ["", "tomorrow", NOON[:-1], "2026-03-10", 7, b"soon", []]
NOT_TEXT: list[Any] = ["", "x" * (MAX_TEXT + 1), "two\nlines", "\x1b[31m", "\u202e", "\udcff", 7, None]


def prefer(preference: Any = "style", value: Any = "anime", **more: Any) -> SetPreference:
    return SetPreference("42", "page", preference, value, **more)


BAD: dict[str, list[Command]] = {
    "user": [
        make(user="No")
        for make in (reserve, complete, release, save, adopt, delete, override, reset_daily)
    ],
    "name": [
        *(make(name) for make in (save, adopt, delete) for name in ("", "/", "a//b", "a/b/c", "../x", "x" * 121)),
        save(FreshName("../x", "png")),
        save(FreshName("up", "p/ng")),
    ],
    "request key": [
        make(idempotency_key=key(""))
        for make in (
            reserve, complete, release, save, adopt, delete, clean_up, partial(override, daily=1), reset_daily, prefer,
            set_policy, correct_clock, sweep,
        )
    ],
    "count": [
        *(make(count=count) for make in (reserve, complete, release) for count in [0, -1, MAX_COUNT + 1, *NOT_WHOLE]),
        *(make(count=None) for make in (reserve, complete)),
    ],
    "size": [make(size=size) for make in (save, adopt) for size in [-1, MAX_LIMIT + 1, None, *NOT_WHOLE]],
    "operation": [
        *(make(operation=word) for make in (reserve, save) for word in ("", "adopted", "UPSCALE")),
        reserve(operation=None),
    ],
    "A style has": [
        reserve(style=word)
        for word in ("", " ", "Anime", "-a", "_", "a b", "a.b", "../x", "a\n", "a\0", "\u0430", "x" * 65, 5)
    ],
    "bytes of a place": [reserve(bytes_each=size) for size in [-1, MAX_LIMIT + 1, *NOT_WHOLE]],
    "reservation lasts": [
        reserve(ttl_seconds=seconds) for seconds in [-1, MAX_TTL_SECONDS + 1, *NOT_WHOLE]
    ],
    "temp file": [save(temp=True, reservation="r1"), save(temp=True, reservation="")],
    "must be one of": [
        *(release(reason=word) for word in ("", "FAILED", "user")),
        *(delete(reason=word) for word in ("", "USER", "failed")),
        *(set_policy(word) for word in ("", "argument")),
    ],
    "days": [clean_up(days) for days in [-1, MAX_DAYS + 1, *NOT_WHOLE]],
    "An id": [
        make(text)
        for make in (
            give,
            void,
            lambda text: WithdrawOffer("cli", text, "why"),
            lambda text: SetOffer("cli", Offer(text, "credits", 1, 1), "why"),
            lambda text: BuyOffer("42", "cli", text, "grant"),
            lambda text: BuyOffer("42", "cli", "offer", text),
            lambda text: AskForMore("42", "cli", text, 1, "user/day/generations"),
            lambda text: AnswerAsk("42", "cli", text, "denied"),
        )
        for text in ["no id", *NOT_TEXT]
    ],
    "end of an override": [
        make(until)
        for make in (
            lambda until: override(daily=1, until=until),
            lambda until: give(expires_at=until),
            lambda until: give(expires_at=on(11), rollover=1, rollover_until=until),
            lambda until: assign(until=until),
        )
        for until in NO_ENDS
    ],
    "limit": [
        *(override(**{limit: value}) for limit in ("user_bytes", "daily") for value in [-1, MAX_LIMIT + 1, *NOT_WHOLE]),
        *(
            set_policy(**{limit: value})
            for limit in ("user_bytes", "pool_bytes", "daily", "gen_bytes")
            for value in [-1, MAX_LIMIT + 1, *NOT_WHOLE]
        ),
    ],
    "reason": [
        *(override(daily=1, reason=text) for text in NOT_TEXT),
        *(reset_daily(reason=text) for text in NOT_TEXT),
    ],
    "preference": [prefer(preference=text) for text in NOT_TEXT],
    "value": [prefer(value=text) for text in NOT_TEXT],
}  # fmt: skip


@pytest.mark.parametrize(
    ("about", "command"),
    [(about, command) for about, commands in BAD.items() for command in commands],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_nobody_could_carry_out_is_refused_with_a_sentence_about_it(about: str, command: Command) -> None:
    """Before anything is looked up; nothing is recorded."""
    told = given().when(command).then_refused(Reason.MALFORMED, user=getattr(command, "user", None))
    sentence = told.decision.detail  # type: ignore[union-attr]  # refused, as the line above says
    assert about in sentence
    assert sentence.endswith(".")
    assert told.events == []


GOOD: list[Command] = [
    *(make(count=count) for make in (reserve, complete, release) for count in (1, MAX_COUNT)),
    release(count=None),
    *(make(size=size) for make in (save, adopt) for size in (0, 1, MAX_LIMIT)),
    *(make(operation=word) for make in (reserve, save) for word in OPERATIONS),
    save(operation=None),
    *(reserve(bytes_each=size) for size in (None, 0, MAX_LIMIT)),
    *(reserve(ttl_seconds=seconds) for seconds in (0, 1, MAX_TTL_SECONDS)),
    *(reserve(style=word) for word in (None, "a", "3d-model", "x" * 64)),
    save(temp=True),
    save(reservation="r1"),
    *(release(reason=word) for word in RELEASE_REASONS),
    *(delete(reason=word) for word in DELETE_REASONS),
    *(set_policy(word) for word in START_SOURCES),
    *(clean_up(days) for days in (0, 1, MAX_DAYS)),
    *(override(daily=1, until=until) for until in (None, NOON, on(1, "00:00"))),
    *(override(**{limit: value}) for limit in ("user_bytes", "daily") for value in EDGES),
    *(set_policy(**{limit: value}) for limit in ("user_bytes", "pool_bytes", "daily", "gen_bytes") for value in EDGES),
    *(override(daily=1, reason=text) for text in ("x", "x" * MAX_TEXT, "ein Freund, für immer")),
    *(reset_daily(reason=text) for text in ("x", "x" * MAX_TEXT)),
    *(prefer(text, text) for text in ("x", "x" * MAX_TEXT)),
    save(FreshName(None, "png")),
    save(FreshName("up", "png", 10)),
    SWEEP,
    CORRECT_CLOCK,
]


@pytest.mark.parametrize("command", GOOD, ids=lambda command: type(command).__name__)
def test_what_lies_on_the_edge_is_well_formed(command: Command) -> None:
    """The largest and the smallest of everything; whether it fits is another question."""
    assert malformed(command) is None


def test_the_bounds_are_those_of_the_design() -> None:
    """200 characters, 2**53 - 1 (exact in every JSON reader), 100 places, a week; 255 of a key and a step."""
    assert (MAX_TEXT, MAX_LIMIT, MAX_COUNT, MAX_TTL_SECONDS) == (200, 9_007_199_254_740_991, 100, 604_800)
    assert MAX_DAYS == 36_500
    assert MAX_KEY_CHARS == 320


def test_the_lists_of_words_are_those_of_the_design() -> None:
    """Stored words are for ever."""
    assert OPERATIONS == ("text_to_image", "image_to_image", "upscale", "unspecified")
    assert RELEASE_REASONS == ("failed", "rejected", "moderated", "not_kept", "expired", "cancelled", "unknown")
    assert DELETE_REASONS == ("user", "admin", "privacy", "repair")
    assert POLICY_SOURCES == ("environment", "constructor", "default", "manager")
