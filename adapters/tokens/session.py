"""A session: somebody has signed in to the page, with a token or with Discord, and a cookie stands for that.

The cookie's text has 256 random bits, and its SHA-256 is kept. A session by a token allows what the token allows, for
as long as it holds; one by Discord is for the person's own things, or for everything where they manage the bot.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from enum import StrEnum
from typing import NamedTuple

from adapters.tokens.token import Scope, Token
from domain.instants import later

SECRET_BYTES = 32
IDLE_SECONDS = 7 * 86_400
LONGEST_SECONDS = 30 * 86_400
_TEXT = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


class Way(StrEnum):
    """By what somebody signed in."""

    TOKEN = "token"  # noqa: S105  # a word, no secret
    DISCORD = "discord"


class Session(NamedTuple):
    """What is kept of one. `holder`: the SHA-256 of the token, or the person's id at Discord; `name`: what the page
    calls them; `manages`: that a person of Discord may do everything.
    """

    sha256: str
    way: Way
    holder: str
    name: str
    manages: bool
    began_at: str
    used_at: str

    @property
    def ends_at(self) -> str:
        """It ends when it is not used for a while, and at the latest some weeks after it began."""
        return min(later(self.used_at, seconds=IDLE_SECONDS), later(self.began_at, seconds=LONGEST_SECONDS))

    def holds(self, now: str) -> bool:
        """Whether it has not ended by itself."""
        return now < self.ends_at

    def as_token(self) -> Token:
        """What a session by Discord allows, as a token would."""
        scope, user = (Scope.ADMIN, None) if self.manages else (Scope.WRITE, self.holder)
        return Token(self.holder, scope, user, made_at=self.began_at, ends_at=self.ends_at, sha256="")


def new_cookie() -> str:
    """The text of a new session's cookie."""
    return secrets.token_urlsafe(SECRET_BYTES)


def is_cookie(text: str) -> bool:
    """Whether it has the form of one."""
    return _TEXT.fullmatch(text) is not None


def digest_of_cookie(text: str) -> str:
    """What is kept of it: the SHA-256 in hex."""
    return hashlib.sha256(text.encode()).hexdigest()
