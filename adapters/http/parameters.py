"""What a request says outside its query and body: the user and image in its path, its idempotency key, and who acts.

Values are validated after decoding, because a path may hide `/`, NUL and line ends behind percent signs.
"""

from __future__ import annotations

import re
from typing import Final

from aiohttp import web

from adapters.application.results import HTTP, LOCAL_PROGRAM, Actor, claimed
from adapters.http.access import CALLER, Caller
from adapters.http.asking import WHITESPACE
from adapters.http.problems import BAD_REQUEST, FORBIDDEN, Problem
from adapters.tokens.token import Scope, groups_of
from domain.names import malformed_guild, malformed_name, malformed_user
from domain.reservations import OF_A_GUILD

MAX_KEY_CHARS = 255
CLIENT_HEADER = "Abby-Client"

ACTS_IN: Final = web.RequestKey("acts_in", str)
"""The guild that a request says it is asked for."""
NO_GUILD = (
    "This {asks} does not allow to say for which server a picture is. `abby token create NAME --guild ID` makes a "
    "token for one, and a token with the scope 'admin' may name any."
)

_QUOTED_KEY = re.compile(r'"((?:[^"\\]|\\["\\])*)"')
_ESCAPED = r'\\["\\]'
_IN_QUOTES = rf"(?:[\x21\x23-\x5b\x5d-\x7e]|{_ESCAPED})"
_OR_SPACE = rf"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|{_ESCAPED})"
_BETWEEN = f"{{0,{MAX_KEY_CHARS - 2}}}"
KEY_PATTERN = (
    rf"(?:[\x21\x23-\x7e](?:[\x20-\x7e]{_BETWEEN}[\x21-\x7e])?"
    rf'|"{_IN_QUOTES}(?:{_OR_SPACE}{_BETWEEN}{_IN_QUOTES})?")'
)
"""Visible ASCII, as it is or as a structured field's string (RFC 9651); no blank at its ends."""
_KEY = re.compile(KEY_PATTERN)
_CLIENTS = ("cli", "page")


def user_of(request: web.Request) -> str:
    """The user in the path; 400 where it is malformed."""
    return checked_user(request.match_info["user"])


def checked_user(user: str) -> str:
    """The id itself; 400 where it is malformed."""
    if sentence := malformed_user(user):
        raise Problem(BAD_REQUEST, sentence, members={"field": "user"})
    return user


def name_of(request: web.Request) -> str:
    """The image name in the path; 400 where it is malformed."""
    return checked_name(request.match_info["name"])


def checked_name(name: str, *, field: str = "name") -> str:
    """The name itself; 400 where it is malformed, which names the `field` that it was given in."""
    if sentence := malformed_name(name):
        raise Problem(BAD_REQUEST, sentence, members={"field": field})
    return name


def act_in(request: web.Request, guild: str | None) -> None:
    """From here on the request is asked for this Discord server, by whose limits it is judged too, and as whose it
    stands in the log. 400 for what is none; 403 for whoever may not say so: a token for one server says no other, one
    for none needs the scope `admin`, and whom Discord knows asks there.
    """
    if guild is None:
        return
    if sentence := malformed_guild(guild):
        raise Problem(BAD_REQUEST, sentence, members={"field": "guild"})
    caller = request.get(CALLER)
    if caller is not None and (token := caller.token) is not None and token.guild != guild:
        if token.guild is not None:
            raise _for_another(token.guild)
        if caller.is_of_discord or not token.scope.includes(Scope.ADMIN):
            raise Problem(FORBIDDEN, NO_GUILD.format(asks=caller.with_what), members={"field": "guild"})
    request[ACTS_IN] = guild


def look_at(request: web.Request, guild: str | None) -> str | None:
    """The server whose figures are told: this one, else that of the token. 403 for whoever may not be told of it: a
    token for one server looks at no other, and what is for one user alone at none.
    """
    caller: Caller | None = request.get(CALLER)
    if guild is None or caller is None or (token := caller.token) is None or token.guild == guild:
        return guild_of(request) if guild is None else guild
    if token.guild is not None:
        raise _for_another(token.guild)
    if token.user is not None:
        sentence = f"This {caller.with_what} is for the user {token.user} alone, and is told of no server."
        raise Problem(FORBIDDEN, sentence, members={"field": "guild"})
    return guild


def _for_another(guild: str) -> Problem:
    return Problem(FORBIDDEN, f"This token asks for the server {guild} alone.", members={"field": "guild"})


def guild_of(request: web.Request) -> str | None:
    """The Discord server that the request is asked for: as it says, else that of its token; None: none."""
    named: str | None = request.get(ACTS_IN)
    caller: Caller | None = request.get(CALLER)
    if named is not None or caller is None or caller.token is None:
        return named
    return caller.token.guild


def actor_of(request: web.Request) -> Actor:
    """Who acts: the token's name, or the person whom Discord knows; without one a program on this machine, or what one
    says that it is: the page, the command line.

    Without a token everybody on loopback may do the same, and say so; the name is for the log, where it stands as
    claimed, and keeps idempotency keys apart.
    """
    client = request.headers.get(CLIENT_HEADER)
    if (caller := request.get(CALLER)) is not None and caller.token is not None:
        if caller.is_of_discord:
            return Actor(by=f"discord:{caller.token.name}", origin=HTTP)
        return Actor(by=f"api:{caller.token.name}", origin=_origin_of(request), seen=groups_of(caller.token))
    if client is not None and client not in _CLIENTS:
        raise Problem(BAD_REQUEST, f"The header {CLIENT_HEADER} is one of: {', '.join(_CLIENTS)}. Or leave it out.")
    return Actor(by=claimed(client) if client else LOCAL_PROGRAM, origin=_origin_of(request))


def _origin_of(request: web.Request) -> str:
    guild = guild_of(request)
    return HTTP if guild is None else f"{OF_A_GUILD}{guild}"


def idempotency_key_of(request: web.Request) -> str | None:
    """The value of `Idempotency-Key`, quoted as a structured field or bare; None where there is none."""
    given = request.headers.getall("Idempotency-Key", [])
    if not given:
        return None
    if len(given) > 1:
        raise Problem(BAD_REQUEST, "There is more than one Idempotency-Key. Send one.")
    text = given[0].strip(WHITESPACE)
    quoted = _QUOTED_KEY.fullmatch(text)
    if quoted is None and text.startswith('"'):
        raise Problem(BAD_REQUEST, "The Idempotency-Key opens a quotation mark that it does not close.")
    if not _KEY.fullmatch(text):
        raise Problem(BAD_REQUEST, f"An Idempotency-Key has 1 to {MAX_KEY_CHARS} visible ASCII characters.")
    return re.sub(r'\\(["\\])', r"\1", quoted[1]) if quoted else text
