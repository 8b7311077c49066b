"""Sign-ins that have begun at Discord and are not finished: each once, soon, and in the browser that began it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import NamedTuple

SECONDS = 600
MOST, MOST_OF_AN_ADDRESS = 2_000, 20
"""Of more, those that began first are over."""
TEXT_BYTES = 32


class Begun(NamedTuple):
    """What goes to Discord (`state`, `challenge`), and what the browser keeps (`binder`)."""

    state: str
    challenge: str
    binder: str


class _UnderWay(NamedTuple):
    verifier: str
    binder_digest: bytes
    address: str
    until: float


class SignInsUnderWay:
    """Those of one service; its restart ends them."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._by_state: dict[bytes, _UnderWay] = {}

    def begin(self, address: str) -> Begun:
        """A new one, for a browser at this address."""
        state, verifier, binder = (secrets.token_urlsafe(TEXT_BYTES) for _ in range(3))
        of_address = [digest for digest, one in self._by_state.items() if one.address == address]
        for digest in of_address[: max(0, len(of_address) - MOST_OF_AN_ADDRESS + 1)]:
            del self._by_state[digest]
        while len(self._by_state) >= MOST:
            del self._by_state[next(iter(self._by_state))]
        until = self._monotonic() + SECONDS
        self._by_state[_digest(state)] = _UnderWay(verifier, _digest(binder), address, until)
        challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        return Begun(state, challenge, binder)

    def finish(self, state: str, binder: str | None) -> str | None:
        """The verifier of a sign-in that this browser began; None where there is none. It is over either way."""
        found = self._by_state.pop(_digest(state), None)
        if found is None or binder is None or self._monotonic() >= found.until:
            return None
        return found.verifier if hmac.compare_digest(found.binder_digest, _digest(binder)) else None


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
