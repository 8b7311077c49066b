"""What the writing commands ask for, whoever carries it out: a log of their own, or the service that holds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from adapters.application.asking_for_more import Answer, More
from adapters.application.granting import Gift
from adapters.cli.output import Refused
from adapters.cli.reach.market_operations import MarketOperations
from domain.limits import Override, SharedLimits
from domain.tier_commands import SeenTier
from domain.tiers import Tier


class PictureRequest(NamedTuple):
    """A picture to be made; None and a seed of 0 leave the choice to the provider."""

    prompt: str
    style: str | None = None
    seed: int = 0
    width: int | None = None
    height: int | None = None


class MadePicture(NamedTuple):
    """A picture that was made. `image` describes what was kept; where it is None, `not_kept` says why.

    `data` are its bytes, None where they are to be fetched.
    """

    image: dict[str, Any] | None
    seed: int | None
    not_kept: str | None
    media_type: str
    data: bytes | None


class Made(NamedTuple):
    """What came of a request."""

    pictures: tuple[MadePicture, ...]
    provider: str
    model: str
    seconds: float
    note: str


IMAGE_MEMBERS = ("name", "size_bytes", "media_type", "width", "height", "sha256", "position")
"""How a kept image is described."""


class Operations(MarketOperations, Protocol):
    """The changes that commands make. Each answers for programs or is Refused; Faults are raised."""

    def knows(self, user: str) -> bool:
        """Whether the log has anything about a user; a mistyped id is a user too."""

    def generate(self, user: str, request: PictureRequest) -> Made | Refused:
        """Makes a picture and keeps it."""

    def image_bytes(self, user: str, name: str) -> bytes:
        """The bytes of a kept image."""

    def delete(self, user: str, name: str) -> dict[str, Any] | Refused:
        """Takes a kept image away: user, name, freed_bytes, position, replayed."""

    def reset(self, user: str, reason: str) -> Mapping[str, Any] | Refused:
        """Sets today's count to 0; the user's status dictionary after it, and in `changed` whether it was another."""

    def own_limits(self, user: str) -> Override | Refused:
        """A user's own limits; an override of nothing where they have none."""

    def limits(self, user: str, own: Override, seen: Override, reason: str) -> Mapping[str, Any] | Refused:
        """Gives a user limits of their own, none at all takes former ones away, where these are still as they were
        seen; their status dictionary after it, and in `changed` whether they had others before.
        """

    def policy_step(self, wanted: SharedLimits, reason: str) -> Mapping[str, Any] | Refused:
        """What other limits for everybody would be, and changes nothing: former, limits, over, changed, dry_run."""

    def change_policy(self, wanted: SharedLimits, seen: SharedLimits, reason: str) -> Mapping[str, Any] | Refused:
        """Gives everybody other limits, where they are still as they were seen; the same members."""

    def line(self, user: str | None) -> Mapping[str, Any] | Refused:
        """What waits for its turn, of a user or of all: `waiting`, as `/v1/users/USER/queue` tells it."""

    def take_out(self, user: str, request: str | None) -> Mapping[str, Any] | Refused:
        """Takes a request of a user out of the line, None: all of them; `taken_out` are the ids of those."""

    def tiers(self) -> Mapping[str, Any] | Refused:
        """Every tier: `tiers`."""

    def define_tier(self, key: str, tier: Tier | None, reason: str, seen: SeenTier) -> Mapping[str, Any] | Refused:
        """Defines a tier anew, None takes it away, where it is still as it was seen; a TierChange."""

    def tier_step(self, key: str, tier: Tier | None, reason: str) -> Mapping[str, Any] | Refused:
        """What that would be: the same."""

    def user_tiers(self, user: str) -> Mapping[str, Any] | Refused:
        """Which tiers a user has, why, and what they give: TiersOfUser."""

    def give_tier(
        self, user: str, key: str, reason: str, *, given: bool, until: str | None = None
    ) -> Mapping[str, Any] | Refused:
        """Gives a user a tier by hand, or takes it back; the same."""

    def give_grant(self, user: str, gift: Gift) -> Mapping[str, Any] | Refused:
        """Gives a user a grant: grant (its id), position."""

    def void_grant(self, user: str, grant: str, reason: str) -> Mapping[str, Any] | Refused:
        """Takes away what is left of one: grant, changed, which is false where it was void already."""

    def open_asks(self) -> Mapping[str, Any] | Refused:
        """What waits for an answer: OpenAsks."""

    def last_ask(self, user: str) -> Mapping[str, Any] | Refused:
        """A user's last ask: a LastAsk."""

    def ask_for_more(self, user: str, more: More) -> Mapping[str, Any] | Refused:
        """A user asks for more: a NewAsk."""

    def withdraw_ask(self, user: str, ask: str) -> Mapping[str, Any] | Refused:
        """Takes an ask back: an AnsweredAsk."""

    def answer_ask(self, ask: str, answer: Answer, unit: str) -> Mapping[str, Any] | Refused:
        """Answers an ask, which is of this unit: an AnsweredAsk."""

    def cleanup(self, days: int | None) -> dict[str, Any] | Refused:
        """Removes old temp files: files, freed_bytes."""

    def cleanable(self, days: int | None) -> dict[str, Any] | Refused:
        """What a cleanup would remove: files, freed_bytes, and in `would` days, kinds, users, other_users."""
