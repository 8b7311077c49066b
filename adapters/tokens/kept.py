"""The tokens of a storage root as they are kept: `logs/tokens.json`, which its owner alone may read.

One JSON object, written anew as a whole and put in place by a rename, so that a reader sees the former or the new one.
Whoever changes it holds `logs/.tokens.lock` meanwhile. When each was used last stands apart, in
`logs/tokens-used.json`: a date that is lost harms nobody. `logs/.pass` holds the pass of the service that runs: whoever
may read it is the account that runs it, and so needs no token.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from time import sleep
from typing import Any

import orjson

from adapters.disk.files import UPDATE, Files
from adapters.disk.whole_files import OWNER_ALONE_MODE, put_whole
from adapters.ports.faults import ConfigError, StorageUnavailable
from adapters.tokens.token import Scope, Token, new_text

_SINCE = ("group", "guild")
"""What tokens had not at first."""
LOCK_TRIES, LOCK_PAUSE_SECONDS = 50, 0.1


class KeptTokens:
    """The file of one storage root."""

    def __init__(self, root: Path, files: Files) -> None:
        logs = root / "logs"
        self.path = logs / "tokens.json"
        self._lock, self._used, self._pass = logs / ".tokens.lock", logs / "tokens-used.json", logs / ".pass"
        self._files = files

    def read(self) -> list[Token]:
        """Every token, in the order of their names. Raises ConfigError for a file that is none, and OSError."""
        try:
            stored = self._files.read(self.path)
        except FileNotFoundError:
            return []
        try:
            return sorted(map(_token, orjson.loads(stored)["tokens"]), key=lambda token: token.name)
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigError(
                f"{self.path} cannot be read as the file of tokens, so nobody with a token is let in. Put it back from "
                "a copy, or remove it and create the tokens anew."
            ) from error

    def add(self, token: Token) -> bool:
        """Keeps one more; False where the name is taken. Raises Faults and OSError."""
        with self._alone():
            tokens = self.read()
            if any(one.name == token.name for one in tokens):
                return False
            self._write([*tokens, token])
            return True

    def remove(self, name: str) -> bool:
        """Takes one away; False where there is none of that name. Raises Faults and OSError."""
        with self._alone():
            tokens = self.read()
            left = [one for one in tokens if one.name != name]
            if len(left) == len(tokens):
                return False
            self._write(left)
            return True

    def used(self) -> dict[str, str]:
        """The day on which each was used last, by its digest, as far as it is known: a name may be another's by now."""
        with suppress(OSError, ValueError):
            found = orjson.loads(self._files.read(self._used))
            if isinstance(found, dict):
                return {str(digest): str(day) for digest, day in found.items()}
        return {}

    def note_used(self, days: Mapping[str, str]) -> None:
        """Remembers when tokens were used last; nothing of those that were revoked. Raises ConfigError and OSError."""
        known = {token.sha256 for token in self.read()}
        told = {digest: day for digest, day in (self.used() | dict(days)).items() if digest in known}
        put_whole(self._files, self._used, orjson.dumps(told))

    def make_pass(self) -> str:
        """Writes a new pass for the commands of this machine, and gives its text. Raises OSError."""
        text = new_text()
        put_whole(self._files, self._pass, text.encode())
        return text

    def read_pass(self) -> str | None:
        """The pass of the service that runs, None where it left none or this account may not read it."""
        try:
            return self._files.read(self._pass).decode("ascii")
        except (OSError, UnicodeDecodeError):
            return None

    def _write(self, tokens: list[Token]) -> None:
        told = [_stored(token) for token in sorted(tokens, key=lambda token: token.name)]
        put_whole(self._files, self.path, orjson.dumps({"tokens": told}, option=orjson.OPT_INDENT_2))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        fd = self._files.open(self._lock, UPDATE, OWNER_ALONE_MODE)
        try:
            for _ in range(LOCK_TRIES):
                try:
                    self._files.lock(fd)
                    break
                except BlockingIOError:
                    sleep(LOCK_PAUSE_SECONDS)
            else:
                raise StorageUnavailable("Another command changes the tokens and does not end. Try again then.")
            yield
        finally:
            self._files.close(fd)


def _stored(token: Token) -> dict[str, Any]:
    """A token for the file; without a group or a guild it is as before there were any."""
    return {name: value for name, value in token._asdict().items() if name not in _SINCE or value is not None}


def _token(told: Mapping[str, Any]) -> Token:
    """A token of the file; raises ValueError, KeyError or TypeError for what is none."""
    token = Token(
        name=told["name"],
        scope=Scope(told["scope"]),
        user=told["user"],
        made_at=told["made_at"],
        ends_at=told["ends_at"],
        sha256=told["sha256"],
        **{name: told.get(name) for name in _SINCE},
    )
    texts = (token.name, token.made_at, token.sha256)
    if not all(isinstance(text, str) for text in texts) or not all(
        isinstance(text, str | None) for text in (token.user, token.group, token.guild)
    ):
        raise TypeError("a token's members are texts")
    return token
