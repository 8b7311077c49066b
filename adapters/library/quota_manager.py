"""The read side in the seeds' names: `QuotaManager` answers questions about quotas, `QuotaExceeded` is for callers who
prefer exceptions.
"""

from __future__ import annotations

from adapters.application.quota_figures import GlobalUsage, QuotaStatus
from adapters.application.reading import ReadableStorage, global_usage, limit_reached, quota_status
from adapters.library.numbers import Credits, thousandths_of
from adapters.wording.figures import in_mb
from adapters.wording.refusals import OF_ESTIMATE, figures_of, sentence_of
from domain.limits import megabytes
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

    def check(self, user_id: str, *, credits_each: Credits | None = None, guild: str | None = None) -> None:
        """Raises QuotaExceeded where the user could not make one more image now, by any limit that applies: in a guild
        by its limits too. Without `credits_each` a limit of credits refuses where nothing is left of it.

        Raises ValueError for a malformed id or a price that is none. Nothing is recorded or held.
        """
        price = thousandths_of(credits_each, "credits_each")
        refusal = limit_reached(self._source, user_id, credits_each=price, guild=guild)
        if refusal is None:
            return
        if refusal.reason not in _STORAGES:
            raise QuotaExceeded.of(refusal, sentence_of(refusal))
        used, limit = megabytes(refusal.used), megabytes(refusal.limit)
        told = (
            f"{_STORAGES[refusal.reason]}: {in_mb(used)} of {in_mb(limit)} are used, and the next picture is expected "
            f"to need more than is left{OF_ESTIMATE}."
        )
        raise QuotaExceeded(told, reason=refusal.reason.value, used=used, limit=limit)


_STORAGES = {Reason.USER_STORAGE: "Your storage quota is full", Reason.POOL_STORAGE: "Server storage is full"}


class QuotaExceeded(Exception):
    """A limit says no. `reason` DAILY_LIMIT counts generations, USER_STORAGE and POOL_STORAGE MB, and WINDOW_LIMIT what
    the limit named by `window` is of: generations or credits.
    """

    def __init__(
        self,
        message: str = "",
        *,
        reason: str | None = None,
        used: float | None = None,
        limit: float | None = None,
        resets_at: str | None = None,
        window: str | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.used = used
        self.limit = limit
        self.resets_at = resets_at
        self.window = window

    @classmethod
    def of(cls, refusal: Refusal, message: str) -> QuotaExceeded:
        """The exception for a refusal of the ledger, sizes in bytes."""
        figures = figures_of(refusal)
        return cls(
            message,
            reason=refusal.reason.value,
            used=figures["used"],
            limit=figures["limit"],
            resets_at=refusal.resets_at,
            window=refusal.window,
        )
