"""The tokens as a running service knows them: looked at again and again, so that one that was revoked lets nobody in
within a second.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable

from adapters.tokens.kept import KeptTokens
from adapters.tokens.token import Token, digest_of, is_text

LOOK_SECONDS = 0.5


class KnownTokens:
    """What stands in the file of tokens, no older than LOOK_SECONDS where `look` is called as soon as `is_old`."""

    def __init__(self, kept: KeptTokens, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._kept = kept
        self._monotonic = monotonic
        self._looked_at: float | None = None
        self._by_digest: dict[str, Token] = {}
        self._used: dict[str, str] = {}
        self._pass_digest = b""

    @property
    def is_old(self) -> bool:
        """Whether it is to be looked at again before anybody is judged."""
        return self._looked_at is None or self._monotonic() - self._looked_at >= LOOK_SECONDS

    def look(self) -> None:
        """Reads the file. Raises ConfigError and OSError: then nobody is known. For a worker."""
        at = self._monotonic()
        try:
            self._by_digest = {token.sha256: token for token in self._kept.read()}
        except BaseException:
            self._by_digest = {}
            raise
        self._looked_at = at

    def make_pass(self) -> None:
        """Lets the commands of this machine in. Raises OSError. For a worker."""
        self._pass_digest = digest_of(self._kept.make_pass()).encode()

    def is_pass(self, text: str) -> bool:
        """Whether it is the pass that was made last."""
        return is_text(text) and hmac.compare_digest(digest_of(text).encode(), self._pass_digest)

    def of_text(self, text: str, now: str) -> Token | None:
        """The token whose text this is, where it still holds. What the look-up compares are hashes, of which nobody
        can choose the bytes.
        """
        return self.of_digest(digest_of(text), now) if is_text(text) else None

    def of_digest(self, digest: str, now: str) -> Token | None:
        """The token of which this is kept, where it still holds."""
        token = self._by_digest.get(digest)
        if token is None or not hmac.compare_digest(token.sha256.encode(), digest.encode()) or not token.holds(now):
            return None
        return token

    def is_first_use_of(self, token: Token, day: str) -> bool:
        """Whether it was not used before on this day, as far as is known here; from now on it was."""
        is_first = self._used.get(token.sha256) != day
        self._used[token.sha256] = day
        return is_first

    def note_used(self) -> None:
        """Writes down when tokens were used last. Raises OSError. For a worker."""
        self._kept.note_used(self._used)
