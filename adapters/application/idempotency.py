"""Request keys: the digest that tells a repeat from another command under the same key.

digest = HMAC-SHA-256, keyed with the log's own secret, of the command's canonical form: what the caller asked, with the
SHA-256 of the content, without the time and without ids that were made for this attempt. Keyed, so that nobody who
reads the log can guess a prompt.

The steps of one request have keys that follow from its own. They end in a code keyed with the same secret, so nobody
who knows or guesses a request's key can send one of its steps, or hold its place.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple, TypeVar

import orjson

from adapters.application.opening import OpenRoot
from adapters.application.results import CLAIMED
from domain.ask_commands import AnswerAsk, AskForMore
from domain.commands import (
    ChangePolicy,
    CleanUp,
    Command,
    CompleteGeneration,
    DeleteImage,
    FreshName,
    GiveGrant,
    OverrideLimits,
    ReleasePlaces,
    ReserveGeneration,
    ResetDaily,
    SaveImage,
    VoidGrant,
)
from domain.decisions import ANSWERS_KEPT_SECONDS
from domain.events import IdempotencyKey, idempotency_tag
from domain.instants import later
from domain.limits import Override, SharedLimits, UserLimits
from domain.point_commands import (
    BuyOffer,
    ClaimDaily,
    GivePoints,
    MovePoints,
    Offer,
    SetFavourite,
    SetOffer,
    WithdrawOffer,
)
from domain.reservations import guild_of
from domain.tier_commands import AssignTier, DefineTier, SeenTier, UnassignTier

_OF_THIS_ATTEMPT = frozenset(
    {
        "idempotency_key",
        "new_reservation",
        "staged",
        "untracked",
        "origin",
        "exclusive",
        "ttl_seconds",
        "position",
        "only_asked",
        "cost",
    }
)
_OF_A_NEW_ONE: dict[type[Command], frozenset[str]] = {
    ReserveGeneration: _OF_THIS_ATTEMPT | {"reservation", "provider", "model", "credits_each", "groups", "place"},
    GiveGrant: _OF_THIS_ATTEMPT | {"grant"},
    BuyOffer: _OF_THIS_ATTEMPT | {"grant"},
    AskForMore: _OF_THIS_ATTEMPT | {"ask"},
    AnswerAsk: _OF_THIS_ATTEMPT | {"grant"},
    ClaimDaily: _OF_THIS_ATTEMPT | {"amount"},
    SetFavourite: _OF_THIS_ATTEMPT | {"reward"},
}
"""Whoever reserves, gives, buys or asks for more is given a new id, and the price and the groups of the hour; whoever
releases or delivers says which reservation is meant. What is earned is for settings to say.
"""
_SAYS_NOTHING = (None, ())
_SINCE_0_2 = {
    ReserveGeneration: ("style",),
    ReleasePlaces: ("provider",),
    OverrideLimits: ("seen", "windows"),
    DefineTier: ("seen",),
}
"""What commands had not when they were first stored: where it says nothing, or lists nothing, their digest stays what
it was.
"""

CODE_CHARS = 32
"""Hex digits of the code in the key of a step."""

C = TypeVar(
    "C",
    AssignTier,
    ChangePolicy,
    CleanUp,
    CompleteGeneration,
    DefineTier,
    DeleteImage,
    GiveGrant,
    OverrideLimits,
    ReleasePlaces,
    ReserveGeneration,
    ResetDaily,
    SaveImage,
    UnassignTier,
    VoidGrant,
    MovePoints,
    GivePoints,
    ClaimDaily,
    SetFavourite,
    SetOffer,
    WithdrawOffer,
    BuyOffer,
    AskForMore,
    AnswerAsk,
)


class StepKey(NamedTuple):
    """The key of one step of a request with a caller's key, such as `save/0`."""

    key: str
    step: str


Key = str | StepKey


def with_key(command: C, key: Key | None, root: OpenRoot, content: tuple[bytes, ...] = ()) -> C:
    """The command under a caller's key, as it is where there is none.

    A request that an earlier version answered is spelled as it was then, so that its repeat gets that answer.
    """
    if key is None:
        return command
    secret, now = root.recorder.secret, root.now()
    first, *former = spellings(command.by, key, secret=secret)
    for by, stored in former:
        answer = root.state.answer(idempotency_tag(by, stored))
        if answer is None or later(answer.at, seconds=ANSWERS_KEPT_SECONDS) <= now:
            continue
        spelled = command._replace(by=by)
        request = keyed(stored, spelled, secret=secret, content=content)
        if request.digest == answer.digest:
            return spelled._replace(idempotency_key=request)
    return command._replace(idempotency_key=keyed(first[1], command, secret=secret, content=content))


def was_answered(command: C, key: Key | None, root: OpenRoot, content: tuple[bytes, ...] = ()) -> bool:
    """Whether the log has an answer to this command under this key, if only that the key is another's."""
    if key is None or not any(
        root.state.answer(idempotency_tag(*spelled))
        for spelled in spellings(command.by, key, secret=root.recorder.secret)
    ):
        return False
    command = with_key(command, key, root, content)
    assert command.idempotency_key is not None
    return root.state.answer(idempotency_tag(command.by, command.idempotency_key.key)) is not None


def spellings(by: str, key: Key, *, secret: bytes) -> list[tuple[str, str]]:
    """Who asks and the key, as they are stored: now, and then as earlier versions did."""
    keys = [_of_a_step(key, secret), f"{key.key}/{key.step}"] if isinstance(key, StepKey) else [key]
    names = [by, by.removeprefix(CLAIMED)] if by.startswith(CLAIMED) else [by]
    return [(name, stored) for name in names for stored in keys]


def _of_a_step(key: StepKey, secret: bytes) -> str:
    code = hmac.new(secret, f"step\0{key.key}\0{key.step}".encode(), sha256).hexdigest()
    return f"{key.key}/{key.step}~{code[:CODE_CHARS]}"


def keyed(key: str, command: Command, *, secret: bytes, content: Iterable[bytes] = ()) -> IdempotencyKey:
    """The request of `command` under a caller's key. `content` is what was asked for beyond the command, such as a
    prompt, in parts that are digested as one. Where there is content, a style is told by it, and not once more.
    """
    left_out = _OF_A_NEW_ONE.get(type(command), _OF_THIS_ATTEMPT)
    parts = tuple(content)
    left_out |= {name for name in _SINCE_0_2.get(type(command), ()) if parts or getattr(command, name) in _SAYS_NOTHING}
    asked = {
        name: _canonical(value) for name, value in zip(command._fields, command, strict=True) if name not in left_out
    }
    if isinstance(command, ReserveGeneration) and _is_for_a_guild(command):
        asked["origin"] = command.origin
    digest = sha256()
    for part in parts:
        digest.update(part)
    canonical = orjson.dumps([type(command).__name__, asked, digest.hexdigest()], option=orjson.OPT_SORT_KEYS)
    return IdempotencyKey(key, hmac.new(secret, canonical, sha256).hexdigest())


def _is_for_a_guild(command: ReserveGeneration) -> bool:
    """Whether a program said for which guild it asks: for another one it is another request. What people ask on Discord
    comes from wherever they are.
    """
    return guild_of(command.origin) is not None and not command.by.startswith("discord:")


def _canonical(value: object) -> object:
    """A fresh name without the number to begin at, which differs from one attempt to the next; limits as a list."""
    if isinstance(value, SharedLimits):
        windows = () if value.windows is None else (value.windows,)
        unenforced = () if value.unenforced is None else ({"unenforced": value.unenforced},)
        return [*value[:3], *windows, *unenforced]
    if isinstance(value, Offer):
        return list(value)
    if isinstance(value, Override):
        windows = (value.limits.windows,) if value.limits.windows else ()
        return [*value.limits[:2], *windows, value.until]
    if isinstance(value, UserLimits):
        return list(value)
    if isinstance(value, SeenTier):
        return value.tier and [list(value.tier.limits), *value.tier[2:]]
    return [value.folder, value.extension] if isinstance(value, FreshName) else value
