"""A token: what it allows, whom it is for, until when; and the text that its holder sends.

The text is `abby_` and 256 random bits; what is kept of it is its SHA-256, from which nobody can make it again. A text
of so many random bits needs no slow hash (RFC 6749, section 10.10, asks for 128).
"""

from __future__ import annotations

import hashlib
import re
import secrets
from enum import StrEnum
from typing import NamedTuple

from domain.tiers import SeenAt, is_group

PREFIX = "abby_"
SECRET_BYTES = 32
MAX_NAME_CHARS = 32
MAX_DAYS = 3_650
_TEXT = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}", re.ASCII)
_NAME = re.compile(rf"[a-z0-9][a-z0-9_-]{{0,{MAX_NAME_CHARS - 1}}}", re.ASCII)


class Scope(StrEnum):
    """What a token allows; each allows what stands before it too."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"

    def includes(self, other: Scope) -> bool:
        """Whether whoever is allowed this is allowed the other."""
        order = list(Scope)
        return order.index(self) >= order.index(other)


class Token(NamedTuple):
    """What is kept of a token. `user`: it acts for that user alone. `ends_at` None: it holds until it is revoked.
    `group`: that of the users whom it asks for, as tiers name it (`group:NAME`). `guild`: all that it asks for is asked
    for that Discord server, whose limits apply.
    """

    name: str
    scope: Scope
    user: str | None
    made_at: str
    ends_at: str | None
    sha256: str
    group: str | None = None
    guild: str | None = None

    def holds(self, now: str) -> bool:
        """Whether it has not ended."""
        return self.ends_at is None or now < self.ends_at


def new_text() -> str:
    """The text of a new token, to be shown once."""
    return PREFIX + secrets.token_urlsafe(SECRET_BYTES)


def digest_of(text: str) -> str:
    """What is kept of a token's text: the SHA-256 in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def is_text(text: str) -> bool:
    """Whether it has the form of a token."""
    return _TEXT.fullmatch(text) is not None


def groups_of(token: Token) -> SeenAt:
    """The groups that a token tells of its users, at the place that is its name; none is told too."""
    return SeenAt(f"api:{token.name}", (f"group:{token.group}",) if token.group else ())


def malformed_token_group(group: str) -> str | None:
    """Why this cannot be a token's group, as a sentence; None where it can."""
    if is_group(f"group:{group}"):
        return None
    return "A token's group has 1 to 64 characters of a-z, 0-9, '_' and '-', and begins with a letter or a number."


def malformed_token_name(name: str) -> str | None:
    """Why this cannot be the name of a token, as a sentence; None where it can."""
    if _NAME.fullmatch(name):
        return None
    return (
        f"A token's name has 1 to {MAX_NAME_CHARS} characters of a-z, 0-9, '_' and '-', and begins with a letter or a "
        "number. It stands in the log as who acted: choose that of the program it is for."
    )
