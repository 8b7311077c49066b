"""What `abby token` does: it writes and reads the file of tokens, beside a running service too."""

from __future__ import annotations

from typing import Any, NamedTuple

from rich.console import Console

from adapters.bootstrap.storage import files_of
from adapters.cli.invocation import Invocation
from adapters.cli.output import Output, malformed
from adapters.cli.reach.access import refuse_without_log
from adapters.cli.tables import add_row, table
from adapters.ports.clock import utc_now
from adapters.tokens.kept import KeptTokens
from adapters.tokens.token import Scope, Token, digest_of, malformed_token_group, malformed_token_name, new_text
from adapters.wording.figures import minute
from domain.instants import later
from domain.names import malformed_guild, malformed_user

DAY_SECONDS = 86_400
TAKEN_NAMES = frozenset({"local"})
"""It stands in the log for any program of this machine."""


class Wanted(NamedTuple):
    """A token that is to be made."""

    name: str | None
    scope: Scope
    user: str | None
    days: int | None
    group: str | None = None
    guild: str | None = None


def created(invocation: Invocation, output: Output, wanted: Wanted) -> int:
    """Makes a token, and shows its text this once."""
    if (sentence := _wrong(wanted)) or wanted.name is None:
        return output.refused(malformed(sentence or "Give the token a name: that of the program it is for."))
    text, now = new_text(), utc_now()
    ends_at = None if wanted.days is None else later(now, seconds=wanted.days * DAY_SECONDS)
    token = Token(
        name=wanted.name,
        scope=wanted.scope,
        user=wanted.user,
        made_at=now,
        ends_at=ends_at,
        sha256=digest_of(text),
        group=wanted.group,
        guild=wanted.guild,
    )
    if not _kept(invocation).add(token):
        taken = f"There is a token {wanted.name!r} already. Revoke that one first, or choose another name."
        return output.refused(malformed(taken))

    def show(console: Console) -> None:
        console.print(text, markup=False, soft_wrap=True)

    output.answer({"token": text, **_told(token, None)}, show)
    output.note(f"This is shown once. It {_allows(token)}. Send it as `Authorization: Bearer {text[:8]}...`.")
    return 0


def listed(invocation: Invocation, output: Output) -> int:
    """Every token, without its text, which nobody has but who uses it."""
    kept = _kept(invocation)
    tokens, used = kept.read(), kept.used()

    def show(console: Console) -> None:
        if not tokens:
            console.print("There are no tokens. `abby token create NAME` makes one.", markup=False)
            return
        rows = table("Tokens", ("name", "allows", "user", "group", "server", "made", "ends", "last used"))
        for token in tokens:
            ends = "when revoked" if token.ends_at is None else minute(token.ends_at)
            last = used.get(token.sha256, "never")
            whose = (token.user or "any", token.group or "", token.guild or "")
            add_row(rows, token.name, token.scope.value, *whose, minute(token.made_at), ends, last)
        console.print(rows)

    output.answer({"tokens": [_told(token, used.get(token.sha256)) for token in tokens]}, show)
    return 0


def revoked(invocation: Invocation, output: Output, name: str | None) -> int:
    """Ends a token; a running service refuses it within a second."""
    if name is None or not _kept(invocation).remove(name):
        named = f"There is no token {name!r}." if name else "Name the token that is to end."
        return output.refused(malformed(f"{named} `abby token list` shows them."))
    output.answer(
        {"revoked": name}, lambda console: console.print(f"The token {name} is revoked.", markup=False, soft_wrap=True)
    )
    return 0


def _wrong(wanted: Wanted) -> str | None:
    """Why such a token cannot be made, as a sentence; None where it can."""
    if wanted.name is None:
        return None
    if sentence := malformed_token_name(wanted.name):
        return sentence
    if wanted.name in TAKEN_NAMES:
        return f"The name {wanted.name!r} stands for every program of this machine. Choose another."
    if wanted.user is not None and (sentence := malformed_user(wanted.user)):
        return sentence
    if wanted.group is not None and (sentence := malformed_token_group(wanted.group)):
        return sentence
    if wanted.guild is not None and (sentence := malformed_guild(wanted.guild)):
        return sentence
    if wanted.guild is not None and wanted.scope is Scope.ADMIN:
        return "An admin's token names a server with each request, so it takes no --guild. Use --scope write."
    if wanted.user is not None and wanted.scope is Scope.ADMIN:
        return "An admin's token is for all users, so it takes no --user. Use --scope write, or leave --user out."
    return None


def _kept(invocation: Invocation) -> KeptTokens:
    config = invocation.set_up()
    refuse_without_log(config)
    files = files_of(config)
    files.confine(config.storage.storage_root)
    return KeptTokens(config.storage.storage_root, files)


def _told(token: Token, last_used: str | None) -> dict[str, Any]:
    return {
        "name": token.name,
        "scope": token.scope.value,
        "user": token.user,
        "made_at": token.made_at,
        "ends_at": token.ends_at,
        "group": token.group,
        "guild": token.guild,
        "last_used": last_used,
    }


def _allows(token: Token) -> str:
    """What it allows, whose, and for how long."""
    what = {Scope.READ: "may read", Scope.WRITE: "may read and write", Scope.ADMIN: "may do everything"}[token.scope]
    whose = f" for the user {token.user}" if token.user else ""
    whose += f", whose users are in the group {token.group}" if token.group else ""
    whose += f", in the Discord server {token.guild}" if token.guild else ""
    until = f" until {minute(token.ends_at)}" if token.ends_at else ", until it is revoked"
    return f"{what}{whose}{until}"
