"""The read side in the seeds' names: `QuotaManager` answers questions about quotas, `QuotaExceeded` is for callers who
prefer exceptions.
"""

from __future__ import annotations

from adapters.application.quota_figures import GlobalUsage, QuotaStatus
from adapters.application.reading import ReadableStorage, global_usage, quota_status
from adapters.wording.figures import in_mb
from adapters.wording.refusals import OF_ESTIMATE, sentence_of
from domain.events import Asked
from domain.refusals import Reason, Refusal


class QuotaManager:
    """Quota figures of users and of the pool. Reading never touches the disk, but for the free bytes of
    `get_global_usage`.
    """

    def __init__(self, source: ReadableStorage) -> None:
        self._source = source

    def get_quota_status(self, user_id: str) -> QuotaStatus:
        """The figures of a user, and whose limits they are held against. Raises ValueError for a malformed id."""
        return quota_status(self._source, user_id)

    def get_global_usage(self) -> GlobalUsage:
        """The pool's figures in MB, and `disk_free_mb`."""
        return global_usage(self._source)

    def check(self, user_id: str) -> None:
        """Raises QuotaExceeded where the user could not make one more image now."""
        status = self.get_quota_status(user_id)
        if not status["daily"]["allowed"]:
            daily = status["daily"]
            refusal = Refusal(
                Reason.DAILY_LIMIT,
                asked=Asked(1, 0),
                limit=daily["limit"],
                used=daily["used"],
                resets_at=daily["resets_at"],
            )
            raise QuotaExceeded.of(refusal, sentence_of(refusal))
        for figures, reason, words in (
            (status["storage"], Reason.USER_STORAGE, "Your storage quota is full"),
            (status["global_storage"], Reason.POOL_STORAGE, "Server storage is full"),
        ):
            if not figures["allowed"]:
                used = f"{in_mb(figures['used_mb'])} of {in_mb(figures['limit_mb'])} are used"
                told = f"{words}: {used}, and the next picture is expected to need more than is left{OF_ESTIMATE}."
                raise QuotaExceeded(told, reason=reason.value, used=figures["used_mb"], limit=figures["limit_mb"])


class QuotaExceeded(Exception):
    """A limit says no. `reason` DAILY_LIMIT counts generations, USER_STORAGE and POOL_STORAGE MB."""

    def __init__(
        self,
        message: str = "",
        *,
        reason: str | None = None,
        used: float | None = None,
        limit: float | None = None,
        resets_at: str | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.used = used
        self.limit = limit
        self.resets_at = resets_at

    @classmethod
    def of(cls, refusal: Refusal, message: str) -> QuotaExceeded:
        """The exception for a refusal of the ledger, sizes in bytes."""
        return cls(
            message,
            reason=refusal.reason.value,
            used=refusal.used,
            limit=refusal.limit,
            resets_at=refusal.resets_at,
        )
