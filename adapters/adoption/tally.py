"""Counts what an adoption does, and tells what came of it: per user, against their limits, and for the pool."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import NamedTuple

from adapters.adoption.former_layouts import Skipped
from domain.limits import Limits
from domain.tiers import limits_of
from projections.quota_fold import QuotaFold


class Share(NamedTuple):
    """One user: images adopted and their bytes, images that stood already, what they use after it, their limit."""

    user: str
    images: int
    size_bytes: int
    already: int
    used_bytes: int
    limit_bytes: int

    @property
    def is_over(self) -> bool:
        """Whether nothing more of theirs is kept until images are deleted."""
        return self.used_bytes > self.limit_bytes


class Adoption(NamedTuple):
    """What was adopted, or would be. `shares` has the users who were met, and all who are over their limit."""

    copied_bytes: int
    skipped: tuple[Skipped, ...]
    shares: tuple[Share, ...]
    pool_used_bytes: int
    pool_limit_bytes: int

    @property
    def images(self) -> int:
        """How many images."""
        return sum(share.images for share in self.shares)

    @property
    def size_bytes(self) -> int:
        """Their bytes, those included that stay where they are."""
        return sum(share.size_bytes for share in self.shares)

    @property
    def already(self) -> int:
        """How many files were passed over, because their image stands."""
        return sum(share.already for share in self.shares)

    @property
    def pool_is_over(self) -> bool:
        """Whether nothing more of anybody's is kept."""
        return self.pool_used_bytes > self.pool_limit_bytes


class Tally:
    """The count while files are gone through."""

    def __init__(self, skipped: tuple[Skipped, ...]) -> None:
        self._skipped = list(skipped)
        self._images: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()
        self._already: Counter[str] = Counter()
        self._copied_bytes = 0

    def adopted(self, user: str, size_bytes: int, *, copied: bool) -> None:
        """An image is in."""
        self._images[user] += 1
        self._bytes[user] += size_bytes
        self._copied_bytes += size_bytes if copied else 0

    def stood_already(self, user: str) -> None:
        """A file was passed over."""
        self._already[user] += 1

    def skip(self, source: Path, reason: str) -> None:
        """A file is left alone."""
        self._skipped.append(Skipped(source, reason))

    def result(self, state: QuotaFold, limits: Limits, at: str) -> Adoption:
        """What came of it, by the state after it; `limits` hold where the log has none."""
        policy = state.policy if state.policy_is_recorded else limits
        met = self._images.keys() | self._already.keys()
        shares = (self._share(user, state, policy, at) for user in sorted(met | set(state.users.users())))
        return Adoption(
            self._copied_bytes,
            tuple(self._skipped),
            tuple(share for share in shares if share.user in met or share.is_over),
            state.pool.used_bytes,
            policy.pool_bytes,
        )

    def _share(self, user: str, state: QuotaFold, policy: Limits, at: str) -> Share:
        limit = limits_of(state, user, policy, at).user_bytes
        images, size, already = self._images[user], self._bytes[user], self._already[user]
        return Share(
            user=user,
            images=images,
            size_bytes=size,
            already=already,
            used_bytes=state.user(user).image_bytes,
            limit_bytes=limit,
        )
