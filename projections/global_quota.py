"""What all users together store and hold: the pool, called the global quota in the seeds' words."""

from __future__ import annotations

from domain.usage import PoolUsage, evolve_pool
from projections.user_quota import StorageStatus, storage_status


class GlobalQuota:
    """The usage of the pool."""

    def __init__(self, pool: PoolUsage | None = None) -> None:
        self.pool = pool or PoolUsage()

    def apply(self, *, used_change: int, held_change: int) -> None:
        """Takes the pool past an event that changes used and held bytes by this much."""
        self.pool = evolve_pool(self.pool, used_change=used_change, held_change=held_change)

    def status(self, limit_bytes: int) -> StorageStatus:
        """The pool against its limit."""
        return storage_status(self.pool.used_bytes, self.pool.held_bytes, limit_bytes)
