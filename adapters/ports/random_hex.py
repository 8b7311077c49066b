"""Names that nobody guesses, for what is named many times a second.

Random bytes come from the system in blocks: each time the system is asked, another thread may go on, and under load
whoever asked waits until that one lets go.
"""

from __future__ import annotations

import os
from threading import Lock

BLOCK_BYTES = 4_096


class RandomHex:
    """Random bytes of the system, each given out once."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._block = b""
        self._at = 0

    def of(self, size_bytes: int) -> str:
        """So many random bytes in hex; at most a block of them."""
        with self._guard:
            at = self._at
            if at + size_bytes > len(self._block):
                self._block, at = os.urandom(BLOCK_BYTES), 0
            self._at = at + size_bytes
            return self._block[at : at + size_bytes].hex()

    def forget(self) -> None:
        """Draws anew: in a forked child, which would otherwise give the same names as its parent."""
        self._guard, self._block = Lock(), b""


_shared = RandomHex()
if hasattr(os, "register_at_fork"):  # Windows has none, and forks nothing
    os.register_at_fork(after_in_child=_shared.forget)

random_hex = _shared.of
