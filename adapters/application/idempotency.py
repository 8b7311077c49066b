"""Request keys: the digest that tells a repeat from another command under the same key.

digest = HMAC-SHA-256, keyed with the log's own secret, of the command's canonical form: what the caller asked, with the
SHA-256 of the content, without the time and without ids that were made for this attempt. Keyed, so that nobody who
reads the log can guess a prompt.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from hashlib import sha256
from typing import TypeVar

import orjson

from domain.commands import (
    Command,
    CompleteGeneration,
    DeleteImage,
    FreshName,
    ReleasePlaces,
    ReserveGeneration,
    SaveImage,
)
from domain.events import IdempotencyKey

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
    }
)
_OF_A_NEW_RESERVATION = _OF_THIS_ATTEMPT | {"reservation"}
"""Whoever reserves is given a new id; whoever releases, delivers or saves says which reservation is meant."""

C = TypeVar("C", ReserveGeneration, CompleteGeneration, ReleasePlaces, SaveImage, DeleteImage)


def with_key(command: C, key: str | None, *, secret: bytes, content: Iterable[bytes] = ()) -> C:
    """The command under a caller's key, as it is where there is none."""
    if key is None:
        return command
    return command._replace(idempotency_key=keyed(key, command, secret=secret, content=content))


def keyed(key: str, command: Command, *, secret: bytes, content: Iterable[bytes] = ()) -> IdempotencyKey:
    """The request of `command` under a caller's key. `content` is what was asked for beyond the command, such as a
    prompt, in parts that are digested as one.
    """
    left_out = _OF_A_NEW_RESERVATION if isinstance(command, ReserveGeneration) else _OF_THIS_ATTEMPT
    asked = {
        name: _canonical(value) for name, value in zip(command._fields, command, strict=True) if name not in left_out
    }
    digest = sha256()
    for part in content:
        digest.update(part)
    canonical = orjson.dumps([type(command).__name__, asked, digest.hexdigest()], option=orjson.OPT_SORT_KEYS)
    return IdempotencyKey(key, hmac.new(secret, canonical, sha256).hexdigest())


def _canonical(value: object) -> object:
    """A fresh name without the number to begin at, which differs from one attempt to the next."""
    return [value.folder, value.extension] if isinstance(value, FreshName) else value
