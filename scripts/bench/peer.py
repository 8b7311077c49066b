"""What is compared: a peer keeps the same three limits durably, and is driven by the same Python callers.

Each module of `peers` has one; what they store of a command are the same facts.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

GEN_BYTES = 1_000
"""What a reservation holds."""
IMAGE_BYTES = 900
"""What a saved image takes."""
DAILY = 10**9
STORAGE_BYTES = 2**50
"""Limits that are asked of every command and never met."""
DAY = "2026-01-31"
SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


class Pair(NamedTuple):
    """One generation: a place is reserved, then its image is saved."""

    number: int
    user: str

    @property
    def reservation(self) -> str:
        """The id of the place: 32 hex digits."""
        return f"{self.number:032x}"

    @property
    def name(self) -> str:
        """The name of the image."""
        return f"text_to_image/image_{self.number}.png"

    def reserved(self) -> dict[str, object]:
        """The facts of the reservation."""
        return {
            "at": f"{DAY}T12:00:00.000000Z",
            "user": self.user,
            "by": "library",
            "reservation": self.reservation,
            "operation": "text_to_image",
            "count": 1,
            "bytes_each": GEN_BYTES,
            "expires_at": f"{DAY}T12:15:00.000000Z",
        }

    def saved(self) -> dict[str, object]:
        """The facts of the saved image."""
        return {
            "at": f"{DAY}T12:00:00.000000Z",
            "user": self.user,
            "by": "library",
            "name": self.name,
            "bytes": IMAGE_BYTES,
            "replaced_bytes": 0,
            "sha256": SHA256,
            "media_type": "image/png",
            "width": 64,
            "height": 64,
            "operation": "text_to_image",
            "temp": False,
            "staged": self.reservation,
            "reservation": self.reservation,
        }


class PeerMissing(Exception):
    """A peer that cannot be run here; the message says how to get it."""


class Peer(Protocol):
    """One contender, empty and open. Both commands return once they are durable, and raise where they are refused."""

    async def reserve(self, pair: Pair) -> None:
        """Charges the day and holds bytes, if the day, the user's storage and the pool have room."""

    async def save(self, pair: Pair) -> None:
        """Settles the place: its hold goes, the image's bytes are charged."""

    async def close(self) -> None:
        """Ends it, in the event loop that drove it."""
